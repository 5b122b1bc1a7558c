//! Offered transfers: an agent is asked whether they take a conversation over. Its agent has it until they accept, and
//! it takes the room of both, so that accepting cannot fail.

use std::time::Duration;

use schemas::event::{AssignReason, Event, OfferEnd, TransferOfferEnded, TransferOffered};
use schemas::limits::TRANSFER_OFFER_SECONDS_DEFAULT;
use schemas::{Actor, AgentId, ConversationId, Rejection, Timestamp, TransferTarget};
use serde::{Deserialize, Serialize};

use super::conversation::require_can_take;
use super::permission::require_holder_or_supervisor;
use super::routing::{refill, refill_all};
use super::state::{Agent, Conversation, Stage, Workspace};
use super::transfer::{given, require_note, transferred_to};

type Decision = Result<Vec<Event>, Rejection>;

/// Who is asked whether they take a conversation over.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TransferOffer {
    /// Who.
    pub to: AgentId,
    /// Why.
    pub note: String,
    /// When the question ends by itself.
    pub until: Timestamp,
}

pub(super) fn offer(
    ws: &Workspace,
    id: ConversationId,
    target: &AgentId,
    note: &str,
    actor: &Actor,
    now: Timestamp,
) -> Decision {
    let conversation = ws.open_conversation(id)?;
    require_holder_or_supervisor(ws, actor, id, conversation)?;
    require_note(note)?;
    let from = match &conversation.stage {
        Stage::Assigned(holder) => holder,
        Stage::Waiting { .. } | Stage::Offered { .. } | Stage::Loose => {
            return Err(Rejection::AttendedByNobody(id));
        }
    };
    let agent = ws.known_agent(target)?;
    // From whom it was taken over has it in a way: they are given it back.
    if from == target || conversation.taken_from.as_ref() == Some(target) {
        return Err(Rejection::TransferToSelf(target.clone()));
    }
    if let Some(asked) = &conversation.transfer_offer {
        return Err(Rejection::TransferOfferedAlready(id, asked.to.clone()));
    }
    require_can_take(agent, conversation)?;
    let routing = ws.campaigns.get(&conversation.campaign).map(|campaign| &campaign.routing);
    let seconds = routing.and_then(|routing| routing.offer_seconds).unwrap_or(TRANSFER_OFFER_SECONDS_DEFAULT);
    let offered = TransferOffered {
        conversation: id,
        from: from.clone(),
        to: target.clone(),
        note: note.to_owned(),
        until: now.plus(Duration::from_secs(seconds.into())),
    };
    Ok(vec![offered.into()])
}

pub(super) fn withdraw(ws: &Workspace, id: ConversationId, actor: &Actor, now: Timestamp) -> Decision {
    let conversation = ws.open_conversation(id)?;
    require_holder_or_supervisor(ws, actor, id, conversation)?;
    let asked = conversation.transfer_offer.as_ref().ok_or(Rejection::NoTransferOffered(id))?;
    Ok(end(ws, id, conversation, asked, OfferEnd::Withdrawn, now))
}

/// What happens when the one who is asked takes it over.
pub(super) fn accept(
    ws: &Workspace,
    id: ConversationId,
    conversation: &Conversation,
    asked: &TransferOffer,
    now: Timestamp,
) -> Decision {
    // That they can take it was seen when they were asked, and they are asked no more when it changes.
    let to = TransferTarget::Agent(asked.to.clone());
    let mut events = vec![transferred_to(id, conversation, to, &asked.note)?];
    events.push(given(id, &asked.to, AssignReason::Transferred));
    events.extend(refill_all(ws, conversation, &[], Some(&asked.to), now));
    Ok(events)
}

/// What happens when they do not; what else waits may be theirs instead.
pub(super) fn end(
    ws: &Workspace,
    id: ConversationId,
    conversation: &Conversation,
    asked: &TransferOffer,
    cause: OfferEnd,
    now: Timestamp,
) -> Vec<Event> {
    let mut events = vec![ended(id, &asked.to, cause)];
    events.extend(refill(ws, &asked.to, conversation, &[], now));
    events
}

pub(super) fn ended(conversation: ConversationId, to: &AgentId, cause: OfferEnd) -> Event {
    TransferOfferEnded { conversation, to: to.clone(), cause }.into()
}

/// That an agent who leaves is asked no more.
pub(super) fn withdraw_all(agent: &Agent) -> impl Iterator<Item = Event> + '_ {
    agent.asked.iter().map(|id| ended(*id, &agent.definition.agent, OfferEnd::Withdrawn))
}

impl Conversation {
    /// Who is asked whether they take it over.
    pub(super) fn asked(&self) -> Option<&AgentId> {
        self.transfer_offer.as_ref().map(|asked| &asked.to)
    }
}

pub(super) fn offered(ws: &mut Workspace, event: &TransferOffered) {
    let TransferOffered { conversation: id, to, note, until, .. } = event.clone();
    let Some(conversation) = ws.conversations.get_mut(&id) else {
        return;
    };
    let kind = conversation.kind;
    conversation.transfer_offer = Some(Box::new(TransferOffer { to, note, until }));
    ws.change_agent(&event.to, |agent| {
        agent.asked.push(id);
        agent.load = agent.load.plus(kind);
    });
}

impl Workspace {
    /// Nobody is asked any more whether they take the conversation over.
    pub(super) fn end_transfer_offer(&mut self, id: ConversationId) {
        let Some(conversation) = self.conversations.get_mut(&id) else {
            return;
        };
        let kind = conversation.kind;
        if let Some(asked) = conversation.transfer_offer.take() {
            self.change_agent(&asked.to, |agent| {
                agent.asked.retain(|asked| *asked != id);
                agent.load = agent.load.minus(kind);
            });
        }
    }
}

pub(super) fn was_ended(ws: &mut Workspace, event: &TransferOfferEnded) {
    ws.end_transfer_offer(event.conversation);
}
