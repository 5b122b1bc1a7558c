//! kill -9 of atender under load: every acknowledged command is in the log exactly once, no refused one is, and
//! the views equal a fresh rebuild.
#![allow(clippy::unwrap_used, reason = "a test may")]

use std::collections::{BTreeMap, HashMap};
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use engine::log::Log;
use engine::nats_server::{NatsServer, NatsServerConfig};
use gateway::api_client::{ApiClient, ApiError};
use gateway::apply::apply;
use reqwest::Method;
use schemas::api::Accepted;
use schemas::{CommandId, Event, Position};
use serde_json::json;
use tempfile::TempDir;
use tests::nats::open_log;
use tests::process::Process;
use tests::server::stand_in;
use tokio::task::JoinSet;
use tokio::time::sleep;

const PROGRAM: &str = env!("CARGO_BIN_EXE_atender-under-test");
const KILLS: usize = 4;
const CUSTOMERS: u64 = 24;

/// What the clients were told.
#[derive(Default)]
struct Told {
    accepted: HashMap<CommandId, Position>,
    refused: Vec<CommandId>,
}

const CENTRE: &str = r#"
[clients.acme]
name = "Acme"
[projects.help]
client = "acme"
name = "Help"
[channels.web]
kind = "webchat"
address = "shop.example"
name = "Web chat"
[dispositions.solved]
name = "Solved"
[campaigns.care]
project = "help"
name = "Care"
channels = ["web"]
dispositions = ["solved"]
[agents.ana]
name = "Ana"
campaigns = ["care"]
channels = ["web"]
capacity = 10
[agents.ben]
name = "Ben"
campaigns = ["care"]
channels = ["web"]
capacity = 10
"#;

#[tokio::test(flavor = "multi_thread")]
async fn after_kill_9_under_load_nothing_acknowledged_is_lost_or_doubled() {
    let dir = TempDir::new().unwrap();
    let data = dir.path().join("data");
    let stand_in = stand_in().await;
    let told = Arc::new(Mutex::new(Told::default()));
    for round in 0..KILLS {
        let process = Process::start(PROGRAM, &data, &stand_in.base_url()).await;
        if round == 0 {
            open_centre(&process.admin(), dir.path()).await;
        }
        let before = told.lock().unwrap().accepted.len();
        let mut customers = JoinSet::new();
        for customer in 0..CUSTOMERS {
            customers.spawn(write_and_be_answered(process.admin(), round, customer, Arc::clone(&told)));
        }
        while told.lock().unwrap().accepted.len() < before + 300 {
            sleep(Duration::from_millis(1)).await;
        }
        process.kill().await;
        customers.join_all().await;
    }
    // One more life, ended in order, so that the views have caught up.
    let last = Process::start(PROGRAM, &data, &stand_in.base_url()).await;
    let positions: Vec<_> = told.lock().unwrap().accepted.values().copied().collect();
    let newest = positions.iter().max().unwrap().to_string();
    let request =
        last.admin().request(Method::GET, "/v1/inbox?queue=care").header("atender-min-position", newest);
    let _page: serde_json::Value = last.admin().answer(request).await.unwrap();
    last.terminate().await;

    let told = std::mem::take(&mut *told.lock().unwrap());
    check_log(&data, &told).await;
    check_views(&data, dir.path()).await;
    stand_in.stop().await;
}

async fn open_centre(admin: &ApiClient, dir: &Path) {
    let file = dir.join("centre.toml");
    std::fs::write(&file, CENTRE).unwrap();
    apply(admin, &file, |_| {}).await.unwrap();
    for agent in ["ana", "ben"] {
        let path = format!("/v1/agents/{agent}/presence");
        let _online: Accepted = admin.send(Method::PUT, &path, &json!({"presence": "online"})).await.unwrap();
    }
}

