//! The demo's day as a test: bursts, doubled webhooks, receipts in any order, faults of WhatsApp, transfers, finishes,
//! exclusive agents, contacts who turn out to be one and a campaign that closes, and then the books.
#![allow(clippy::unwrap_used, reason = "a test may")]

use std::net::Ipv4Addr;
use std::time::Duration;

use gateway::demo::day::{self, DayOptions};
use gateway::demo::{Count, Stage, StageOptions};

/// How long customers write; what comes of it may take longer.
const LENGTH: Duration = Duration::from_secs(10);

#[tokio::test(flavor = "multi_thread")]
async fn after_a_busy_day_the_books_are_in_order() {
    let listen = (Ipv4Addr::LOCALHOST, 0).into();
    let stage = Stage::start(StageOptions { listen, nats_server: None, seed: 7 }).await.unwrap();
    let options = DayOptions { customers: 100, messages_per_second: 40, seed: 7 };
    let summary = day::run(&stage, &options, LENGTH).await.unwrap();
    stage.stop().await;
    assert!(summary.in_order(), "seed {}:\n{}", options.seed, summary.books);
    for what in [
        Count::Transfers,
        Count::Finishes,
        Count::Duplicates,
        Count::Closings,
        Count::ToldClosed,
        Count::Profiles,
        Count::Found,
        Count::Merges,
        Count::NumbersChanged,
    ] {
        assert!(summary.tally.get(what) > 0, "the day had no {what:?}");
    }
}
