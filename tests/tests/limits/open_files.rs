//! A process without files to open takes no connection, and does nothing worse.

use reqwest::Method;
use rustix::process::{Pid, Resource, Rlimit, prlimit};
use serde_json::{Value, json};
use tempfile::TempDir;
use tests::ask::{answer, eventually, put, read, read_at};
use tests::process::{Home, Process};
use tests::server::stand_in;
use tokio::net::TcpStream;

const PROGRAM: &str = env!("CARGO_BIN_EXE_atender-under-test");
/// More than there will be files for.
const CONNECTIONS: usize = 50;

#[tokio::test(flavor = "multi_thread")]
async fn without_files_no_connection_is_taken_and_those_there_are_go_on() {
    let dir = TempDir::new().unwrap();
    let home = Home(dir.path().join("data"));
    let stand_in = stand_in().await;
    let atender = Process::start(PROGRAM, &home.0, &stand_in.base_url()).await;
    // One connection, which is kept.
    let here = atender.admin();
    let _: Value = read(&here, "/v1/clients").await;
    let pid = atender.pid().unwrap();
    let open = std::fs::read_dir(format!("/proc/{pid}/fd")).unwrap().count() as u64;
    let before = limit_files(pid, open + 5);

    let mut others = Vec::new();
    for _ in 0..CONNECTIONS {
        others.push(TcpStream::connect(atender.addr).await.unwrap());
    }
    eventually("an accept fails", async || {
        let metrics = answer(here.request(Method::GET, "/metrics")).await.body;
        metrics.contains("atender_http_accepts_failed_total").then_some(())
    })
    .await;
    let defined = put(&here, "/v1/clients/acme", &json!({"name": "Acme"})).await;

    drop(others);
    limit_files(pid, before);
    let another = atender.admin();
    let clients: Value = read_at(&another, "/v1/clients", defined.position).await;
    assert!(clients.to_string().contains("Acme"), "{clients}");
    atender.terminate().await;
    stand_in.stop().await;
}

/// Gives back what it was.
fn limit_files(pid: u32, files: u64) -> u64 {
    let pid = Pid::from_raw(pid.cast_signed());
    let maximum = rustix::process::getrlimit(Resource::Nofile).maximum;
    prlimit(pid, Resource::Nofile, Rlimit { current: Some(files), maximum }).unwrap().current.unwrap()
}
