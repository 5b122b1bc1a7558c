//! What clients remember: what each asked, how the log stood then, and what it was told.

use engine::Outcome;
use schemas::{ConversationId, MessageId, Rejection, Submission};

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
    /// How often it was submitted until there was an answer.
    pub(crate) times: usize,
    pub(crate) told: Told,
}

/// The records of all clients, in the order of the answers.
#[derive(Debug, Default)]
pub(crate) struct Book {
    pub(crate) asked: Vec<Asked>,
    /// What clients have heard of, to go on with.
    pub(crate) conversations: Vec<ConversationId>,
    pub(crate) messages: Vec<MessageId>,
}

impl Book {
    pub(crate) fn note(&mut self, asked: Asked) {
        if let Told::Accepted(outcome) = &asked.told {
            self.conversations.extend(outcome.conversation.filter(|id| !self.conversations.contains(id)));
            self.messages.extend(outcome.message.filter(|id| !self.messages.contains(id)));
        }
        self.asked.push(asked);
    }
}
