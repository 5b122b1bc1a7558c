//! What happens in a conversation by the clock: answers that are waited for, and customers who are silent.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::ids::{AgentId, CampaignId, ConversationId};
use crate::time::Timestamp;

/// Which answer a customer waits for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ResponseKind {
    /// The first of a person in the conversation.
    First,
    /// Any later one.
    Next,
}

/// A customer is to be answered by a time, or by none any more.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ResponseAwaited {
    /// In which conversation.
    pub conversation: ConversationId,
    /// Which answer.
    pub kind: ResponseKind,
    /// By when; absent when the campaign it is in now says nothing.
    pub due_at: Option<Timestamp>,
}

/// The time for an answer passed without one. It happens once for each time that was set.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ResponseMissed {
    /// In which conversation.
    pub conversation: ConversationId,
    /// Which answer.
    pub kind: ResponseKind,
    /// By when it should have come.
    pub due_at: Timestamp,
    /// In which campaign the conversation is.
    pub campaign: CampaignId,
    /// Who has it, if anybody does.
    pub agent: Option<AgentId>,
}

/// A customer who has not answered for a time was told that the conversation will be closed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct InactivityWarned {
    /// In which conversation.
    pub conversation: ConversationId,
    /// When it is closed if they go on saying nothing.
    pub close_at: Timestamp,
}

/// A customer was to be warned, or the conversation closed, but the campaign says something else meanwhile.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct InactivityPutOff {
    /// In which conversation.
    pub conversation: ConversationId,
    /// When it is to happen by what the campaign says now; absent for never.
    pub until: Option<Timestamp>,
}
