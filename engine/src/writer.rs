//! The writer of one shard: decides commands one after the other and collects their commits into the next frame
//! while one frame is on its way to the log. It owns the hot state; nobody is answered before the log has what
//! the answer rests on, refusals included.

mod attempts;
mod forwarded;
mod pending;
mod publish;

use std::collections::VecDeque;
use std::future::pending;
use std::sync::Arc;
use std::time::Duration;

use metrics::{counter, gauge, histogram};
use schemas::frame::{self, CommitHeader, FrameBuilder};
use schemas::limits::{EVENTS_PER_COMMIT_MAX, FRAME_BYTES_MAX, FRAME_BYTES_TARGET};
use schemas::{CommandId, FrameId, MessageId, Position, Rejection, Submission};
use tokio::time::{Instant, sleep};

use crate::clock;
use crate::domain::{self, Remembered};
use crate::engine::{Outcome, SubmitError};
use crate::log::LogError;
use crate::random;
use crate::replica::Replica;
use crate::shard::{self, Shard, Turn};
pub(crate) use attempts::Attempts;
pub(crate) use forwarded::serve_forwarded;
use pending::Answers;
pub(crate) use pending::Request;
use publish::{InFlight, Published};

/// Commands taken from the queue at once.
const BATCH_MAX: usize = 256;
/// The longest time between two looks at the clock for deadlines, so that a clock that is set forward is noticed.
const DEADLINE_CHECK: Duration = Duration::from_secs(1);

/// Why nothing can be written any more until the log has been looked at and atender started again.
#[derive(Debug, Clone, thiserror::Error)]
pub enum WriterError {
    /// The log cannot be read, or is damaged, or is not kept as it must be.
    #[error("the log cannot be written any more")]
    Log(#[source] Arc<LogError>),
    /// The log is shorter than it was.
    #[error("the log ends before frame {expected}, which it had acknowledged")]
    Shortened {
        /// The last frame that was acknowledged.
        expected: u64,
    },
}

impl From<LogError> for WriterError {
    fn from(error: LogError) -> Self {
        Self::Log(Arc::new(error))
    }
}

/// A turn as the writer: from taking the lease to losing it.
pub(crate) struct Writer<'a> {
    shard: &'a mut Shard,
    /// The state as decided so far; its sequence is that of the last frame the log is known to have.
    hot: Replica,
    next: FrameBuilder,
    /// Who waits for the frame that is being collected.
    answers: Answers,
    in_flight: Option<InFlight>,
    /// The log has a frame of this turn, so that nothing of the writer before can get in any more.
    has_written: bool,
}

enum Wake {
    Commands(usize),
    Published(Published),
    Renewed(bool),
    Unfit(WriterError),
    Deadline,
}

impl<'a> Writer<'a> {
    pub(crate) fn new(shard: &'a mut Shard, hot: Replica) -> Self {
        let (next, answers) = (FrameBuilder::default(), Answers::default());
        Self { shard, hot, next, answers, in_flight: None, has_written: false }
    }

