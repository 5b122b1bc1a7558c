//! One frame on its way: published with the sequence it must follow, until it is known whether the log has it.
//! After a time-out the log itself is asked; nothing is ever guessed, and no frame is written twice.

use std::future::Future;
use std::pin::Pin;
use std::time::Duration;

use bytes::Bytes;
use metrics::{counter, histogram};
use schemas::FrameId;
use schemas::frame::Frame;
use tokio::time::{Instant, sleep};

use super::pending::Answers;
use crate::fault;
use crate::health::Reporter;
use crate::log::{ANOTHER_SERVER_AFTER, AppendError, Log, Short};

const RETRY_FIRST: Duration = Duration::from_millis(20);
const RETRY_LAST: Duration = Duration::from_secs(1);

/// What became of a frame.
pub(super) enum Published {
    /// The log has it.
    Durable,
    /// The log does not have it and will not: another frame is in its place.
    Fenced,
    /// The log does not have it, and will not take it.
    Refused(String),
    /// The log does not have the frame before it any more.
    LogShortened,
}

pub(super) struct InFlight {
    future: Pin<Box<dyn Future<Output = Published> + Send>>,
    since: Instant,
    /// Who waits for it.
    pub(super) answers: Answers,
    /// What rests on it and was decided while it was on its way.
    pub(super) later: Answers,
}

impl InFlight {
    pub(super) fn publish(
        log: Log,
        health: Reporter,
        bytes: Vec<u8>,
        id: FrameId,
        after: u64,
        answers: Answers,
    ) -> Self {
        histogram!("atender_frame_bytes").record(bytes.len() as f64);
        let future = Box::pin(publish_until_known(log, health, bytes.into(), id, after));
        Self { future, since: Instant::now(), answers, later: Answers::default() }
    }

    pub(super) async fn published(&mut self) -> Published {
        (&mut self.future).await
    }

    /// It is durable: everybody who waited is answered. Gives back what was decided later.
    pub(super) fn finish(mut self) -> Answers {
        histogram!("atender_frame_append_seconds").record(self.since.elapsed().as_secs_f64());
        fault::point("answers.before");
        self.answers.send();
        fault::point("answers.after");
        self.later
    }

    /// It is not in the log.
    pub(super) fn lost(self) -> Answers {
        self.answers.and(self.later)
    }
}

async fn publish_until_known(log: Log, health: Reporter, bytes: Bytes, id: FrameId, after: u64) -> Published {
    let mut pause = RETRY_FIRST;
    let (mut unanswered_since, mut short) = (Instant::now(), None);
    loop {
        fault::point("append.before");
        let (reason, fenced) = match log.append(bytes.clone(), after).await {
            Ok(()) => break,
            Err(AppendError::Refused(reason)) => return Published::Refused(reason),
            Err(AppendError::Fenced) => ("another frame is in its place".to_owned(), true),
            Err(AppendError::Unknown(reason)) => (reason, false),
        };
        counter!("atender_frames_unknown_total").increment(1);
        tracing::warn!(sequence = after + 1, %reason, "asking the log whether it has the frame");
        if !fenced {
            health.trouble(&format!("the log does not take frames: {reason}"));
        }
        // Fenced may also mean that an earlier try of this very frame went through and its ack was lost.
        match log.read(after + 1).await {
            Ok(Some(found)) if Frame::id_of(&found) == Ok(id) => break,
            Ok(Some(_)) => return Published::Fenced,
            // A leader that was just elected may not have taken in all of the log yet.
            Ok(None) if fenced => match log.head().await {
                Ok(head) if head < after => {
                    if short.get_or_insert_with(Short::begins).is_sure() {
                        return Published::LogShortened;
                    }
                }
                Ok(_) | Err(_) => short = None,
            },
            Ok(None) => {}
            Err(error) => tracing::warn!(%error, "the log does not answer"),
        }
        if unanswered_since.elapsed() >= ANOTHER_SERVER_AFTER {
            unanswered_since = Instant::now();
            log.try_another_server().await;
        }
        sleep(pause).await;
        pause = (pause * 2).min(RETRY_LAST);
    }
    health.fine();
    Published::Durable
}
