//! The values that masters (channels, campaigns, agents) are made of.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::ids::ReasonId;
use crate::time::Timestamp;

/// What a person may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// Attends conversations.
    Agent,
    /// Attends conversations, and assigns, transfers and finishes those of others.
    Supervisor,
    /// A supervisor who also changes the configuration.
    Administrator,
    /// Reads everything and changes nothing.
    Auditor,
}

impl Role {
    /// Whether this role may act on conversations that somebody else attends.
    pub const fn supervises(self) -> bool {
        matches!(self, Self::Supervisor | Self::Administrator)
    }
}

/// The network a channel is on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ChannelKind {
    /// A WhatsApp number; its address is the `phone_number_id`. Outbound messages are sent by atender.
    Whatsapp,
    /// An Apple Messages for Business id. A connector picks up outbound messages.
    Apple,
    /// A web-chat site. A connector picks up outbound messages.
    Webchat,
}

impl std::fmt::Display for ChannelKind {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.network())
    }
}

impl ChannelKind {
    /// Every kind.
    pub const ALL: [Self; 3] = [Self::Whatsapp, Self::Apple, Self::Webchat];

    /// The network's name: contacts with the same identity on it are the same contact.
    pub const fn network(self) -> &'static str {
        match self {
            Self::Whatsapp => "whatsapp",
            Self::Apple => "apple",
            Self::Webchat => "webchat",
        }
    }
}

/// Whether an agent takes conversations now.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Presence {
    /// Takes new conversations.
    Online,
    /// Keeps those they have and takes no new ones.
    Away {
        /// Why, as the agent says it.
        reason: String,
    },
    /// Not at work: their conversations go back to be assigned.
    Offline,
}

/// The reason for which an agent is away who did not answer an offer; nobody gives it themselves.
pub const NOT_RESPONDING: &str = "not-responding";

/// Why agents may be away.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AwayReason {
    /// What agents give as the reason.
    pub id: ReasonId,
    /// Its name on screens.
    pub name: String,
}

/// What becomes of the conversations of an agent whose live connection was lost and did not come back in time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Absence {
    /// They stay with the agent.
    Keep,
    /// They go to whoever can take them, or wait for anybody.
    #[default]
    Queue,
    /// They wait for the agent as new ones do for an exclusive agent.
    ExclusiveWait,
}

/// How long a new conversation waits for an exclusive agent who is offline or full.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum ExclusiveWait {
    /// This many seconds, then the campaign's queue. 0 means that it does not wait.
    Seconds(u32),
    /// Until that agent has room.
    Forever,
}

impl ExclusiveWait {
    /// When the wait that begins `now` is over; `None` for never.
    pub fn until(self, now: Timestamp) -> Option<Timestamp> {
        match self {
            Self::Seconds(seconds) => Some(now.plus(std::time::Duration::from_secs(seconds.into()))),
            Self::Forever => None,
        }
    }
}
