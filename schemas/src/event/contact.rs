//! Contacts: who is whom, and what is written down about them.

use serde::{Deserialize, Serialize};

use crate::contact::{FieldSet, Identity};
use crate::ids::{AgentId, ContactId, ConversationId};

/// One id stands for another contact from now on: all that was of it is of that contact. An exclusive agent of it
/// becomes that contact's in campaigns where they have none of their own.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ContactsMerged {
    /// The contact who goes on.
    pub contact: ContactId,
    /// The id that stands for them. Nothing may have been known of it before.
    pub merged: ContactId,
    /// The address that it was derived from, when a network said that both are one.
    pub identity: Option<Identity>,
    /// The contact's open conversations that go on, those that were the other's before among them.
    pub conversations: Vec<ConversationId>,
}

/// A contact has another address on a network instead of one they had.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct IdentityChanged {
    /// Who.
    pub contact: ContactId,
    /// The address they had.
    pub from: Identity,
    /// The address they have.
    pub to: Identity,
    /// The contact's open conversations.
    pub conversations: Vec<ConversationId>,
}

/// What is sent in an open conversation goes to another address of the contact.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AddressChanged {
    /// Which conversation.
    pub conversation: ConversationId,
    /// Where it went.
    pub from: String,
    /// Where it goes.
    pub to: String,
}

/// A conversation is over because it goes on in another one of the same contact on the same channel.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ConversationMerged {
    /// The one that is over.
    pub conversation: ConversationId,
    /// The one that goes on.
    pub into: ConversationId,
    /// Who had the one that is over.
    pub agent: Option<AgentId>,
}

/// A conversation goes on for another one too, which ended just before.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ConversationJoined {
    /// The one that goes on.
    pub conversation: ConversationId,
    /// The one that is over.
    pub other: ConversationId,
}

/// Somebody wrote down something about a contact.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ContactUpdated {
    /// About whom.
    pub contact: ContactId,
    /// What was said; fields that were not named stay as they are.
    pub set: Vec<FieldSet>,
    /// The contact's open conversations.
    pub conversations: Vec<ConversationId>,
}

/// A note was written on a contact; the customer never sees it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ContactNoteAdded {
    /// About whom.
    pub contact: ContactId,
    /// The text.
    pub text: String,
    /// The contact's open conversations.
    pub conversations: Vec<ConversationId>,
}
