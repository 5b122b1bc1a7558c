//! A contact has at most one open conversation on a channel, also after two contacts turned out to be one.

use std::collections::{BTreeSet, HashMap};

use schemas::{ChannelId, ContactId, ConversationId, Event};

use super::aliases::Aliases;
use super::{Evidence, Findings};

/// With whom each conversation was opened, and where.
type Open<'a> = HashMap<ConversationId, (ContactId, &'a ChannelId)>;

pub(super) fn check(evidence: &Evidence) -> Findings {
    let (mut aliases, mut open) = (Aliases::default(), Open::new());
    let mut findings = Findings::new();
    for placed in evidence.log.commits() {
        let mut touched = BTreeSet::new();
        for event in &placed.commit.events {
            match event {
                Event::ConversationOpened(e) => {
                    open.insert(e.conversation, (e.contact, &e.channel));
                    touched.insert(e.contact);
                }
                Event::ContactsMerged(e) => {
                    aliases.merge(e, placed.position);
                    touched.insert(e.contact);
                }
                Event::ConversationFinished(e) => drop(open.remove(&e.conversation)),
                Event::ConversationMerged(e) => drop(open.remove(&e.conversation)),
                _ => {}
            }
        }
        // What one command does is seen as a whole: contacts are one before their conversations are.
        for contact in touched {
            let several = more_than_one(&open, &aliases, contact);
            findings.extend(several.map(|which| format!("{which} from {} on", placed.position)));
        }
    }
    findings
}

fn more_than_one(open: &Open<'_>, aliases: &Aliases, contact: ContactId) -> impl Iterator<Item = String> {
    let contact = aliases.resolve(contact);
    let mut by_channel: HashMap<&ChannelId, Vec<ConversationId>> = HashMap::new();
    for (id, (with, channel)) in open {
        if aliases.resolve(*with) == contact {
            by_channel.entry(channel).or_default().push(*id);
        }
    }
    by_channel.retain(|_, open| open.len() > 1);
    by_channel.into_iter().map(move |(channel, open)| format!("{contact} has {open:?} open on {channel}"))
}
