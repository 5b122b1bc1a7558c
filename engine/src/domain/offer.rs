//! Offers: a conversation that an agent is given is theirs once they accept it. Who declines one, or does not answer,
//! is not offered it again; who does not answer counts as away.

use schemas::event::{
    AgentDefined, AssignReason, ConversationAssigned, ConversationOffered, Event, OfferEnd, OfferEnded,
    PresenceChanged, QueueCause,
};
use schemas::masters::NOT_RESPONDING;
use schemas::{Actor, AgentId, ConversationId, Presence, Rejection, Timestamp};

use super::conversation::leave_stage;
use super::permission::is;
use super::rooms::Load;
use super::routing::{Loose, Router, refill};
use super::state::{Agent, Conversation, Stage, Workspace, serves};
use super::transfer_offer::{self, TransferOffer};

type Decision = Result<Vec<Event>, Rejection>;

pub(super) fn accept(ws: &Workspace, id: ConversationId, actor: &Actor, now: Timestamp) -> Decision {
    if let Some((conversation, asked)) = asked_of(ws, id, actor)? {
        return transfer_offer::accept(ws, id, conversation, asked, now);
    }
    let (agent, _) = require_offered(ws, id, actor)?;
    Ok(vec![accepted(id, agent)])
}

/// The actor is asked whether they take the conversation over from its agent.
fn asked_of<'a>(
    ws: &'a Workspace,
    id: ConversationId,
    actor: &Actor,
) -> Result<Option<(&'a Conversation, &'a TransferOffer)>, Rejection> {
    let conversation = ws.open_conversation(id)?;
    let asked = conversation.transfer_offer.as_deref().filter(|asked| is(actor, &asked.to));
    Ok(asked.map(|asked| (conversation, asked)))
}

pub(super) fn accepted(conversation: ConversationId, agent: &AgentId) -> Event {
    ConversationAssigned { conversation, agent: agent.clone(), reason: AssignReason::Accepted }.into()
}

pub(super) fn decline(ws: &Workspace, id: ConversationId, actor: &Actor, now: Timestamp) -> Decision {
    if let Some((conversation, asked)) = asked_of(ws, id, actor)? {
        return Ok(transfer_offer::end(ws, id, conversation, asked, OfferEnd::Declined, now));
    }
    let (agent, conversation) = require_offered(ws, id, actor)?;
    let mut router = Router::new(ws, now, Some(agent));
    let mut events = end(id, conversation, agent, OfferEnd::Declined, &mut router);
    events.extend(refill(ws, agent, conversation, &[], now));
    Ok(events)
}

fn require_offered<'a>(
    ws: &'a Workspace,
    id: ConversationId,
    actor: &Actor,
) -> Result<(&'a AgentId, &'a Conversation), Rejection> {
    let conversation = ws.open_conversation(id)?;
    match &conversation.stage {
        Stage::Offered { agent, .. } if is(actor, agent) => Ok((agent, conversation)),
        Stage::Offered { .. } | Stage::Waiting { .. } | Stage::Assigned(_) | Stage::Loose => {
            Err(Rejection::NotOffered(id))
        }
    }
}

/// What happens when nobody answered in time: the agent is away, and has no other offers either.
pub(super) fn time_out(
    ws: &Workspace,
    id: ConversationId,
    conversation: &Conversation,
    agent: &AgentId,
    now: Timestamp,
) -> Vec<Event> {
    let Some(agent) = ws.agents.get(agent) else {
        return Vec::new();
    };
    let agent_id = &agent.definition.agent;
    let mut router = Router::new(ws, now, Some(agent_id));
    let presence = Presence::Away { reason: NOT_RESPONDING.to_owned() };
    let mut events = vec![PresenceChanged { agent: agent_id.clone(), presence }.into()];
    events.extend(end(id, conversation, agent_id, OfferEnd::TimedOut, &mut router));
    for (other, found) in offers(ws, agent).filter(|(other, _)| *other != id) {
        events.extend(end(other, found, agent_id, OfferEnd::Withdrawn, &mut router));
    }
    events.extend(transfer_offer::withdraw_all(agent));
    events
}

