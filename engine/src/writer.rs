//! The writer of one shard: decides commands one after the other and collects their commits into the next frame
//! while one frame is on its way to the log. It owns the hot state; nobody is answered before the log has what
//! the answer rests on, refusals included.

mod pending;
mod publish;
mod recover;

use std::collections::VecDeque;
use std::future::pending;
use std::time::Duration;

use metrics::{counter, gauge, histogram};
use schemas::frame::{self, CommitHeader, FrameBuilder, FrameHash};
use schemas::limits::{EVENTS_PER_COMMIT_MAX, FRAME_BYTES_MAX, FRAME_BYTES_TARGET};
use schemas::{Actor, Command, CommandId, FrameId, MessageId, Position, Rejection, Submission, Timestamp};
use tokio::sync::mpsc;
use tokio::time::sleep;

use crate::clock;
use crate::domain::{self, Remembered, State};
use crate::engine::{Outcome, SubmitError};
use crate::log::{Log, LogError};
use crate::random;
use pending::Answers;
pub(crate) use pending::Request;
use publish::{InFlight, Published};

/// Commands taken from the queue at once.
const BATCH_MAX: usize = 256;
/// The longest time between two looks at the clock for deadlines, so that a clock that is set forward is noticed.
const DEADLINE_CHECK: Duration = Duration::from_secs(1);

/// Why nothing can be written any more until the log has been looked at and atender started again.
#[derive(Debug, thiserror::Error)]
pub enum WriterError {
    /// The log cannot be read, or is damaged.
    #[error("the log cannot be written: it could not be read again")]
    Log(#[from] LogError),
    /// The log is shorter than it was.
    #[error("the log ends before frame {expected}, which it had acknowledged")]
    Shortened {
        /// The last frame that was acknowledged.
        expected: u64,
    },
}

pub(crate) struct Writer {
    log: Log,
    inbox: mpsc::Receiver<Request>,
    state: State,
    /// The last frame the log is known to have.
    durable: u64,
    /// The hash of the last frame that was closed, in the log or on its way.
    previous: FrameHash,
    next: FrameBuilder,
    /// Who waits for the frame that is being collected.
    answers: Answers,
    in_flight: Option<InFlight>,
    /// The position of the last event decided.
    last: Position,
    /// The time of the last commit; time in the log never goes back.
    last_at: Timestamp,
}

enum Wake {
    Commands(usize),
    Published(Published),
    Deadline,
}

impl Writer {
    /// Runs until every handle is gone and all is written, or until the log turns out to be damaged.
    pub(crate) async fn run(mut self) -> Result<(), WriterError> {
        let (mut batch, mut taken) = (Vec::with_capacity(BATCH_MAX), VecDeque::with_capacity(BATCH_MAX));
        loop {
            while self.has_room()
                && let Some(request) = taken.pop_front()
            {
                self.take(request);
            }
            self.publish_next();
            if self.has_room() && !taken.is_empty() {
                continue;
            }
            match self.wait(&mut batch).await {
                Wake::Commands(0) => return self.finish().await,
                Wake::Commands(_) => taken.extend(batch.drain(..)),
                Wake::Published(published) => self.settle(published).await?,
                Wake::Deadline => self.end_passed_waits(),
            }
        }
    }

    /// Whether the frame being collected takes one more commit, however large.
    fn has_room(&self) -> bool {
        self.next.bytes() < FRAME_BYTES_TARGET
    }

    async fn wait(&mut self, batch: &mut Vec<Request>) -> Wake {
        let room = self.has_room();
        let deadline = self.until_deadline();
        let in_flight = &mut self.in_flight;
        tokio::select! {
            biased;
            published = async {
                match in_flight {
                    Some(frame) => frame.published().await,
                    None => pending().await,
                }
            } => Wake::Published(published),
            count = self.inbox.recv_many(batch, BATCH_MAX), if room => Wake::Commands(count),
            () = async {
                match deadline {
                    Some(wait) => sleep(wait).await,
                    None => pending().await,
                }
            }, if room => Wake::Deadline,
        }
    }

    /// Sends the collected frame on its way, unless one is under way or there is nothing to send.
    fn publish_next(&mut self) {
        if self.in_flight.is_some() {
            return;
        }
        if self.next.is_empty() {
            // Nothing is on its way, so what these answers rest on is durable.
            self.answers.send();
            return;
        }
        histogram!("atender_frame_commits").record(f64::from(self.next.commits()));
        let id = FrameId::from_bytes(random::bytes());
        let bytes = self.next.finish(self.log.shard(), id, &self.previous, self.last_at);
        self.previous = frame::hash(&bytes);
        let answers = std::mem::take(&mut self.answers);
        self.in_flight = Some(InFlight::publish(self.log.clone(), bytes, id, self.durable, answers));
    }

