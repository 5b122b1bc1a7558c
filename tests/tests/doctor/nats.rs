//! Faults in what NATS keeps, and a NATS that is set up otherwise than atender needs it.

use std::process::Stdio;
use std::time::Duration;

use async_nats::jetstream;
use engine::deployment::{Deployment, Wanted};
use engine::nats_server::find_binary;
use gateway::doctor::{DoctorConfig, Level, examine};
use gateway::serve::{Nats, RemoteNats};
use serde_json::Value;
use tempfile::TempDir;
use tests::ask::eventually;
use tests::centre::Centre;
use tests::server::TestServer;
use tokio::process::{Child, Command};

use super::looking::{at, finds, look};

#[tokio::test(flavor = "multi_thread")]
async fn streams_that_somebody_edited_or_removed_are_named() {
    let server = TestServer::start(Centre::default()).await;
    let context = jetstream::new(server.server.app().client.clone());
    let edit = async |name: &str| {
        let mut config = context.get_stream(name).await.unwrap().cached_info().config.clone();
        config.max_age = Duration::from_secs(3_600);
        context.update_stream(config).await.unwrap();
    };
    edit("ATENDER_LOG_0").await;
    edit("KV_ATENDER_SECRETS").await;
    context.delete_stream("ATENDER_DEAD_LETTERS").await.unwrap();
    let report = look(&server).await;
    finds(&report, "stream ATENDER_LOG_0", Level::Error, "max_age is 3600s", "nats stream edit");
    let edited = "stream KV_ATENDER_SECRETS";
    finds(&report, edited, Level::Error, "max_age is 3600s and must be unlimited", "nats stream edit");
    finds(&report, "stream ATENDER_DEAD_LETTERS", Level::Error, "not there", "atender serve");
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn bytes_in_the_log_that_are_no_frame_and_the_views_they_stop_are_named() {
    let server = TestServer::start(Centre::default()).await;
    let context = jetstream::new(server.server.app().client.clone());
    context.publish("atender.log.0", "not a frame".into()).await.unwrap().await.unwrap();
    let report = eventually("the views have stopped", async || {
        let report = look(&server).await;
        report.to_string().contains("view inbox has stopped").then_some(report)
    })
    .await;
    finds(&report, "ready", Level::Error, "view inbox has stopped", "atender rebuild");
    finds(&report, "stream ATENDER_LOG_0", Level::Error, "cannot be read", "backup");
    server.stop().await;
}

/// A nats-server with a configuration of its own.
struct Strange {
    _child: Child,
    dir: TempDir,
    nats: String,
    monitor: String,
}

impl Strange {
    async fn start(settings: &str) -> Self {
        let dir = TempDir::new().unwrap();
        let path = dir.path().display();
        let config = format!(
            "host: 127.0.0.1\nport: -1\nhttp: \"127.0.0.1:-1\"\nports_file_dir: \"{path}\"\n\
             jetstream {{ store_dir: \"{path}/store\" }}\n{settings}\n"
        );
        let file = dir.path().join("nats-server.conf");
        std::fs::write(&file, config).unwrap();
        let child = Command::new(find_binary(None).await.unwrap())
            .arg("-c")
            .arg(&file)
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .kill_on_drop(true)
            .spawn()
            .unwrap();
        let ports: Value = eventually("it listens", async || {
            let mut files = std::fs::read_dir(dir.path()).unwrap().map(|entry| entry.unwrap().path());
            let ports = files.find(|path| path.extension().is_some_and(|extension| extension == "ports"))?;
            serde_json::from_slice(&std::fs::read(ports).unwrap()).ok()
        })
        .await;
        let first = |name: &str| ports[name][0].as_str().unwrap().to_owned();
        Self { nats: first("nats"), monitor: first("monitoring"), _child: child, dir }
    }

    fn seen(&self) -> DoctorConfig {
        let remote = RemoteNats { url: self.nats.clone(), token: None };
        let nowhere = self.dir.path().join("data");
        // Nothing listens on the discard port.
        at(&nowhere, "http://127.0.0.1:9", Nats::Remote(remote))
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_nats_that_takes_small_messages_and_syncs_late_is_named() {
    let strange = Strange::start("max_payload: 65536").await;
    let config = DoctorConfig { nats_monitors: vec![strange.monitor.clone()], ..strange.seen() };
    let report = examine(&config).await;
    finds(&report, "max_payload", Level::Error, "65536 bytes", "max_payload: 1MB");
    finds(&report, "sync_interval", Level::Error, "2 min on", "sync_interval: always");
    finds(&report, "deployment", Level::Note, "there is none", "nothing");
    let context = jetstream::new(async_nats::connect(&strange.nats).await.unwrap());
    assert_eq!(context.query_account().await.unwrap().streams, 0, "it made something");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_deployment_whose_log_is_gone_is_named() {
    let strange = Strange::start("").await;
    let client = async_nats::connect(&strange.nats).await.unwrap();
    Deployment::open(&client, Wanted::default()).await.unwrap();
    let report = examine(&strange.seen()).await;
    finds(&report, "log", Level::Error, "not there", "backup");
    finds(&report, "lease", Level::Note, "nobody ever wrote", "atender serve");
}
