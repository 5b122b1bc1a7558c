//! Measurements, not tests:
//! `EVENTS=3000000 OPEN=2000 cargo test --release -p projections --test speed -- --ignored --nocapture`
#![allow(clippy::unwrap_used, reason = "a measurement may")]

mod common;

use std::path::Path;
use std::time::{Duration, Instant};

use async_nats::jetstream;
use common::traffic::Traffic;
use common::{Centre, SHARD};
use projections::rebuild;
use schemas::frame::{FrameBuilder, NO_FRAME, hash};
use schemas::limits::FRAME_BYTES_TARGET;
use schemas::{FrameId, Timestamp};

fn number(name: &str, or: usize) -> usize {
    std::env::var(name).ok().and_then(|text| text.parse().ok()).unwrap_or(or)
}

/// Writes frames as full as the engine makes them under load.
async fn fill(centre: &Centre, traffic: &mut Traffic, events: usize) -> (usize, usize) {
    let context = jetstream::new(centre.client.clone());
    let (mut previous, mut written, mut bytes_written) = (NO_FRAME, 0, 0);
    let mut builder = FrameBuilder::default();
    let mut masters = traffic.masters();
    masters.reverse();
    while written < events {
        while builder.bytes() < FRAME_BYTES_TARGET {
            let (header, events) = masters.pop().unwrap_or_else(|| traffic.next());
            builder.push(&header, &events);
        }
        written += builder.events() as usize;
        let bytes = builder.finish(SHARD, FrameId::from_bytes([9; 16]), &previous, Timestamp::from_millis(1));
        previous = hash(&bytes);
        bytes_written += bytes.len();
        context.publish("atender.log.0", bytes.into()).await.unwrap().await.unwrap();
    }
    (written, bytes_written)
}

/// CPU time of the process so far, and of its threads that are left.
fn cpu() {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap();
    let fields: Vec<u64> = stat.rsplit(')').next().unwrap().split_whitespace().skip(11).take(2).map(|f| f.parse().unwrap()).collect();
    println!("cpu: {} ms user, {} ms system", fields[0] * 10, fields[1] * 10);
}

fn memory_mb(field: &str) -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find(|line| line.starts_with(field)).unwrap();
    line.split_whitespace().nth(1).unwrap().parse::<u64>().unwrap() / 1024
}

fn disk_bytes(dir: &Path) -> u64 {
    let entries = std::fs::read_dir(dir).unwrap().map(Result::unwrap);
    entries
        .map(|entry| {
            let kind = entry.metadata().unwrap();
            if kind.is_dir() { disk_bytes(&entry.path()) } else { kind.len() }
        })
        .sum()
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "a measurement"]
async fn how_fast_a_rebuild_is() {
    let centre = Centre::new().await;
    let mut traffic = Traffic::new(1, number("OPEN", 2_000));
    let (events, bytes) = fill(&centre, &mut traffic, number("EVENTS", 3_000_000)).await;
    let conversations = traffic.conversations();
    println!("{events} events, {} MB, {conversations} conversations", bytes / 1_000_000);

    let mut reader = centre.log.follow(1).await.unwrap();
    let (since, head) = (Instant::now(), centre.log.head().await.unwrap());
    while reader.next_sequence() <= head {
        reader.next().await.unwrap();
    }
    println!("reading alone: {:.0} events/s", events as f64 / since.elapsed().as_secs_f64());

    cpu();
    let dir = centre.dir.path().join("views");
    let before = memory_mb("VmRSS:");
    let last = std::sync::Mutex::new(Instant::now() - Duration::from_secs(9));
    let built = rebuild(&centre.log, &dir, move |progress| {
        let mut last = last.lock().unwrap();
        if last.elapsed() > Duration::from_secs(1) {
            *last = Instant::now();
            println!("  {:.0} events/s, {} MB", progress.events_per_second, memory_mb("VmRSS:"));
        }
    })
    .await
    .unwrap();
    cpu();
    let rate = built.events as f64 / built.took.as_secs_f64();
    println!("rebuild: {rate:.0} events/s in {:?}", built.took);
    println!("memory: {before} MB before, {} MB at most", memory_mb("VmHWM:"));
    for view in ["inbox-v1", "history-v1", "status-v1"] {
        println!("disk: {view} {} MB", disk_bytes(&dir.join(view)) / 1_000_000);
    }
}
