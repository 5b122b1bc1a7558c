//! The views built from the log, in a process of its own, beside reading the frames alone.

use std::time::{Duration, Instant};

use engine::log::Log;
use tests::books;

use crate::deployment::{Deployment, disk_bytes};
use crate::job::{self, Rebuilt};
use crate::past::{Lives, Past};
use crate::progress;
use crate::row::{Bar, Table};
use crate::scale::{Scale, words};

const EVENTS_PER_SECOND: f64 = 300_000.0;
/// Messages each way: conversations of 73 events.
const ROUNDS: u64 = 10;
const SPAN: Duration = Duration::from_secs(30 * 24 * 60 * 60);
const MIB: f64 = 1024.0 * 1024.0;

/// A log read alone.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Reading {
    pub(crate) events: u64,
    pub(crate) bytes: u64,
    pub(crate) took: Duration,
}

impl Reading {
    pub(crate) fn per_second(&self) -> f64 {
        self.events as f64 / self.took.as_secs_f64()
    }
}

pub(crate) async fn measure(table: &mut Table, scale: Scale) {
    let conversations = scale.of(1_000_000, 5_000_000) / Lives::events_each(ROUNDS);
    let lives = Lives { conversations, rounds: ROUNDS, open_of: 0, span: SPAN };
    let measured = table.attempt("rebuild of the views", rebuild(&lives)).await;
    let Some((reading, built, views_bytes)) = measured else { return };
    let name = |what: &str| format!("rebuild of the views, {} events: {what}", words(built.events));
    let rate = (built.events as f64 / built.seconds, "/s");
    let limit = ("reading frames alone", reading.per_second());
    table.add(name("events/s"), rate, limit, Bar::ValueAtLeast(EVENTS_PER_SECOND));
    let peak = (built.resident_peak as f64 / MIB, "MiB");
    table.add(name("peak memory"), peak, ("the bar", 1024.0), Bar::ValueAtMost(1024.0));
    let disk = (views_bytes as f64 / MIB, "MiB");
    table.add(name("disk"), disk, ("the frames", reading.bytes as f64 / MIB), Bar::AtMost(3.0));
}

async fn rebuild(lives: &Lives) -> (Reading, Rebuilt, u64) {
    let deployment = Deployment::new();
    let (nats, log) = deployment.nats().await;
    write(log.clone(), lives).await;
    let reading = read_alone(&log).await;
    let built = job::rebuild(&deployment.nats_dir(), &deployment.views_dir()).await;
    assert_eq!(built.events, reading.events);
    let views_bytes = disk_bytes(&deployment.views_dir());
    nats.stop().await;
    (reading, built, views_bytes)
}

/// Fills an empty log.
pub(super) async fn write(log: Log, lives: &Lives) {
    let events = lives.conversations * Lives::events_each(lives.rounds);
    let bar = progress::counting("filling the log, in events", events);
    let mut past = Past::begin(Some(log), lives).await;
    past.live(lives, &bar).await;
    past.end().await;
}

/// Reads the log from its beginning to what is its end now.
pub(crate) async fn read_alone(log: &Log) -> Reading {
    let head = books::head(log).await;
    let (started, mut events, mut bytes) = (Instant::now(), 0, 0);
    let mut reader = books::follow(log).await;
    for _ in 0..head {
        let recorded = reader.next().await.unwrap();
        events += recorded.frame.events() as u64;
        bytes += recorded.bytes_len as u64;
    }
    Reading { events, bytes, took: started.elapsed() }
}
