//! The three views built from the log, beside reading the frames alone.

use std::sync::Arc;
use std::time::Instant;

use engine::Engine;
use schemas::command::{AttemptResult, Receipt};
use schemas::{Actor, ChannelKind, Command, DeliveryStatus, Timestamp};
use tempfile::TempDir;
use tests::centre::{self, Centre, agent, channel, disposition, inbound, submission};
use tests::nats::TestNats;

use crate::load::closed_loop;
use crate::row::{Bar, Table};

const BAR_PER_SECOND: f64 = 300_000.0;
const MESSAGES_EACH: u64 = 10;
const CALLERS: u64 = 256;

pub(crate) async fn measure(table: &mut Table, scale: u64) {
    let nats = TestNats::start().await;
    let (engine, _writer) = nats.engine().await;
    Centre { agents: 1, capacity: 500, kind: ChannelKind::Whatsapp, ..Centre::default() }.open(&engine).await;
    let engine = Arc::new(engine);
    let conversations = 3_000 * scale;
    let life = move |number| {
        let engine = Arc::clone(&engine);
        async move { live_through(&engine, number).await }
    };
    closed_loop(CALLERS, conversations, life).await;

    let log = nats.log().await;
    let head = log.head().await.unwrap();
    let (started, mut events) = (Instant::now(), 0);
    let mut reader = log.follow(1).await.unwrap();
    for _ in 0..head {
        events += reader.next().await.unwrap().frame.events();
    }
    let reading = events as f64 / started.elapsed().as_secs_f64();

    let dir = TempDir::new().unwrap();
    let started = Instant::now();
    let rebuilt = projections::rebuild(&log, dir.path(), |_| {}).await.unwrap();
    assert_eq!(rebuilt.events, events as u64);
    let rate = events as f64 / started.elapsed().as_secs_f64();
    table.add(
        "rebuild of the three views: events/s",
        (rate, "/s"),
        ("reading frames alone", reading),
        Bar::ValueAtLeast(BAR_PER_SECOND),
    );
}

/// A conversation from first message to finish: messages both ways, each with its attempt and three receipts.
async fn live_through(engine: &Engine, number: u64) {
    let holder = || Actor::Agent(agent(0));
    let submit = async |submission| engine.submit(submission).await.unwrap();
    let first = submit(inbound(number, &format!("r{number}-0"), "the first message of a conversation")).await;
    let conversation = first.conversation.unwrap();
    for round in 1..=MESSAGES_EACH {
        submit(inbound(number, &format!("r{number}-{round}"), "a message of the customer, of usual length"))
            .await;
        let sent = submit(centre::send(0, conversation, "an answer of the agent, as long as they are")).await;
        let message = sent.message.unwrap();
        submit(submission(Actor::System, Command::BeginAttempt { message })).await;
        let provider_id = format!("wamid.{message}");
        let result = AttemptResult::Accepted { provider_id: provider_id.clone() };
        submit(submission(Actor::System, Command::EndAttempt { message, attempt: 1, result })).await;
        for status in [DeliveryStatus::Sent, DeliveryStatus::Delivered, DeliveryStatus::Read] {
            let receipt = Receipt {
                channel: channel(),
                message: Some(message),
                provider_id: Some(provider_id.clone()),
                status,
                reported_at: Timestamp::from_millis(1_700_000_000_000),
                error: None,
            };
            submit(submission(Actor::Channel(channel()), Command::RecordReceipt(receipt))).await;
        }
    }
    let finish = Command::Finish { conversation, disposition: disposition(), sub_disposition: None };
    submit(submission(holder(), finish)).await;
}
