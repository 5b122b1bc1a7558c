//! Callers that wait for an answer until the frame it rests on is in the log.

use schemas::Submission;
use tokio::sync::oneshot;

use crate::engine::{Outcome, SubmitError};

type Answer = Result<Outcome, SubmitError>;

/// A command in the queue, with where its answer goes.
#[derive(Debug)]
pub(crate) struct Request {
    pub(crate) submission: Submission,
    pub(crate) reply: oneshot::Sender<Answer>,
}

/// Answers that are known and not yet given.
#[derive(Debug, Default)]
pub(super) struct Answers(Vec<(oneshot::Sender<Answer>, Answer)>);

impl Answers {
    pub(super) fn push(&mut self, reply: oneshot::Sender<Answer>, answer: Answer) {
        self.0.push((reply, answer));
    }

    /// What they rest on is durable. A caller who is gone needs no answer.
    pub(super) fn send(&mut self) {
        for (reply, answer) in self.0.drain(..) {
            let _gone = reply.send(answer);
        }
    }

    /// What they rest on did not get into the log.
    pub(super) fn fail(self, reason: &str) {
        for (reply, _) in self.0 {
            let _gone = reply.send(Err(SubmitError::Unavailable(reason.to_owned())));
        }
    }
}
