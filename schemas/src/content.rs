//! What a message says, and where a conversation can be transferred to.

use serde::{Deserialize, Serialize};

use crate::ids::{AgentId, CampaignId};

/// What a message says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Content {
    /// Plain text.
    Text(String),
    /// Anything this version does not show, kept whole as the provider sent it so that nothing is lost.
    Unsupported {
        /// The provider's word for it, such as `image` or `reaction`.
        kind: String,
        /// The provider's message, unchanged.
        raw: String,
    },
}

impl Content {
    /// Its size as text, in bytes.
    pub fn bytes(&self) -> usize {
        match self {
            Self::Text(text) => text.len(),
            Self::Unsupported { kind, raw } => kind.len() + raw.len(),
        }
    }

    /// A first line for lists: at most `chars` characters.
    pub fn preview(&self, chars: usize) -> String {
        match self {
            Self::Text(text) => text.chars().take(chars).collect(),
            Self::Unsupported { kind, .. } => format!("[{}]", kind.chars().take(chars).collect::<String>()),
        }
    }
}

/// Where a conversation is transferred to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TransferTarget {
    /// Another agent of the same campaign.
    Agent(AgentId),
    /// Another campaign on the same channel.
    Campaign(CampaignId),
}