fn offers<'a>(
    ws: &'a Workspace,
    agent: &'a Agent,
) -> impl Iterator<Item = (ConversationId, &'a Conversation)> {
    agent.offered.iter().filter_map(|id| ws.conversations.get(id).map(|found| (*id, found)))
}

/// What the agent is asked to take over.
fn asked<'a>(
    ws: &'a Workspace,
    agent: &'a Agent,
) -> impl Iterator<Item = (ConversationId, &'a Conversation)> {
    agent.asked.iter().filter_map(|id| ws.conversations.get(id).map(|found| (*id, found)))
}

/// Takes back what the agent is offered. It may wait for them as its exclusive agent.
pub(super) fn withdraw<'a>(ws: &'a Workspace, agent: &'a Agent, router: &mut Router<'a>) -> Vec<Event> {
    let id = &agent.definition.agent;
    let ended =
        offers(ws, agent).flat_map(|(offer, found)| end(offer, found, id, OfferEnd::Withdrawn, router));
    ended.chain(transfer_offer::withdraw_all(agent)).collect()
}

/// Takes back what the agent cannot take any more as they are defined now; also what they hold then.
pub(super) fn withdraw_unserved<'a>(
    ws: &'a Workspace,
    before: &'a Agent,
    now: &AgentDefined,
    router: &mut Router<'a>,
) -> (Vec<Event>, Load) {
    let (mut events, mut load) = (Vec::new(), before.load);
    for (id, found) in offers(ws, before).filter(|(_, c)| !serves(now, &c.campaign, &c.channel)) {
        let ended = OfferEnded { conversation: id, agent: now.agent.clone(), cause: OfferEnd::Withdrawn };
        events.push(ended.into());
        events.push(router.route_past(&to_be_routed(id, found), &now.agent));
        load = load.minus(found.kind);
    }
    for (id, found) in asked(ws, before).filter(|(_, c)| !serves(now, &c.campaign, &c.channel)) {
        events.push(transfer_offer::ended(id, &now.agent, OfferEnd::Withdrawn));
        load = load.minus(found.kind);
    }
    (events, load)
}

/// The end of an offer, and where the conversation goes instead.
fn end<'a>(
    id: ConversationId,
    conversation: &'a Conversation,
    agent: &AgentId,
    cause: OfferEnd,
    router: &mut Router<'a>,
) -> Vec<Event> {
    let ended = OfferEnded { conversation: id, agent: agent.clone(), cause };
    let loose = to_be_routed(id, conversation);
    let routed = match cause {
        // Not even as its exclusive agent is it kept for them.
        OfferEnd::Declined | OfferEnd::TimedOut => router.route_past(&loose, agent),
        OfferEnd::Withdrawn => router.route(&loose),
    };
    vec![ended.into(), routed]
}

fn to_be_routed(id: ConversationId, conversation: &Conversation) -> Loose<'_> {
    let since = match &conversation.stage {
        Stage::Offered { since, .. } => *since,
        Stage::Waiting { .. } | Stage::Assigned(_) | Stage::Loose => conversation.opened_at,
    };
    conversation.loose(id, since, QueueCause::NotAccepted)
}

pub(super) fn offered(ws: &mut Workspace, event: &ConversationOffered, at: Timestamp) {
    leave_stage(ws, event.conversation);
    let Some(conversation) = ws.conversations.get_mut(&event.conversation) else {
        return;
    };
    let agent = event.agent.clone();
    conversation.stage = Stage::Offered { agent, since: event.since, until: event.until };
    let kind = conversation.kind;
    if let AssignReason::RoundRobin { .. } = event.reason {
        ws.turns.insert(conversation.campaign.clone(), event.agent.clone());
    }
    ws.change_agent(&event.agent, |agent| {
        agent.offered.push(event.conversation);
        agent.load = agent.load.plus(kind);
        agent.idle_since = at;
    });
}

pub(super) fn ended(ws: &mut Workspace, event: &OfferEnded) {
    leave_stage(ws, event.conversation);
    if let Some(conversation) = ws.conversations.get_mut(&event.conversation) {
        match event.cause {
            OfferEnd::Declined | OfferEnd::TimedOut => conversation.declined.push(event.agent.clone()),
            OfferEnd::Withdrawn => {}
        }
    }
}
