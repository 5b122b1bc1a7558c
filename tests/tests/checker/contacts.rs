//! Planted about contacts: something happens to one who is another since, an address of two, somebody shown who is not
//! who was asked for, and two open conversations after a merge.

use schemas::event::{ContactNoteAdded, ContactsMerged, ConversationMerged, ConversationOpened, Event};
use schemas::{Actor, ChannelKind, ContactId, ConversationId, Identity};
use tests::centre::{agent, campaign, channel, contact, identity};
use tests::checker::{Evidence, Rule, check};
use tests::record::Shown;

use super::day::{breaks, in_order, then};

fn merged(goes_on: u64, other: u64) -> Event {
    let address = Identity { network: ChannelKind::Whatsapp, address: identity(other) };
    let (contact, merged) = (contact(goes_on), contact(other));
    ContactsMerged { contact, merged, identity: Some(address), conversations: vec![] }.into()
}

/// A day after which a stranger turned out to be the first contact.
fn day_with_a_merge() -> Evidence {
    let mut evidence = in_order();
    then(&mut evidence, Actor::Administrator, 1, vec![merged(0, 7)]);
    assert_eq!(check(&evidence), [], "they are one");
    evidence
}

fn noted(contact: ContactId) -> Event {
    ContactNoteAdded { contact, text: "calls on Mondays".to_owned(), conversations: vec![] }.into()
}

fn opened(with: u64, from: u64) -> Event {
    let opened = ConversationOpened {
        conversation: ConversationId::from_bytes([9; 16]),
        contact: contact(with),
        identity: identity(from),
        network: ChannelKind::Whatsapp,
        profile_name: None,
        channel: channel(),
        campaign: campaign(0),
    };
    opened.into()
}

#[test]
fn a_note_on_who_is_another_since() {
    let mut evidence = day_with_a_merge();
    then(&mut evidence, Actor::Administrator, 2, vec![noted(contact(0))]);
    assert_eq!(check(&evidence), []);
    then(&mut evidence, Actor::Administrator, 2, vec![noted(contact(7))]);
    breaks(&evidence, Rule::OneContact);
}

#[test]
fn a_contact_who_becomes_another_twice() {
    let mut evidence = day_with_a_merge();
    then(&mut evidence, Actor::Administrator, 2, vec![merged(8, 7)]);
    breaks(&evidence, Rule::OneContact);
}

#[test]
fn an_address_of_two_contacts() {
    let mut evidence = day_with_a_merge();
    then(&mut evidence, Actor::System, 2, vec![opened(8, 7)]);
    breaks(&evidence, Rule::OneContact);
}

#[test]
fn a_contact_who_is_shown_instead_of_another() {
    let mut evidence = day_with_a_merge();
    let end = evidence.log.events().last().unwrap().position;
    let before = evidence.log.events().next().unwrap().position;
    for (asked, shown, at, is_right) in [
        (7, 0, Some(end), true),
        (0, 0, Some(end), true),
        (7, 7, Some(before), true),
        (7, 7, None, true),
        (7, 0, None, true),
        (7, 7, Some(end), false),
        (7, 1, None, false),
        (0, 7, Some(end), false),
    ] {
        evidence.records.shown = vec![Shown { asked: contact(asked), shown: contact(shown), at }];
        if is_right {
            assert_eq!(check(&evidence), [], "{asked} {shown} {at:?}");
        } else {
            breaks(&evidence, Rule::OneContact);
        }
    }
}

#[test]
fn two_open_conversations_of_contacts_who_are_one() {
    let evidence = in_order();
    // The second and the fourth are with the same agent, who has both conversations still.
    let of = |number| {
        evidence.log.events().find_map(|happened| match happened.event {
            Event::ConversationOpened(e) if e.contact == contact(number) => Some(e.conversation),
            _ => None,
        })
    };
    let (into, conversation) = (of(1).unwrap(), of(3).unwrap());
    let ends = ConversationMerged { conversation, into, agent: Some(agent(1)) };
    let (mut right, mut wrong) = (evidence.clone(), evidence);
    then(&mut right, Actor::Administrator, 1, vec![merged(1, 3), ends.into()]);
    assert_eq!(check(&right), []);
    then(&mut wrong, Actor::Administrator, 1, vec![merged(1, 3)]);
    breaks(&wrong, Rule::OneOpen);
}
