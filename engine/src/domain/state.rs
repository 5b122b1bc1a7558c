//! The hot state: what decisions need and nothing else. Finished conversations leave it; windows forget by age.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use rustc_hash::FxHashMap;
use schemas::command::Due;
use schemas::event::{
    AgentDefined, CampaignDefined, ChannelDefined, ClientDefined, DispositionDefined, OverflowAt,
    ProjectDefined, Reservation, SettingsDefined, TextDefined, WorkspaceCreated,
};
use schemas::frame::CommitHeader;
use schemas::limits::WINDOW_DAYS;
use schemas::{
    AgentId, CampaignId, ChannelId, ChannelKind, ClientId, CommandId, ContactId, ConversationId,
    DeliveryStatus, DispositionId, Event, MessageId, Needs, Position, Presence, ProjectId, Role, TextId,
    Timestamp, WorkspaceId,
};
use serde::{Deserialize, Serialize};

use super::after_work::AfterWork;
use super::calendar::Calendar;
use super::conversations::Conversations;
use super::delivery::{Parked, ProviderKey};
use super::inactivity::Silence;
use super::queues::{QueuePlace, Queues};
use super::rooms::{Load, Rooms};
use super::service_level::Answers;
use super::transfer_offer::TransferOffer;
use super::window::Window;

const WINDOW: Duration = Duration::from_secs(WINDOW_DAYS * 24 * 60 * 60);

/// The state of one shard.
#[derive(Debug, Default)]
pub struct State {
    workspaces: FxHashMap<WorkspaceId, Workspace>,
    /// The soonest deadline of each workspace that has any.
    soonest: BTreeSet<(Timestamp, WorkspaceId)>,
}

/// The state of one workspace.
#[derive(Debug)]
pub struct Workspace {
    pub(super) settings: SettingsDefined,
    pub(super) clients: BTreeMap<ClientId, ClientDefined>,
    pub(super) projects: BTreeMap<ProjectId, ProjectDefined>,
    pub(super) campaigns: BTreeMap<CampaignId, CampaignDefined>,
    /// Of the campaigns that have business hours.
    pub(super) calendars: FxHashMap<CampaignId, Calendar>,
    pub(super) channels: BTreeMap<ChannelId, ChannelDefined>,
    pub(super) dispositions: BTreeMap<DispositionId, DispositionDefined>,
    pub(super) texts: BTreeMap<TextId, TextDefined>,
    pub(super) agents: BTreeMap<AgentId, Agent>,
    pub(super) agents_of: FxHashMap<CampaignId, BTreeSet<AgentId>>,
    pub(super) conversations: Conversations,
    pub(super) open: FxHashMap<(ContactId, ChannelId), ConversationId>,
    pub(super) queues: Queues,
    /// Campaigns whose queue is to be routed again, and when.
    pub(super) unrouted: BTreeMap<CampaignId, Timestamp>,
    pub(super) rooms: Rooms,
    /// Whom a campaign that goes by turns gave to last.
    pub(super) turns: FxHashMap<CampaignId, AgentId>,
    pub(super) reserved: FxHashMap<AgentId, BTreeSet<QueuePlace>>,
    pub(super) queued_ever: u64,
    pub(super) exclusive: FxHashMap<(ContactId, CampaignId), ExclusiveAgent>,
    /// Ids that stand for another contact, or for an id that does.
    pub(super) aliases: FxHashMap<ContactId, ContactId>,
    pub(super) outbound: Window<MessageId, Outbound>,
    pub(super) provider_ids: Window<ProviderKey, (MessageId, u16)>,
    pub(super) parked: Window<ProviderKey, Vec<Parked>>,
    pub(super) commands: Window<CommandId, Remembered>,
    /// What happens by itself, soonest first.
    pub(super) deadlines: BTreeSet<(Timestamp, Due)>,
    /// The deadline of each conversation that has one.
    pub(super) armed: FxHashMap<ConversationId, Timestamp>,
}

