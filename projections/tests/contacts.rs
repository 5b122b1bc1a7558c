//! The contacts view: who is found by what, page by page, and what becomes of everything when two are one.
#![allow(clippy::unwrap_used, reason = "a test may")]

mod common;

use std::collections::BTreeSet;

use common::Centre;
use common::scenes::{MAIN, SALES, at, opened};
use common::traffic::{Random, Traffic, agent, campaign, contact_id, conversation_id, workspace};
use projections::{Query, QueryError, Views};
use schemas::api::Page;
use schemas::api::contacts::Contact;
use schemas::event::*;
use schemas::*;

fn set(field: ContactField, value: Option<&str>) -> FieldSet {
    FieldSet { field, value: value.map(str::to_owned) }
}

/// The contact with this number writes from this phone, and is called so.
fn somebody(number: u64, phone: &str, name: &str) -> Vec<Event> {
    let Event::ConversationOpened(e) = opened(number, MAIN, SALES) else { panic!("an opening") };
    let contact = contact_id(number);
    let wrote = ConversationOpened { contact, identity: phone.to_owned(), profile_name: None, ..e };
    vec![wrote.into(), updated(number, vec![set(ContactField::Name, Some(name))])]
}

fn updated(number: u64, set: Vec<FieldSet>) -> Event {
    ContactUpdated { contact: contact_id(number), set, conversations: vec![] }.into()
}

fn merged(number: u64, other: u64) -> Event {
    let (contact, merged) = (contact_id(number), contact_id(other));
    ContactsMerged { contact, merged, identity: None, conversations: vec![] }.into()
}

async fn told(events: Vec<Event>) -> (Centre, Views) {
    let mut centre = Centre::with_traffic(&mut Traffic::new(1, 0), 0).await;
    for (number, events) in events.chunks(100).enumerate() {
        let (header, _) = at(1_000 + number as u64, []);
        centre.append(&[(header, events.to_vec())]).await;
    }
    let views = centre.views("views").await;
    centre.up_to_date(&views).await;
    (centre, views)
}

fn page(
    views: &Views,
    query: &str,
    cursor: Option<&str>,
    limit: usize,
    is_seen: impl Fn(ContactId) -> bool,
) -> Page<Contact> {
    let query = Query::parse(query).unwrap();
    let seen = |id| Ok::<_, QueryError>(is_seen(id));
    views.contacts().search(&workspace(), &query, cursor, limit, seen).unwrap()
}

/// All that is found, and in how many pages.
fn found(
    views: &Views,
    query: &str,
    limit: usize,
    is_seen: impl Fn(ContactId) -> bool,
) -> (Vec<ContactId>, usize) {
    let (mut all, mut cursor, mut pages) = (Vec::new(), None::<String>, 0);
    loop {
        let page = page(views, query, cursor.as_deref(), limit, &is_seen);
        assert!(page.items.len() <= limit);
        all.extend(page.items.iter().map(|contact| contact.id));
        pages += 1;
        match page.next {
            Some(next) => cursor = Some(next),
            None => return (all, pages),
        }
    }
}

const NAMES: [&str; 12] = [
    "Ana", "Anabel", "María", "Mario", "Mar", "José", "Josefa", "Núñez", "Nunes", "Gil", "Gilberto",
    "O'Neill",
];