    /// Runs until every handle is gone and all is written, until another process has the lease or wrote to the log,
    /// or until the log turns out to be damaged. Begins with the commands in `taken`.
    pub(crate) async fn run(mut self, mut taken: VecDeque<Request>) -> Result<Turn, WriterError> {
        let mut batch = Vec::with_capacity(BATCH_MAX);
        loop {
            // What is due comes before what is asked after it, however much is asked.
            self.pass_deadlines();
            while self.has_room()
                && let Some(request) = taken.pop_front()
            {
                self.take(request);
                self.pass_deadlines();
            }
            self.publish_next();
            if self.has_room() && !taken.is_empty() {
                continue;
            }
            match self.wait(&mut batch).await {
                // Commands are asked for only when none is left to take.
                Wake::Commands(0) => return self.drain().await,
                Wake::Commands(_) => taken.extend(batch.drain(..)),
                Wake::Published(published) => {
                    if let Some(lost) = self.settle(published)? {
                        return Ok(self.give_up(lost, taken));
                    }
                }
                Wake::Renewed(false) => {
                    tracing::warn!("another process has the lease of the shard");
                    return self.step_down(taken).await;
                }
                Wake::Unfit(error) => return Err(error),
                Wake::Renewed(true) | Wake::Deadline => {}
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
        let Shard { inbox, lease, unfit, .. } = &mut *self.shard;
        tokio::select! {
            biased;
            published = async {
                match in_flight {
                    Some(frame) => frame.published().await,
                    None => pending().await,
                }
            } => Wake::Published(published),
            is_held = lease.renewed() => Wake::Renewed(is_held),
            fault = shard::found(unfit) => Wake::Unfit(fault),
            count = inbox.recv_many(batch, BATCH_MAX), if room => Wake::Commands(count),
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
            if self.answers.is_empty() {
                return;
            }
            // Nothing is on its way, so what these answers rest on is durable; but another may have written since.
            if self.has_written {
                if self.shard.lease.is_trusted() {
                    self.answers.send();
                }
                return;
            }
            // A frame of the writer before may still be on its way, and would contradict them; a frame without
            // commits shuts it out.
        }
        histogram!("atender_frame_commits").record(f64::from(self.next.commits()));
        let id = FrameId::from_bytes(random::bytes());
        let bytes = self.next.finish(self.shard.id(), id, &self.hot.previous, self.hot.last_at);
        self.hot.previous = frame::hash(&bytes);
        let answers = std::mem::take(&mut self.answers);
        let (log, health) = (self.shard.log.clone(), self.shard.health.clone());
        self.in_flight = Some(InFlight::publish(log, health, bytes, id, self.hot.sequence, answers));
    }

    fn take(&mut self, request: Request) {
        if request.is_over(Instant::now()) {
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
                frame.later.push(request, result);
            }
        } else {
            self.answers.push(request, result);
        }
    }

    fn decide(&mut self, submission: &Submission) -> Result<Outcome, SubmitError> {
        if let Some(before) = self.hot.state.remembered(&submission.workspace, submission.id) {
            return repeat(before, submission);
        }
        let now = clock::now().max(self.hot.last_at);
        let events = domain::decide(&self.hot.state, submission, now)?;
        if events.is_empty() && submission.fingerprint == 0 {
            let position = self.hot.last;
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
        let first = Position { shard: self.shard.id(), sequence: self.collecting(), index };
        domain::apply(&mut self.hot.state, &header, first, &events);
        self.hot.last_at = now;
        let remembered = self.hot.state.remembered(&submission.workspace, submission.id);
        let (position, conversation, message) = match remembered {
            Some(r) => (r.position, r.conversation, message_of(r, submission.id)),
            None => (first, None, None),
        };
        // Where nothing happened the next event will be: two deadlines must not rest on the same place.
        if !events.is_empty() {
            self.hot.last = position;
        }
        Ok(Outcome { position, conversation, message, repeated: false, events })
    }

    /// The sequence that the frame being collected will have.
    fn collecting(&self) -> u64 {
        self.hot.sequence + 1 + u64::from(self.in_flight.is_some())
    }

    /// Takes in what came of a frame; gives back those whose commands were lost with it, if they were.
    fn settle(&mut self, published: Published) -> Result<Option<Answers>, WriterError> {
        let Some(frame) = self.in_flight.take() else {
            return Ok(None);
        };
        match published {
            Published::Durable => {
                self.hot.sequence += 1;
                self.has_written = true;
                counter!("atender_frames_total").increment(1);
                gauge!("atender_commands_queued").set(self.shard.inbox.len() as f64);
                let mut later = frame.finish();
                // It may have taken long to learn that, and another may have written since.
                if self.shard.lease.is_trusted() {
                    later.send();
                } else {
                    self.answers = later.and(std::mem::take(&mut self.answers));
                }
                Ok(None)
            }
            Published::Fenced => {
                tracing::warn!(sequence = self.hot.sequence + 1, "another writer wrote to the log first");
                counter!("atender_frames_lost_total").increment(1);
                Ok(Some(frame.lost()))
            }
            Published::Refused(reason) => {
                tracing::error!(%reason, "the log refuses a frame");
                counter!("atender_frames_lost_total").increment(1);
                self.shard.health.trouble(&reason);
                frame.lost().fail(&reason);
                Ok(Some(Answers::default()))
            }
            Published::LogShortened => Err(WriterError::Shortened { expected: self.hot.sequence }),
        }
    }

    /// Ends the turn after a frame was lost. What was decided on it is decided anew, by whoever writes then.
    fn give_up(mut self, lost: Answers, taken: VecDeque<Request>) -> Turn {
        let undecided = std::mem::take(&mut self.answers).into_requests();
        let requests = lost.into_requests().chain(undecided).chain(taken).collect();
        Turn::Lost { state: None, reached: self.hot.sequence, requests }
    }

    /// Ends the turn after the lease was lost. What was decided still goes to the log if nobody else was faster.
    async fn step_down(mut self, taken: VecDeque<Request>) -> Result<Turn, WriterError> {
        while let Some(frame) = &mut self.in_flight {
            let published = frame.published().await;
            if let Some(lost) = self.settle(published)? {
                return Ok(self.give_up(lost, taken));
            }
            self.publish_next();
        }
        let requests = std::mem::take(&mut self.answers).into_requests().chain(taken).collect();
        Ok(Turn::Lost { reached: self.hot.sequence, state: Some(self.hot), requests })
    }

    fn until_deadline(&self) -> Option<Duration> {
        let (at, ..) = self.hot.state.next_deadline()?;
        Some(at.since(clock::now().max(self.hot.last_at)).min(DEADLINE_CHECK))
    }

    fn pass_deadlines(&mut self) {
        while let Some((at, workspace, due)) = self.hot.state.next_deadline() {
            if at > clock::now().max(self.hot.last_at) || !self.has_room() {
                return;
            }
            let submission = Submission::of_deadline(workspace.clone(), due.clone(), self.hot.last);
            match self.decide(&submission) {
                Ok(outcome) if !outcome.events.is_empty() => {}
                // It would stay the next one for ever, and nobody would be answered.
                Ok(_) => {
                    tracing::error!(command = ?submission.command, "a deadline has passed and changes nothing");
                    return;
                }
                Err(error) => {
                    tracing::error!(command = ?submission.command, %error, "a deadline could not be passed");
                    return;
                }
            }
        }
    }

    /// All handles are gone: what was decided still goes to the log.
    async fn drain(mut self) -> Result<Turn, WriterError> {
        loop {
            self.publish_next();
            let Some(frame) = &mut self.in_flight else {
                return Ok(Turn::Over);
            };
            let published = frame.published().await;
            if let Some(lost) = self.settle(published)? {
                lost.fail("the process ends");
                return Ok(Turn::Over);
            }
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
