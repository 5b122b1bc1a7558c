//! The supervised nats-server, on the real binary: its crashes, its leftovers, and what of it others may read.

use std::fs;
use std::future::Future;
use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use async_nats::jetstream::{self, stream};
use engine::data_dir::{DataDir, DataDirError};
use engine::nats_server::{NatsServer, NatsServerConfig, NatsServerError, find_binary, running_endpoint};
use rustix::process::{Pid, Signal, kill_process, test_kill_process};
use tempfile::TempDir;

const DEADLINE: Duration = Duration::from_secs(60);
/// A server that is away does not answer at all, one that is slow does.
const ACK_WITHIN: Duration = Duration::from_secs(5);
const POLL: Duration = Duration::from_millis(5);

async fn eventually<T, F: Future<Output = Option<T>>>(what: &str, mut attempt: impl FnMut() -> F) -> T {
    let polled = async {
        loop {
            if let Some(value) = attempt().await {
                return value;
            }
            tokio::time::sleep(POLL).await;
        }
    };
    let outcome = tokio::time::timeout(DEADLINE, polled).await;
    outcome.unwrap_or_else(|_| panic!("not within {DEADLINE:?}: {what}"))
}

async fn started(data: &TempDir) -> NatsServer {
    NatsServer::start(config(data)).await.expect("nats-server starts")
}

fn config(data: &TempDir) -> NatsServerConfig {
    NatsServerConfig { binary: None, dir: data.path().join("nats") }
}

fn kill(pid: u32) {
    kill_process(pid_of(pid), Signal::KILL).expect("the process is there");
}

fn alive(pid: u32) -> bool {
    test_kill_process(pid_of(pid)).is_ok()
}

fn pid_of(pid: u32) -> Pid {
    i32::try_from(pid).ok().and_then(Pid::from_raw).expect("a process id")
}

fn mode(path: &Path) -> u32 {
    fs::metadata(path).expect("the file is there").permissions().mode() & 0o777
}

async fn create_stream(client: &async_nats::Client) {
    let config = stream::Config { name: "LOG".into(), subjects: vec!["log".into()], ..Default::default() };
    jetstream::new(client.clone()).create_stream(config).await.expect("a stream");
}

/// The sequence of a message the server has on disk, or `None` while it is away.
async fn publish(client: &async_nats::Client) -> Option<u64> {
    let ack = jetstream::new(client.clone()).publish("log", "frame".into()).await.ok()?;
    tokio::time::timeout(ACK_WITHIN, ack).await.ok()?.ok().map(|ack| ack.sequence)
}

async fn message_count(client: &async_nats::Client) -> u64 {
    let mut stream = jetstream::new(client.clone()).get_stream("LOG").await.expect("the stream");
    stream.info().await.expect("its state").state.messages
}

#[tokio::test]
async fn it_starts_stores_and_stops() {
    let data = TempDir::new().unwrap();
    let server = started(&data).await;
    let client = server.connect().await.unwrap();
    create_stream(&client).await;
    assert_eq!(publish(&client).await, Some(1));
    assert_eq!(server.restarts(), 0);
    assert_eq!(client.max_payload(), 1024 * 1024);

    let pid = server.pid().unwrap();
    server.stop().await;
    assert!(!alive(pid));
    assert!(running_endpoint(&config(&data).dir).is_none());

    let server = started(&data).await;
    assert_eq!(message_count(&server.connect().await.unwrap()).await, 1);
    server.stop().await;
}

#[tokio::test]
async fn after_kill_9_it_is_back_on_its_port_with_its_data_for_the_same_client() {
    let data = TempDir::new().unwrap();
    let server = started(&data).await;
    let url = server.url().to_owned();
    let client = server.connect().await.unwrap();
    create_stream(&client).await;
    assert_eq!(publish(&client).await, Some(1));

    let killed = server.pid().unwrap();
    kill(killed);
    let again = eventually("a new process", async || server.pid().filter(|pid| *pid != killed)).await;
    eventually("a publish on the same client", || publish(&client)).await;

    assert_eq!(server.restarts(), 1);
    assert_eq!(server.url(), url);
    assert!(message_count(&client).await >= 2);
    let endpoint = running_endpoint(&config(&data).dir).unwrap();
    assert_eq!((endpoint.url(), endpoint.pid()), (url.as_str(), again));
    server.stop().await;
}

#[tokio::test]
async fn while_its_port_is_taken_it_keeps_trying() {
    let data = TempDir::new().unwrap();
    let server = started(&data).await;
    let client = server.connect().await.unwrap();
    create_stream(&client).await;

    let address = server.url().trim_start_matches("nats://").to_owned();
    let thief = eventually("the port is ours", async || {
        // It may have died and be gone by itself: a server that finds its port taken ends at once.
        server.pid().map(|pid| kill_process(pid_of(pid), Signal::KILL));
        TcpListener::bind(&address).ok()
    })
    .await;
    let before = server.restarts();
    eventually("failed restarts", async || (server.restarts() >= before + 2).then_some(())).await;
    drop(thief);
    eventually("a publish", || publish(&client)).await;
    server.stop().await;
}

