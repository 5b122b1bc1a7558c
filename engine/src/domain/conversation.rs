//! What the command families share about open conversations: finding one, how it changes hands, and notes.

use schemas::event::{ConversationAssigned, ConversationQueued, Event, NoteAdded, QueueCause};
use schemas::limits::NOTE_CHARS_MAX;
use schemas::{Actor, AgentId, CampaignId, ChannelId, ConversationId, Presence, Rejection, Timestamp};

use super::permission::{require_holder_or_supervisor, require_text};
use super::routing::Loose;
use super::state::{Agent, Conversation, Stage, Workspace};

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
            campaign: &self.campaign,
            since,
            cause,
        }
    }
}

/// The agent can be given a conversation of this campaign and channel now.
pub(super) fn require_can_take(
    agent: &Agent,
    campaign: &CampaignId,
    channel: &ChannelId,
) -> Result<(), Rejection> {
    let definition = &agent.definition;
    let id = || definition.agent.clone();
    if !definition.campaigns.contains(campaign) {
        return Err(Rejection::AgentNotInCampaign(id(), campaign.clone()));
    }
    if !definition.channels.contains(channel) {
        return Err(Rejection::AgentNotOnChannel(id(), channel.clone()));
    }
    if !agent.serves(campaign, channel) {
        return Err(Rejection::NotAttending(id()));
    }
    if agent.presence != Presence::Online {
        return Err(Rejection::AgentOffline(id()));
    }
    if agent.load() >= definition.capacity {
        return Err(Rejection::AgentFull(id(), definition.capacity));
    }
    Ok(())
}

pub(super) fn add_note(
    ws: &Workspace,
    id: ConversationId,
    text: &str,
    actor: &Actor,
) -> Result<Vec<Event>, Rejection> {
    let conversation = ws.open_conversation(id)?;
    require_holder_or_supervisor(ws, actor, id, conversation)?;
    require_text("note", text, NOTE_CHARS_MAX)?;
    Ok(vec![NoteAdded { conversation: id, text: text.to_owned() }.into()])
}

pub(super) fn queued(ws: &mut Workspace, event: &ConversationQueued) {
    let id = event.conversation;
    leave_stage(ws, id);
    let Some(conversation) = ws.conversations.get_mut(&id) else {
        return;
    };
    ws.queued_ever += 1;
    let place = (event.since, ws.queued_ever, id);
    conversation.campaign = event.campaign.clone();
    conversation.stage =
        Stage::Waiting { since: event.since, number: ws.queued_ever, reserved: event.reserved.clone() };
    match &event.reserved {
        Some(reservation) => {
            ws.reserved.entry(reservation.agent.clone()).or_default().insert(place);
        }
        None => {
            let key = (conversation.campaign.clone(), conversation.channel.clone());
            ws.queues.entry(key).or_default().insert(place);
        }
    }
}

pub(super) fn assigned(ws: &mut Workspace, event: &ConversationAssigned, at: Timestamp) {
    leave_stage(ws, event.conversation);
    let Some(conversation) = ws.conversations.get_mut(&event.conversation) else {
        return;
    };
    conversation.stage = Stage::Assigned(event.agent.clone());
    if let Some(agent) = ws.agents.get_mut(&event.agent) {
        agent.holding.push(event.conversation);
        agent.idle_since = at;
    }
}

/// Takes a conversation from its agent, or out of the queue it waits in.
pub(super) fn leave_stage(ws: &mut Workspace, id: ConversationId) {
    let Some(conversation) = ws.conversations.get_mut(&id) else {
        return;
    };
    match std::mem::replace(&mut conversation.stage, Stage::Loose) {
        Stage::Loose => {}
        Stage::Assigned(agent) => {
            if let Some(agent) = ws.agents.get_mut(&agent) {
                agent.holding.retain(|held| *held != id);
            }
        }
        Stage::Waiting { since, number, reserved: None } => {
            let key = (conversation.campaign.clone(), conversation.channel.clone());
            if let Some(queue) = ws.queues.get_mut(&key) {
                queue.remove(&(since, number, id));
            }
        }
        Stage::Waiting { since, number, reserved: Some(reservation) } => {
            if let Some(kept) = ws.reserved.get_mut(&reservation.agent) {
                kept.remove(&(since, number, id));
            }
        }
    }
}
