//! Contacts who turned out to be one are one: nothing is of the id any more that stands for another, an address leads to
//! one contact for ever, and whoever asks for either id is shown the one who goes on.

use std::collections::HashMap;

use schemas::{ChannelKind, ContactId, Event, Position};

use super::aliases::Aliases;
use super::{Evidence, Findings};
use crate::record::Shown;

pub(super) fn check(evidence: &Evidence) -> Findings {
    let (mut aliases, mut known) = (Aliases::default(), HashMap::new());
    let mut findings = Findings::new();
    for happened in evidence.log.events() {
        let (event, at) = (happened.event, happened.position);
        for id in ids(event) {
            if let Some((contact, since)) = aliases.stands_for(id) {
                findings.push(format!("{} at {at} is of {id}, who is {contact} since {since}", event.name()));
            }
        }
        if let Event::ContactsMerged(e) = event {
            aliases.merge(e, at);
        }
        for (contact, address) in addresses(event) {
            if let Some(before) = known.insert(address, contact)
                && aliases.resolve(before) != contact
            {
                findings.push(format!("{address:?} is of {contact} at {at}, and was of {before}"));
            }
        }
    }
    let wrong = evidence.records.shown.iter().filter(|shown| !is_right(&aliases, shown));
    findings.extend(wrong.map(|shown| format!("{shown:?} is not who that contact is")));
    findings
}

/// The contacts of whom an event is.
fn ids(event: &Event) -> Vec<ContactId> {
    match event {
        Event::ConversationOpened(e) => vec![e.contact],
        Event::ContactsMerged(e) => vec![e.contact, e.merged],
        Event::IdentityChanged(e) => vec![e.contact],
        Event::ContactUpdated(e) => vec![e.contact],
        Event::ContactNoteAdded(e) => vec![e.contact],
        Event::ExclusiveAgentSet(e) => vec![e.contact],
        Event::ExclusiveAgentRemoved(e) => vec![e.contact],
        _ => vec![],
    }
}

/// Where a contact is known to write from.
fn addresses(event: &Event) -> Vec<(ContactId, (ChannelKind, &str))> {
    match event {
        Event::ConversationOpened(e) => vec![(e.contact, (e.network, &e.identity))],
        Event::ContactsMerged(e) => {
            e.identity.iter().map(|of| (e.contact, (of.network, &*of.address))).collect()
        }
        Event::IdentityChanged(e) => {
            [&e.from, &e.to].map(|of| (e.contact, (of.network, &*of.address))).to_vec()
        }
        _ => vec![],
    }
}

/// Who was shown is whom the id stood for when the answer was given, or came to stand for since.
fn is_right(aliases: &Aliases, shown: &Shown) -> bool {
    let mut contact = shown.asked;
    loop {
        let next = aliases.stands_for(contact);
        if contact == shown.shown {
            return next.is_none_or(|(_, merged)| is_after(merged, shown.at));
        }
        match next {
            Some((next, _)) => contact = next,
            None => return false,
        }
    }
}

fn is_after(merged: Position, at: Option<Position>) -> bool {
    at.is_none_or(|at| merged > at)
}
