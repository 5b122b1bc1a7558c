//! A delivery status never goes down, unless the message is sent again.

use std::collections::HashMap;

use schemas::{DeliveryStatus, Event, MessageId};

use super::{Evidence, Findings};

pub(super) fn check(evidence: &Evidence) -> Findings {
    let mut statuses: HashMap<MessageId, DeliveryStatus> = HashMap::new();
    let mut findings = Findings::new();
    for happened in evidence.log.events() {
        let (message, status) = match happened.event {
            Event::DeliveryUpdated(e) => (e.message, e.status),
            Event::MessageSettled(e) => (e.message, e.status),
            Event::MessageResent(e) => {
                statuses.remove(&e.message);
                continue;
            }
            _ => continue,
        };
        let before = statuses.insert(message, status).unwrap_or_default();
        if status < before {
            findings.push(format!(
                "message {message} goes from {before:?} to {status:?} at {}",
                happened.position
            ));
        }
    }
    findings
}