/// An agent, with what they hold.
#[derive(Debug, Clone)]
pub struct Agent {
    /// As defined.
    pub definition: AgentDefined,
    /// Whether they take conversations.
    pub presence: Presence,
    /// Whether they can be reached live.
    pub connection: Connection,
    /// The conversations they hold, in the order they got them.
    pub holding: Vec<ConversationId>,
    /// The conversations they are offered and have not accepted.
    pub offered: Vec<ConversationId>,
    /// The conversations that a supervisor has taken over from them and may give back.
    pub lent: Vec<ConversationId>,
    /// The conversations of others that they are asked to take over.
    pub asked: Vec<ConversationId>,
    /// What they still have to do after conversations that they finished.
    pub after_work: Vec<AfterWork>,
    /// How many all these are.
    pub load: Load,
    /// Since when they have been given none.
    pub idle_since: Timestamp,
}

/// Who gets every new conversation of a contact in a campaign.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ExclusiveAgent {
    /// Who.
    pub agent: AgentId,
    /// Until when; for ever if absent.
    pub until: Option<Timestamp>,
}

/// Whether an agent can be reached live.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub enum Connection {
    /// They have no live connection, and are not waited for.
    #[default]
    None,
    /// They have one.
    Live,
    /// They had one until a moment ago.
    Lost {
        /// When they count as offline, if it does not come back.
        until: Timestamp,
    },
}

impl Agent {
    /// Whether they are online, and not just gone.
    pub fn is_available(&self) -> bool {
        self.presence == Presence::Online && !matches!(self.connection, Connection::Lost { .. })
    }

    /// Whether they work in the campaign, handle the channel, and attend conversations at all.
    pub fn serves(&self, campaign: &CampaignId, channel: &ChannelId) -> bool {
        serves(&self.definition, campaign, channel)
    }
}

pub(super) fn serves(agent: &AgentDefined, campaign: &CampaignId, channel: &ChannelId) -> bool {
    agent.role != Role::Auditor && agent.campaigns.contains(campaign) && agent.channels.contains(channel)
}

/// An open conversation.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Conversation {
    /// With whom.
    pub contact: ContactId,
    /// The contact's address on the network.
    pub identity: Box<str>,
    /// On which channel.
    pub channel: ChannelId,
    /// Of which kind.
    pub kind: ChannelKind,
    /// In which campaign.
    pub campaign: CampaignId,
    /// What an agent must be able to do to get it, and how urgent it is.
    pub needs: Needs,
    /// From whom the supervisor who has it has taken it over.
    pub taken_from: Option<AgentId>,
    /// Who is asked whether they take it over from its agent.
    pub transfer_offer: Option<Box<TransferOffer>>,
    /// Who was offered it in vain, since somebody last had it.
    pub declined: Vec<AgentId>,
    /// When it was opened.
    pub opened_at: Timestamp,
    /// How many messages we sent in it.
    pub outbound_count: u32,
    /// How it stands with our answers.
    pub answers: Answers,
    /// Whether the customer has not answered our last message.
    pub silence: Option<Silence>,
    /// When the customer was told last that the campaign is closed.
    pub told_closed_at: Option<Timestamp>,
    /// Who has it, or how it waits.
    pub stage: Stage,
}

/// Who has a conversation, or how it waits.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Stage {
    /// Between two events of one commit: nobody has it, and it is in no queue.
    Loose,
    /// In the campaign's queue.
    Waiting {
        /// Since when.
        since: Timestamp,
        /// Its number among all that were ever queued.
        number: u64,
        /// How urgent it is.
        priority: u8,
        /// Kept for an exclusive agent.
        reserved: Option<Reservation>,
        /// When it goes to another campaign.
        overflow: Option<OverflowAt>,
    },
    /// Kept for an agent until they accept it.
    Offered {
        /// For whom.
        agent: AgentId,
        /// Since when it counts as waiting, should it come to nothing.
        since: Timestamp,
        /// When the offer ends by itself.
        until: Timestamp,
    },
    /// With an agent.
    Assigned(AgentId),
}

impl Conversation {
    /// Who has it.
    pub fn agent(&self) -> Option<&AgentId> {
        match &self.stage {
            Stage::Assigned(agent) => Some(agent),
            Stage::Loose | Stage::Waiting { .. } | Stage::Offered { .. } => None,
        }
    }

    /// All whose room it takes: also from whom it was taken over, and who is asked whether they take it over.
    pub(super) fn takes_room_of(&self) -> impl Iterator<Item = &AgentId> {
        self.placed_with().into_iter().chain(&self.taken_from).chain(self.asked())
    }