/// A customer who writes until the server is gone; the administrator finishes what is assigned, and also asks for
/// what must be refused.
async fn write_and_be_answered(api: ApiClient, round: usize, customer: u64, told: Arc<Mutex<Told>>) {
    let workspace = gateway::serve::default_workspace();
    let channel = schemas::ChannelId::new("web").unwrap();
    for number in 0.. {
        let provider_id = format!("m-{round}-{customer}-{number}");
        let body =
            json!({"provider_id": provider_id, "from": format!("visitor-{customer}"), "text": "hello"});
        let inbound = CommandId::of_inbound(&workspace, &channel, &provider_id);
        let Some(accepted) = call(&api, "/v1/channels/web/inbound", &body, None, inbound, &told).await else {
            return;
        };
        let Some(conversation) = accepted.and_then(|accepted| accepted.conversation) else { continue };
        let (action, body) = match number % 3 {
            0 => ("notes", json!({"text": "a note"})),
            1 => ("finish", json!({"disposition": "solved"})),
            _ => ("finish", json!({"disposition": "unheard-of"})),
        };
        let key = format!("k-{round}-{customer}-{number}");
        let id = CommandId::of_key(&workspace, "administrator", &key);
        let path = format!("/v1/conversations/{conversation}/{action}");
        if call(&api, &path, &body, Some(&key), id, &told).await.is_none() {
            return;
        }
    }
}

/// `None` when the server is gone, `Some(None)` when it refused.
async fn call(
    api: &ApiClient,
    path: &str,
    body: &serde_json::Value,
    key: Option<&str>,
    id: CommandId,
    told: &Mutex<Told>,
) -> Option<Option<Accepted>> {
    let mut request = api.request(Method::POST, path).json(body);
    if let Some(key) = key {
        request = request.header("idempotency-key", key);
    }
    match api.answer::<Accepted>(request).await {
        Ok(accepted) => {
            told.lock().unwrap().accepted.insert(id, accepted.position);
            Some(Some(accepted))
        }
        Err(ApiError::Refused(problem)) if problem.status < 500 => {
            told.lock().unwrap().refused.push(id);
            Some(None)
        }
        Err(_) => None,
    }
}

async fn check_log(data: &Path, told: &Told) {
    let (server, log) = open(data).await;
    let mut found: HashMap<CommandId, Vec<Position>> = HashMap::new();
    let mut received: BTreeMap<String, u32> = BTreeMap::new();
    let head = log.head().await.unwrap();
    let mut reader = log.follow(1).await.unwrap();
    for _ in 0..head {
        let recorded = reader.next().await.unwrap();
        let mut index = 0;
        for commit in recorded.frame.commits {
            index += commit.events.len() as u32;
            let position =
                Position { shard: log.shard(), sequence: recorded.sequence, index: index.saturating_sub(1) };
            found.entry(commit.header.command).or_default().push(position);
            for event in commit.events {
                if let Event::MessageReceived(message) = event {
                    *received.entry(message.provider_id).or_default() += 1;
                }
            }
        }
    }
    server.stop().await;
    for (command, position) in &told.accepted {
        let places = found.get(command).map_or(&[][..], Vec::as_slice);
        assert_eq!(places, [*position], "command {command} was acknowledged at {position}");
    }
    for command in &told.refused {
        assert!(!found.contains_key(command), "command {command} was refused and is in the log");
    }
    assert!(!told.refused.is_empty(), "the load had nothing to refuse");
    for (provider_id, times) in received {
        assert_eq!(times, 1, "message {provider_id}");
    }
}

/// What the killed and restarted process has in its views, beside views made anew from the log.
async fn check_views(data: &Path, scratch: &Path) {
    let (server, log) = open(data).await;
    let kept = projections::digest(&data.join("views")).unwrap();
    let fresh = scratch.join("fresh-views");
    projections::rebuild(&log, &fresh, |_| {}).await.unwrap();
    let rebuilt = projections::digest(&fresh).unwrap();
    server.stop().await;
    assert!(kept.values().all(|view| view.rows > 0), "{kept:?}");
    assert_eq!(kept, rebuilt);
}

async fn open(data: &Path) -> (NatsServer, Log) {
    let server = NatsServer::start(NatsServerConfig { binary: None, dir: data.join("nats") }).await.unwrap();
    let client = server.connect().await.unwrap();
    let log = open_log(&client).await;
    (server, log)
}
