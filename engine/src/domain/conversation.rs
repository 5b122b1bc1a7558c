//! What the command families share about open conversations: finding one, how it changes hands, and notes.

use std::cmp::Reverse;

use schemas::event::{
    AgentDefined, AssignReason, ConversationAssigned, ConversationQueued, Event, NoteAdded, NoteKind,
    QueueCause,
};
use schemas::limits::NOTE_CHARS_MAX;
use schemas::{Actor, AgentId, CampaignId, ChannelId, ChannelKind, ConversationId, Rejection, Timestamp};

use super::permission::{require_holder_or_supervisor, require_supervisor, require_text};
use super::queues::QueuePlace;
use super::rooms::Load;
use super::routing::Loose;
use super::state::{Agent, Conversation, Stage, Workspace, serves};

impl Workspace {
    pub(super) fn open_conversation(&self, id: ConversationId) -> Result<&Conversation, Rejection> {
        self.conversations.get(&id).ok_or(Rejection::ConversationNotOpen(id))
    }

    pub(super) fn known_agent(&self, id: &AgentId) -> Result<&Agent, Rejection> {
        self.agents.get(id).ok_or_else(|| Rejection::UnknownAgent(id.clone()))
    }
}

impl Conversation {
    /// This conversation without its agent or place, to be routed.
    pub(super) fn loose(&self, id: ConversationId, since: Timestamp, cause: QueueCause) -> Loose<'_> {
        Loose {
            conversation: id,
            contact: self.contact,
            channel: &self.channel,
            kind: self.kind,
            campaign: &self.campaign,
            needs: &self.needs,
            declined: &self.declined,
            since,
            cause,
        }
    }
}

/// The agent can be given the conversation now.
pub(super) fn require_can_take(agent: &Agent, conversation: &Conversation) -> Result<(), Rejection> {
    let Conversation { campaign, channel, kind, .. } = conversation;
    match require_takes(&agent.definition, agent.is_available(), agent.load, (campaign, channel, *kind)) {
        // What they are offered or asked to take over, or was taken over from them, takes their room already.
        Err(Rejection::AgentFull(..) | Rejection::AgentFullOnKind(..))
            if conversation.takes_room_of().any(|id| *id == agent.definition.agent) =>
        {
            Ok(())
        }
        taken => taken,
    }
}

/// An agent who is available or not, and holds this many, can be given a conversation of this campaign, on this
/// channel.
///
/// # Errors
/// The first condition that is not met.
pub fn require_takes(
    definition: &AgentDefined,
    is_available: bool,
    load: Load,
    (campaign, channel, kind): (&CampaignId, &ChannelId, ChannelKind),
) -> Result<(), Rejection> {
    let id = || definition.agent.clone();
    if !definition.campaigns.contains(campaign) {
        return Err(Rejection::AgentNotInCampaign(id(), campaign.clone()));
    }
    if !definition.channels.contains(channel) {
        return Err(Rejection::AgentNotOnChannel(id(), channel.clone()));
    }
    if !serves(definition, campaign, channel) {
        return Err(Rejection::NotAttending(id()));
    }
    if !is_available {
        return Err(Rejection::AgentOffline(id()));
    }
    if !load.leaves_room(definition) {
        return Err(Rejection::AgentFull(id(), definition.capacity));
    }
    match definition.capacity_of.get(&kind) {
        Some(most) if !load.leaves_room_on(definition, kind) => {
            Err(Rejection::AgentFullOnKind(id(), kind, *most))
        }
        _ => Ok(()),
    }
}

pub(super) fn add_note(
    ws: &Workspace,
    id: ConversationId,
    text: &str,
    kind: NoteKind,
    actor: &Actor,
) -> Result<Vec<Event>, Rejection> {
    let conversation = ws.open_conversation(id)?;
    match kind {
        NoteKind::Note => require_holder_or_supervisor(ws, actor, id, conversation)?,
        NoteKind::Coaching => require_supervisor(ws, actor)?,
    }
    require_text("note", text, NOTE_CHARS_MAX)?;
    Ok(vec![NoteAdded { conversation: id, text: text.to_owned(), kind }.into()])
}

