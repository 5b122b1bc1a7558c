//! The engine with more and more commands in flight, beside raw frames of the same size and PostgreSQL.

use std::path::PathBuf;
use std::time::Duration;

use engine::log::Log;
use tests::nats::TestNats;
use tokio::task::spawn_blocking;

use crate::load::closed_loop;
use crate::parts::{self, MESSAGE_BYTES, start_engine};
use crate::postgres::{self, Postgres};
use crate::raw::Raw;
use crate::row::{Bar, Table};
use crate::scale::Scale;

const IN_FLIGHT: [u64; 5] = [1, 16, 64, 256, 1_024];
/// The number in flight that has a bar.
const IN_FLIGHT_WITH_BAR: u64 = 256;
/// So many frames tell how large they are.
const FRAMES_LOOKED_AT: u64 = 500;

pub(crate) async fn measure(table: &mut Table, scale: Scale) {
    let time = scale.time(1_000, 5_000);
    let mut with_bar = None;
    for in_flight in IN_FLIGHT {
        let name = format!("engine: commands/s, {in_flight} in flight, {MESSAGE_BYTES} bytes");
        let Some(Beside { commands, raw }) = table.attempt(&name, beside_raw(in_flight, time)).await else {
            continue;
        };
        let mut bar = Bar::None;
        if in_flight == IN_FLIGHT_WITH_BAR {
            bar = Bar::AtLeast(0.5);
            with_bar = Some(commands);
        }
        table.add(name, (commands, "/s"), ("raw frames of the same size", raw), bar);
    }
    let Some(commands) = with_bar else { return };
    let name = format!("engine: commands/s, {IN_FLIGHT_WITH_BAR} in flight, beside PostgreSQL");
    let Some(bin) = postgres::installed() else {
        return table.left_out(&name, "PostgreSQL is not installed");
    };
    if let Some((inserts, clients)) = table.attempt(&name, inserts(bin, scale.time(3_000, 10_000))).await {
        let limit_name = format!("durable inserts, {clients} clients");
        table.add(name, (commands, "/s"), (limit_name, inserts), Bar::AtLeast(5.0));
    }
}

/// Commands a second, and what raw frames would carry.
struct Beside {
    commands: f64,
    raw: f64,
}

async fn beside_raw(in_flight: u64, time: Duration) -> Beside {
    let nats = TestNats::start().await;
    let log = nats.log().await;
    let engine = start_engine(log.clone()).await;
    let send = parts::sends(&engine, parts::open_conversations(&engine).await);
    closed_loop(in_flight, time / 10, send.clone()).await;

    let before = log.head().await.unwrap();
    let done = closed_loop(in_flight, time, send).await;
    let frames = log.head().await.unwrap() - before;
    let bytes = average_frame(&log, before + 1, frames.min(FRAMES_LOOKED_AT)).await;
    let raw = Raw::open(&nats.client).await.frames_per_second(bytes, time).await;
    Beside { commands: done.per_second(), raw: raw * done.calls as f64 / frames as f64 }
}

async fn average_frame(log: &Log, from: u64, frames: u64) -> usize {
    let mut reader = log.follow(from).await.unwrap();
    let mut bytes = 0;
    for _ in 0..frames {
        bytes += reader.next().await.unwrap().bytes_len;
    }
    bytes / frames.max(1) as usize
}

async fn inserts(bin: PathBuf, time: Duration) -> (f64, u32) {
    let measured = spawn_blocking(move || Postgres::start(bin).inserts_per_second(MESSAGE_BYTES, time));
    let (rate, clients) = measured.await.unwrap();
    assert!(rate > 0.0, "PostgreSQL took no insert within {time:?}");
    (rate, clients)
}