    /// Whose room it takes: who has it, or is offered it.
    pub(super) fn placed_with(&self) -> Option<&AgentId> {
        match &self.stage {
            Stage::Assigned(agent) | Stage::Offered { agent, .. } => Some(agent),
            Stage::Loose | Stage::Waiting { .. } => None,
        }
    }
}

/// An outbound message of the last days.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Outbound {
    /// In which conversation.
    pub conversation: ConversationId,
    /// On which channel.
    pub channel: ChannelId,
    /// Its number in the conversation.
    pub ordinal: u32,
    /// Where its `MessageSubmitted` is.
    pub submitted: Position,
    /// How far it has come.
    pub status: DeliveryStatus,
    /// The receipts seen, as bits of [`DeliveryStatus::bit`].
    pub seen: u8,
    /// How often the network was called for it.
    pub attempts: u16,
    /// How often it was sent again by decision of a person.
    pub resends: u16,
    /// Where sending stands.
    pub stage: SendStage,
    /// The network's id for it, since it was last sent again.
    pub(super) provider: Option<ProviderKey>,
}

/// Where sending a message stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum SendStage {
    /// To be sent, for the first time or again.
    Queued,
    /// The network is being called.
    Open,
    /// The network has it.
    Accepted,
    /// Nobody knows whether the network has it.
    Uncertain,
}

/// What an accepted command came to, for when it is submitted again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Remembered {
    /// The position of its last event.
    pub position: Position,
    /// The fingerprint of the request.
    pub fingerprint: u64,
    /// The conversation it concerned.
    pub conversation: Option<ConversationId>,
    /// Whether it brought or sent a message, whose id has its bytes.
    pub has_message: bool,
}

impl State {
    /// The workspace of this id.
    pub fn workspace(&self, id: &WorkspaceId) -> Option<&Workspace> {
        self.workspaces.get(id)
    }

    /// The soonest of all that happens by itself.
    pub fn next_deadline(&self) -> Option<(Timestamp, &WorkspaceId, &Due)> {
        let (_, id) = self.soonest.first()?;
        let (at, due) = self.workspaces.get(id)?.deadlines.first()?;
        Some((*at, id, due))
    }

    /// What this command came to, if it was accepted in the last days.
    pub fn remembered(&self, workspace: &WorkspaceId, command: CommandId) -> Option<&Remembered> {
        self.workspaces.get(workspace)?.commands.get(&command)
    }

    /// Changes a workspace that exists.
    pub(super) fn change(&mut self, id: &WorkspaceId, change: impl FnOnce(&mut Workspace)) {
        let Some(ws) = self.workspaces.get_mut(id) else {
            return;
        };
        let before = ws.soonest();
        change(ws);
        let after = ws.soonest();
        if before != after {
            self.soonest.extend(after.map(|at| (at, id.clone())));
            if let Some(at) = before {
                self.soonest.remove(&(at, id.clone()));
            }
        }
    }

    pub(super) fn workspaces(&self) -> &FxHashMap<WorkspaceId, Workspace> {
        &self.workspaces
    }

    pub(super) fn put_workspace(&mut self, id: WorkspaceId, workspace: Workspace) {
        self.soonest.extend(workspace.soonest().map(|at| (at, id.clone())));
        self.workspaces.insert(id, workspace);
    }

    pub(super) fn create_workspace(&mut self, id: &WorkspaceId, _created: &WorkspaceCreated) {
        self.workspaces.entry(id.clone()).or_insert_with(Workspace::new);
    }

    pub(super) fn remember(&mut self, header: &CommitHeader, first: Position, events: &[Event]) {
        let Some(ws) = self.workspaces.get_mut(&header.workspace) else {
            return;
        };
        let last = (events.len() as u32).saturating_sub(1);
        // What atender itself writes has an id of its own.
        let brings = |event: &Event| {
            matches!(event, Event::MessageReceived(_))
                || matches!(event, Event::MessageSubmitted(sent) if sent.author.agent().is_some())
        };
        // What brings a message is about its conversation, whatever it had to say before.
        let about = events.iter().find(|event| brings(event)).or(events.first());
        let remembered = Remembered {
            position: Position { index: first.index + last, ..first },
            fingerprint: header.fingerprint,
            conversation: about.and_then(Event::conversation),
            has_message: events.iter().any(brings),
        };
        ws.commands.insert(header.command, remembered, header.at);
    }
}

