//! Faults in the data directory, beside a server that runs, and what a killed one leaves.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;

use engine::snapshot::Snapshots;
use gateway::doctor::{Level, examine};
use gateway::serve::Nats;
use tempfile::TempDir;
use tests::books;
use tests::centre::Centre;
use tests::process::{Home, Process};
use tests::program::run;
use tests::server::{TestServer, stand_in};

use super::looking::{at, finds, look};

const PROGRAM: &str = env!("CARGO_BIN_EXE_atender-under-test");

#[tokio::test(flavor = "multi_thread")]
async fn leftovers_and_open_secrets_are_named_with_their_remedy() {
    let server = TestServer::start(Centre::default()).await;
    let data = server.dir.path().join("data").canonicalize().unwrap();
    let aside = data.join("views/inbox-v1.broken-1");
    fs::create_dir(&aside).unwrap();
    fs::write(aside.join("rows"), vec![0; 4_096]).unwrap();
    fs::create_dir(data.join("views/inbox-v0")).unwrap();
    fs::write(data.join("name.unfinished"), "").unwrap();
    let token = data.join("admin.token");
    fs::set_permissions(&token, Permissions::from_mode(0o644)).unwrap();
    fs::set_permissions(&data, Permissions::from_mode(0o755)).unwrap();

    let report = look(&server).await;
    let shown = |path: &std::path::Path| path.display().to_string();
    finds(&report, "secrets", Level::Error, &shown(&token), &format!("chmod 600 {}", shown(&token)));
    finds(&report, "data directory", Level::Warning, "mode 0755", &format!("chmod 700 {}", shown(&data)));
    finds(&report, "leftovers", Level::Warning, "inbox-v1.broken-1 was put aside", "rm -r");
    finds(&report, "leftovers", Level::Warning, "4.0 KiB", "rm -r");
    finds(&report, "leftovers", Level::Note, "name.unfinished", "remove it");
    finds(&report, "view inbox on disk", Level::Note, "version 0", "removed");

    let arguments = ["doctor", "--url", &server.url(), "--data-dir", data.to_str().unwrap()];
    let ran = run(PROGRAM, server.server.admin_token(), &arguments).await;
    assert!(!ran.success, "an error ends with status 1");
    assert!(ran.stdout.contains("-> chmod 600"), "{}", ran.stdout);
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn snapshots_are_listed_and_those_that_cannot_be_used_named() {
    let server = TestServer::start(Centre::default()).await;
    let dir = server.dir.path().join("data/snapshots");
    let log = &server.server.app().log;
    let shard = log.shard();
    let snapshots = Snapshots::new(dir.clone(), shard);
    finds(&look(&server).await, "snapshots of shard 0", Level::Ok, "none; the log has", "");

    let made = snapshots.make(log).await.unwrap();
    server.opened_by(1).await;
    let report = look(&server).await;
    let head = books::head(log).await;
    let behind = format!("1 snapshot that can be used; the log has {} frame", head - made.sequence);
    finds(&report, "snapshots of shard 0", Level::Ok, &behind, "");
    finds(&report, "snapshots of shard 0", Level::Ok, &format!("frame {}, ", made.sequence), "");

    let name = |shard: u16, sequence: u64| dir.join(format!("snapshot-{shard}-{sequence:020}"));
    let whole = fs::read(name(0, made.sequence)).unwrap();
    fs::write(name(0, 1), &whole[..whole.len() - 1]).unwrap();
    fs::write(name(3, 1), "of no use").unwrap();
    // Another centre's log has other frames.
    let other = TestServer::start(Centre::default()).await;
    let elsewhere = Snapshots::new(other.dir.path().join("data/snapshots"), shard);
    let foreign = elsewhere.make(&other.server.app().log).await.unwrap();
    fs::copy(&elsewhere.list().unwrap()[0].path, name(0, foreign.sequence + 100)).unwrap();
    other.stop().await;
    let report = look(&server).await;
    finds(&report, "snapshots of shard 0", Level::Ok, &behind, "");
    finds(&report, "snapshots of shard 0", Level::Warning, "it is cut short", "look at the disk, then rm");
    finds(&report, "snapshots of shard 0", Level::Warning, "it is of another log", "the right NATS");
    finds(&report, "snapshots of shard 3", Level::Note, "this atender serves shard 0", "not read");
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_killed_atender_leaves_a_nats_server_and_a_lease_that_stands_still() {
    let whatsapp = stand_in().await;
    let dir = TempDir::new().unwrap();
    let data = dir.path().join("data");
    let _home = Home(data.clone());
    let process = Process::start(PROGRAM, &data, &whatsapp.base_url()).await;
    let config = at(&data, &process.url, Nats::Supervised { binary: None });
    process.kill().await;
    let report = examine(&config).await;
    finds(&report, "nats-server process", Level::Warning, "still runs", "atender serve");
    finds(&report, "lease", Level::Error, "not renewed for", "start `atender serve`");
    finds(&report, "data directory", Level::Ok, "held by no process", "");
    // The next one ends what is left over.
    Process::start(PROGRAM, &data, &whatsapp.base_url()).await.terminate().await;
    finds(&examine(&config).await, "NATS", Level::Note, "no nats-server runs here", "atender serve");
    whatsapp.stop().await;
}
