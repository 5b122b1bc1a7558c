//! A contact has at most one open conversation on a channel.

use std::collections::HashMap;

use schemas::{ChannelId, ContactId, ConversationId, Event};

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
            Event::ContactsMerged(e) => {
                for id in &e.conversations {
                    let Some(place) = places.get_mut(id) else { continue };
                    if place.0 == e.merged {
                        open.remove(place);
                        place.0 = e.contact;
                        open.insert(*place, *id);
                    }
                }
            }
            Event::ConversationFinished(e) => end(&mut open, &places, e.conversation),
            Event::ConversationMerged(e) => end(&mut open, &places, e.conversation),
            _ => {}
        }
    }
    findings
}

type Place<'a> = (ContactId, &'a ChannelId);

/// Where it stood, the one that it was merged into may stand already.
fn end<'a>(
    open: &mut HashMap<Place<'a>, ConversationId>,
    places: &HashMap<ConversationId, Place<'a>>,
    id: ConversationId,
) {
    if let Some(place) = places.get(&id)
        && open.get(place) == Some(&id)
    {
        open.remove(place);
    }
}
