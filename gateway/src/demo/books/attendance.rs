//! Who had which conversation, from the first event to the last: one agent at most, and none over capacity.

#[cfg(test)]
mod tests;

use std::collections::HashMap;

use schemas::event::{
    AssignReason, ContactsMerged, ConversationAssigned, ConversationOpened, MessageSubmitted,
};
use schemas::{AgentId, CampaignId, ChannelId, ContactId, ConversationId, Event, Position, TransferTarget};

use super::Check;

/// A conversation.
#[derive(Debug)]
pub(super) struct Case {
    pub(super) contact: ContactId,
    pub(super) channel: ChannelId,
    pub(super) campaign: CampaignId,
    /// Who has it; of a finished one, who had it.
    pub(super) agent: Option<AgentId>,
    /// Whom it is offered to, by routing or by who has it.
    pub(super) offered: Option<AgentId>,
    pub(super) finished: bool,
}

#[derive(Debug, Default)]
struct Load {
    capacity: u64,
    held: u64,
}

/// All conversations and agents.
#[derive(Debug)]
pub(super) struct Attendance {
    pub(super) cases: HashMap<ConversationId, Case>,
    open: HashMap<(ContactId, ChannelId), ConversationId>,
    loads: HashMap<AgentId, Load>,
    check: Check,
}

impl Default for Attendance {
    fn default() -> Self {
        let rule = "every conversation has at most one agent, no agent more than their capacity";
        let check = Check::new(rule, "assignments");
        Self { cases: HashMap::new(), open: HashMap::new(), loads: HashMap::new(), check }
    }
}

impl Attendance {
    /// Who has an open conversation.
    pub(super) fn holder(&self, id: ConversationId) -> Option<&AgentId> {
        self.cases.get(&id).filter(|case| !case.finished)?.agent.as_ref()
    }

    pub(super) fn check(&self) -> Check {
        self.check.clone()
    }

    pub(super) fn take(&mut self, at: Position, event: &Event) {
        match event {
            Event::AgentDefined(e) => {
                self.loads.entry(e.agent.clone()).or_default().capacity = e.capacity.into();
            }
            Event::ConversationOpened(e) => self.open(at, e),
            Event::ConversationAssigned(e) => self.assign(at, e),
            Event::ConversationTransferred(e) => {
                self.leave(at, e.conversation, e.from.as_ref());
                if let (TransferTarget::Campaign(to), Some(case)) =
                    (&e.to, self.cases.get_mut(&e.conversation))
                {
                    case.campaign = to.clone();
                }
            }
            Event::ConversationOverflowed(e) => {
                if let Some(case) = self.cases.get_mut(&e.conversation) {
                    case.campaign = e.to.clone();
                }
            }
            Event::ConversationOffered(e) => self.offer(e.conversation, Some(&e.agent)),
            Event::OfferEnded(e) => self.offer(e.conversation, None),
            Event::TransferOffered(e) => self.offer(e.conversation, Some(&e.to)),
            Event::TransferOfferEnded(e) => self.offer(e.conversation, None),
            Event::ConversationReleased(e) => self.leave(at, e.conversation, Some(&e.agent)),
            Event::ConversationQueued(e) => {
                let holder = self.holder(e.conversation).cloned();
                self.check.require(holder.is_none(), || {
                    format!("{at}: {} waits, but {holder:?} has it", e.conversation)
                });
            }
            Event::ConversationFinished(e) => self.finish(at, e.conversation, e.agent.as_ref()),
            Event::ConversationMerged(e) => self.finish(at, e.conversation, e.agent.as_ref()),
            Event::ContactsMerged(e) => self.merge(e),
            Event::MessageReceived(e) => self.require_open(at, e.conversation),
            Event::MessageSubmitted(e) => self.send(at, e),
            _ => {}
        }
    }

