//! What the views answer: each conversation in exactly one list, pages that cover everything, statuses for those who
//! may see them.
#![allow(clippy::unwrap_used, reason = "a test may")]

mod common;

use std::collections::BTreeSet;

use common::Centre;
use common::scenes::*;
use common::traffic::{AGENTS, Traffic, agent, campaign, channel, contact_id, conversation_id, workspace};
use projections::{QueryError, StatusShown, Views};
use schemas::api::Page;
use schemas::api::views::{ConversationState, Entry, EntryBody, InboxItem, MessageState, MessageStatus};
use schemas::event::*;
use schemas::*;

async fn told(
    events: impl IntoIterator<Item = (schemas::frame::CommitHeader, Vec<Event>)>,
) -> (Centre, Views) {
    let mut centre = Centre::with_traffic(&mut Traffic::new(1, 0), 0).await;
    for commit in events {
        centre.append(&[commit]).await;
    }
    let views = centre.views("views").await;
    centre.up_to_date(&views).await;
    (centre, views)
}

async fn and_then(centre: &mut Centre, views: &Views, millis: u64, event: Event) {
    centre.append(&[at(millis, [event])]).await;
    centre.up_to_date(views).await;
}

/// In whose list, or in which queue, the conversation is.
fn places(views: &Views, number: u64) -> Vec<String> {
    let id = conversation_id(number);
    let is_in = |page: Page<InboxItem>| page.items.iter().any(|item| item.conversation == id);
    let mut places = Vec::new();
    for number in 0..AGENTS {
        if is_in(views.inbox().of_agent(&workspace(), &agent(number), None, 200).unwrap()) {
            places.push(agent(number).to_string());
        }
    }
    for number in 0..2 {
        if is_in(views.inbox().queue_of_campaign(&workspace(), &campaign(number), None, 200).unwrap()) {
            places.push(campaign(number).to_string());
        }
    }
    places
}

