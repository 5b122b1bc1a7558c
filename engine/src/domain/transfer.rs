//! Transfer: to an agent of the same campaign, or to another campaign on the same channel. Always with a note.

use schemas::event::{
    AssignReason, CampaignDefined, ConversationAssigned, ConversationTransferred, Event, QueueCause,
};
use schemas::limits::NOTE_CHARS_MAX;
use schemas::{
    Actor, AgentId, CampaignId, ChannelId, ConversationId, DispositionId, Rejection, Timestamp,
    TransferTarget,
};

use super::conversation::{leave_stage, require_can_take};
use super::permission::{require_holder_or_supervisor, require_text};
use super::routing::{Loose, Router, keeps_in, refill_all};
use super::service_level::awaited_anew;
use super::state::{Conversation, Workspace};

/// The fixed disposition that every transfer carries; no master may take its id.
pub const TRANSFER_DISPOSITION: &str = "transfer";

pub(super) fn transfer(
    ws: &Workspace,
    id: ConversationId,
    to: &TransferTarget,
    note: &str,
    actor: &Actor,
    now: Timestamp,
) -> Result<Vec<Event>, Rejection> {
    let conversation = ws.open_conversation(id)?;
    require_holder_or_supervisor(ws, actor, id, conversation)?;
    require_note(note)?;
    let (placed, awaited) = match to {
        TransferTarget::Agent(target) => (to_agent(ws, id, conversation, target, now)?, None),
        TransferTarget::Campaign(campaign) => (
            to_campaign(ws, id, conversation, campaign, now)?,
            awaited_anew(ws, campaign, id, conversation, now),
        ),
    };
    let mut events = vec![transferred_to(id, conversation, to.clone(), note)?];
    events.extend(placed);
    events.extend(awaited);
    Ok(events)
}

pub(super) fn require_note(note: &str) -> Result<(), Rejection> {
    if note.trim().is_empty() {
        return Err(Rejection::NoteRequired);
    }
    require_text("note", note, NOTE_CHARS_MAX)
}

pub(super) fn transferred_to(
    id: ConversationId,
    conversation: &Conversation,
    to: TransferTarget,
    note: &str,
) -> Result<Event, Rejection> {
    let disposition = DispositionId::new(TRANSFER_DISPOSITION)
        .map_err(|_| Rejection::InvalidText("disposition".to_owned()))?;
    let (from, note) = (conversation.agent().cloned(), note.to_owned());
    Ok(ConversationTransferred { conversation: id, from, to, note, disposition }.into())
}

fn to_agent(
    ws: &Workspace,
    id: ConversationId,
    conversation: &Conversation,
    target: &AgentId,
    now: Timestamp,
) -> Result<Vec<Event>, Rejection> {
    let agent = ws.known_agent(target)?;
    if conversation.agent() == Some(target) {
        return Err(Rejection::TransferToSelf(target.clone()));
    }
    require_can_take(agent, conversation)?;
    let mut events = vec![given(id, target, AssignReason::Transferred)];
    events.extend(refill_all(ws, conversation, &[], Some(target), now));
    Ok(events)
}

/// A conversation of this campaign, on this channel, can be transferred to the other campaign, of all that there are.
///
/// # Errors
/// The first condition that is not met.
pub fn require_campaign_takes<'a>(
    target: &CampaignDefined,
    all: impl Iterator<Item = &'a CampaignDefined>,
    from: &CampaignId,
    channel: &ChannelId,
) -> Result<(), Rejection> {
    let id = || target.campaign.clone();
    if target.campaign == *from {
        return Err(Rejection::TransferToSameCampaign(id()));
    }
    if all.filter(|campaign| campaign.channels.contains(channel)).count() < 2 {
        return Err(Rejection::OnlyOneCampaign(channel.clone()));
    }
    if !target.channels.contains(channel) {
        return Err(Rejection::CampaignNotOnChannel(id(), channel.clone()));
    }
    Ok(())
}

pub(super) fn given(conversation: ConversationId, agent: &AgentId, reason: AssignReason) -> Event {
    let agent = agent.clone();
    ConversationAssigned { conversation, agent, reason }.into()
}

fn to_campaign(
    ws: &Workspace,
    id: ConversationId,
    conversation: &Conversation,
    target: &CampaignId,
    now: Timestamp,
) -> Result<Vec<Event>, Rejection> {
    let channel = &conversation.channel;
    let campaign = ws.campaigns.get(target).ok_or_else(|| Rejection::UnknownCampaign(target.clone()))?;
    require_campaign_takes(campaign, ws.campaigns.values(), &conversation.campaign, channel)?;
    let loose = Loose { campaign: target, ..conversation.loose(id, now, QueueCause::Transferred) };
    let Some(giver) = conversation.placed_with() else {
        return Ok(vec![Router::new(ws, now, None).route(&loose)]);
    };
    // The contact's exclusive agent there may be the one who has it already; while it is closed, they wait as any.
    let exclusive = ws.exclusive_agent(conversation.contact, target).filter(|_| !ws.is_closed(target, now));
    let own = conversation.takes_room_of().find(|agent| exclusive == Some(*agent));
    if let Some(own) = own.filter(|own| keeps_in(ws, own, target, conversation)) {
        let kept = given(id, own, AssignReason::Exclusive);
        let freed = refill_all(ws, conversation, &[], Some(own), now);
        return Ok(std::iter::once(kept).chain(freed).collect());
    }
    // The one who gives it away must not be the one who gets it while anybody else can.
    let placed = [Router::new(ws, now, Some(giver)).route(&loose)];
    let freed = refill_all(ws, conversation, &placed, None, now);
    Ok(placed.into_iter().chain(freed).collect())
}

pub(super) fn transferred(ws: &mut Workspace, event: &ConversationTransferred) {
    // First out of the queue, which is found by the campaign of before.
    leave_stage(ws, event.conversation);
    if let TransferTarget::Campaign(campaign) = &event.to
        && let Some(conversation) = ws.conversations.get_mut(&event.conversation)
    {
        conversation.campaign = campaign.clone();
    }
}
