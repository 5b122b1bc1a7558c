//! A contact has at most one open conversation on a channel.

use std::collections::HashMap;

use schemas::Event;

use super::{Evidence, Findings};

pub(super) fn check(evidence: &Evidence) -> Findings {
    let (mut open, mut places) = (HashMap::new(), HashMap::new());
    let mut findings = Findings::new();
    for happened in evidence.log.events() {
        match happened.event {
            Event::ConversationOpened(e) => {
                let place = (e.contact, &e.channel);
                places.insert(e.conversation, place);
                if let Some(first) = open.insert(place, e.conversation) {
                    let (contact, at) = (e.contact, happened.position);
                    findings.push(format!("{contact} has {first} open and {} from {at} on", e.conversation));
                }
            }
            Event::ConversationFinished(e) => {
                if let Some(place) = places.get(&e.conversation) {
                    open.remove(place);
                }
            }
            _ => {}
        }
    }
    findings
}