/// As a person would look: every word asked for begins a word of the name.
fn is_called(name: &str, query: &str) -> bool {
    let plain = |text: &str| {
        text.to_lowercase()
            .replace('á', "a")
            .replace('í', "i")
            .replace('é', "e")
            .replace('ú', "u")
            .replace('ñ', "n")
    };
    let name = plain(name);
    let words: Vec<&str> = name.split([' ', '\'']).collect();
    plain(query).split([' ', '\'']).all(|wanted| words.iter().any(|word| word.starts_with(wanted)))
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_has_all_words_is_found_once_whatever_the_pages() {
    let mut random = Random::new(5);
    let mut events = Vec::new();
    let names: Vec<String> = (0..400)
        .map(|_| {
            let words: Vec<&str> = (0..=random.below(3)).map(|_| NAMES[random.below(NAMES.len())]).collect();
            words.join(" ")
        })
        .collect();
    for (number, name) in (0..).zip(&names) {
        events.extend(somebody(number, &format!("34600{number:06}"), "Somebody Before"));
        events.push(updated(number, vec![set(ContactField::Name, Some(name))]));
    }
    let (_centre, views) = told(events).await;
    assert_eq!(found(&views, "somebody", 200, |_| true), (vec![], 1), "what they were called before");
    for query in [
        "a",
        "ana",
        "mar",
        "maria",
        "JOSÉ",
        "nu",
        "ñu gil",
        "mar jos",
        "o neill",
        "ana ana",
        "gil mar jose",
        "x",
    ] {
        let expected: BTreeSet<ContactId> = (0..)
            .zip(&names)
            .filter(|(_, name)| is_called(name, query))
            .map(|(number, _)| contact_id(number))
            .collect();
        assert_eq!(query == "x", expected.is_empty(), "{query}");
        let (whole, _) = found(&views, query, 200, |_| true);
        assert_eq!(whole.iter().copied().collect::<BTreeSet<_>>(), expected, "{query}");
        assert_eq!(whole.len(), expected.len(), "{query} lists somebody twice");
        for limit in [1, 7] {
            assert_eq!(found(&views, query, limit, |_| true).0, whole, "{query} in pages of {limit}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_search_for_few_who_are_seen_among_many_goes_on_in_short_pages() {
    let names = (0..900).flat_map(|number| somebody(number, &format!("34600{number:06}"), "Ana Gil"));
    let (_centre, views) = told(names.collect()).await;
    let seen = contact_id(7);
    let (all, pages) = found(&views, "ana gil", 50, |id| id == seen);
    assert_eq!(all, [seen]);
    assert!((3..20).contains(&pages), "{pages} pages");
    assert_eq!(found(&views, "34600000007", 50, |id| id == seen), (vec![seen], 1));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_number_is_found_from_its_beginnings_and_by_its_end() {
    let mut events = somebody(1, "34600123456", "Ana");
    events.extend(somebody(2, "urn:mbid:AQAAY9001", "Ben"));
    let document = set(ContactField::Document, Some("9001-X"));
    events.push(updated(2, vec![set(ContactField::Phone, Some("33170189900")), document]));
    let (_centre, views) = told(events).await;
    let of = |query: &str| found(&views, query, 10, |_| true).0;
    for query in ["34600123456", "+34 600 123", "600123456", "600 12", "0123456", "456", "23-456", "346"] {
        assert_eq!(of(query), [contact_id(1)], "{query}");
    }
    for query in ["170189900", "1 70 18", "9900", "9001", "9001x", "9001-X ben"] {
        assert_eq!(of(query), [contact_id(2)], "{query}");
    }
    for query in ["123", "12345", "urn", "9001y"] {
        assert_eq!(of(query), [], "{query}");
    }
    let query = Query::parse("ana ben").unwrap();
    let seen = |_| Ok::<_, QueryError>(true);
    for cursor in ["x", "0107", &format!("0107{}", "09".repeat(34)), &format!("0107{}", "00".repeat(34))] {
        let refused = views.contacts().search(&workspace(), &query, Some(cursor), 10, seen);
        assert!(matches!(refused, Err(QueryError::Cursor(_))), "{cursor}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn when_two_are_one_everything_is_of_the_one() {
    let mut events = Vec::new();
    for number in 1..=3 {
        events.extend(somebody(number, &format!("3460000000{number}"), &format!("Name{number}")));
        let contact = contact_id(number);
        let note = ContactNoteAdded { contact, text: format!("note {number}"), conversations: vec![] };
        events.push(note.into());
    }
    let exclusive = |number: u64, of: usize, to: usize| -> Event {
        let (contact, campaign, agent) = (contact_id(number), campaign(of), agent(to));
        ExclusiveAgentSet { contact, campaign, agent, until: None, conversation: None }.into()
    };
    events.extend([exclusive(1, 0, 1), exclusive(2, 0, 2), exclusive(2, 1, 2)]);
    events.push(updated(1, vec![set(ContactField::Name, None)]));
    events.push(updated(2, vec![set(ContactField::Email, Some("two@example.com"))]));
    events.extend([merged(1, 2), merged(3, 1)]);
    let (mut centre, views) = told(events).await;
    let ws = workspace();
    for number in 1..=3 {
        let contact = views.contacts().contact(&ws, contact_id(number)).unwrap().unwrap();
        assert_eq!((contact.id, contact.name.as_deref()), (contact_id(3), Some("Name3")));
        assert_eq!(contact.email.as_deref(), Some("two@example.com"));
        let mut addresses: Vec<_> = contact.identities.iter().map(|known| known.address.as_str()).collect();
        addresses.sort_unstable();
        assert_eq!(addresses, ["34600000001", "34600000002", "34600000003"]);
        let notes = views.contacts().notes(&ws, contact_id(number), None, 10).unwrap();
        let texts: Vec<_> = notes.items.iter().map(|note| note.text.as_str()).collect();
        assert_eq!(texts, ["note 3", "note 2", "note 1"], "newest first");
        let agents = views.contacts().exclusive_agents(&ws, contact_id(number)).unwrap();
        let agents: Vec<_> = agents.into_iter().map(|found| (found.campaign, found.agent)).collect();
        assert_eq!(agents, [(campaign(0), agent(1)), (campaign(1), agent(2))], "the first's own stay");
        let conversations = views.history().contact_conversations(&ws, contact_id(number), None, 10).unwrap();
        assert_eq!(conversations.items.len(), 3);
        let header = views.conversation(&ws, conversation_id(number)).unwrap().unwrap();
        assert_eq!((header.contact, header.contact_name.as_deref()), (contact_id(3), Some("Name3")));
    }
    assert_eq!(found(&views, "name", 10, |_| true).0, [contact_id(3)]);
    let before = views.contacts().changes(&ws, contact_id(3), None, 50).unwrap().items;
    let merges = before.iter().filter(|change| change.field == "merged").count();
    assert_eq!((merges, before.len()), (2, 2 + 5), "all changes of all of them, and that they are one");

    centre
        .append(&[at(
            9_000,
            [updated(1, vec![set(ContactField::Name, Some("Name3")), set(ContactField::Phone, None)])],
        )])
        .await;
    centre.up_to_date(&views).await;
    assert_eq!(
        views.contacts().changes(&ws, contact_id(3), None, 50).unwrap().items,
        before,
        "nothing was another"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_never_wrote_is_nobody() {
    let identity = |address: &str| Identity { network: ChannelKind::Whatsapp, address: address.to_owned() };
    let changed = IdentityChanged {
        contact: contact_id(1),
        from: identity("34600000001"),
        to: identity("34600000002"),
        conversations: vec![],
    };
    let (mut centre, views) = told(vec![merged(1, 2), changed.into()]).await;
    assert_eq!(views.contacts().contact(&workspace(), contact_id(2)).unwrap(), None);
    assert_eq!(found(&views, "346", 10, |_| true).0, []);
    centre.append(&[at(9_000, [opened(1, MAIN, SALES)])]).await;
    centre.up_to_date(&views).await;
    let contact = views.contacts().contact(&workspace(), contact_id(2)).unwrap().unwrap();
    assert_eq!((contact.id, contact.first_seen_at), (contact_id(1), Timestamp::from_millis(9_000)));
    assert_eq!(found(&views, "346", 10, |_| true).0, [contact_id(1)]);
}
