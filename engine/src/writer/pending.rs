//! Callers that wait for an answer until the frame it rests on is in the log.

use schemas::Submission;
use tokio::sync::oneshot;
use tokio::time::Instant;

use crate::engine::{Outcome, SubmitError};

type Answer = Result<Outcome, SubmitError>;

/// A command in the queue, with where its answer goes.
#[derive(Debug)]
pub(crate) struct Request {
    pub(crate) submission: Submission,
    pub(crate) reply: oneshot::Sender<Answer>,
    /// When its caller is told that the outcome is not known.
    pub(crate) deadline: Instant,
    /// Another process has it from its caller, and asks again until it is answered.
    pub(crate) is_passed_on: bool,
}

impl Request {
    /// Whether nobody waits for an answer any more. Doing it now would surprise everybody.
    pub(crate) fn is_over(&self, now: Instant) -> bool {
        self.reply.is_closed() || self.deadline <= now
    }
}

/// Answers that are known and not yet given, in the order of their commands.
#[derive(Debug, Default)]
pub(super) struct Answers(Vec<(Request, Answer)>);

impl Answers {
    pub(super) fn push(&mut self, request: Request, answer: Answer) {
        self.0.push((request, answer));
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// These, and then those.
    pub(super) fn and(mut self, mut later: Self) -> Self {
        self.0.append(&mut later.0);
        self
    }

    /// What they rest on is durable. A caller who is gone needs no answer.
    pub(super) fn send(&mut self) {
        for (request, answer) in self.0.drain(..) {
            let _gone = request.reply.send(answer);
        }
    }

    /// What they rest on did not get into the log, and will not.
    pub(super) fn fail(self, reason: &str) {
        for (request, _) in self.0 {
            let _gone = request.reply.send(Err(SubmitError::Unavailable(reason.to_owned())));
        }
    }

    /// What they rest on did not get into the log: the commands are to be decided anew.
    pub(super) fn into_requests(self) -> impl Iterator<Item = Request> {
        self.0.into_iter().map(|(request, _)| request)
    }
}
