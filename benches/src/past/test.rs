//! What a past leaves is a log like any other.

use std::collections::BTreeMap;

use tests::centre::persist;
use tests::nats::TestNats;

use super::*;
use crate::groups::rebuild::read_alone;
use crate::parts::{open_more_conversations, sends, start_engine};

#[tokio::test(flavor = "multi_thread")]
async fn an_engine_goes_on_where_a_past_ends() {
    let nats = TestNats::start().await;
    let log = nats.log().await;
    let lives = Lives { conversations: 40, rounds: 2, open_of: 10, span: Duration::from_secs(3600) };
    let mut past = Past::begin(Some(log.clone()), &lives).await;
    let masters = past.events;
    past.live(&lives, &ProgressBar::hidden()).await;
    assert_eq!(past.events - masters, lives.conversations * Lives::events_each(lives.rounds));
    let mut open: Vec<_> = (0..lives.open()).map(|number| conversation(lives.open_of * number)).collect();
    let ws = past.state().workspace(&workspace()).unwrap();
    let mut found: Vec<_> = ws.conversations().map(|(id, _)| *id).collect();
    open.sort_unstable();
    found.sort_unstable();
    assert_eq!(found, open);
    let sent: BTreeMap<_, _> = ws.outbound_messages().map(|(id, sent)| (*id, sent.submitted)).collect();
    let events = past.end().await;
    assert_eq!(read_alone(&log).await.events, events);
    assert_eq!(submitted(&log).await, sent);

    let engine = start_engine(log.clone()).await;
    let again = inbound(0, &provider_id(0, 0), "the first message of a conversation");
    let outcome = persist(&engine, again).await;
    assert!(outcome.repeated && outcome.conversation == Some(conversation(0)), "{outcome:?}");
    sends(&engine, open_more_conversations(&engine).await)(0).await;
    assert!(read_alone(&log).await.events > events);
}

/// The outbound messages in the log, with their positions.
async fn submitted(log: &Log) -> BTreeMap<MessageId, Position> {
    let events = tests::books::events(log).await.into_iter();
    let submitted = events.filter_map(|recorded| match recorded.event {
        Event::MessageSubmitted(submitted) => Some((submitted.message, recorded.position)),
        _ => None,
    });
    submitted.collect()
}
