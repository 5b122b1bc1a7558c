//! Bodies of requests.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::contact::FieldDefinition;
use crate::delivery::{DeliveryError, DeliveryStatus};
use crate::event::{NoteKind, SettingsDefined};
use crate::ids::{AgentId, CampaignId, ChannelId, ClientId, DispositionId, MessageId, ProjectId, Shortcut};
use crate::masters::{Absence, AwayReason, ChannelKind, Role};
use crate::routing::{Routing, Skills};
use crate::time::Timestamp;
use crate::timing::{BusinessHours, Inactivity, ServiceLevel};

/// What holds in the whole workspace.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct DefineSettings {
    /// Why agents may be away; at most 50.
    #[serde(default = "some_reasons")]
    pub away_reasons: Vec<AwayReason>,
    /// How many seconds a lost live connection may take to come back before its agent counts as offline; at most an
    /// hour.
    #[serde(default = "a_minute")]
    pub grace_seconds: u32,
}

fn some_reasons() -> Vec<AwayReason> {
    SettingsDefined::default().away_reasons
}

fn a_minute() -> u32 {
    SettingsDefined::default().grace_seconds
}

/// A client, without its id.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct DefineClient {
    /// Its name on screens.
    pub name: String,
    /// How many past conversations of a contact its agents see.
    #[serde(default = "ten")]
    pub history_conversations: u16,
    /// The fields of its own that it has for contacts; at most 50.
    #[serde(default)]
    pub contact_fields: Vec<FieldDefinition>,
}

fn ten() -> u16 {
    10
}

/// A project, without its id.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct DefineProject {
    /// The client it is done for.
    pub client: ClientId,
    /// Its name on screens.
    pub name: String,
}

/// A campaign, without its id.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct DefineCampaign {
    /// The project it is part of.
    pub project: ProjectId,
    /// Its name on screens.
    pub name: String,
    /// The channels it works on.
    pub channels: Vec<ChannelId>,
    /// The dispositions its conversations can be finished with.
    pub dispositions: Vec<DispositionId>,
    /// How many hours of a conversation its agents see.
    #[serde(default = "three_days")]
    pub hours_shown: u16,
    /// Whether its agents may attach files of their own.
    #[serde(default)]
    pub external_resources: bool,
    /// How many seconds a conversation waits for an exclusive agent who cannot take it; absent for ever.
    #[serde(default)]
    pub exclusive_wait_seconds: Option<u32>,
    /// How many days an agent stays exclusive when nothing else is said; absent for ever.
    #[serde(default)]
    pub exclusive_days: Option<u16>,
    /// Who gets its conversations.
    #[serde(default)]
    pub routing: Routing,
    /// What becomes of them when their agent's live connection is lost.
    #[serde(default)]
    pub absence: Absence,
    /// How many seconds a conversation takes its agent's room after they finished it; at most an hour.
    #[serde(default)]
    pub after_work_seconds: u32,
    /// What becomes of a conversation whose customer does not answer; absent when it stays open.
    #[serde(default)]
    pub inactivity: Option<Inactivity>,
    /// How soon customers are answered; absent when nothing is promised.
    #[serde(default)]
    pub service_level: Option<ServiceLevel>,
    /// When its conversations are attended; absent for always.
    #[serde(default)]
    pub business_hours: Option<BusinessHours>,
}

fn three_days() -> u16 {
    72
}

/// A channel, without its id.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct DefineChannel {
    /// The network it is on.
    pub kind: ChannelKind,
    /// The business address on that network; for WhatsApp the `phone_number_id`.
    pub address: String,
    /// Its name on screens.
    pub name: String,
    /// The campaign that gets its new conversations; absent for the first that works on the channel, by id.
    #[serde(default)]
    pub entry_campaign: Option<CampaignId>,
    /// Whether agents see the delivery status of messages.
    #[serde(default = "yes")]
    pub show_status: bool,
}

fn yes() -> bool {
    true
}

/// A disposition, without its id.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct DefineDisposition {
    /// Its name on screens.
    pub name: String,
    /// The disposition it is a sub-disposition of.
    #[serde(default)]
    pub parent: Option<DispositionId>,
}

/// A predefined text, without its id.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct DefineText {
    /// The campaign whose agents use it.
    pub campaign: CampaignId,
    /// Its name on screens.
    pub name: String,
    /// What an agent types for it, without the slash; no other text of the campaign has it.
    #[serde(default)]
    pub shortcut: Option<Shortcut>,
    /// What it says: 1 to 4096 characters. Fields: `{contact.name}`, `{agent.name}`, `{campaign.name}`,
    /// `{project.name}`, `{client.name}`; with a word for when nothing is known, `{contact.name|you}`; a brace is `{{`
    /// or `}}`.
    pub text: String,
}

/// An agent, without their id.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct DefineAgent {
    /// Their name on screens.
    pub name: String,
    /// What they may do.
    #[serde(default = "agent")]
    pub role: Role,
    /// The campaigns they work in.
    #[serde(default)]
    pub campaigns: Vec<CampaignId>,
    /// The channels they handle.
    #[serde(default)]
    pub channels: Vec<ChannelId>,
    /// How many conversations they may hold at once.
    #[serde(default = "five")]
    pub capacity: u16,
    /// Of these, how many on one kind of channel, where that is fewer.
    #[serde(default)]
    pub capacity_of: BTreeMap<ChannelKind, u16>,
    /// What they can do, and how well: 1 to 10. At most 20 skills.
    #[serde(default)]
    #[schema(value_type = BTreeMap<String, u8>)]
    pub skills: Skills,
    /// Whether, as an agent, they may say whose exclusive agent somebody is.
    #[serde(default = "yes")]
    pub may_set_exclusive: bool,
}

