//! How far the relay has come in the log, kept in NATS. It may trail what was relayed and never runs ahead of it:
//! what is relayed twice is sent once, what is not relayed is not sent.

use std::time::Duration;

use async_nats::Client;
use async_nats::jetstream::kv;
use engine::kv::bucket;
use engine::log::Log;
use metrics::gauge;
use tokio::time::Instant;

use super::OutboxError;

pub(crate) const BUCKET: &str = "ATENDER_OUTBOX";
/// A checkpoint is a write to disk, so it is kept this often at most.
const KEPT_EVERY: Duration = Duration::from_secs(1);

#[derive(Debug)]
pub(super) struct Checkpoint {
    bucket: kv::Store,
    key: String,
    relayed: u64,
    kept: u64,
    due: Instant,
}

impl Checkpoint {
    pub(super) async fn open(client: &Client, log: &Log) -> Result<Self, OutboxError> {
        let what = "reading how far messages have been relayed";
        let bucket = bucket(client, BUCKET, log.replicas()).await;
        let bucket = bucket.map_err(|source| OutboxError::Nats { what, source })?;
        let key = format!("relayed.{}", log.shard());
        let value = bucket.get(&key).await;
        let value = value.map_err(|error| OutboxError::Nats { what, source: error.into() })?;
        let relayed = match value {
            None => 0,
            Some(bytes) => std::str::from_utf8(&bytes)
                .ok()
                .and_then(|text| text.parse().ok())
                .ok_or_else(|| OutboxError::Checkpoint { bucket: BUCKET, key: key.clone() })?,
        };
        Ok(Self { bucket, key, relayed, kept: relayed, due: Instant::now() })
    }

    /// The last frame that was relayed; 0 before the first.
    pub(super) fn relayed(&self) -> u64 {
        self.relayed
    }

    /// All messages up to this frame are in the work queue.
    pub(super) fn advance(&mut self, sequence: u64) {
        self.relayed = sequence;
        gauge!("atender_outbox_relayed_frame").set(sequence as f64);
    }

    /// When [`Checkpoint::keep`] is to be called next; never while there is nothing new to keep.
    pub(super) fn due(&self) -> Option<Instant> {
        (self.relayed > self.kept).then_some(self.due)
    }

    pub(super) async fn keep(&mut self) {
        let relayed = self.relayed;
        match self.bucket.put(&self.key, relayed.to_string().into()).await {
            Ok(_) => self.kept = relayed,
            Err(error) => tracing::warn!(%error, "how far messages have been relayed could not be kept"),
        }
        self.due = Instant::now() + KEPT_EVERY;
    }
}
