//! What live push sends. The position is the event's id; a client that gives it back misses nothing.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::views::{Entry, MessageStatus};
use crate::ids::{AgentId, CampaignId, ChannelId, ConversationId, MessageId};
use crate::position::Position;

/// One change, as it is pushed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct LiveEvent {
    /// Where the event that caused it is in the log; also the id to resume from.
    pub position: Position,
    /// What changed.
    #[serde(flatten)]
    pub change: LiveChange,
}

/// What changed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum LiveChange {
    /// A conversation has one more line.
    Entry {
        /// Which conversation.
        conversation: ConversationId,
        /// On which channel.
        channel: ChannelId,
        /// In which campaign.
        campaign: CampaignId,
        /// Who has it now.
        agent: Option<AgentId>,
        /// The contact's address, for connectors that send the message.
        #[serde(skip_serializing_if = "Option::is_none", default)]
        to: Option<String>,
        /// The line.
        entry: Box<Entry>,
    },
    /// An outbound message has come further.
    Status {
        /// In which conversation.
        conversation: ConversationId,
        /// Which message.
        message: MessageId,
        /// Who has the conversation.
        agent: Option<AgentId>,
        /// Its status now.
        status: MessageStatus,
    },
    /// An agent came, went, or paused.
    Presence {
        /// Which agent.
        agent: AgentId,
        /// `online`, `away` or `offline`.
        presence: String,
    },
    /// The configuration changed.
    Configuration {
        /// `client`, `project`, `campaign`, `channel`, `disposition` or `agent`.
        kind: String,
        /// Its id.
        id: String,
    },
}
