//! Times that something waits for. What a conversation waits for is in its state; the soonest of it is its deadline.

use schemas::command::Due;
use schemas::event::Event;
use schemas::{Actor, ConversationId, Rejection, Timestamp};

use super::exclusive;
use super::permission::require_system;
use super::state::{Conversation, Stage, Workspace};

/// What is due by now; nothing when it was done, or put off, meanwhile.
pub(super) fn pass(
    ws: &Workspace,
    due: &Due,
    actor: &Actor,
    now: Timestamp,
) -> Result<Vec<Event>, Rejection> {
    require_system(actor)?;
    match due {
        Due::Conversation(id) => {
            let conversation = ws.conversations.get(id);
            Ok(conversation.map(|found| exclusive::end_wait(ws, *id, found, now)).unwrap_or_default())
        }
    }
}

impl Conversation {
    /// The soonest time at which something happens to it by itself.
    fn deadline(&self) -> Option<Timestamp> {
        match &self.stage {
            Stage::Waiting { reserved: Some(kept), .. } => kept.until,
            Stage::Waiting { reserved: None, .. } | Stage::Assigned(_) | Stage::Loose => None,
        }
    }
}

impl Workspace {
    /// Has the deadline of a conversation be what its state says; none if it is over.
    pub(super) fn rearm(&mut self, id: ConversationId) {
        let deadline = self.conversations.get(&id).and_then(Conversation::deadline);
        let armed = match deadline {
            Some(at) => self.armed.insert(id, at),
            None => self.armed.remove(&id),
        };
        if armed != deadline {
            let due = || Due::Conversation(id);
            self.deadlines.extend(deadline.map(|at| (at, due())));
            if let Some(before) = armed {
                self.deadlines.remove(&(before, due()));
            }
        }
    }
}
