//! What people learn from each other, as they would from their screens.

use std::collections::BTreeSet;
use std::sync::{Mutex, MutexGuard, PoisonError};

use schemas::{ChannelId, ContactId, ConversationId, MessageId};

/// Messages that are remembered to do something with.
const SENT_MAX: usize = 400;

#[derive(Debug, Default)]
pub(super) struct Known {
    sent: Mutex<Vec<(MessageId, ConversationId, ChannelId)>>,
    contacts: Mutex<BTreeSet<ContactId>>,
}

impl Known {
    pub(super) fn sent(&self) -> MutexGuard<'_, Vec<(MessageId, ConversationId, ChannelId)>> {
        self.sent.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn learn(&self, message: MessageId, conversation: ConversationId, channel: ChannelId) {
        let mut sent = self.sent();
        if sent.len() == SENT_MAX {
            sent.remove(0);
        }
        sent.push((message, conversation, channel));
    }

    /// Somebody saw this contact, by this id.
    pub(super) fn meet(&self, contact: ContactId) {
        self.contacts.lock().unwrap_or_else(PoisonError::into_inner).insert(contact);
    }

    /// The ids of all contacts that anybody saw.
    pub(super) fn contacts(&self) -> BTreeSet<ContactId> {
        self.contacts.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}
