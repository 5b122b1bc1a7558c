//! One frame on its way: published with the sequence it must follow, until it is known whether the log has it.
//! After a time-out the log itself is asked; nothing is ever guessed, and no frame is written twice.

use std::future::Future;
use std::pin::Pin;
use std::time::{Duration, Instant};

use bytes::Bytes;
use metrics::{counter, histogram};
use schemas::FrameId;
use schemas::frame::Frame;
use tokio::time::sleep;

use super::pending::Answers;
use crate::log::{AppendError, Log};

const RETRY_FIRST: Duration = Duration::from_millis(20);
const RETRY_LAST: Duration = Duration::from_secs(1);

/// What became of a frame.
pub(super) enum Published {
    /// The log has it.
    Durable,
    /// The log does not have it and will not: another frame is in its place, or it was refused.
    Lost(String),
    /// The log does not have the frame before it any more.
    LogShortened,
}

pub(super) struct InFlight {
    future: Pin<Box<dyn Future<Output = Published> + Send>>,
    since: Instant,
    /// Who waits for it.
    pub(super) answers: Answers,
}

impl InFlight {
    pub(super) fn publish(log: Log, bytes: Vec<u8>, id: FrameId, after: u64, answers: Answers) -> Self {
        histogram!("atender_frame_bytes").record(bytes.len() as f64);
        let future = Box::pin(publish_until_known(log, bytes.into(), id, after));
        Self { future, since: Instant::now(), answers }
    }

    pub(super) async fn published(&mut self) -> Published {
        (&mut self.future).await
    }

    /// It is durable: everybody who waited is answered.
    pub(super) fn finish(mut self) {
        histogram!("atender_frame_append_seconds").record(self.since.elapsed().as_secs_f64());
        self.answers.send();
    }
}

async fn publish_until_known(log: Log, bytes: Bytes, id: FrameId, after: u64) -> Published {
    let mut pause = RETRY_FIRST;
    loop {
        let (reason, fenced) = match log.append(bytes.clone(), after).await {
            Ok(()) => return Published::Durable,
            Err(AppendError::Refused(reason)) => return Published::Lost(reason),
            Err(AppendError::Fenced) => ("another frame is in its place".to_owned(), true),
            Err(AppendError::Unknown(reason)) => (reason, false),
        };
        counter!("atender_frames_unknown_total").increment(1);
        tracing::warn!(sequence = after + 1, %reason, "asking the log whether it has the frame");
        // Fenced may also mean that an earlier try of this very frame went through and its ack was lost.
        match log.read(after + 1).await {
            Ok(Some(found)) if Frame::id_of(&found) == Ok(id) => return Published::Durable,
            Ok(Some(_)) => return Published::Lost("another writer wrote to the log".to_owned()),
            Ok(None) if fenced => return Published::LogShortened,
            Ok(None) => {}
            Err(error) => tracing::warn!(%error, "the log does not answer"),
        }
        sleep(pause).await;
        pause = (pause * 2).min(RETRY_LAST);
    }
}
