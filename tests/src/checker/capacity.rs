//! No agent is given more conversations than they may hold, counting what they are offered, what was taken over from
//! them, and what they still have to do after conversations. Who holds more because the capacity was lowered keeps them,
//! and is given none.

use std::collections::{BTreeSet, HashMap};

use schemas::{AgentId, ConversationId, Event, Presence, TransferTarget};

use super::{Evidence, Findings};

/// Why a conversation takes room.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Takes {
    Held,
    Offered,
    Lent,
    /// They are asked whether they take it over.
    Asked,
    AfterWork,
}

#[derive(Default)]
struct Rooms<'a> {
    taken: HashMap<&'a AgentId, BTreeSet<(Takes, ConversationId)>>,
}

impl<'a> Rooms<'a> {
    /// It takes nobody's room any more, but for what is to be done after it.
    fn leave(&mut self, id: ConversationId) {
        for taken in self.taken.values_mut() {
            taken.retain(|(takes, other)| *other != id || *takes == Takes::AfterWork);
        }
    }

    fn take(&mut self, agent: &'a AgentId, takes: Takes, id: ConversationId) {
        self.taken.entry(agent).or_default().insert((takes, id));
    }

    fn load(&self, agent: &AgentId) -> usize {
        self.taken.get(agent).map_or(0, BTreeSet::len)
    }
}

pub(super) fn check(evidence: &Evidence) -> Findings {
    let mut capacities: HashMap<&AgentId, u16> = HashMap::new();
    let mut rooms = Rooms::default();
    let mut findings = Findings::new();
    for happened in evidence.log.events() {
        if let Event::AgentDefined(e) = happened.event {
            capacities.insert(&e.agent, e.capacity);
        }
        let Some(agent) = given_to(happened.event) else {
            follow(&mut rooms, happened.event);
            continue;
        };
        let before = rooms.load(agent);
        follow(&mut rooms, happened.event);
        let (load, capacity) = (rooms.load(agent), capacities.get(agent).copied().unwrap_or_default());
        if load > before && load > usize::from(capacity) {
            let at = happened.position;
            findings.push(format!("agent {agent} holds {load} from {at} on, and may hold {capacity}"));
        }
    }
    findings
}

/// Who may get more to do by this.
fn given_to(event: &Event) -> Option<&AgentId> {
    match event {
        Event::ConversationAssigned(e) => Some(&e.agent),
        Event::ConversationOffered(e) => Some(&e.agent),
        Event::ConversationTakenOver(e) => Some(&e.by),
        Event::ConversationGivenBack(e) => Some(&e.to),
        Event::TransferOffered(e) => Some(&e.to),
        _ => None,
    }
}

fn follow<'a>(rooms: &mut Rooms<'a>, event: &'a Event) {
    match event {
        Event::ConversationAssigned(e) => {
            rooms.leave(e.conversation);
            rooms.take(&e.agent, Takes::Held, e.conversation);
        }
        Event::ConversationOffered(e) => {
            rooms.leave(e.conversation);
            rooms.take(&e.agent, Takes::Offered, e.conversation);
        }
        Event::ConversationTakenOver(e) => {
            rooms.leave(e.conversation);
            rooms.take(&e.by, Takes::Held, e.conversation);
            rooms.take(&e.from, Takes::Lent, e.conversation);
        }
        Event::ConversationGivenBack(e) => {
            rooms.leave(e.conversation);
            rooms.take(&e.to, Takes::Held, e.conversation);
        }
        Event::OfferEnded(e) => rooms.leave(e.conversation),
        // An agent has it in the next event, and may have had room for it before.
        Event::ConversationTransferred(e) => match &e.to {
            TransferTarget::Agent(_) => {}
            TransferTarget::Campaign(_) => rooms.leave(e.conversation),
        },
        Event::ConversationReleased(e) => rooms.leave(e.conversation),
        Event::ConversationMerged(e) => rooms.leave(e.conversation),
        Event::TransferOffered(e) => rooms.take(&e.to, Takes::Asked, e.conversation),
        Event::TransferOfferEnded(e) => {
            if let Some(taken) = rooms.taken.get_mut(&e.to) {
                taken.remove(&(Takes::Asked, e.conversation));
            }
        }
        Event::ConversationFinished(e) => {
            rooms.leave(e.conversation);
            if let (Some(agent), Some(_)) = (&e.agent, e.after_work_until) {
                rooms.take(agent, Takes::AfterWork, e.conversation);
            }
        }
        Event::AfterWorkEnded(e) => {
            if let Some(taken) = rooms.taken.get_mut(&e.agent) {
                taken.remove(&(Takes::AfterWork, e.conversation));
            }
        }
        Event::PresenceChanged(e) if e.presence == Presence::Offline => {
            if let Some(taken) = rooms.taken.get_mut(&e.agent) {
                taken.retain(|(takes, _)| *takes != Takes::AfterWork);
            }
        }
        _ => {}
    }
}
