//! nats-server dies, is away, or atender is told to end, all of it under load: what was acknowledged is in the log
//! once, and work goes on by itself.
#![allow(clippy::unwrap_used, reason = "a test may")]

use std::collections::HashMap;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use engine::nats_server::{NatsServer, NatsServerConfig, running_endpoint};
use futures_util::future::join_all;
use gateway::api_client::ApiClient;
use gateway::demo::whatsapp_stand_in::{Fault, StandIn};
use gateway::serve::{Nats, ServeConfig};
use reqwest::Method;
use reqwest::header::RETRY_AFTER;
use rustix::process::{Pid, Signal, kill_process};
use schemas::api::views::{EntryBody, InboxItem, MessageState};
use schemas::api::{Accepted, Page};
use schemas::{ConversationId, MessageId, Position};
use serde_json::{Value, json};
use tempfile::TempDir;
use tests::ask::{KEY, answer, eventually, inbound_texts, lines, post, put, read_at, status_of};
use tests::books;
use tests::centre::{Centre, agent};
use tests::listener::Listener;
use tests::nats::{TestNats, open_log};
use tests::process::Process;
use tests::proxy::Proxy;
use tests::server::{TestServer, stand_in};
use tests::whatsapp::message;
use tokio::time::timeout;

const PROGRAM: &str = env!("CARGO_BIN_EXE_atender-under-test");
/// No request may take longer, whatever is down.
const ANSWERED_WITHIN: Duration = Duration::from_secs(30);

