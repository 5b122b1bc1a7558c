//! Making new snapshots beside the writer, which never knows: the last one is loaded, the log after it applied, and
//! what comes of it written. The price is a second copy of the state for as long as that takes.

use std::io;
use std::time::{Duration, Instant};

use metrics::{counter, gauge};
use tokio::time::sleep;
use tokio_util::sync::CancellationToken;

use super::files::Stoppable;
use super::{Snapshots, blocking, format, tail};
use crate::fault;
use crate::log::{Log, LogError};
use crate::replica::Replica;

const LOOK_EVERY: Duration = Duration::from_secs(2);
const RETRY_FIRST: Duration = Duration::from_secs(60);
const RETRY_LAST: Duration = Duration::from_secs(15 * 60);

/// A snapshot that can be used.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Kept {
    /// The last frame it reflects.
    pub sequence: u64,
    /// Its size.
    pub bytes: u64,
    /// The size of the log up to that frame.
    pub log_bytes: u64,
}

/// Why no new snapshot was made. Nothing is lost; starting takes longer until there is one.
#[derive(Debug, thiserror::Error)]
pub enum MakeError {
    /// The log cannot be read, or is damaged.
    #[error("the log could not be read")]
    Log(#[from] LogError),
    /// The disk is full, or said no for another reason.
    #[error("the file could not be written")]
    Io(#[from] io::Error),
}

impl Snapshots {
    /// Makes a new snapshot whenever the log has grown enough, until told to stop. The newest is kept, and the one
    /// it was made from; others, and what crashed writers left, are removed.
    pub async fn keep(self, log: Log, stopping: CancellationToken) {
        stopping.run_until_cancelled(self.keep_on(&log)).await;
    }

    async fn keep_on(&self, log: &Log) {
        let (mut newest, mut pause) = (None, RETRY_FIRST);
        loop {
            let started = Instant::now();
            match self.look(log, &mut newest).await {
                // Making them takes at most half of one thread's time.
                Ok(()) => {
                    pause = RETRY_FIRST;
                    sleep(started.elapsed().max(LOOK_EVERY)).await;
                }
                // Others say that NATS is away.
                Err(MakeError::Log(LogError::Unavailable { .. })) => sleep(LOOK_EVERY).await,
                Err(error) => {
                    counter!("atender_snapshots_failed_total").increment(1);
                    let cause = std::error::Error::source(&error).map(ToString::to_string);
                    tracing::warn!(
                        shard = %self.shard, %error, cause, retry_in = ?pause,
                        "no snapshot was made; nothing is lost, but the next start takes longer"
                    );
                    sleep(pause).await;
                    pause = (pause * 2).min(RETRY_LAST);
                }
            }
        }
    }

    async fn look(&self, log: &Log, newest: &mut Option<Kept>) -> Result<(), MakeError> {
        let last = match *newest {
            Some(last) => last,
            None => self.first_look(log).await?,
        };
        *newest = Some(last);
        let grown = log.extent().await?.bytes.saturating_sub(last.log_bytes);
        if grown >= fault::snapshot_after_bytes(self.log_growth_bytes.max(last.bytes / 2)) {
            *newest = Some(self.make(log).await?);
        }
        Ok(())
    }

    async fn first_look(&self, log: &Log) -> Result<Kept, MakeError> {
        let files = self.files();
        blocking(move || files.remove_unfinished()).await?;
        let stopping = CancellationToken::new();
        let _stopped_when_dropped = stopping.clone().drop_guard();
        let newest = self.newest(log, &stopping, format::verify).await?;
        Ok(newest.map(|fit| fit.kept).unwrap_or_default())
    }

    /// Makes a snapshot of the log as it is now, unless there is one, and removes all but the one it was made from.
    /// One at a time. May be cancelled.
    ///
    /// # Errors
    /// [`MakeError`]; what was there before then still is.
    pub async fn make(&self, log: &Log) -> Result<Kept, MakeError> {
        let stopping = CancellationToken::new();
        let _stopped_when_dropped = stopping.clone().drop_guard();
        let started = Instant::now();
        let extent = log.extent().await?;
        let base = self.newest(log, &stopping, format::read).await?;
        let (from, replica) = match base {
            Some(base) if base.kept.sequence >= extent.head => return Ok(base.kept),
            Some(base) => (Some(base.kept.sequence), base.content),
            None if extent.head == 0 => return Ok(Kept::default()),
            None => (None, Replica::empty(self.shard)),
        };
        let replica = tail::catch_up(replica, log, extent.head).await?;
        let files = self.files();
        let (sequence, log_bytes) = (replica.sequence(), extent.bytes);
        let bytes = blocking(move || {
            let bytes = files.write(sequence, |file| {
                format::write(&replica, log_bytes, Stoppable { inner: file, stopping })
            })?;
            let kept: Vec<u64> = from.into_iter().chain([sequence]).collect();
            files.keep_only(&kept)?;
            Ok::<_, io::Error>(bytes)
        })
        .await?;
        counter!("atender_snapshots_total").increment(1);
        gauge!("atender_snapshot_sequence", "shard" => self.shard.to_string()).set(sequence as f64);
        tracing::info!(frame = sequence, bytes, took = ?started.elapsed(), "a snapshot was made");
        Ok(Kept { sequence, bytes, log_bytes })
    }
}