    fn take(&mut self, request: Request) {
        // The caller has been told that it took too long; doing it now would surprise everybody.
        if request.reply.is_closed() {
            return;
        }
        let result = self.decide(&request.submission);
        match &result {
            Ok(outcome) if outcome.repeated => counter!("atender_commands_repeated_total").increment(1),
            Ok(_) => counter!("atender_commands_accepted_total").increment(1),
            Err(SubmitError::Rejected(rejection)) => {
                counter!("atender_commands_rejected_total", "code" => rejection.code()).increment(1);
            }
            Err(SubmitError::Overloaded | SubmitError::Unavailable(_)) => {}
        }
        if self.in_flight.is_some() && self.next.is_empty() {
            // It rests on the frame that is on its way, and on nothing after it.
            if let Some(frame) = &mut self.in_flight {
                frame.answers.push(request.reply, result);
            }
        } else {
            self.answers.push(request.reply, result);
        }
    }

    fn decide(&mut self, submission: &Submission) -> Result<Outcome, SubmitError> {
        if let Some(before) = self.state.remembered(&submission.workspace, submission.id) {
            return repeat(before, submission);
        }
        let now = clock::now().max(self.last_at);
        let events = domain::decide(&self.state, submission, now)?;
        if events.is_empty() && submission.fingerprint == 0 {
            let position = self.last;
            return Ok(Outcome { position, conversation: None, message: None, repeated: false, events });
        }
        if events.len() > EVENTS_PER_COMMIT_MAX {
            return Err(too_much());
        }
        let header = CommitHeader::of(submission, now);
        let bytes_before = self.next.bytes();
        let index = self.next.push(&header, &events);
        if self.next.bytes() > FRAME_BYTES_MAX {
            self.next.undo(bytes_before, index);
            return Err(too_much());
        }
        let first = Position { shard: self.log.shard(), sequence: self.collecting(), index };
        domain::apply(&mut self.state, &header, first, &events);
        self.last_at = now;
        let remembered = self.state.remembered(&submission.workspace, submission.id);
        let (position, conversation, message) = match remembered {
            Some(r) => (r.position, r.conversation, message_of(r, submission.id)),
            None => (first, None, None),
        };
        self.last = position;
        Ok(Outcome { position, conversation, message, repeated: false, events })
    }

    /// The sequence that the frame being collected will have.
    fn collecting(&self) -> u64 {
        self.durable + 1 + u64::from(self.in_flight.is_some())
    }

    async fn settle(&mut self, published: Published) -> Result<(), WriterError> {
        let Some(frame) = self.in_flight.take() else {
            return Ok(());
        };
        match published {
            Published::Durable => {
                self.durable += 1;
                counter!("atender_frames_total").increment(1);
                gauge!("atender_commands_queued").set(self.inbox.len() as f64);
                frame.finish();
                Ok(())
            }
            Published::Lost(reason) => {
                tracing::warn!(%reason, "a frame did not get into the log; reading the log again");
                counter!("atender_frames_lost_total").increment(1);
                frame.answers.fail(&reason);
                std::mem::take(&mut self.answers).fail(&reason);
                self.reload().await
            }
            Published::LogShortened => Err(WriterError::Shortened { expected: self.durable }),
        }
    }

    fn until_deadline(&self) -> Option<Duration> {
        let (at, ..) = self.state.next_deadline()?;
        Some(at.since(clock::now().max(self.last_at)).min(DEADLINE_CHECK))
    }

    fn end_passed_waits(&mut self) {
        while let Some((at, workspace, conversation)) = self.state.next_deadline().cloned() {
            if at > clock::now().max(self.last_at) || !self.has_room() {
                return;
            }
            let id = CommandId::of_step(&workspace, "exclusive wait", conversation.as_bytes(), at.millis());
            let command = Command::EndExclusiveWait { conversation };
            let submission = Submission { workspace, id, fingerprint: 0, actor: Actor::System, command };
            if let Err(error) = self.decide(&submission) {
                tracing::error!(%conversation, %error, "a wait for an exclusive agent could not be ended");
                return;
            }
        }
    }

    /// All handles are gone: what was decided still goes to the log.
    async fn finish(mut self) -> Result<(), WriterError> {
        loop {
            self.publish_next();
            let Some(frame) = &mut self.in_flight else {
                return Ok(());
            };
            let published = frame.published().await;
            self.settle(published).await?;
        }
    }
}

fn too_much() -> SubmitError {
    Rejection::TooMany("changes from one command".to_owned()).into()
}

fn repeat(before: &Remembered, submission: &Submission) -> Result<Outcome, SubmitError> {
    if before.fingerprint != submission.fingerprint {
        return Err(Rejection::KeyReused.into());
    }
    Ok(Outcome {
        position: before.position,
        conversation: before.conversation,
        message: message_of(before, submission.id),
        repeated: true,
        events: Vec::new(),
    })
}

fn message_of(remembered: &Remembered, command: CommandId) -> Option<MessageId> {
    remembered.has_message.then(|| MessageId::from(command))
}
