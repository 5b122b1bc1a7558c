//! nats-server is killed with -9 under load, again and again.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};

use gateway::api_client::ApiClient;
use reqwest::Method;
use reqwest::header::RETRY_AFTER;
use rustix::process::{Pid, Signal, kill_process};
use schemas::api::Accepted;
use schemas::api::views::EntryBody;
use schemas::{ConversationId, MessageId, Position};
use serde_json::json;
use tests::ask::{KEY, answer, eventually, of};
use tests::books;
use tests::centre::Centre;
use tests::listener::Listener;
use tests::server::TestServer;

const CUSTOMERS: u64 = 8;

/// What the clients were told.
#[derive(Default)]
struct Told {
    notes: HashMap<String, Position>,
    messages: Vec<MessageId>,
}

impl Told {
    fn accepted(&self) -> usize {
        self.notes.len() + self.messages.len()
    }
}

/// Writes a note, or a message each fifth time, until told to stop; what is answered 503 is asked again with the
/// same key until it is accepted.
async fn write(api: ApiClient, conversation: ConversationId, told: Arc<Mutex<Told>>, stop: Arc<AtomicBool>) {
    for number in 0.. {
        let text = format!("{conversation}-{number}");
        let path = of(conversation, if number % 5 == 4 { "messages" } else { "notes" });
        let accepted: Accepted = loop {
            let request = api.request(Method::POST, &path).header(KEY, &text).json(&json!({ "text": text }));
            let answer = answer(request).await;
            match answer.status {
                200 => break answer.json(),
                503 => assert!(answer.headers.contains_key(RETRY_AFTER), "{answer:?}"),
                _ => panic!("{answer:?}"),
            }
        };
        let mut told = told.lock().unwrap();
        match accepted.message {
            Some(message) => told.messages.push(message),
            None => assert_eq!(told.notes.insert(text, accepted.position), None),
        }
        if stop.load(Ordering::SeqCst) {
            return;
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn after_nats_server_is_killed_work_goes_on_by_itself_and_each_command_is_in_the_log_once() {
    let server = TestServer::start(Centre { agents: 1, capacity: 50, ..Centre::default() }).await;
    let ana = server.agent(0).await;
    let (told, stop) = (Arc::new(Mutex::new(Told::default())), Arc::new(AtomicBool::new(false)));
    let mut screen = Listener::open(&server.admin()).await;
    let mut writers = Vec::new();
    for from in 0..CUSTOMERS {
        let conversation = server.opened_by(from).await;
        writers.push(tokio::spawn(write(ana.clone(), conversation, Arc::clone(&told), Arc::clone(&stop))));
    }
    for kills in 0..3 {
        more_accepted(&told).await;
        kill_nats(&server).await;
        let nats = server.server.nats().unwrap();
        eventually("it is started again", async || (nats.restarts() > kills).then_some(())).await;
        more_accepted(&told).await;
    }
    stop.store(true, Ordering::SeqCst);
    for writer in writers {
        writer.await.unwrap();
    }
    let told = std::mem::take(&mut *told.lock().unwrap());
    let in_log = books::notes(&books::events(&server.server.app().log).await);
    assert_eq!(in_log.len(), told.notes.len(), "a note is in the log twice");
    for (text, position) in &in_log {
        assert_eq!(told.notes.get(text), Some(position), "note {text}");
    }
    // The listener never hung up, and heard each once.
    assert_eq!(notes_heard(&mut screen, in_log.len()).await, in_log);
    // What was to be sent went out, once each.
    for message in &told.messages {
        let id = message.to_string();
        eventually("it is sent", async || (server.stand_in.times_accepted(&id) == 1).then_some(())).await;
    }
    assert_eq!(server.stand_in.accepted_total(), told.messages.len() as u64);
    server.stop().await;
}

async fn more_accepted(told: &Mutex<Told>) {
    let before = told.lock().unwrap().accepted();
    let more = async || (told.lock().unwrap().accepted() >= before + 40).then_some(());
    eventually("commands are accepted again", more).await;
}

async fn kill_nats(server: &TestServer) {
    let nats = server.server.nats().unwrap();
    let pid = eventually("nats-server runs", async || nats.pid()).await;
    kill_process(Pid::from_raw(pid.cast_signed()).unwrap(), Signal::KILL).unwrap();
}

async fn notes_heard(screen: &mut Listener, count: usize) -> Vec<(String, Position)> {
    let mut heard = Vec::new();
    while heard.len() < count {
        let entry = screen.entry().await;
        if let EntryBody::Note { text, .. } = entry.body {
            heard.push((text, entry.position));
        }
    }
    heard
}