    fn open(&mut self, at: Position, e: &ConversationOpened) {
        let key = (e.contact, e.channel.clone());
        if let Some(other) = self.open.insert(key, e.conversation) {
            self.check.problem(|| {
                format!("{at}: {} was opened beside {other} of the same contact", e.conversation)
            });
        }
        let case = Case {
            contact: e.contact,
            channel: e.channel.clone(),
            campaign: e.campaign.clone(),
            agent: None,
            offered: None,
            finished: false,
        };
        self.cases.insert(e.conversation, case);
    }

    fn assign(&mut self, at: Position, e: &ConversationAssigned) {
        self.check.looked_at += 1;
        self.require_open(at, e.conversation);
        let Some(case) = self.cases.get_mut(&e.conversation) else {
            return;
        };
        case.offered = None;
        let before = case.agent.replace(e.agent.clone());
        // Only a supervisor gives what somebody has without a word of its leaving them.
        let fair = before.is_none() || (before.as_ref() != Some(&e.agent) && e.reason == AssignReason::Given);
        self.check.require(fair, || {
            format!("{at}: {} went to {} ({:?}) while {before:?} had it", e.conversation, e.agent, e.reason)
        });
        if let Some(load) = before.and_then(|before| self.loads.get_mut(&before)) {
            load.held = load.held.saturating_sub(1);
        }
        let load = self.loads.entry(e.agent.clone()).or_default();
        load.held += 1;
        let Load { held, capacity } = *load;
        self.check.require(held <= capacity, || {
            format!("{at}: {} has {held} conversations of {capacity}", e.agent)
        });
    }

    fn offer(&mut self, id: ConversationId, to: Option<&AgentId>) {
        if let Some(case) = self.cases.get_mut(&id) {
            case.offered = to.cloned();
        }
    }

    fn leave(&mut self, at: Position, id: ConversationId, whom: Option<&AgentId>) {
        let Some(case) = self.cases.get_mut(&id) else {
            return self.check.problem(|| format!("{at}: {id} was never opened"));
        };
        case.offered = None;
        let before = case.agent.take();
        let held_by_them = before.as_ref() == whom;
        self.check.require(held_by_them, || format!("{at}: {id} left {whom:?}, but {before:?} had it"));
        if let Some(load) = before.and_then(|before| self.loads.get_mut(&before)) {
            load.held = load.held.saturating_sub(1);
        }
    }

    fn finish(&mut self, at: Position, id: ConversationId, agent: Option<&AgentId>) {
        let open = self.cases.get(&id).is_some_and(|case| !case.finished);
        if !open {
            return self.check.problem(|| format!("{at}: {id} was finished and is not open"));
        }
        self.leave(at, id, agent);
        if let Some(case) = self.cases.get_mut(&id) {
            case.agent = agent.cloned();
            case.finished = true;
            let place = (case.contact, case.channel.clone());
            if self.open.get(&place) == Some(&id) {
                self.open.remove(&place);
            }
        }
    }

    /// The conversations of the one that go on are the other's.
    fn merge(&mut self, e: &ContactsMerged) {
        for id in &e.conversations {
            let Some(case) = self.cases.get_mut(id).filter(|case| case.contact == e.merged) else { continue };
            self.open.remove(&(e.merged, case.channel.clone()));
            case.contact = e.contact;
            self.open.insert((e.contact, case.channel.clone()), *id);
        }
    }

    fn send(&mut self, at: Position, e: &MessageSubmitted) {
        let holder = self.holder(e.conversation).cloned();
        let theirs = e.author.agent().is_none_or(|agent| holder.as_ref() == Some(agent));
        self.check.require(theirs, || {
            format!("{at}: {:?} wrote in {}, which {holder:?} has", e.author, e.conversation)
        });
    }

    fn require_open(&mut self, at: Position, id: ConversationId) {
        let open = self.cases.get(&id).is_some_and(|case| !case.finished);
        self.check.require(open, || format!("{at}: {id} is not open"));
    }
}
