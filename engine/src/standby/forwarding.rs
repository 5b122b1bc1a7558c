//! Commands on their way to the process that writes, in the order they came, until they are answered. What nobody
//! answers is sent again: the same command is never carried out twice.

use std::collections::{BTreeMap, VecDeque};
use std::future::pending;
use std::time::Duration;

use async_nats::{Message, StatusCode};
use bytes::Bytes;
use schemas::forward::{self, ForwardedAnswer, ForwardedCommand, ForwardedOutcome};
use tokio::time::Instant;

use crate::engine::{Outcome, SubmitError};
use crate::health::Reporter;
use crate::link::{Link, Messages};
use crate::log::{ANOTHER_SERVER_AFTER, Log, LogError};
use crate::writer::Request;

/// Commands that may be under way at once.
const WAITING_MAX: usize = 8_192;
/// A command that was not answered for so long may have reached a writer that is gone.
const RESEND_AFTER: Duration = Duration::from_secs(1);
/// A command that nobody took, or could not be written, is tried again after this.
const RETRY_AFTER: Duration = Duration::from_millis(50);

pub(crate) struct Forwarding {
    link: Link,
    subject: String,
    inbox: String,
    answers: Messages,
    waiting: BTreeMap<u64, Waiting>,
    next: u64,
    health: Reporter,
    log: Log,
    /// Since when commands wait and none is answered.
    unanswered_since: Option<Instant>,
}

struct Waiting {
    request: Request,
    resend_at: Instant,
    /// How often it was sent; an answer names the time that it is to.
    tries: u32,
}

impl Forwarding {
    pub(crate) async fn open(log: &Log, health: &Reporter) -> Result<Self, LogError> {
        let (link, inbox) = (log.link().clone(), log.link().new_inbox());
        let answers = link.subscribe(format!("{inbox}.*")).await?;
        let subject = forward::subject(log.shard());
        let (waiting, health) = (BTreeMap::new(), health.clone());
        let (log, unanswered_since) = (log.clone(), None);
        Ok(Self { link, subject, inbox, answers, waiting, next: 0, health, log, unanswered_since })
    }

    pub(super) fn has_room(&self) -> bool {
        self.waiting.len() < WAITING_MAX
    }

    /// Does nothing with what another process has passed on to this one: it asks the next writer by itself, and knows
    /// whether it still has to.
    pub(super) async fn pass_on(&mut self, request: Request) {
        if request.is_passed_on {
            return;
        }
        let number = self.next;
        self.next += 1;
        self.send(number, request, 1).await;
    }

    /// Sends again what is due; forgets what nobody waits for any more.
    pub(super) async fn resend(&mut self) {
        let now = Instant::now();
        if self.waiting.is_empty() {
            self.unanswered_since = None;
            // What was in the way of commands that nobody waits for any more may be over.
            if self.link.is_connected() {
                self.health.fine();
            }
        } else if now - *self.unanswered_since.get_or_insert(now) >= ANOTHER_SERVER_AFTER {
            self.unanswered_since = Some(now);
            self.log.try_another_server().await;
        }
        let due = self.waiting.iter().filter(|(_, waiting)| waiting.resend_at <= now);
        let due: Vec<u64> = due.map(|(number, _)| *number).collect();
        for number in due {
            if let Some(Waiting { request, tries, .. }) = self.waiting.remove(&number) {
                self.send(number, request, tries + 1).await;
            }
        }
    }

    async fn send(&mut self, number: u64, request: Request, tries: u32) {
        let now = Instant::now();
        if request.is_over(now) {
            return;
        }
        let mut resend_at = now + RETRY_AFTER;
        // While there is no connection, what is published waits for one, and would come when nobody expects it.
        if self.link.is_connected() {
            let left = request.deadline.saturating_duration_since(now).as_millis();
            let answer_within_ms = u32::try_from(left).unwrap_or(u32::MAX);
            let command = ForwardedCommand { answer_within_ms, submission: request.submission.clone() };
            let (subject, inbox) = (self.subject.clone(), forward::reply_subject(&self.inbox, number, tries));
            if self.link.publish(subject, Some(inbox), command.encode().into()).await.is_ok() {
                resend_at = now + RESEND_AFTER;
            }
        } else {
            self.health.trouble("NATS is not connected");
        }
        self.waiting.insert(number, Waiting { request, resend_at, tries });
    }

    /// The next answer. May be cancelled.
    pub(super) async fn answer(&mut self) -> Message {
        match self.answers.next().await {
            Some(message) => message,
            // Only when the client is closed, which it is for nobody before the engine.
            None => pending().await,
        }
    }

    pub(super) fn answered(&mut self, message: &Message) {
        let Some((number, tries)) = forward::replied_to(&message.subject) else { return };
        let answer = answer(message);
        let is_wanted = self.waiting.get(&number).is_some_and(|waiting| {
            // What left nothing in the log may since have been decided anew by another, and not be so any more.
            waiting.tries == tries || answer.as_ref().is_ok_and(is_in_the_log)
        });
        if !is_wanted {
            return;
        }
        let Some(mut waiting) = self.waiting.remove(&number) else { return };
        match answer {
            Ok(answer) => {
                self.health.fine();
                self.unanswered_since = None;
                let _gone = waiting.request.reply.send(answer);
            }
            Err(reason) => {
                self.health.trouble(&reason);
                waiting.resend_at = Instant::now() + RETRY_AFTER;
                self.waiting.insert(number, waiting);
            }
        }
    }

    /// What was not answered, in order: now it is ours to do, or to find done.
    pub(super) fn take_back(self) -> VecDeque<Request> {
        self.health.fine();
        self.waiting.into_values().map(|waiting| waiting.request).collect()
    }
}

fn is_in_the_log(answer: &Result<Outcome, SubmitError>) -> bool {
    answer.as_ref().is_ok_and(|outcome| !outcome.events.is_empty())
}

/// What the writer said; an error when it is worth asking again.
fn answer(message: &Message) -> Result<Result<Outcome, SubmitError>, String> {
    if message.status == Some(StatusCode::NO_RESPONDERS) {
        return Err("no process writes this shard at the moment".to_owned());
    }
    decode(&message.payload)
}

fn decode(payload: &Bytes) -> Result<Result<Outcome, SubmitError>, String> {
    match ForwardedAnswer::decode(payload) {
        Ok(ForwardedAnswer::Accepted(outcome)) => {
            let ForwardedOutcome { position, conversation, message, repeated, events } = outcome;
            Ok(Ok(Outcome { position, conversation, message, repeated, events }))
        }
        Ok(ForwardedAnswer::Rejected(rejection)) => Ok(Err(rejection.into())),
        Ok(ForwardedAnswer::Overloaded) => Ok(Err(SubmitError::Overloaded)),
        Ok(ForwardedAnswer::Unavailable(reason)) => Err(reason),
        Err(error) => Err(format!("the process that writes answers what this one does not know: {error}")),
    }
}
