//! What clients remember: what each asked, how the log stood then, and what it was told.

use engine::Outcome;
use schemas::{Rejection, Submission, Timestamp};

#[derive(Debug, Clone)]
pub(crate) enum Told {
    Accepted(Outcome),
    Refused(Rejection),
    Unknown,
}

#[derive(Debug, Clone)]
pub(crate) struct Asked {
    pub(crate) client: usize,
    pub(crate) submission: Submission,
    /// The last frame of the log when it was asked first.
    pub(crate) head_before: u64,
    /// The last frame of the log when it was asked the time that it was answered.
    pub(crate) head_asked: u64,
    /// The last frame of the log when the answer was there.
    pub(crate) head_after: u64,
    /// What the clock of whoever answered can have shown at most.
    pub(crate) latest: Timestamp,
    /// How often it was submitted until there was an answer.
    pub(crate) times: usize,
    pub(crate) told: Told,
}

/// The records of all clients, in the order of the answers.
#[derive(Debug, Default)]
pub(crate) struct Book {
    pub(crate) asked: Vec<Asked>,
}

impl Asked {
    /// Whether it was so already, so that the log need not have the command.
    pub(crate) fn is_nothing(&self) -> bool {
        match &self.told {
            Told::Accepted(outcome) => {
                outcome.events.is_empty() && !outcome.repeated && self.submission.fingerprint == 0
            }
            Told::Refused(_) | Told::Unknown => false,
        }
    }
}
