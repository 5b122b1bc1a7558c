//! A healthy server, and arguments that do not fit it.

use std::collections::BTreeMap;
use std::path::Path;

use engine::deployment::Wanted;
use gateway::doctor::{DoctorConfig, Level, examine};
use serde_json::Value;
use tests::ask::eventually;
use tests::centre::Centre;
use tests::program::run;
use tests::server::TestServer;

use super::looking::{at_least, finds, look, of};

const PROGRAM: &str = env!("CARGO_BIN_EXE_atender-under-test");

#[tokio::test(flavor = "multi_thread")]
async fn a_healthy_server_is_found_healthy_and_no_secret_is_shown() {
    let server = TestServer::start(Centre::default()).await;
    server.opened_by(1).await;
    let data = server.dir.path().join("data");
    let arguments = ["doctor", "--json", "--url", &server.url(), "--data-dir", data.to_str().unwrap()];
    let output = run(PROGRAM, server.server.admin_token(), &arguments).await.output();
    let report: Value = serde_json::from_str(&output).unwrap();
    let findings = report["findings"].as_array().unwrap();
    for check in
        ["stream ATENDER_LOG_0", "stream ATENDER_OUTBOUND", "lease", "sync_interval", "view inbox", "ready"]
    {
        let finding = findings.iter().find(|finding| finding["check"] == check);
        assert_eq!(finding.unwrap()["level"], "ok", "{check}");
    }
    let report = eventually("all is well", async || {
        let report = look(&server).await;
        let told = at_least(&report, Level::Note);
        // What the environment of whoever runs the tests has is not the server's.
        let is_well = told.iter().all(|finding| finding.check.starts_with("ATENDER_"));
        is_well.then_some(report)
    })
    .await;

    let endpoint: Value =
        serde_json::from_slice(&std::fs::read(data.join("nats/endpoint.json")).unwrap()).unwrap();
    for secret in [server.server.admin_token(), endpoint["token"].as_str().unwrap()] {
        assert!(!output.contains(secret) && !report.to_string().contains(secret), "a secret is shown");
    }
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_made_or_changed_while_atender_does_not_run() {
    let server = TestServer::start(Centre::default()).await;
    let (url, dir) = (server.url(), server.dir.path().join("data"));
    let config = of(&server);
    let TestServer { server, stand_in, dir: _kept } = server;
    server.stop().await;
    stand_in.stop().await;
    let before = files(&dir);
    // A process that another test is just starting has a copy of the lock for a moment.
    let report = eventually("nothing is wrong", async || {
        let report = examine(&config).await;
        at_least(&report, Level::Warning).is_empty().then_some(report)
    })
    .await;
    assert_eq!(files(&dir), before);
    finds(&report, "NATS", Level::Note, "not looked at", "atender serve");
    finds(&report, "atender", Level::Note, &url, "atender serve");

    let nowhere = dir.join("nowhere");
    let report = examine(&DoctorConfig { data_dir: nowhere.clone(), ..config }).await;
    finds(&report, "data directory", Level::Warning, "does not exist", "--data-dir");
    assert!(!nowhere.exists());
}

/// Each file with when it was last changed.
fn files(dir: &Path) -> BTreeMap<std::path::PathBuf, std::time::SystemTime> {
    let mut found = BTreeMap::new();
    for entry in std::fs::read_dir(dir).unwrap() {
        let entry = entry.unwrap();
        found.insert(entry.path(), entry.metadata().unwrap().modified().unwrap());
        if entry.path().is_dir() {
            found.extend(files(&entry.path()));
        }
    }
    found
}

#[tokio::test(flavor = "multi_thread")]
async fn a_number_of_shards_that_serve_would_refuse_is_told() {
    let server = TestServer::start(Centre::default()).await;
    let asked =
        |shards| DoctorConfig { wanted: Wanted { shards: Some(shards), replicas: None }, ..of(&server) };
    let report = examine(&asked(4)).await;
    finds(&report, "deployment", Level::Note, "has 1 shards, and 4 were asked for", "leave --shards out");
    eventually("nothing is wrong", async || {
        at_least(&examine(&asked(1)).await, Level::Warning).is_empty().then_some(())
    })
    .await;
    server.stop().await;
}
