//! However a view came about, from the log at once or through restarts and crashes, it is the same rows.
#![allow(clippy::unwrap_used, reason = "a test may")]

mod common;

use std::io::{BufRead, BufReader};
use std::process::Stdio;
use std::time::{Duration, Instant};

use common::traffic::Traffic;
use common::{Centre, DEADLINE, SHARD, assert_same, directory};
use engine::log::{Log, LogConfig};
use engine::nats_server::running_endpoint;
use projections::store::Store;
use projections::{RebuildProgress, Views, rebuild};
use tokio::task::spawn_blocking;

#[tokio::test(flavor = "multi_thread")]
async fn a_rebuild_gives_the_rows_that_following_gave() {
    let mut traffic = Traffic::new(1, 40);
    let mut centre = Centre::with_traffic(&mut traffic, 100).await;
    let views = centre.views("followed").await;
    centre.go_on(&mut traffic, 200).await;
    centre.up_to_date(&views).await;
    views.shutdown().await.unwrap();

    let (sender, reports) = std::sync::mpsc::channel();
    let built = centre.dir.path().join("built");
    let built = rebuild(&centre.log, &built, move |progress| sender.send(progress).unwrap()).await.unwrap();
    assert_eq!(built.frames, 301);
    let last: RebuildProgress = reports.iter().last().unwrap();
    assert_eq!((last.frames_done, last.frames_total, last.events_done), (301, 301, built.events));
    assert!(built.events > 500);
    assert_same(&centre.rows("built"), &centre.rows("followed"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rebuild_replaces_what_was_there() {
    let mut traffic = Traffic::new(2, 40);
    let centre = Centre::with_traffic(&mut traffic, 50).await;
    let other = Centre::with_traffic(&mut Traffic::new(3, 40), 20).await;
    let (of_other, path) = (other.views("views").await, other.dir.path().join("views"));
    other.up_to_date(&of_other).await;
    of_other.shutdown().await.unwrap();
    rebuild(&centre.log, &path, |_| {}).await.unwrap();
    rebuild(&centre.log, &centre.dir.path().join("built"), |_| {}).await.unwrap();
    assert_same(&other.rows("views"), &centre.rows("built"));
}

#[tokio::test(flavor = "multi_thread")]
async fn stopping_in_the_middle_and_going_on_is_the_same_as_going_through() {
    let mut traffic = Traffic::new(4, 40);
    let mut centre = Centre::with_traffic(&mut traffic, 20).await;
    for _ in 0..6 {
        let views = centre.views("stopped").await;
        centre.go_on(&mut traffic, 40).await;
        views.shutdown().await.unwrap();
    }
    let views = centre.views("stopped").await;
    centre.up_to_date(&views).await;
    views.shutdown().await.unwrap();
    rebuild(&centre.log, &centre.dir.path().join("built"), |_| {}).await.unwrap();
    assert_same(&centre.rows("stopped"), &centre.rows("built"));
}

#[tokio::test(flavor = "multi_thread")]
async fn views_far_behind_catch_up_and_then_tell_changes() {
    let mut traffic = Traffic::new(5, 40);
    let mut centre = Centre::with_traffic(&mut traffic, 1_100).await;
    let views = centre.views("views").await;
    let mut early = views.feed().subscribe(None).unwrap();
    centre.up_to_date(&views).await;
    let mut late = views.feed().subscribe(None).unwrap();
    centre.go_on(&mut traffic, 8).await;
    let first = late.next().await.unwrap()[0].position;
    assert!(first.sequence > 1_101, "{first}");
    if let Ok(changes) = early.next().await {
        assert_eq!(changes[0].position, first, "changes were passed over silently");
    }
    views.shutdown().await.unwrap();
    rebuild(&centre.log, &centre.dir.path().join("built"), |_| {}).await.unwrap();
    let views = centre.views("views").await;
    centre.up_to_date(&views).await;
    views.shutdown().await.unwrap();
    assert_same(&centre.rows("views"), &centre.rows("built"));
}

const NATS_DIR: &str = "ATENDER_TEST_NATS_DIR";
const VIEWS_DIR: &str = "ATENDER_TEST_VIEWS_DIR";
const ROUNDS: u64 = 4;
const STARTED: &str = "the views are started";

/// Follows the log until it is killed.
#[tokio::test(flavor = "multi_thread")]
#[ignore = "run by the test below, as the process to kill"]
async fn the_process_to_kill() {
    let (nats, views) = (std::env::var_os(NATS_DIR).unwrap(), std::env::var_os(VIEWS_DIR).unwrap());
    let client = running_endpoint(nats.as_ref()).unwrap().connect().await.unwrap();
    let log = Log::open(&client, LogConfig { shard: SHARD, replicas: 1 }).await.unwrap();
    let _views = Views::start(&log, views.as_ref(), |_| {}).await.unwrap();
    println!("{STARTED}");
    tokio::time::sleep(DEADLINE).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_killed_process_leaves_views_that_catch_up() {
    let mut traffic = Traffic::new(6, 40);
    let mut centre = Centre::with_traffic(&mut traffic, 50).await;
    let views_dir = centre.dir.path().join("killed");
    for round in 0..ROUNDS {
        let mut process = std::process::Command::new(std::env::current_exe().unwrap())
            .args(["--ignored", "--exact", "--nocapture", "the_process_to_kill"])
            .env(NATS_DIR, centre.dir.path().join("nats"))
            .env(VIEWS_DIR, &views_dir)
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let said = BufReader::new(process.stdout.take().unwrap());
        let started = spawn_blocking(|| said.lines().any(|line| line.unwrap().contains(STARTED)));
        assert!(started.await.unwrap(), "the process has ended");
        let until = Instant::now() + Duration::from_millis(400 + 130 * round);
        let journal = views_dir.join(directory("inbox")).join("journal");
        let has_reached_the_disk = || journal.metadata().is_ok_and(|journal| journal.len() > 0);
        while Instant::now() < until || (round == ROUNDS - 1 && !has_reached_the_disk()) {
            centre.go_on(&mut traffic, 1).await;
            assert!(Instant::now() < until + DEADLINE, "nothing reaches the disk");
        }
        process.kill().unwrap();
        process.wait().unwrap();
    }
    let reached = Store::open(&views_dir, "inbox", 1).unwrap().checkpoint();
    let views = centre.views("killed").await;
    assert!(reached > 51, "nothing had reached the disk at frame {reached}");
    centre.up_to_date(&views).await;
    views.shutdown().await.unwrap();
    rebuild(&centre.log, &centre.dir.path().join("built"), |_| {}).await.unwrap();
    assert_same(&centre.rows("killed"), &centre.rows("built"));
}