/// What the clients were told.
#[derive(Default)]
struct Told {
    notes: HashMap<String, Position>,
    messages: Vec<MessageId>,
    unavailable: usize,
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
        let text = format!("{conversation} {number}");
        let action = if number % 5 == 4 { "messages" } else { "notes" };
        let path = format!("/v1/conversations/{conversation}/{action}");
        let accepted: Accepted = loop {
            let key = format!("{conversation}-{number}");
            let request = api
                .request(Method::POST, &path)
                .header(KEY, key)
                .json(&json!({ "text": text }));
            let answer = timeout(ANSWERED_WITHIN, answer(request))
                .await
                .expect("a request was not answered");
            match answer.status {
                200 => break answer.json(),
                503 => {
                    assert!(answer.headers.contains_key(RETRY_AFTER), "{answer:?}");
                    told.lock().unwrap().unavailable += 1;
                }
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
    const CUSTOMERS: u64 = 8;
    let server = TestServer::start(Centre {
        agents: 1,
        capacity: 50,
        ..Centre::default()
    })
    .await;
    let ana = server.agent(0).await;
    let mut conversations = Vec::new();
    for from in 0..CUSTOMERS {
        assert_eq!(
            server
                .webhook(message(from, &format!("wamid.{from}"), "hello"))
                .await,
            200
        );
        conversations.push(server.conversation(from).await);
    }
    let mut screen = Listener::open(&server.admin()).await;
    let (told, stop) = (
        Arc::new(Mutex::new(Told::default())),
        Arc::new(AtomicBool::new(false)),
    );
    let writers: Vec<_> = conversations
        .iter()
        .map(|id| tokio::spawn(write(ana.clone(), *id, Arc::clone(&told), Arc::clone(&stop))))
        .collect();
    let nats = server.server.nats().unwrap();
    for kills in 0..3 {
        more_accepted(&told, 40).await;
        let pid = nats
            .pid()
            .and_then(|pid| Pid::from_raw(pid.cast_signed()))
            .unwrap();
        kill_process(pid, Signal::KILL).unwrap();
        eventually("it is started again", async || {
            (nats.restarts() > kills).then_some(())
        })
        .await;
        more_accepted(&told, 40).await;
    }
    stop.store(true, Ordering::SeqCst);
    for writer in writers {
        writer.await.unwrap();
    }

    let told = told.lock().unwrap();
    let in_log = books::notes(&books::events(&server.server.app().log).await);
    assert_eq!(
        in_log.len(),
        told.notes.len(),
        "a note is in the log that nobody wrote, or twice"
    );
    for (text, position) in &in_log {
        assert_eq!(told.notes.get(text), Some(position), "note {text}");
    }
    // The listener never hung up, and heard each once.
    let mut heard = Vec::new();
    while heard.len() < in_log.len() {
        if let entry = screen.entry().await
            && let EntryBody::Note { text } = entry.body
        {
            heard.push((text, entry.position));
        }
    }
    assert_eq!(heard, in_log);
    // What was to be sent went out, once each.
    for message in &told.messages {
        let id = message.to_string();
        eventually("it is sent", async || {
            (server.stand_in.times_accepted(&id) == 1).then_some(())
        })
        .await;
    }
    assert_eq!(server.stand_in.accepted_total(), told.messages.len() as u64);
    server.stop().await;
}

async fn more_accepted(told: &Mutex<Told>, count: usize) {
    let before = told.lock().unwrap().accepted();
    eventually("commands are accepted again", async || {
        (told.lock().unwrap().accepted() >= before + count).then_some(())
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn while_nats_is_away_commands_are_put_off_reads_go_on_and_readyz_says_why() {
    let nats = TestNats::start().await;
    let proxy = Proxy::start(nats.addr()).await;
    let remote = nats.reached_at(proxy.addr());
    let far = |config| ServeConfig {
        nats: Nats::Remote(remote),
        ..config
    };
    let server = TestServer::start_on(Centre::default(), stand_in().await, far).await;
    let (admin, ana) = (server.admin(), server.agent(0).await);
    assert_eq!(server.webhook(message(1, "wamid.1", "hello")).await, 200);
    let conversation = server.conversation(1).await;
    let ready = async || answer(admin.request(Method::GET, "/readyz")).await;
    assert_eq!(ready().await.status, 200);

    proxy.cut(true);
    let path = format!("/v1/conversations/{conversation}/notes");
    let note = |key: &str| {
        answer(
            ana.request(Method::POST, &path)
                .header(KEY, key)
                .json(&json!({ "text": key })),
        )
    };
    for put_off in join_all(["one", "two", "three"].map(note)).await {
        assert_eq!(
            (put_off.status, put_off.problem().code.as_str()),
            (503, "log_unavailable")
        );
        assert!(put_off.headers.contains_key(RETRY_AFTER), "{put_off:?}");
    }
    assert_eq!(inbound_texts(&lines(&ana, conversation).await), ["hello"]);
    let unready = ready().await;
    assert_eq!(unready.status, 503);
    assert!(unready.body.contains("NATS"), "{}", unready.body);

    proxy.cut(false);
    for key in ["one", "two", "three"] {
        eventually("it is accepted", async || {
            (note(key).await.status == 200).then_some(())
        })
        .await;
    }
    eventually("it is ready", async || {
        (ready().await.status == 200).then_some(())
    })
    .await;
    let mut notes: Vec<_> = books::notes(&books::events(&server.server.app().log).await);
    notes.sort();
    assert_eq!(
        notes.into_iter().map(|(text, _)| text).collect::<Vec<_>>(),
        ["one", "three", "two"]
    );
    server.stop().await;
}

/// A process with a web chat and a WhatsApp number in it, and an agent who is there.
async fn open_centre(admin: &ApiClient) {
    for (path, body) in [
        ("clients/acme", json!({"name": "Acme"})),
        ("projects/help", json!({"client": "acme", "name": "Help"})),
        (
            "channels/web",
            json!({"kind": "webchat", "address": "shop.example", "name": "Web chat"}),
        ),
        (
            "channels/wa",
            json!({"kind": "whatsapp", "address": tests::server::NUMBER, "name": "WhatsApp"}),
        ),
        (
            "campaigns/care",
            json!({"project": "help", "name": "Care", "channels": ["web", "wa"], "dispositions": []}),
        ),
        (
            "agents/agent-0",
            json!({"name": "Ana", "campaigns": ["care"], "channels": ["web", "wa"], "capacity": 50}),
        ),
        ("agents/agent-0/presence", json!({"presence": "online"})),
    ] {
        put(admin, &format!("/v1/{path}"), &body).await;
    }
}

async fn conversation_on(api: &ApiClient, channel: &str, from: u64) -> ConversationId {
    let body =
        json!({"provider_id": format!("m-{from}"), "from": tests::centre::identity(from), "text": "hello"});
    post(api, &format!("/v1/channels/{channel}/inbound"), &body)
        .await
        .conversation
        .unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn told_to_end_under_load_it_finishes_what_is_in_flight_and_nothing_it_acknowledged_is_missing() {
    let (dir, whatsapp) = (TempDir::new().unwrap(), stand_in().await);
    let data = dir.path().join("data");
    let process = Process::start(PROGRAM, &data, &whatsapp.base_url()).await;
    let admin = process.admin();
    open_centre(&admin).await;
    let told = Arc::new(Mutex::new(HashMap::new()));
    let mut writers = Vec::new();
    for from in 0..16 {
        let conversation = conversation_on(&admin, "web", from).await;
        writers.push(tokio::spawn(write_until_it_ends(
            admin.clone(),
            conversation,
            Arc::clone(&told),
        )));
    }
    eventually("it is at work", async || {
        (told.lock().unwrap().len() >= 200).then_some(())
    })
    .await;
    process.terminate().await;
    for writer in writers {
        writer.await.unwrap();
    }
    assert!(
        running_endpoint(&data.join("nats")).is_none(),
        "its nats-server is still there"
    );

    let told = told.lock().unwrap();
    let in_log = notes_in(&data).await;
    for (text, position) in told.iter() {
        let places: Vec<_> = in_log.iter().filter(|(found, _)| found == text).collect();
        assert_eq!(places, [&(text.clone(), *position)], "note {text}");
    }
    assert_eq!(
        in_log.len(),
        told.len(),
        "a request was carried out and its answer cut off"
    );
    whatsapp.stop().await;
}

/// Writes notes until nobody answers; remembers those that were acknowledged.
async fn write_until_it_ends(
    api: ApiClient,
    conversation: ConversationId,
    told: Arc<Mutex<HashMap<String, Position>>>,
) {
    for number in 0.. {
        let text = format!("{conversation} {number}");
        let path = format!("/v1/conversations/{conversation}/notes");
        let Ok(response) = api
            .request(Method::POST, &path)
            .json(&json!({ "text": text }))
            .send()
            .await
        else {
            return;
        };
        assert_eq!(response.status(), 200, "{response:?}");
        let accepted: Accepted = response.json().await.unwrap();
        told.lock().unwrap().insert(text, accepted.position);
    }
}

async fn notes_in(data: &Path) -> Vec<(String, Position)> {
    let server = NatsServer::start(NatsServerConfig {
        binary: None,
        dir: data.join("nats"),
    })
    .await
    .unwrap();
    let log = open_log(&server.connect().await.unwrap()).await;
    let notes = books::notes(&books::events(&log).await);
    server.stop().await;
    notes
}

#[tokio::test(flavor = "multi_thread")]
async fn a_call_to_whatsapp_that_is_under_way_at_the_end_is_recorded_and_not_made_again() {
    let (dir, whatsapp) = (TempDir::new().unwrap(), stand_in().await);
    let data = dir.path().join("data");
    let process = Process::start(PROGRAM, &data, &whatsapp.base_url()).await;
    open_centre(&process.admin()).await;
    let ana = agents_api(&process.admin()).await;
    let conversation = conversation_on(&process.admin(), "wa", 1).await;
    whatsapp.next_fault(Fault::Delay(Duration::from_secs(1)));
    let path = format!("/v1/conversations/{conversation}/messages");
    let under_way = post(&ana, &path, &json!({"text": "It leaves today"}))
        .await
        .message
        .unwrap();
    eventually("the call is under way", async || {
        (whatsapp.faults_queued() == 0).then_some(())
    })
    .await;
    let behind_it = post(&ana, &path, &json!({"text": "Anything else?"}))
        .await
        .message
        .unwrap();
    process.terminate().await;
    assert_eq!(whatsapp.times_accepted(&under_way.to_string()), 1);

    let process = Process::start(PROGRAM, &data, &whatsapp.base_url()).await;
    let ana = agents_api(&process.admin()).await;
    sent_once(&whatsapp, behind_it).await;
    let last = post(
        &ana,
        &format!("/v1/conversations/{conversation}/notes"),
        &json!({"text": "the end"}),
    )
    .await;
    let _: Page<InboxItem> = read_at(&ana, "/v1/inbox", last.position).await;
    let lines = lines(&ana, conversation).await;
    for message in [under_way, behind_it] {
        let status = status_of(&lines, message).unwrap();
        assert_ne!(status.status, MessageState::Uncertain, "{status:?}");
        assert_eq!(status.attempts, 1);
    }
    assert_eq!(whatsapp.accepted_total(), 2);
    process.terminate().await;
    whatsapp.stop().await;
}

async fn agents_api(admin: &ApiClient) -> ApiClient {
    let created: Value = admin
        .send(Method::POST, "/v1/tokens", &json!({"agent": agent(0)}))
        .await
        .unwrap();
    admin.with_token(created["token"].as_str().unwrap())
}

async fn sent_once(whatsapp: &StandIn, message: MessageId) {
    let id = message.to_string();
    eventually("it is sent", async || {
        (whatsapp.times_accepted(&id) == 1).then_some(())
    })
    .await;
}
