//! SIGTERM under load: what is in flight is finished, and nothing that was acknowledged is missing.

use std::collections::HashMap;
use std::net::Ipv4Addr;
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use engine::nats_server::{NatsServer, NatsServerConfig, running_endpoint};
use gateway::api_client::ApiClient;
use gateway::demo::whatsapp_stand_in::Fault;
use reqwest::Method;
use rustix::process::Signal;
use schemas::api::Accepted;
use schemas::api::views::{Entry, MessageState};
use schemas::{ConversationId, Position};
use serde_json::{Value, json};
use tempfile::TempDir;
use tests::ask::{WITHIN, add_note, eventually, header, lines, of, post, put, send, status_of};
use tests::books;
use tests::centre::identity;
use tests::nats::open_log;
use tests::process::Process;
use tests::server::{NUMBER, stand_in};
use tests::signal;
use tokio::net::TcpListener;
use tokio::process::Command;
use tokio::time::timeout;

const PROGRAM: &str = env!("CARGO_BIN_EXE_atender-under-test");

/// A process with a web chat and a WhatsApp number in it, and an agent who is there.
async fn open_centre(admin: &ApiClient) {
    let web = json!({"kind": "webchat", "address": "shop.example", "name": "Web chat"});
    let whatsapp = json!({"kind": "whatsapp", "address": NUMBER, "name": "WhatsApp"});
    let channels = json!(["web", "wa"]);
    let care = json!({"project": "help", "name": "Care", "channels": channels, "dispositions": []});
    let ana = json!({"name": "Ana", "campaigns": ["care"], "channels": channels, "capacity": 50});
    for (path, body) in [
        ("clients/acme", json!({"name": "Acme"})),
        ("projects/help", json!({"client": "acme", "name": "Help"})),
        ("channels/web", web),
        ("channels/wa", whatsapp),
        ("campaigns/care", care),
        ("agents/ana", ana),
        ("agents/ana/presence", json!({"presence": "online"})),
    ] {
        put(admin, &format!("/v1/{path}"), &body).await;
    }
}

async fn conversation_on(api: &ApiClient, channel: &str, from: u64) -> ConversationId {
    let body = json!({"provider_id": format!("m-{from}"), "from": identity(from), "text": "hello"});
    let accepted = post(api, &format!("/v1/channels/{channel}/inbound"), &body).await;
    accepted.conversation.unwrap()
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
        writers.push(tokio::spawn(write_until_it_ends(admin.clone(), conversation, Arc::clone(&told))));
    }
    eventually("it is at work", async || (told.lock().unwrap().len() >= 200).then_some(())).await;
    process.terminate().await;
    for writer in writers {
        writer.await.unwrap();
    }
    assert!(running_endpoint(&data.join("nats")).is_none(), "its nats-server is still there");

    let told = std::mem::take(&mut *told.lock().unwrap());
    let in_log = notes_in(&data).await;
    for (text, position) in told.iter() {
        let places: Vec<_> = in_log.iter().filter(|(found, _)| found == text).collect();
        assert_eq!(places, [&(text.clone(), *position)], "note {text}");
    }
    assert_eq!(in_log.len(), told.len(), "a request was carried out and its answer cut off");
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
        let request = api.request(Method::POST, &of(conversation, "notes")).json(&json!({ "text": text }));
        let Ok(response) = request.send().await else {
            return;
        };
        assert_eq!(response.status(), 200, "{response:?}");
        let accepted: Accepted = response.json().await.unwrap();
        told.lock().unwrap().insert(text, accepted.position);
    }
}

async fn notes_in(data: &Path) -> Vec<(String, Position)> {
    let config = NatsServerConfig { binary: None, dir: data.join("nats") };
    let server = NatsServer::start(config).await.unwrap();
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
    let under_way = send(&ana, conversation, "It leaves today").await.message.unwrap();
    eventually("the call is under way", async || (whatsapp.faults_queued() == 0).then_some(())).await;
    let behind_it = send(&ana, conversation, "Anything else?").await.message.unwrap();
    process.terminate().await;
    assert_eq!(whatsapp.times_accepted(&under_way.to_string()), 1);

    let process = Process::start(PROGRAM, &data, &whatsapp.base_url()).await;
    let ana = agents_api(&process.admin()).await;
    let id = behind_it.to_string();
    eventually("it is sent", async || (whatsapp.times_accepted(&id) == 1).then_some(())).await;
    let last = add_note(&ana, conversation, "the end").await;
    header(&ana, conversation, last.position).await;
    let lines: Vec<Entry> = lines(&ana, conversation).await;
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
    let created: Value = admin.send(Method::POST, "/v1/tokens", &json!({"agent": "ana"})).await.unwrap();
    admin.with_token(created["token"].as_str().unwrap())
}

#[tokio::test(flavor = "multi_thread")]
async fn told_to_end_while_it_waits_for_nats_it_ends_in_order() {
    let dir = TempDir::new().unwrap();
    let nats = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
    let mut starting = Command::new(PROGRAM)
        .args(["serve", "--listen", "127.0.0.1:0", "--nats", &nats.local_addr().unwrap().to_string()])
        .arg("--data-dir")
        .arg(dir.path().join("data"))
        .kill_on_drop(true)
        .spawn()
        .unwrap();
    let (_silent, _) = timeout(WITHIN, nats.accept()).await.unwrap().unwrap();
    signal::send(starting.id().unwrap(), Signal::TERM);
    let ended = timeout(WITHIN, starting.wait()).await.unwrap().unwrap();
    assert!(ended.success(), "{ended}");
}
