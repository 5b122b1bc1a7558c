//! Sends one message: an attempt in the log, the call, what came of it in the log; again later when the network
//! says that the reason passes. The call is never made unless the log has just taken this very attempt.

use std::time::Duration;

use engine::clock;
use metrics::{counter, histogram};
use schemas::DeliveryError;
use schemas::command::AttemptResult;
use tokio::sync::Semaphore;
use tokio::time::{Instant, sleep};
use tokio_util::sync::CancellationToken;

use super::attempts::{Attempts, Begun};
use super::backoff::Tries;
use super::channels::Channels;
use super::item::OutboundItem;
use crate::limits::CALLS_AT_ONCE;
use crate::whatsapp::api::{ApiError, SendOutcome, WhatsAppApi};

/// What became of a message that was to be sent.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Delivery {
    /// The log says how it ended; nothing is left to do.
    Settled,
    /// The outbox stops. The message stays in the work queue.
    Left,
}

enum Step {
    Over,
    Again(Duration),
    Left,
}

pub(super) struct Sender {
    attempts: Attempts,
    channels: Channels,
    api: WhatsAppApi,
    calls: Semaphore,
    stopping: CancellationToken,
}

impl Sender {
    pub(super) fn new(
        attempts: Attempts,
        channels: Channels,
        api: WhatsAppApi,
        stopping: CancellationToken,
    ) -> Self {
        Self { attempts, channels, api, calls: Semaphore::new(CALLS_AT_ONCE), stopping }
    }

    /// Brings a message to its end, however many attempts that takes.
    pub(super) async fn deliver(&self, item: &OutboundItem) -> Delivery {
        let number = match self.stopping.run_until_cancelled(self.channels.number(item)).await {
            Some(Some(number)) => number,
            Some(None) => return Delivery::Settled,
            None => return Delivery::Left,
        };
        let (mut tries, first) = (Tries::default(), Instant::now());
        loop {
            match self.attempt(item, &number, &mut tries, first).await {
                Step::Over => return Delivery::Settled,
                Step::Left => return Delivery::Left,
                Step::Again(wait) => {
                    if self.stopping.run_until_cancelled(sleep(wait)).await.is_none() {
                        return Delivery::Left;
                    }
                }
            }
        }
    }

    async fn attempt(&self, item: &OutboundItem, number: &str, tries: &mut Tries, first: Instant) -> Step {
        // Before the attempt begins: one that waited here when the process died would be uncertain for nothing.
        let Some(Ok(call)) = self.stopping.run_until_cancelled(self.calls.acquire()).await else {
            return Step::Left;
        };
        let attempt = match self.attempts.begin(item).await {
            Begun::Attempt(attempt) => attempt,
            Begun::NotPending => return Step::Over,
            Begun::Left => return Step::Left,
            Begun::Uncertain => {
                tracing::warn!(message = %item.message, "a call was cut off; whether the message was sent is not known");
                count_uncertain("cut_off");
                return Step::Over;
            }
        };
        counter!("atender_send_attempts_total").increment(1);
        let outcome = self.api.send_text(number, &item.to, &item.text, &item.message.to_string()).await;
        drop(call);
        let (result, wait) = result_of(item, outcome, tries, first.elapsed());
        match (self.attempts.end(item, attempt, result).await, wait) {
            (true, Some(wait)) => Step::Again(wait),
            (true, None) | (false, _) => Step::Over,
        }
    }
}

/// What is recorded of a call, and when to call again, if at all.
fn result_of(
    item: &OutboundItem,
    outcome: SendOutcome,
    tries: &mut Tries,
    since_first: Duration,
) -> (AttemptResult, Option<Duration>) {
    match outcome {
        SendOutcome::Accepted { provider_id } => {
            count("accepted");
            let taken = clock::now().since(item.submitted_at);
            histogram!("atender_send_accepted_seconds").record(taken.as_secs_f64());
            (AttemptResult::Accepted { provider_id }, None)
        }
        SendOutcome::Unknown { reason } => {
            tracing::warn!(message = %item.message, reason, "whether the message was sent is not known");
            count_uncertain("unknown");
            (AttemptResult::Unknown, None)
        }
        SendOutcome::Failed { error } => {
            count("failed");
            (AttemptResult::Failed { error: kept(error) }, None)
        }
        SendOutcome::Deferred { error, retry_after_ms } => {
            let asked = retry_after_ms.map(Duration::from_millis);
            let Some(wait) = tries.next(error.code, asked, since_first, rand::random()) else {
                count("given_up");
                return (AttemptResult::Failed { error: kept(error) }, None);
            };
            count("deferred");
            let retry_at = clock::now().plus(wait);
            (AttemptResult::Deferred { error: kept(error), retry_at }, Some(wait))
        }
    }
}

fn kept(error: ApiError) -> DeliveryError {
    DeliveryError { code: error.code, detail: error.detail }
}

fn count_uncertain(outcome: &'static str) {
    count(outcome);
    counter!("atender_sends_uncertain_total").increment(1);
}

fn count(outcome: &'static str) {
    counter!("atender_sends_total", "outcome" => outcome).increment(1);
}
