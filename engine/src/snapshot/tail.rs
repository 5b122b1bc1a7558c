//! Bringing a replica up to a place in the log: frames are read here and applied on a thread of their own.

use std::time::{Duration, Instant};

use tokio::sync::mpsc;

use super::blocking;
use crate::log::{Log, LogError, RecordedFrame};
use crate::replica::Replica;

const PROGRESS_EVERY: Duration = Duration::from_secs(2);
/// Frames that were read and not yet applied; at most 512 KiB each, 64 KiB as a rule.
const FRAMES_AHEAD: usize = 64;

/// The replica after frame `to`. Waits for NATS as long as it takes.
pub(super) async fn catch_up(replica: Replica, log: &Log, to: u64) -> Result<Replica, LogError> {
    if replica.sequence() >= to {
        return Ok(replica);
    }
    let (started, from) = (Instant::now(), replica.sequence());
    let mut reader = log.follow(from + 1).await?;
    let (read, frames) = mpsc::channel(FRAMES_AHEAD);
    let reading = async {
        while reader.next_sequence() <= to {
            if read.send(reader.next().await?).await.is_err() {
                break;
            }
        }
        drop(read);
        Ok(())
    };
    let applying = blocking(move || apply_all(replica, frames, to));
    let (reading, (replica, events)): (Result<(), LogError>, _) = tokio::join!(reading, applying);
    reading?;
    tracing::info!(from, to, events, took = ?started.elapsed(), "the log is read");
    Ok(replica)
}

fn apply_all(mut replica: Replica, mut frames: mpsc::Receiver<RecordedFrame>, to: u64) -> (Replica, usize) {
    let (mut told, mut events) = (Instant::now(), 0);
    while let Some(frame) = frames.blocking_recv() {
        events += frame.frame.events();
        replica.apply(&frame);
        if told.elapsed() >= PROGRESS_EVERY {
            tracing::info!(frame = replica.sequence(), of = to, events, "reading the log");
            told = Instant::now();
        }
    }
    (replica, events)
}