#[tokio::test(flavor = "multi_thread")]
async fn a_conversation_that_moves_is_in_exactly_one_place() {
    let opening = at(10, [opened(1, MAIN, SALES), received(1, "hello"), queued(1, SALES, 10)]);
    let (mut centre, views) = told([opening]).await;
    assert_eq!(places(&views, 1), ["sales"]);
    let moves = [
        (assigned(1, ANA), vec!["agent-0"]),
        (received(1, "are you there?"), vec!["agent-0"]),
        (submitted(1, 0, MAIN, "yes"), vec!["agent-0"]),
        (assigned(1, BEN), vec!["agent-1"]),
        (queued(1, SUPPORT, 10), vec!["support"]),
        (queued(1, SUPPORT, 11), vec!["support"]),
        (transferred(1, None, TransferTarget::Campaign(campaign(SALES))), vec!["sales"]),
        (assigned(1, ANA), vec!["agent-0"]),
        (finished(1, Some(ANA)), vec![]),
    ];
    for (number, (event, expected)) in moves.into_iter().enumerate() {
        let name = event.name();
        and_then(&mut centre, &views, 20 + number as u64, event).await;
        assert_eq!(places(&views, 1), expected, "after move {number}, {name}");
    }
    let counts = views.inbox().counts().unwrap();
    assert_eq!((counts.open, counts.waiting), (0, 0));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_agent_sees_first_who_waits_longest_and_then_the_last_active() {
    let of = |number: u64, millis| {
        at(millis, [opened(number, MAIN, SALES), received(number, "hi"), assigned(number, ANA)])
    };
    let (_centre, views) = told([
        of(1, 10),
        of(2, 20),
        of(3, 30),
        of(4, 40),
        at(50, [submitted(2, 0, MAIN, "yes?")]),
        at(60, [submitted(3, 0, MAIN, "yes?")]),
        at(70, [received(1, "hello?"), received(1, "hello??")]),
    ])
    .await;
    let page = views.inbox().of_agent(&workspace(), &agent(ANA), None, 10).unwrap();
    let order: Vec<_> = page.items.iter().map(|item| item.conversation).collect();
    assert_eq!(order, [1, 4, 3, 2].map(conversation_id));
    let first = &page.items[0];
    assert_eq!((first.unread, first.waiting_since), (3, Some(Timestamp::from_millis(10))));
    assert_eq!(first.last_message.as_ref().unwrap().preview, "hello??");
    let quiet = &page.items[2];
    assert_eq!((quiet.unread, quiet.waiting_since), (0, None));
    assert!(quiet.last_message.as_ref().unwrap().outbound);
}

#[tokio::test(flavor = "multi_thread")]
async fn by_when_a_customer_is_to_be_answered_stands_in_their_row_until_a_person_answers() {
    use ResponseKind::{First, Next};
    let (mut centre, views) =
        told([at(10, [opened(1, MAIN, SALES), received(1, "hi"), assigned(1, ANA)])]).await;
    let row = |views: &Views| {
        let mut page = views.inbox().of_agent(&workspace(), &agent(ANA), None, 10).unwrap();
        let item = page.items.remove(0);
        let due_at = item.due_at.map(Timestamp::millis);
        (due_at, item.is_first_response, item.is_missed, item.waiting_since.is_some(), item.unread)
    };
    assert_eq!(row(&views), (None, false, false, true, 1));
    let steps = [
        (awaited(1, First, Some(50)), (Some(50), true, false, true, 1)),
        // It is no answer.
        (by_atender(1, 0, MAIN, SystemCause::OutOfHours), (Some(50), true, false, true, 1)),
        (missed(1, First, 50, SALES), (Some(50), true, true, true, 1)),
        (awaited(1, First, Some(90)), (Some(90), true, false, true, 1)),
        (submitted(1, 1, MAIN, "yes"), (None, false, false, false, 0)),
        (awaited(1, Next, Some(99)), (Some(99), false, false, false, 0)),
        (awaited(1, Next, None), (None, false, false, false, 0)),
    ];
    for (number, (event, expected)) in steps.into_iter().enumerate() {
        and_then(&mut centre, &views, 20 + number as u64, event).await;
        assert_eq!(row(&views), expected, "after step {number}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_header_has_the_names_of_its_masters_and_where_it_stands() {
    let (mut centre, views) =
        told([at(10, [opened(1, MAIN, SALES), received(1, "hi"), queued(1, SALES, 10)])]).await;
    let of = |views: &Views| views.conversation(&workspace(), conversation_id(1)).unwrap().unwrap();
    let header = of(&views);
    let names =
        [&header.channel, &header.campaign, &header.project, &header.client].map(|named| named.name.as_str());
    assert_eq!(names, ["Channel wa-main", "Campaign sales", "Launch", "Acme"]);
    assert_eq!((header.state, header.version, header.position.index), (ConversationState::Waiting, 2, 2));

    and_then(&mut centre, &views, 20, assigned(1, ANA)).await;
    assert_eq!((of(&views).state, of(&views).agent), (ConversationState::Assigned, Some(agent(ANA))));
    and_then(&mut centre, &views, 30, transferred(1, Some(ANA), TransferTarget::Campaign(campaign(SUPPORT))))
        .await;
    and_then(&mut centre, &views, 30, assigned(1, BEN)).await;
    assert_eq!((of(&views).campaign.id, of(&views).agent), ("support".to_owned(), Some(agent(BEN))));
    and_then(&mut centre, &views, 40, finished(1, Some(BEN))).await;
    let header = of(&views);
    assert_eq!(
        (header.state, header.agent, header.version),
        (ConversationState::Finished, Some(agent(BEN)), 6)
    );
    assert_eq!(header.finished_at, Some(Timestamp::from_millis(40)));
    assert!(views.conversation(&workspace(), conversation_id(2)).unwrap().is_none());
}

/// Gives the page behind a cursor.
type Pages<'a, T> = dyn FnMut(Option<&str>, usize) -> Result<Page<T>, QueryError> + 'a;

/// Follows `next` until there is none, with pages of every size.
fn all_pages<T, K: Ord + std::fmt::Debug>(
    mut page: impl FnMut(Option<&str>, usize) -> Result<Page<T>, QueryError>,
    key: impl Fn(&T) -> K,
) -> Vec<K> {
    let whole = |limit: usize, page: &mut Pages<'_, T>| {
        let (mut found, mut cursor) = (Vec::new(), None::<String>);
        loop {
            let Page { items, next } = page(cursor.as_deref(), limit).unwrap();
            assert!(items.len() <= limit && (!items.is_empty() || next.is_none()), "limit {limit}");
            found.extend(items.iter().map(&key));
            match next {
                Some(next) => cursor = Some(next),
                None => return found,
            }
        }
    };
    let expected = whole(200, &mut page);
    for limit in [1, 2, 3, 7, 50] {
        assert_eq!(whole(limit, &mut page), expected, "with pages of {limit}");
    }
    let unique: BTreeSet<_> = expected.iter().collect();
    assert_eq!(unique.len(), expected.len(), "something came twice");
    expected
}

#[tokio::test(flavor = "multi_thread")]
async fn pages_cover_everything_once() {
    let mut traffic = Traffic::new(3, 60);
    let centre = Centre::with_traffic(&mut traffic, 700).await;
    let views = centre.views("views").await;
    centre.up_to_date(&views).await;
    let ws = workspace();

    let mut listed = 0;
    for number in 0..AGENTS {
        let of_agent =
            |cursor: Option<&str>, limit| views.inbox().of_agent(&ws, &agent(number), cursor, limit);
        listed += all_pages(of_agent, |item| item.conversation).len();
    }
    let mut waiting = 0;
    for number in 0..2 {
        let queue = |cursor: Option<&str>, limit| {
            views.inbox().queue_of_campaign(&ws, &campaign(number), cursor, limit)
        };
        waiting += all_pages(queue, |item| (item.queued_since, item.conversation)).len();
    }
    let counts = views.inbox().counts().unwrap();
    assert_eq!((counts.open, counts.waiting), ((listed + waiting) as u64, waiting as u64));
    assert!(listed > 20 && waiting > 5);

    let mut entries = 0;
    for number in 0..traffic.conversations() {
        let id = conversation_id(number);
        let messages =
            |cursor: Option<&str>, limit| views.messages(&ws, id, cursor, limit, StatusShown::Always);
        let positions = all_pages(messages, |entry| entry.position);
        assert!(positions.is_sorted_by(|a, b| a > b), "newest first");
        let header = views.conversation(&ws, id).unwrap().unwrap();
        assert_eq!((header.version, header.position), (positions.len() as u64, positions[0]));
        let sequences = views.audit_sequences(&ws, id).unwrap();
        assert!(sequences.is_sorted_by(|a, b| a < b));
        assert!(positions.iter().all(|position| sequences.contains(&position.sequence)));
        entries += positions.len();
    }
    assert!(entries > 1_000, "{entries}");

    let (mut of_contacts, mut merged) = (0, 0);
    for number in 0..traffic.conversations() {
        let contact = contact_id(number);
        let of_contact =
            |cursor: Option<&str>, limit| views.history().contact_conversations(&ws, contact, cursor, limit);
        let found = all_pages(of_contact, |found| (std::cmp::Reverse(found.opened_at), found.conversation));
        // A merged id lists what the contact has that it stands for.
        if views.contacts().resolve(&ws, contact).unwrap() == contact {
            of_contacts += found.len();
        } else {
            merged += 1;
        }
    }
    assert_eq!(of_contacts as u64, traffic.conversations());
    assert!(merged > 3, "{merged}");
}

/// Auditors read exactly the frames that hold something of the conversation.
#[tokio::test(flavor = "multi_thread")]
async fn an_audit_finds_every_event_of_a_conversation() {
    let mut traffic = Traffic::new(4, 20);
    let centre = Centre::with_traffic(&mut traffic, 300).await;
    let views = centre.views("views").await;
    centre.up_to_date(&views).await;
    let mut expected = vec![BTreeSet::new(); traffic.conversations() as usize];
    for sequence in 1..=centre.head {
        let recorded = centre.log.read_frame(sequence).await.unwrap().unwrap();
        for event in recorded.frame.commits.iter().flat_map(|commit| &commit.events) {
            let Some(id) = event.conversation() else { continue };
            let number = (0..traffic.conversations()).find(|n| conversation_id(*n) == id).unwrap();
            expected[number as usize].insert(sequence);
        }
    }
    for (number, expected) in expected.iter().enumerate() {
        let found = views.audit_sequences(&workspace(), conversation_id(number as u64)).unwrap();
        assert_eq!(found, expected.iter().copied().collect::<Vec<_>>());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cursor_of_another_list_is_refused() {
    let of =
        |number: u64| at(10, [opened(number, MAIN, SALES), received(number, "hi"), assigned(number, ANA)]);
    let (_centre, views) = told([of(1), of(2)]).await;
    let ws = workspace();
    let next = views.inbox().of_agent(&ws, &agent(ANA), None, 1).unwrap().next.unwrap();
    for cursor in [next.as_str(), "", "zz", &next[2..]] {
        let queue = views.inbox().queue_of_campaign(&ws, &campaign(SALES), Some(cursor), 1);
        assert!(matches!(queue, Err(QueryError::Cursor(_))), "{cursor:?}");
        let messages = views.messages(&ws, conversation_id(1), Some(cursor), 1, StatusShown::Always);
        assert!(matches!(messages, Err(QueryError::Cursor(_))), "{cursor:?}");
    }
}

fn statuses(views: &Views, number: u64, shown: StatusShown) -> Vec<Option<MessageStatus>> {
    let page = views.messages(&workspace(), conversation_id(number), None, 200, shown).unwrap();
    let status = |entry: Entry| match entry.body {
        EntryBody::Outbound { status, .. } => Some(status),
        _ => None,
    };
    page.items.into_iter().rev().filter_map(status).collect()
}

fn status(views: &Views, number: u64) -> MessageStatus {
    statuses(views, number, StatusShown::Always).pop().unwrap().unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn agents_see_statuses_only_where_the_channel_shows_them() {
    let of = |number: u64, on| {
        let first = [opened(number, on, SALES), received(number, "hi"), assigned(number, ANA)];
        [at(10, first), at(20, [submitted(number, 0, on, "yes?")])]
    };
    let (_centre, views) = told(of(1, MAIN).into_iter().chain(of(2, HIDDEN))).await;
    assert!(statuses(&views, 1, StatusShown::AsTheChannelSays)[0].is_some());
    assert!(statuses(&views, 2, StatusShown::AsTheChannelSays)[0].is_none());
    assert!(statuses(&views, 2, StatusShown::Always)[0].is_some());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_status_follows_the_message_and_never_goes_back() {
    use DeliveryStatus::{Delivered, Failed, Read, Sent};
    let first = [opened(1, MAIN, SALES), received(1, "hi"), assigned(1, ANA), submitted(1, 0, MAIN, "yes?")];
    let (mut centre, views) = told([at(10, first)]).await;
    let (conversation, message, ordinal) = (conversation_id(1), outbound(1, 0), 0);
    let error = DeliveryError { code: 130_429, detail: "slow down".into() };
    let retry_at = Timestamp::from_millis(99);
    let attempted = |attempt| SendAttempted { conversation, message, ordinal, attempt }.into();
    let submitted = Position { shard: ShardId(0), sequence: 1, index: 0 };
    let steps: [(Event, MessageState); 13] = [
        (attempted(1), MessageState::Pending),
        (
            SendDeferred { conversation, message, ordinal, attempt: 1, error, retry_at }.into(),
            MessageState::Pending,
        ),
        (attempted(2), MessageState::Pending),
        (SendUncertain { conversation, message, ordinal, attempt: 2 }.into(), MessageState::Uncertain),
        (
            SendAccepted { conversation, message, ordinal, attempt: 2, provider_id: "wamid.out".into() }
                .into(),
            MessageState::Pending,
        ),
        (delivery(1, 0, Read, Read), MessageState::Read),
        (delivery(1, 0, Sent, Read), MessageState::Read),
        (delivery(1, 0, Delivered, Read), MessageState::Read),
        (delivery(1, 0, Failed, Failed), MessageState::Failed),
        (MessageResent { conversation, message, ordinal, submitted }.into(), MessageState::Pending),
        // Of the send before: the engine leaves the status as it is.
        (delivery(1, 0, Failed, DeliveryStatus::Pending), MessageState::Pending),
        (SendUncertain { conversation, message, ordinal, attempt: 3 }.into(), MessageState::Uncertain),
        (MessageSettled { conversation, message, ordinal, status: Sent }.into(), MessageState::Sent),
    ];
    for (number, (event, expected)) in steps.into_iter().enumerate() {
        let name = event.name();
        and_then(&mut centre, &views, 20, event).await;
        let found = status(&views, 1);
        assert_eq!(found.status, expected, "after step {number}, {name}");
        assert_eq!(found.retry_at.is_some(), number == 1, "after step {number}, {name}");
        let has_error = (1..=3).contains(&number) || number == 8;
        assert_eq!(found.error.is_some(), has_error, "after step {number}, {name}");
        if number == 7 {
            let receipts: Vec<_> = found.receipts.iter().map(|receipt| receipt.status).collect();
            assert_eq!(receipts, [Sent, Delivered, Read]);
        }
    }
    assert_eq!((status(&views, 1).attempts, status(&views, 1).receipts.len()), (2, 0));
}

#[tokio::test(flavor = "multi_thread")]
async fn of_a_receipt_that_comes_twice_the_first_time_counts() {
    let first = [opened(1, MAIN, SALES), received(1, "hi"), assigned(1, ANA), submitted(1, 0, MAIN, "yes?")];
    let again = DeliveryUpdated {
        conversation: conversation_id(1),
        message: outbound(1, 0),
        ordinal: 0,
        receipt: DeliveryStatus::Sent,
        reported_at: Timestamp::from_millis(9_999),
        provider_id: None,
        error: None,
        status: DeliveryStatus::Sent,
    };
    let sent = DeliveryStatus::Sent;
    let (_centre, views) = told([at(10, first), at(20, [delivery(1, 0, sent, sent), again.into()])]).await;
    let receipts = status(&views, 1).receipts;
    assert_eq!(receipts.len(), 1);
    assert_eq!(receipts[0].at, Timestamp::from_millis(101));
}

#[tokio::test(flavor = "multi_thread")]
async fn masters_are_as_defined_last_and_presence_is_kept() {
    let away = Presence::Away { reason: "lunch".into() };
    let changed = PresenceChanged { agent: agent(ANA), presence: away.clone() };
    let (_centre, views) = told([at(10, [changed.into()])]).await;
    let ws = workspace();
    let inbox = views.inbox();
    assert_eq!(inbox.workspace(&ws).unwrap().unwrap().name, "Default");
    assert_eq!(inbox.agent(&ws, &agent(ANA)).unwrap().unwrap().presence, away);
    assert_eq!(inbox.agents(&ws).unwrap().len(), AGENTS);
    assert!(!inbox.channel(&ws, &channel(HIDDEN)).unwrap().unwrap().show_status);
    assert_eq!(inbox.campaigns(&ws).unwrap().len(), 2);
    let other = WorkspaceId::new("other").unwrap();
    assert!(inbox.workspace(&other).unwrap().is_none() && inbox.agents(&other).unwrap().is_empty());

    let mut definition = inbox.agent(&ws, &agent(ANA)).unwrap().unwrap().definition;
    definition.name = "Ana".into();
    let (_centre, views) = told([at(
        10,
        [PresenceChanged { agent: agent(ANA), presence: away.clone() }.into(), definition.into()],
    )])
    .await;
    let ana = views.inbox().agent(&ws, &agent(ANA)).unwrap().unwrap();
    assert_eq!((ana.definition.name.as_str(), ana.presence), ("Ana", away));
}
