//! A conversation has at most one agent: it is given to another only by a supervisor's word, or after it was
//! transferred, released or queued. It is offered to one at a time, while nobody has it, and accepted by them alone. Only
//! its agent sends in it, and atender itself.

use std::collections::HashMap;

use schemas::event::AssignReason;
use schemas::{AgentId, ConversationId, Event};

use super::{Evidence, Findings};
use crate::log_copy::Happened;

type Holders<'a> = HashMap<ConversationId, Option<&'a AgentId>>;
/// To whom what is offered is.
type Offers<'a> = HashMap<ConversationId, &'a AgentId>;

pub(super) fn check(evidence: &Evidence) -> Findings {
    let (mut open, mut offers) = (Holders::new(), Offers::new());
    let mut findings = Findings::new();
    for happened in evidence.log.events() {
        findings.extend(broken_offer(&mut offers, &open, happened));
        findings.extend(broken(&mut open, happened));
    }
    findings
}

fn broken_offer<'a>(offers: &mut Offers<'a>, open: &Holders<'a>, happened: Happened<'a>) -> Option<String> {
    let at = happened.position;
    match happened.event {
        Event::ConversationOffered(e) => {
            let (id, held) = (e.conversation, open.get(&e.conversation));
            match (held, offers.insert(id, &e.agent)) {
                (Some(None), None) => None,
                other => Some(format!("{id} is offered to {} at {at} beside {other:?}", e.agent)),
            }
        }
        Event::ConversationAssigned(e) => match (offers.remove(&e.conversation), &e.reason) {
            (Some(offered), AssignReason::Accepted) if *offered == e.agent => None,
            (offered, AssignReason::Accepted) => {
                Some(format!("{} accepts {} at {at}, offered to {offered:?}", e.agent, e.conversation))
            }
            (Some(offered), _) if *offered != e.agent => {
                let id = e.conversation;
                Some(format!("{id} is assigned to {} at {at}, while offered to {offered}", e.agent))
            }
            _ => None,
        },
        Event::OfferEnded(e) => match offers.remove(&e.conversation) {
            Some(offered) if *offered == e.agent => None,
            other => Some(format!("an offer of {} ends at {at}: it was {other:?}", e.conversation)),
        },
        Event::ConversationTransferred(e) => offers.remove(&e.conversation).and(None),
        Event::ConversationFinished(e) => offers.remove(&e.conversation).and(None),
        Event::ConversationMerged(e) => offers.remove(&e.conversation).and(None),
        _ => None,
    }
}

fn broken<'a>(open: &mut Holders<'a>, happened: Happened<'a>) -> Option<String> {
    let at = happened.position;
    match happened.event {
        Event::ConversationOpened(e) => {
            open.insert(e.conversation, None);
            None
        }
        Event::ConversationAssigned(e) => match open.insert(e.conversation, Some(&e.agent)) {
            None => Some(format!("{} is assigned at {at} and not open", e.conversation)),
            Some(Some(held)) if e.reason != AssignReason::Given => {
                Some(format!("{} has agents {held} and {} from {at} on", e.conversation, e.agent))
            }
            Some(_) => None,
        },
        Event::ConversationTakenOver(e) => passed_on(open, e.conversation, &e.from, &e.by, happened),
        Event::ConversationGivenBack(e) => passed_on(open, e.conversation, &e.by, &e.to, happened),
        Event::ConversationTransferred(e) => loosen(open, e.conversation, e.from.as_ref(), happened),
        Event::ConversationReleased(e) => loosen(open, e.conversation, Some(&e.agent), happened),
        Event::ConversationQueued(e) => {
            let held = (*open.get(&e.conversation)?)?;
            Some(format!("{} is queued at {at} and has agent {held}", e.conversation))
        }
        Event::ConversationFinished(e) => {
            let broken = loosen(open, e.conversation, e.agent.as_ref(), happened);
            open.remove(&e.conversation);
            broken
        }
        Event::ConversationMerged(e) => {
            let broken = loosen(open, e.conversation, e.agent.as_ref(), happened);
            open.remove(&e.conversation);
            broken
        }
        Event::MessageSubmitted(e) => match open.get(&e.conversation) {
            Some(held) if e.author.agent().is_none_or(|agent| *held == Some(agent)) => None,
            other => Some(format!("{:?} sends at {at} in {} of {other:?}", e.author, e.conversation)),
        },
        _ => None,
    }
}

/// The conversation goes from one to another without being anybody's between.
fn passed_on<'a>(
    open: &mut Holders<'a>,
    conversation: ConversationId,
    from: &'a AgentId,
    to: &'a AgentId,
    happened: Happened<'_>,
) -> Option<String> {
    let broken = loosen(open, conversation, Some(from), happened);
    open.insert(conversation, Some(to));
    broken
}

/// The conversation loses the agent that the event says it had.
fn loosen<'a>(
    open: &mut Holders<'a>,
    conversation: ConversationId,
    named: Option<&AgentId>,
    happened: Happened<'_>,
) -> Option<String> {
    let before = open.insert(conversation, None);
    let name = happened.event.name();
    match before {
        Some(held) if held == named => None,
        other => {
            Some(format!("{name} at {}: {conversation} is of {other:?}, not {named:?}", happened.position))
        }
    }
}
