//! The open conversations, by id. Each is in a box: they are large, and a table that grows would hold twice as many.

use rustc_hash::FxHashMap;
use schemas::ConversationId;

use super::state::Conversation;

#[derive(Debug, Default)]
pub(super) struct Conversations(FxHashMap<ConversationId, Box<Conversation>>);

impl Conversations {
    pub(super) fn get(&self, id: &ConversationId) -> Option<&Conversation> {
        self.0.get(id).map(Box::as_ref)
    }

    pub(super) fn get_mut(&mut self, id: &ConversationId) -> Option<&mut Conversation> {
        self.0.get_mut(id).map(Box::as_mut)
    }

    pub(super) fn insert(&mut self, id: ConversationId, conversation: Conversation) {
        self.0.insert(id, Box::new(conversation));
    }

    pub(super) fn remove(&mut self, id: &ConversationId) -> Option<Conversation> {
        self.0.remove(id).map(|conversation| *conversation)
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = (&ConversationId, &Conversation)> {
        self.0.iter().map(|(id, conversation)| (id, conversation.as_ref()))
    }
}
