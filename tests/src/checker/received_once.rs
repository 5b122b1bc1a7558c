//! A message that a provider delivers repeatedly is in the log once.

use std::collections::HashMap;

use schemas::{ChannelId, ConversationId, Event, Position};

use super::{Evidence, Findings};

pub(super) fn check(evidence: &Evidence) -> Findings {
    let mut channels: HashMap<ConversationId, &ChannelId> = HashMap::new();
    let mut seen: HashMap<(Option<&ChannelId>, &str), Position> = HashMap::new();
    let mut findings = Findings::new();
    for happened in evidence.log.events() {
        match happened.event {
            Event::ConversationOpened(opened) => {
                channels.insert(opened.conversation, &opened.channel);
            }
            Event::MessageReceived(message) => {
                let channel = channels.get(&message.conversation).copied();
                let key = (channel, message.provider_id.as_str());
                if let Some(first) = seen.insert(key, happened.position) {
                    let (id, second) = (&message.provider_id, happened.position);
                    findings.push(format!("message {id} is in the log at {first} and at {second}"));
                }
            }
            _ => {}
        }
    }
    findings
}
