//! The state as a stream of records, in one order whoever writes it, and back. What follows from other records
//! (queues, deadlines, who serves a campaign) is not written; it is made again.

use std::hash::Hash;

use schemas::command::Due;
use schemas::event::{
    AgentDefined, CampaignDefined, ChannelDefined, ClientDefined, DispositionDefined, ProjectDefined,
    SettingsDefined, TextDefined,
};
use schemas::{
    AgentId, CampaignId, CommandId, ContactId, ConversationId, MessageId, Presence, Timestamp, WorkspaceId,
};
use serde::{Deserialize, Serialize};

use super::after_work::AfterWork;
use super::delivery::{Parked, ProviderKey};
use super::rooms::Load;
use super::state::{Agent, Connection, Conversation, ExclusiveAgent, Outbound, Remembered, State, Workspace};
use super::window::Window;

/// One piece of the state. All belong to the last `Workspace` before them.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) enum Record {
    Workspace {
        id: WorkspaceId,
        queued_ever: u64,
        turned_at: Turns,
    },
    Settings(SettingsDefined),
    Client(ClientDefined),
    Project(ProjectDefined),
    Campaign(CampaignDefined),
    Channel(ChannelDefined),
    Disposition(DispositionDefined),
    Text(TextDefined),
    Agent {
        definition: AgentDefined,
        presence: Presence,
        connection: Connection,
        holding: Vec<ConversationId>,
        offered: Vec<ConversationId>,
        lent: Vec<ConversationId>,
        asked: Vec<ConversationId>,
        after_work: Vec<AfterWork>,
        idle_since: Timestamp,
    },
    Conversation(ConversationId, Conversation),
    Exclusive(ContactId, CampaignId, ExclusiveAgent),
    /// An id that stands for another contact.
    Alias(ContactId, ContactId),
    /// Whom a campaign that goes by turns gave to last.
    Turn(CampaignId, AgentId),
    /// A campaign whose queue is to be routed again.
    Unrouted(CampaignId, Timestamp),
    // The number in the next four is the generation of the window, 0 for the newest.
    Outbound(u8, MessageId, Outbound),
    ProviderId(u8, ProviderKey, (MessageId, u16)),
    Parked(u8, ProviderKey, Vec<Parked>),
    Command(u8, CommandId, Remembered),
}

/// When each window of a workspace last turned.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Turns {
    outbound: Timestamp,
    provider_ids: Timestamp,
    parked: Timestamp,
    commands: Timestamp,
}

impl State {
    /// Gives `each` every record, in the order in which [`Loading`] takes them.
    pub(crate) fn records<E>(&self, mut each: impl FnMut(&Record) -> Result<(), E>) -> Result<(), E> {
        for (id, ws) in sorted(self.workspaces()) {
            ws.records(id, &mut each)?;
        }
        Ok(())
    }

    /// The BLAKE3 hash of all records: two states that decide alike for ever have the same.
    pub fn digest(&self) -> [u8; 32] {
        let (mut hasher, mut bytes) = (blake3::Hasher::new(), Vec::new());
        let hashed: Result<(), std::convert::Infallible> = self.records(|record| {
            bytes.clear();
            schemas::encode(record, &mut bytes);
            hasher.update(&bytes);
            Ok(())
        });
        match hashed {
            Ok(()) => *hasher.finalize().as_bytes(),
        }
    }
}

impl Workspace {
    fn records<E>(&self, id: &WorkspaceId, each: &mut impl FnMut(&Record) -> Result<(), E>) -> Result<(), E> {
        let turned_at = Turns {
            outbound: self.outbound.turned_at(),
            provider_ids: self.provider_ids.turned_at(),
            parked: self.parked.turned_at(),
            commands: self.commands.turned_at(),
        };
        each(&Record::Workspace { id: id.clone(), queued_ever: self.queued_ever, turned_at })?;
        each(&Record::Settings(self.settings.clone()))?;
        self.clients.values().try_for_each(|e| each(&Record::Client(e.clone())))?;
        self.projects.values().try_for_each(|e| each(&Record::Project(e.clone())))?;
        self.campaigns.values().try_for_each(|e| each(&Record::Campaign(e.clone())))?;
        self.channels.values().try_for_each(|e| each(&Record::Channel(e.clone())))?;
        self.dispositions.values().try_for_each(|e| each(&Record::Disposition(e.clone())))?;
        self.texts.values().try_for_each(|e| each(&Record::Text(e.clone())))?;
        for agent in self.agents.values() {
            let Agent {
                definition,
                presence,
                connection,
                holding,
                offered,
                lent,
                asked,
                after_work,
                load: _,
                idle_since,
            } = agent.clone();
            each(&Record::Agent {
                definition,
                presence,
                connection,
                holding,
                offered,
                lent,
                asked,
                after_work,
                idle_since,
            })?;
        }
        for (id, conversation) in sorted(self.conversations.iter()) {
            each(&Record::Conversation(*id, conversation.clone()))?;
        }
        for ((contact, campaign), exclusive) in sorted(&self.exclusive) {
            each(&Record::Exclusive(*contact, campaign.clone(), exclusive.clone()))?;
        }
        for (id, contact) in sorted(&self.aliases) {
            each(&Record::Alias(*id, *contact))?;
        }
        for (campaign, agent) in sorted(&self.turns) {
            each(&Record::Turn(campaign.clone(), agent.clone()))?;
        }
        for (campaign, at) in &self.unrouted {
            each(&Record::Unrouted(campaign.clone(), *at))?;
        }
        entries(&self.outbound, |age, id, message| each(&Record::Outbound(age, *id, message.clone())))?;
        entries(&self.provider_ids, |age, key, message| each(&Record::ProviderId(age, *key, *message)))?;
        entries(&self.parked, |age, key, parked| each(&Record::Parked(age, *key, parked.clone())))?;
        entries(&self.commands, |age, id, came_to| each(&Record::Command(age, *id, came_to.clone())))
    }
}

