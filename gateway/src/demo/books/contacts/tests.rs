//! The fold of what is known of contacts, and what is shown of them otherwise.

use schemas::event::{ContactNoteAdded, ContactUpdated};
use schemas::{ShardId, Timestamp};

use super::*;

const ANA: ContactId = ContactId::from_bytes([1; 16]);
const EVA: ContactId = ContactId::from_bytes([2; 16]);
const LEA: ContactId = ContactId::from_bytes([3; 16]);

fn at(sequence: u64) -> Position {
    Position { shard: ShardId(0), sequence, index: 0 }
}

fn says(contact: ContactId, field: ContactField, value: &str) -> Event {
    let set = vec![FieldSet { field, value: Some(value.to_owned()) }];
    ContactUpdated { contact, set, conversations: Vec::new() }.into()
}

fn notes(contact: ContactId, text: &str) -> Event {
    ContactNoteAdded { contact, text: text.to_owned(), conversations: Vec::new() }.into()
}

fn are_one(contact: ContactId, merged: ContactId) -> Event {
    ContactsMerged { contact, merged, identity: None, conversations: Vec::new() }.into()
}

/// Ana is Eva too, who was Lea before.
fn book() -> ContactBook {
    let mut book = ContactBook::default();
    let events = [
        says(ANA, ContactField::Name, "Ana"),
        says(LEA, ContactField::Document, "1Z"),
        says(EVA, ContactField::Name, "Eva"),
        notes(LEA, "late"),
        are_one(EVA, LEA),
        are_one(ANA, EVA),
        notes(LEA, "early"),
    ];
    for (sequence, event) in (1..).zip(&events) {
        book.take(at(sequence), event);
    }
    book
}

fn shown() -> Shown {
    let contact = Contact {
        id: ANA,
        name: Some("Ana".into()),
        profile_name: None,
        email: None,
        phone: None,
        document: Some("1Z".into()),
        fields: BTreeMap::new(),
        identities: Vec::new(),
        first_seen_at: Timestamp::from_millis(0),
        last_opened_at: Timestamp::from_millis(0),
    };
    let notes = BTreeMap::from([(at(4), "late".to_owned()), (at(7), "early".to_owned())]);
    Shown { contact, notes, found: vec![ANA] }
}

#[track_caller]
fn assert_problems(problems: u64, change: impl FnOnce(&mut Shown)) {
    let (book, mut shown) = (book(), shown());
    change(&mut shown);
    let mut check = Check::new("all is well", "contacts");
    book.compare(&mut check, LEA, &shown);
    assert_eq!((check.problems, check.looked_at), (problems, 1), "{check}");
}

#[test]
fn what_was_written_of_one_stays_and_the_rest_is_of_whoever_they_turned_out_to_be_too() {
    let book = book();
    assert_eq!([ANA, EVA, LEA].map(|id| book.resolve(id)), [ANA; 3]);
    assert_eq!(book.known.keys().collect::<Vec<_>>(), [&ANA]);
    assert_problems(0, |_| {});
}

#[test]
fn what_is_shown_otherwise_or_not_found_is_found() {
    assert_problems(1, |shown| shown.contact.id = LEA);
    assert_problems(1, |shown| shown.contact.name = Some("Eva".into()));
    assert_problems(1, |shown| shown.contact.document = None);
    assert_problems(1, |shown| drop(shown.notes.pop_first()));
    assert_problems(1, |shown| shown.found.clear());
    assert_problems(1, |shown| shown.found.push(ANA));
}
