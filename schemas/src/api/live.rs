//! What live push sends. Each event has an id; a client that gives the last one back misses nothing.

use std::fmt;
use std::str::FromStr;

use serde::de::Error;
use serde::{Deserialize, Deserializer, Serialize};
use utoipa::ToSchema;

use super::views::{Entry, MessageStatus};
use crate::ids::{AgentId, CampaignId, ChannelId, ContactId, ConversationId, MessageId};
use crate::position::{Position, PositionError};

const HAS_GAPS: char = '~';

/// The id of a live event: its position, with `~` behind it when some event before it was passed over, because a view is
/// being built that would have to say what or to whom. Whoever stays is told to reload when that view is there; whoever
/// comes back with such an id, here or elsewhere, is told at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LiveId {
    /// Where the event is in the log.
    pub position: Position,
    /// Something before it was not told.
    pub has_gaps: bool,
}

impl fmt::Display for LiveId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.position.fmt(f)?;
        if self.has_gaps { write!(f, "{HAS_GAPS}") } else { Ok(()) }
    }
}

impl FromStr for LiveId {
    type Err = PositionError;

    fn from_str(text: &str) -> Result<Self, PositionError> {
        let (position, has_gaps) = match text.strip_suffix(HAS_GAPS) {
            Some(position) => (position, true),
            None => (text, false),
        };
        Ok(Self { position: position.parse()?, has_gaps })
    }
}

impl<'de> Deserialize<'de> for LiveId {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(D::Error::custom)
    }
}

/// One change, as it is pushed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct LiveEvent {
    /// Where the event that caused it is in the log.
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
    /// An agent's live connection is there, or none is any more.
    Connection {
        /// Which agent.
        agent: AgentId,
        /// Whether they have one.
        is_connected: bool,
    },
    /// An agent came, went, or paused.
    Presence {
        /// Which agent.
        agent: AgentId,
        /// `online`, `away` or `offline`.
        presence: String,
    },
    /// What is known of a contact changed: read it again.
    Contact {
        /// Which contact.
        contact: ContactId,
        /// Another id that stands for them from now on.
        #[serde(skip_serializing_if = "Option::is_none", default)]
        merged: Option<ContactId>,
    },
    /// The configuration changed.
    Configuration {
        /// `client`, `project`, `campaign`, `channel`, `disposition` or `agent`.
        kind: String,
        /// Its id.
        id: String,
    },
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_reads_back_and_tells_of_gaps() {
        for text in ["0-1234-5", "0-1234-5~"] {
            let id: LiveId = text.parse().unwrap();
            assert_eq!((id.to_string().as_str(), id.has_gaps), (text, text.ends_with('~')));
        }
        for text in ["", "~", "0-1~", "0-1-2~~", "~0-1-2"] {
            assert!(text.parse::<LiveId>().is_err(), "{text:?} was taken");
        }
    }
}
