//! Masters and presence. A `…Defined` event carries the whole master as it is from then on.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::contact::FieldDefinition;
use crate::ids::{
    AgentId, CampaignId, ChannelId, ClientId, DispositionId, ProjectId, ReasonId, Shortcut, TextId,
};
use crate::limits::GRACE_SECONDS_DEFAULT;
use crate::masters::{Absence, AwayReason, ChannelKind, ExclusiveWait, Presence, Role};
use crate::routing::{Routing, Skills};
use crate::time::Timestamp;
use crate::timing::Timing;

/// A workspace began.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct WorkspaceCreated {
    /// Its name on screens.
    pub name: String,
}

/// What holds in the whole workspace is as said here.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SettingsDefined {
    /// Why agents may be away.
    pub away_reasons: Vec<AwayReason>,
    /// How long a lost live connection may take to come back before its agent counts as offline.
    pub grace_seconds: u32,
}

impl Default for SettingsDefined {
    /// What holds while nobody has said anything: lunch, a break, a meeting, and a minute.
    fn default() -> Self {
        let reasons = ["lunch", "break", "meeting"];
        let known = reasons.iter().filter_map(|id| ReasonId::new(id).ok());
        let away_reasons = known.map(|id| AwayReason { name: id.to_string(), id }).collect();
        Self { away_reasons, grace_seconds: GRACE_SECONDS_DEFAULT }
    }
}

/// A client is as said here.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClientDefined {
    /// Which client.
    pub client: ClientId,
    /// Its name on screens.
    pub name: String,
    /// How many past conversations of a contact its agents see.
    pub history_conversations: u16,
    /// The fields of its own that it has for contacts.
    pub contact_fields: Vec<FieldDefinition>,
}

/// A project is as said here.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProjectDefined {
    /// Which project.
    pub project: ProjectId,
    /// The client it is done for.
    pub client: ClientId,
    /// Its name on screens.
    pub name: String,
}

/// A campaign is as said here.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CampaignDefined {
    /// Which campaign.
    pub campaign: CampaignId,
    /// The project it is part of.
    pub project: ProjectId,
    /// Its name on screens.
    pub name: String,
    /// The channels it works on.
    pub channels: Vec<ChannelId>,
    /// The dispositions its conversations can be finished with.
    pub dispositions: Vec<DispositionId>,
    /// How many hours of a conversation its agents see.
    pub hours_shown: u16,
    /// Whether its agents may attach files of their own.
    pub external_resources: bool,
    /// How long a conversation waits for an exclusive agent who cannot take it.
    pub exclusive_wait: ExclusiveWait,
    /// How many days an agent stays exclusive when nothing else is said; for ever if absent.
    pub exclusive_days: Option<u16>,
    /// Who gets its conversations.
    pub routing: Routing,
    /// What becomes of them when their agent's live connection is lost.
    pub absence: Absence,
    /// How long a conversation takes its agent's room after they finished it; 0 for not at all.
    pub after_work_seconds: u32,
    /// What it says about time.
    pub timing: Timing,
}

/// A channel is as said here.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChannelDefined {
    /// Which channel.
    pub channel: ChannelId,
    /// The network it is on.
    pub kind: ChannelKind,
    /// The business address on that network; for WhatsApp the `phone_number_id`.
    pub address: String,
    /// Its name on screens.
    pub name: String,
    /// The campaign that gets its new conversations. If it is missing, or does not work on this channel, the
    /// first of the campaigns that do, by id.
    pub entry_campaign: Option<CampaignId>,
    /// Whether agents see the delivery status of messages (the permission *update message status*).
    pub show_status: bool,
}

/// A disposition or sub-disposition is as said here.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DispositionDefined {
    /// Which disposition.
    pub disposition: DispositionId,
    /// Its name on screens.
    pub name: String,
    /// The disposition it is a sub-disposition of.
    pub parent: Option<DispositionId>,
}

/// A predefined text is as said here.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TextDefined {
    /// Which text.
    pub text: TextId,
    /// The campaign that has it in its gallery.
    pub campaign: CampaignId,
    /// Its name on screens.
    pub name: String,
    /// What an agent types for it; no other text of the campaign has it.
    pub shortcut: Option<Shortcut>,
    /// What it says, with fields as [`crate::text`] has them.
    pub body: String,
}

/// There is no such predefined text any more.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TextRemoved {
    /// Which text.
    pub text: TextId,
}

/// An agent is as said here.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AgentDefined {
    /// Which agent.
    pub agent: AgentId,
    /// Their name on screens.
    pub name: String,
    /// What they may do.
    pub role: Role,
    /// The campaigns they work in.
    pub campaigns: Vec<CampaignId>,
    /// The channels they handle.
    pub channels: Vec<ChannelId>,
    /// How many conversations they may hold at once.
    pub capacity: u16,
    /// Of these, how many on one kind of channel, where that is fewer.
    pub capacity_of: BTreeMap<ChannelKind, u16>,
    /// What they can do.
    pub skills: Skills,
    /// Whether, as an agent, they may say whose exclusive agent somebody is.
    pub may_set_exclusive: bool,
}

/// An agent has a live connection.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AgentConnected {
    /// Which agent.
    pub agent: AgentId,
}

/// An agent has no live connection any more.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AgentDisconnected {
    /// Which agent.
    pub agent: AgentId,
    /// When they count as offline, unless they are so already.
    pub until: Option<Timestamp>,
}

/// What waited in a campaign when its routing changed was offered to those who have room, or a part of it was.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct QueueRouted {
    /// Which campaign.
    pub campaign: CampaignId,
    /// Whether there may be more that somebody can take.
    pub is_partial: bool,
    /// When the campaign opens next, if it has business hours: what waits then is routed again.
    pub opens_at: Option<Timestamp>,
}

/// An agent came, went, or paused.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PresenceChanged {
    /// Which agent.
    pub agent: AgentId,
    /// Their presence from now on.
    pub presence: Presence,
}