pub(super) fn queued(ws: &mut Workspace, event: &ConversationQueued) {
    let id = event.conversation;
    leave_stage(ws, id);
    let Some(conversation) = ws.conversations.get_mut(&id) else {
        return;
    };
    ws.queued_ever += 1;
    conversation.campaign = event.campaign.clone();
    conversation.stage = Stage::Waiting {
        since: event.since,
        number: ws.queued_ever,
        priority: event.priority,
        reserved: event.reserved.clone(),
        overflow: event.overflow.clone(),
    };
    ws.enter_queue(id);
    if let Some(opens_at) = event.opens_at {
        ws.route_again_at(&event.campaign, opens_at);
    }
}

impl Workspace {
    /// Puts a conversation that waits in its queue.
    pub(super) fn enter_queue(&mut self, id: ConversationId) {
        let Some(conversation) = self.conversations.get(&id) else {
            return;
        };
        let Stage::Waiting { since, number, priority, reserved, .. } = &conversation.stage else {
            return;
        };
        let place =
            QueuePlace { priority: Reverse(*priority), since: *since, number: *number, conversation: id };
        match reserved {
            Some(reservation) => {
                self.reserved.entry(reservation.agent.clone()).or_default().insert(place);
            }
            None => {
                let Conversation { campaign, channel, needs, .. } = conversation;
                self.queues.insert(campaign, channel, &needs.skills, place);
            }
        }
    }
}

pub(super) fn assigned(ws: &mut Workspace, event: &ConversationAssigned, at: Timestamp) {
    leave_stage(ws, event.conversation);
    let Some(conversation) = ws.conversations.get(&event.conversation) else {
        return;
    };
    if let AssignReason::RoundRobin { .. } = event.reason {
        ws.turns.insert(conversation.campaign.clone(), event.agent.clone());
    }
    ws.hold(&event.agent, event.conversation, at);
    ws.change_agent(&event.agent, |agent| agent.idle_since = at);
}

impl Workspace {
    /// The agent has this conversation, which nobody had.
    pub(super) fn hold(&mut self, agent: &AgentId, id: ConversationId, at: Timestamp) {
        let Some(conversation) = self.conversations.get_mut(&id) else {
            return;
        };
        conversation.stage = Stage::Assigned(agent.clone());
        conversation.declined.clear();
        let kind = conversation.kind;
        self.change_agent(agent, |agent| {
            agent.holding.push(id);
            agent.load = agent.load.plus(kind);
        });
        self.begin_silence_anew(id, at);
    }
}

/// Takes a conversation from its agent, or out of the queue it waits in.
pub(super) fn leave_stage(ws: &mut Workspace, id: ConversationId) {
    ws.end_loan(id);
    ws.end_transfer_offer(id);
    let Some(conversation) = ws.conversations.get(&id) else {
        return;
    };
    let Conversation { campaign, channel, kind, needs, .. } = conversation;
    match &conversation.stage {
        Stage::Loose => {}
        Stage::Assigned(agent) => {
            let (agent, kind) = (agent.clone(), *kind);
            ws.change_agent(&agent, |agent| {
                agent.holding.retain(|held| *held != id);
                agent.load = agent.load.minus(kind);
            });
        }
        Stage::Offered { agent, .. } => {
            let (agent, kind) = (agent.clone(), *kind);
            ws.change_agent(&agent, |agent| {
                agent.offered.retain(|offered| *offered != id);
                agent.load = agent.load.minus(kind);
            });
        }
        Stage::Waiting { since, number, priority, reserved, .. } => {
            let place =
                QueuePlace { priority: Reverse(*priority), since: *since, number: *number, conversation: id };
            match reserved {
                Some(reservation) => {
                    if let Some(kept) = ws.reserved.get_mut(&reservation.agent) {
                        kept.remove(&place);
                    }
                }
                None => ws.queues.remove(campaign, channel, &needs.skills, &place),
            }
        }
    }
    if let Some(conversation) = ws.conversations.get_mut(&id) {
        conversation.stage = Stage::Loose;
    }
}