/// In key order: the same for every copy of a state. It also fills the maps of a reader evenly.
fn sorted<'a, K: Ord + 'a, V: 'a>(map: impl IntoIterator<Item = (&'a K, &'a V)>) -> Vec<(&'a K, &'a V)> {
    let mut entries: Vec<_> = map.into_iter().collect();
    entries.sort_unstable_by_key(|(key, _)| *key);
    entries
}

fn entries<K: Ord + Hash, V, E>(
    window: &Window<K, V>,
    mut each: impl FnMut(u8, &K, &V) -> Result<(), E>,
) -> Result<(), E> {
    for (age, generation) in (0..).zip(window.generations()) {
        sorted(generation).into_iter().try_for_each(|(key, value)| each(age, key, value))?;
    }
    Ok(())
}

/// A state that is being put together from records.
#[derive(Debug, Default)]
pub(crate) struct Loading {
    state: State,
    workspace: Option<(WorkspaceId, Workspace)>,
}

impl Loading {
    /// Takes the next record.
    ///
    /// # Errors
    /// What no state is written as.
    pub(crate) fn take(&mut self, record: Record) -> Result<(), &'static str> {
        if let Record::Workspace { id, queued_ever, turned_at } = record {
            self.close();
            self.workspace = Some((id, Workspace::turned(queued_ever, &turned_at)));
            return Ok(());
        }
        let (_, ws) = self.workspace.as_mut().ok_or("a record before the first workspace")?;
        match record {
            Record::Workspace { .. } => {}
            Record::Settings(e) => ws.settings = e,
            Record::Client(e) => drop(ws.clients.insert(e.client.clone(), e)),
            Record::Project(e) => drop(ws.projects.insert(e.project.clone(), e)),
            Record::Campaign(e) => {
                let id = e.campaign.clone();
                ws.campaigns.insert(id.clone(), e);
                ws.set_calendar(&id);
            }
            Record::Channel(e) => drop(ws.channels.insert(e.channel.clone(), e)),
            Record::Disposition(e) => drop(ws.dispositions.insert(e.disposition.clone(), e)),
            Record::Text(e) => drop(ws.texts.insert(e.text.clone(), e)),
            Record::Agent {
                definition,
                presence,
                connection,
                holding,
                offered,
                lent,
                asked,
                after_work,
                idle_since,
            } => {
                let load = Load::default();
                let id = definition.agent.clone();
                let before = Connection::None;
                ws.load_agent(Agent {
                    definition,
                    presence,
                    connection: before,
                    holding,
                    offered,
                    lent,
                    asked,
                    after_work: Vec::new(),
                    load,
                    idle_since,
                });
                after_work.into_iter().for_each(|work| ws.begin_after_work(&id, work));
                ws.set_connection(&id, connection);
            }
            Record::Conversation(conversation_id, conversation) => {
                ws.load_conversation(conversation_id, conversation);
            }
            Record::Exclusive(contact, campaign, exclusive) => {
                ws.set_exclusive(contact, &campaign, Some(exclusive));
            }
            Record::Alias(id, contact) => drop(ws.aliases.insert(id, contact)),
            Record::Turn(campaign, agent) => drop(ws.turns.insert(campaign, agent)),
            Record::Unrouted(campaign, at) => {
                ws.deadlines.insert((at, Due::Campaign(campaign.clone())));
                ws.unrouted.insert(campaign, at);
            }
            Record::Outbound(age, id, message) => ws.outbound.restore(age, id, message)?,
            Record::ProviderId(age, key, message) => ws.provider_ids.restore(age, key, message)?,
            Record::Parked(age, key, parked) => ws.parked.restore(age, key, parked)?,
            Record::Command(age, id, came_to) => ws.commands.restore(age, id, came_to)?,
        }
        Ok(())
    }

    /// The state, after the last record.
    pub(crate) fn finish(mut self) -> State {
        self.close();
        self.state
    }

    fn close(&mut self) {
        if let Some((id, workspace)) = self.workspace.take() {
            self.state.put_workspace(id, workspace);
        }
    }
}

impl Workspace {
    fn turned(queued_ever: u64, turns: &Turns) -> Self {
        let mut ws = Self { queued_ever, ..Self::new() };
        ws.outbound.set_turned_at(turns.outbound);
        ws.provider_ids.set_turned_at(turns.provider_ids);
        ws.parked.set_turned_at(turns.parked);
        ws.commands.set_turned_at(turns.commands);
        ws
    }

    fn load_agent(&mut self, agent: Agent) {
        let id = &agent.definition.agent;
        for campaign in &agent.definition.campaigns {
            self.agents_of.entry(campaign.clone()).or_default().insert(id.clone());
        }
        self.rooms.enter(&agent, &self.campaigns);
        self.agents.insert(id.clone(), agent);
    }

    fn load_conversation(&mut self, id: ConversationId, conversation: Conversation) {
        self.open.insert((conversation.contact, conversation.channel.clone()), id);
        let agents: Vec<AgentId> = conversation.takes_room_of().cloned().collect();
        let kind = conversation.kind;
        self.conversations.insert(id, conversation);
        self.enter_queue(id);
        for agent in agents {
            self.change_agent(&agent, |agent| agent.load = agent.load.plus(kind));
        }
        self.rearm(id);
    }
}
