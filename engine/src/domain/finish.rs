//! Finish: with a disposition of the campaign, and a sub-disposition when the disposition has any.

use schemas::event::{CampaignDefined, ConversationFinished, Event};
use schemas::{Actor, ConversationId, DispositionId, Presence, Rejection, Timestamp};

use super::after_work::AfterWork;
use super::conversation::leave_stage;
use super::permission::{is, require_holder_or_supervisor};
use super::routing::refill_all;
use super::state::{Conversation, Workspace};

pub(super) fn finish(
    ws: &Workspace,
    id: ConversationId,
    disposition: &DispositionId,
    sub_disposition: Option<&DispositionId>,
    actor: &Actor,
    now: Timestamp,
) -> Result<Vec<Event>, Rejection> {
    let conversation = ws.open_conversation(id)?;
    require_holder_or_supervisor(ws, actor, id, conversation)?;
    let campaign = &conversation.campaign;
    let campaign = ws.campaigns.get(campaign).ok_or_else(|| Rejection::UnknownCampaign(campaign.clone()))?;
    require_disposition(ws, campaign, disposition, sub_disposition)?;
    let after_work_until = after_work_until(ws, conversation, actor, now);
    // Who has something to do after it has no room yet.
    let busy = conversation.agent().filter(|_| after_work_until.is_some());
    let freed = refill_all(ws, conversation, &[], busy, now);
    let finished = ConversationFinished {
        conversation: id,
        agent: conversation.agent().cloned(),
        disposition: disposition.clone(),
        sub_disposition: sub_disposition.cloned(),
        after_work_until,
    };
    let mut events = vec![finished.into()];
    events.extend(freed);
    Ok(events)
}

/// Until when there is something to do after it, for an agent who finishes their own and stays.
fn after_work_until(
    ws: &Workspace,
    conversation: &Conversation,
    actor: &Actor,
    now: Timestamp,
) -> Option<Timestamp> {
    let agent = conversation.agent().filter(|agent| is(actor, agent)).and_then(|id| ws.agents.get(id))?;
    let seconds = ws.campaigns.get(&conversation.campaign)?.after_work_seconds;
    let applies = seconds > 0 && agent.presence != Presence::Offline;
    applies.then(|| now.plus(std::time::Duration::from_secs(seconds.into())))
}

/// A conversation of this campaign can be finished with this.
pub(super) fn require_disposition(
    ws: &Workspace,
    campaign: &CampaignDefined,
    disposition: &DispositionId,
    sub: Option<&DispositionId>,
) -> Result<(), Rejection> {
    let found =
        ws.dispositions.get(disposition).ok_or_else(|| Rejection::UnknownDisposition(disposition.clone()))?;
    // It may have become a sub-disposition since the campaign listed it.
    if !campaign.dispositions.contains(disposition) || found.parent.is_some() {
        return Err(Rejection::DispositionNotAllowed(disposition.clone(), campaign.campaign.clone()));
    }
    let is_child = |id: &DispositionId| {
        ws.dispositions.get(id).is_some_and(|found| found.parent.as_ref() == Some(disposition))
    };
    let has_children = ws.dispositions.keys().any(is_child);
    match sub {
        None if has_children => Err(Rejection::SubDispositionRequired(disposition.clone())),
        Some(_) if !has_children => Err(Rejection::SubDispositionUnexpected(disposition.clone())),
        Some(sub) if !is_child(sub) => Err(Rejection::NotASubDisposition(sub.clone(), disposition.clone())),
        None | Some(_) => Ok(()),
    }
}

pub(super) fn finished(ws: &mut Workspace, event: &ConversationFinished) {
    leave_stage(ws, event.conversation);
    if let Some(conversation) = ws.conversations.remove(&event.conversation) {
        if let (Some(agent), Some(until)) = (&event.agent, event.after_work_until) {
            let kind = conversation.kind;
            ws.begin_after_work(agent, AfterWork { conversation: event.conversation, kind, until });
        }
        ws.open.remove(&(conversation.contact, conversation.channel));
    }
}