fn agent() -> Role {
    Role::Agent
}

fn five() -> u16 {
    5
}

/// An agent comes, goes, or pauses.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "presence", rename_all = "snake_case", deny_unknown_fields)]
pub enum ChangePresence {
    /// Takes new conversations.
    Online,
    /// Keeps those they have and takes no new ones.
    Away {
        /// Why; one of the workspace's reasons.
        reason: String,
    },
    /// Not at work: their conversations go back to be assigned.
    Offline,
}

/// What a sender says: text, or anything kept whole.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ReceiveMessage {
    /// The provider's id for the message; a message with the same id is stored once.
    pub provider_id: String,
    /// The contact's address on the network.
    pub from: String,
    /// Other addresses of the same contact on the network; at most 4.
    #[serde(default)]
    pub also_known_as: Vec<String>,
    /// What the contact calls themselves.
    #[serde(default)]
    pub profile_name: Option<String>,
    /// When it was written, by the provider's clock; absent for now.
    #[serde(default)]
    pub written_at: Option<Timestamp>,
    /// Plain text.
    #[serde(default)]
    pub text: Option<String>,
    /// Anything else, kept whole. Exactly one of `text` and `unsupported` is given.
    #[serde(default)]
    pub unsupported: Option<UnsupportedContent>,
}

/// Content that this version keeps and does not show.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct UnsupportedContent {
    /// The provider's word for it, such as `image`.
    pub kind: String,
    /// What the provider sent, unchanged.
    pub raw: String,
}

/// A contact has another address on the network.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ChangeIdentity {
    /// The address they had.
    pub from: String,
    /// The address they have.
    pub to: String,
}

/// A network reports how far a message has come.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RecordReceipt {
    /// atender's id for the message.
    #[serde(default)]
    pub message: Option<MessageId>,
    /// The network's id for it. At least one of the two is given.
    #[serde(default)]
    pub provider_id: Option<String>,
    /// `sent`, `delivered`, `read`, `played` or `failed`.
    pub status: DeliveryStatus,
    /// When it was so, by the provider's clock; absent for now.
    #[serde(default)]
    pub at: Option<Timestamp>,
    /// Why it failed, if it did.
    #[serde(default)]
    pub error: Option<DeliveryError>,
}

/// Give a conversation to an agent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Assign {
    /// To whom; absent for oneself.
    #[serde(default)]
    pub agent: Option<AgentId>,
}

/// Send a message: a text, or a predefined one by its shortcut; one of the two.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SendMessage {
    /// What it says: 1 to 4096 characters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
    /// The shortcut of a predefined text of the conversation's campaign, whose fields are filled in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub shortcut: Option<Shortcut>,
}

/// Hand a conversation over.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Transfer {
    /// To which agent.
    #[serde(default)]
    pub agent: Option<AgentId>,
    /// To which campaign. Exactly one of the two is given.
    #[serde(default)]
    pub campaign: Option<CampaignId>,
    /// Why, for the next agent to read; mandatory.
    pub note: String,
    /// Ask the agent first: they accept or decline, and until then nothing changes.
    #[serde(default)]
    pub offer: bool,
}

/// End a conversation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Finish {
    /// The disposition, one of the campaign's.
    pub disposition: DispositionId,
    /// The sub-disposition, mandatory when the disposition has any.
    #[serde(default)]
    pub sub_disposition: Option<DispositionId>,
}

/// Write a note.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AddNote {
    /// The text.
    pub text: String,
    /// For whom: whoever has the conversation next, or the agent who has it, from a supervisor.
    #[serde(default)]
    pub kind: NoteKind,
}

/// Be done with what is to be done after a conversation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct EndAfterWork {
    /// Who had it; absent for oneself.
    #[serde(default)]
    pub agent: Option<AgentId>,
}

/// Set the exclusive agent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SetExclusiveAgent {
    /// To whom; absent for oneself.
    #[serde(default)]
    pub agent: Option<AgentId>,
    /// Until when; absent for as long as the campaign says.
    #[serde(default)]
    pub until: Option<Timestamp>,
}

/// Set the exclusive agent of a conversation's contact.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SetExclusiveAgentHere {
    /// To whom; absent for oneself.
    #[serde(default)]
    pub agent: Option<AgentId>,
    /// In which campaign; may be absent when only one can be meant.
    #[serde(default)]
    pub campaign: Option<CampaignId>,
    /// Until when; absent for as long as the campaign says.
    #[serde(default)]
    pub until: Option<Timestamp>,
}

/// Say what became of an uncertain message.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Settle {
    /// `sent` or `failed`.
    pub status: DeliveryStatus,
}

/// Whom a new token is for: exactly one of the two.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CreateToken {
    /// An agent; the token acts as that agent only.
    #[serde(default)]
    pub agent: Option<AgentId>,
    /// A channel; the token is its connector's.
    #[serde(default)]
    pub channel: Option<ChannelId>,
}