#[tokio::test]
async fn a_leftover_of_a_crashed_run_is_ended_and_its_data_kept() {
    let data = TempDir::new().unwrap();
    let dir = config(&data).dir;
    let server = started(&data).await;
    let client = server.connect().await.unwrap();
    create_stream(&client).await;
    publish(&client).await.unwrap();
    server.stop().await;

    let mut leftover = std::process::Command::new(find_binary(None).await.unwrap())
        .arg("-c")
        .arg(dir.canonicalize().unwrap().join("nats-server.conf"))
        .stdin(Stdio::null())
        .spawn()
        .unwrap();
    fs::write(dir.join("nats-server.pid"), leftover.id().to_string()).unwrap();

    let server = started(&data).await;
    assert!(leftover.try_wait().unwrap().is_some(), "two servers on one store");
    assert_eq!(message_count(&server.connect().await.unwrap()).await, 1);
    server.stop().await;
}

#[tokio::test]
async fn a_pid_file_that_names_another_program_harms_nobody() {
    let data = TempDir::new().unwrap();
    let dir = config(&data).dir;
    let mut bystander = std::process::Command::new("sleep").arg("60").spawn().unwrap();
    fs::create_dir(&dir).unwrap();
    fs::write(dir.join("nats-server.pid"), bystander.id().to_string()).unwrap();

    let server = started(&data).await;
    assert!(bystander.try_wait().unwrap().is_none(), "ended by mistake");
    bystander.kill().unwrap();
    bystander.wait().unwrap();
    server.stop().await;
}

#[tokio::test]
async fn a_dropped_server_does_not_live_on() {
    let data = TempDir::new().unwrap();
    let server = started(&data).await;
    let pid = server.pid().unwrap();
    drop(server);
    eventually("its process is gone", async || (!alive(pid)).then_some(())).await;
    assert!(running_endpoint(&config(&data).dir).is_none());
}

#[tokio::test]
async fn another_process_finds_it_by_its_endpoint_file() {
    let data = TempDir::new().unwrap();
    let server = started(&data).await;
    let endpoint = running_endpoint(&config(&data).dir).unwrap();
    let client = endpoint.connect().await.unwrap();
    jetstream::new(client).query_account().await.unwrap();
    async_nats::connect(server.url()).await.expect_err("no token, no entry");
    server.stop().await;
}

#[tokio::test]
async fn its_secrets_are_for_the_owner_alone() {
    let data = TempDir::new().unwrap();
    let dir = config(&data).dir;
    let server = started(&data).await;
    assert_eq!(mode(&dir), 0o700);
    for secret in ["nats-server.conf", "endpoint.json", "nats-server.log"] {
        assert_eq!(mode(&dir.join(secret)), 0o600, "{secret}");
    }
    let endpoint: serde_json::Value =
        serde_json::from_slice(&fs::read(dir.join("endpoint.json")).unwrap()).unwrap();
    let token = endpoint["token"].as_str().unwrap();
    assert_eq!(token.len(), 64);
    assert!(!format!("{server:?}").contains(token));
    assert!(!server.url().contains(token));
    assert!(!fs::read_to_string(dir.join("nats-server.log")).unwrap().contains(token));
    server.stop().await;
}

#[tokio::test]
async fn a_binary_that_will_not_do_is_refused_with_what_to_do() {
    let data = TempDir::new().unwrap();
    for binary in ["/bin/cat", "/bin/sh", "/no/such/nats-server"] {
        let config = NatsServerConfig { binary: Some(binary.into()), ..config(&data) };
        let message = NatsServer::start(config).await.unwrap_err().to_string();
        assert!(message.contains(binary), "{message}");
        assert!(message.contains("make .tools/nats-server"), "{message}");
        assert!(message.contains("--nats URL"), "{message}");
    }
}

#[tokio::test]
async fn a_server_that_ends_at_start_shows_the_end_of_its_log() {
    let data = TempDir::new().unwrap();
    let dir = config(&data).dir;
    fs::create_dir(&dir).unwrap();
    fs::write(dir.join("jetstream"), "a file where the store should be").unwrap();
    let error = NatsServer::start(config(&data)).await.unwrap_err();
    let NatsServerError::Ended { log_tail, .. } = &error else { panic!("{error}") };
    assert!(log_tail.contains("[FTL]"), "{error}");
}

#[test]
fn a_data_directory_has_one_owner() {
    let data = TempDir::new().unwrap();
    let _held = DataDir::open(data.path()).unwrap();
    let refused = DataDir::open(data.path()).unwrap_err();
    assert!(matches!(refused, DataDirError::InUse { .. }), "{refused}");
}
