//! Assign by hand: an agent takes from the queue, a supervisor gives. A conversation has at most one agent, and
//! an agent never gets more than their capacity.

use schemas::event::{AssignReason, ConversationAssigned, Event, OfferEnd, OfferEnded};
use schemas::{Actor, AgentId, ConversationId, Rejection, Role, Timestamp};

use super::conversation::require_can_take;
use super::offer::accepted;
use super::permission::{is, role, supervises};
use super::routing::refill_all;
use super::state::{Conversation, Stage, Workspace};

pub(super) fn assign(
    ws: &Workspace,
    id: ConversationId,
    target: &AgentId,
    actor: &Actor,
    now: Timestamp,
) -> Result<Vec<Event>, Rejection> {
    if matches!(role(ws, actor), None | Some(Role::Auditor)) {
        return Err(Rejection::Forbidden);
    }
    let conversation = ws.open_conversation(id)?;
    let agent = ws.known_agent(target)?;
    // The same agent again: a double click, not a conflict.
    if conversation.agent() == Some(target) {
        return Ok(vec![]);
    }
    if !supervises(ws, actor) {
        require_takes_from_queue(id, conversation, target, actor)?;
    }
    require_can_take(agent, conversation)?;
    let placed = conversation.placed_with().filter(|before| *before != target);
    if placed.is_none() && is(actor, target) && matches!(conversation.stage, Stage::Offered { .. }) {
        return Ok(vec![accepted(id, target)]);
    }
    let taken_by_themselves = is(actor, target) && conversation.agent().is_none();
    let reason = if taken_by_themselves { AssignReason::Picked } else { AssignReason::Given };
    let mut events = Vec::new();
    if let Stage::Offered { agent, .. } = &conversation.stage {
        let ended = OfferEnded { conversation: id, agent: agent.clone(), cause: OfferEnd::Withdrawn };
        events.push(ended.into());
    }
    events.push(ConversationAssigned { conversation: id, agent: target.clone(), reason }.into());
    events.extend(refill_all(ws, conversation, &[], Some(target), now));
    Ok(events)
}

fn require_takes_from_queue(
    id: ConversationId,
    conversation: &Conversation,
    target: &AgentId,
    actor: &Actor,
) -> Result<(), Rejection> {
    if !is(actor, target) {
        return Err(Rejection::Forbidden);
    }
    match &conversation.stage {
        Stage::Assigned(holder) => Err(Rejection::AlreadyAssigned(id, holder.clone())),
        Stage::Waiting { reserved: Some(kept), .. } if kept.agent != *target => {
            Err(Rejection::ReservedForExclusiveAgent(id, kept.agent.clone()))
        }
        Stage::Offered { agent, .. } if agent != target => {
            Err(Rejection::OfferedToAnother(id, agent.clone()))
        }
        Stage::Offered { .. } | Stage::Waiting { .. } | Stage::Loose => Ok(()),
    }
}
