//! Transfer: to an agent of the same campaign, or to another campaign on the same channel. Always with a note.

use schemas::event::{AssignReason, ConversationAssigned, ConversationTransferred, Event, QueueCause};
use schemas::limits::NOTE_CHARS_MAX;
use schemas::{
    Actor, AgentId, CampaignId, ConversationId, DispositionId, Rejection, Timestamp, TransferTarget,
};

use super::conversation::require_can_take;
use super::permission::{require_holder_or_supervisor, require_text};
use super::routing::{Loose, Router, refill};
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
    if note.trim().is_empty() {
        return Err(Rejection::NoteRequired);
    }
    require_text("note", note, NOTE_CHARS_MAX)?;
    let placed = match to {
        TransferTarget::Agent(target) => to_agent(ws, id, conversation, target)?,
        TransferTarget::Campaign(campaign) => to_campaign(ws, id, conversation, campaign, now)?,
    };
    let disposition = DispositionId::new(TRANSFER_DISPOSITION)
        .map_err(|_| Rejection::InvalidText("disposition".to_owned()))?;
    let from = conversation.agent().cloned();
    let freed = from.as_ref().map(|agent| refill(ws, agent)).unwrap_or_default();
    let transferred = ConversationTransferred {
        conversation: id,
        from,
        to: to.clone(),
        note: note.to_owned(),
        disposition,
    };
    let mut events = vec![transferred.into(), placed];
    events.extend(freed);
    Ok(events)
}

fn to_agent(
    ws: &Workspace,
    id: ConversationId,
    conversation: &Conversation,
    target: &AgentId,
) -> Result<Event, Rejection> {
    let agent = ws.known_agent(target)?;
    if conversation.agent() == Some(target) {
        return Err(Rejection::TransferToSelf(target.clone()));
    }
    require_can_take(agent, &conversation.campaign, &conversation.channel)?;
    let reason = AssignReason::Transferred;
    Ok(ConversationAssigned {
        conversation: id,
        agent: target.clone(),
        reason,
    }
    .into())
}

fn to_campaign(
    ws: &Workspace,
    id: ConversationId,
    conversation: &Conversation,
    target: &CampaignId,
    now: Timestamp,
) -> Result<Event, Rejection> {
    let channel = &conversation.channel;
    let campaign = ws
        .campaigns
        .get(target)
        .ok_or_else(|| Rejection::UnknownCampaign(target.clone()))?;
    if conversation.campaign == *target {
        return Err(Rejection::TransferToSameCampaign(target.clone()));
    }
    if ws
        .campaigns
        .values()
        .filter(|campaign| campaign.channels.contains(channel))
        .count()
        < 2
    {
        return Err(Rejection::OnlyOneCampaign(channel.clone()));
    }
    if !campaign.channels.contains(channel) {
        return Err(Rejection::CampaignNotOnChannel(target.clone(), channel.clone()));
    }
    let loose = Loose {
        conversation: id,
        contact: conversation.contact,
        channel,
        campaign: target,
        since: now,
        cause: QueueCause::Transferred,
    };
    // The one who gives it away must not be the one who gets it.
    Ok(Router::new(ws, now, conversation.agent()).route(&loose))
}
