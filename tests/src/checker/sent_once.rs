//! The network took each message once for each time it was to be sent, and none that nobody sent.

use std::collections::HashMap;

use schemas::{Event, MessageId};

use super::{Evidence, Findings};

pub(super) fn check(evidence: &Evidence) -> Findings {
    let mut wanted: HashMap<MessageId, usize> = HashMap::new();
    for happened in evidence.log.events() {
        let message = match happened.event {
            Event::MessageSubmitted(submitted) => submitted.message,
            Event::MessageResent(resent) => resent.message,
            _ => continue,
        };
        *wanted.entry(message).or_default() += 1;
    }
    let too_often = evidence.taken_by_network.iter().filter_map(|(message, taken)| {
        let wanted = wanted.get(message).copied().unwrap_or_default();
        (*taken > wanted).then(|| {
            format!("the network took message {message} {taken} times, and it was to be sent {wanted}")
        })
    });
    too_often.collect()
}