impl Workspace {
    pub(super) fn new() -> Self {
        Self {
            settings: SettingsDefined::default(),
            clients: BTreeMap::new(),
            projects: BTreeMap::new(),
            campaigns: BTreeMap::new(),
            calendars: FxHashMap::default(),
            channels: BTreeMap::new(),
            dispositions: BTreeMap::new(),
            texts: BTreeMap::new(),
            agents: BTreeMap::new(),
            agents_of: FxHashMap::default(),
            conversations: Conversations::default(),
            open: FxHashMap::default(),
            queues: Queues::default(),
            unrouted: BTreeMap::new(),
            rooms: Rooms::default(),
            turns: FxHashMap::default(),
            reserved: FxHashMap::default(),
            queued_ever: 0,
            exclusive: FxHashMap::default(),
            aliases: FxHashMap::default(),
            outbound: Window::new(WINDOW),
            provider_ids: Window::new(WINDOW),
            parked: Window::new(WINDOW),
            commands: Window::new(WINDOW),
            deadlines: BTreeSet::new(),
            armed: FxHashMap::default(),
        }
    }

    fn soonest(&self) -> Option<Timestamp> {
        self.deadlines.first().map(|(at, _)| *at)
    }

    /// All that happens by itself, soonest first.
    pub fn deadlines(&self) -> impl Iterator<Item = &(Timestamp, Due)> {
        self.deadlines.iter()
    }

    /// Changes an agent who exists.
    pub(super) fn change_agent(&mut self, id: &AgentId, change: impl FnOnce(&mut Agent)) {
        if let Some(agent) = self.agents.get_mut(id) {
            self.rooms.leave(agent, &self.campaigns);
            change(agent);
            self.rooms.enter(agent, &self.campaigns);
        }
    }

    /// The agent of this id.
    pub fn agent(&self, id: &AgentId) -> Option<&Agent> {
        self.agents.get(id)
    }

    /// Every agent.
    pub fn agents(&self) -> impl Iterator<Item = &Agent> {
        self.agents.values()
    }

    /// The open conversation of this id.
    pub fn conversation(&self, id: ConversationId) -> Option<&Conversation> {
        self.conversations.get(&id)
    }

    /// Every open conversation.
    pub fn conversations(&self) -> impl Iterator<Item = (&ConversationId, &Conversation)> {
        self.conversations.iter()
    }

    /// The campaign of this id.
    pub fn campaign(&self, id: &CampaignId) -> Option<&CampaignDefined> {
        self.campaigns.get(id)
    }

    /// What waits for anybody in a campaign, on a channel, in order.
    pub fn queue(&self, campaign: &CampaignId, channel: &ChannelId) -> Vec<ConversationId> {
        let mut places: Vec<_> =
            self.queues.of(campaign, channel).flat_map(|(_, places)| places.iter()).collect();
        places.sort_unstable();
        places.into_iter().map(|place| place.conversation).collect()
    }

    /// What is kept for an exclusive agent, in order.
    pub fn kept_for(&self, agent: &AgentId) -> impl Iterator<Item = ConversationId> + '_ {
        let kept = self.reserved.get(agent);
        kept.into_iter().flatten().map(|place| place.conversation)
    }

    /// Every exclusive agent, by contact and campaign.
    pub fn exclusive_agents(&self) -> impl Iterator<Item = (&(ContactId, CampaignId), &ExclusiveAgent)> {
        self.exclusive.iter()
    }

    /// The exclusive agent of a contact in a campaign.
    pub(super) fn exclusive_agent(&self, contact: ContactId, campaign: &CampaignId) -> Option<&AgentId> {
        self.exclusive.get(&(contact, campaign.clone())).map(|exclusive| &exclusive.agent)
    }

    /// Every outbound message of the last days.
    pub fn outbound_messages(&self) -> impl Iterator<Item = (&MessageId, &Outbound)> {
        self.outbound.iter()
    }

    /// The outbound message of this id, if it is of the last days.
    pub fn outbound(&self, id: MessageId) -> Option<&Outbound> {
        self.outbound.get(&id)
    }
}
