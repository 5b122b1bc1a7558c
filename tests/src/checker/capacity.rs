//! No agent is given more conversations than they may hold. Who holds more because the capacity was lowered keeps
//! them, and is given none.

use std::collections::HashMap;

use schemas::{AgentId, ConversationId, Event};

use super::{Evidence, Findings};

pub(super) fn check(evidence: &Evidence) -> Findings {
    let mut capacities: HashMap<&AgentId, u16> = HashMap::new();
    let mut loads: HashMap<&AgentId, u16> = HashMap::new();
    let mut holders: HashMap<ConversationId, &AgentId> = HashMap::new();
    let mut findings = Findings::new();
    for happened in evidence.log.events() {
        let (conversation, next) = match happened.event {
            Event::AgentDefined(e) => {
                capacities.insert(&e.agent, e.capacity);
                continue;
            }
            Event::ConversationAssigned(e) => (e.conversation, Some(&e.agent)),
            // Whom it was taken over from keeps no room, but is given none for it either.
            Event::ConversationTakenOver(e) => (e.conversation, Some(&e.by)),
            Event::ConversationGivenBack(e) => (e.conversation, Some(&e.to)),
            Event::ConversationTransferred(e) => (e.conversation, None),
            Event::ConversationReleased(e) => (e.conversation, None),
            Event::ConversationFinished(e) => (e.conversation, None),
            Event::ConversationMerged(e) => (e.conversation, None),
            _ => continue,
        };
        if let Some(load) = holders.remove(&conversation).and_then(|before| loads.get_mut(before)) {
            *load -= 1;
        }
        let Some(agent) = next else { continue };
        holders.insert(conversation, agent);
        let load = loads.entry(agent).or_default();
        *load += 1;
        let capacity = capacities.get(agent).copied().unwrap_or_default();
        if *load > capacity {
            let at = happened.position;
            findings.push(format!("agent {agent} holds {load} from {at} on, and may hold {capacity}"));
        }
    }
    findings
}
