//! What stops the views, and how it shows: they go no further, and answer what they had.
#![allow(clippy::unwrap_used, reason = "a test may")]

mod common;

use std::pin::pin;
use std::time::{Duration, Instant};

use common::scenes::*;
use common::traffic::{Traffic, conversation_id, workspace};
use common::{Centre, DEADLINE, SHARD, eventually};
use engine::log::LogError;
use projections::{Stale, Views, ViewsError};
use rustix::process::{Pid, Signal, kill_process};
use schemas::frame::FrameBuilder;
use schemas::{FrameId, Position, Timestamp};

/// Waits until the views have stopped and gives the reason.
async fn stopped(views: &Views) -> String {
    let until = Instant::now() + DEADLINE;
    loop {
        let health = views.health();
        if let Some(reason) = &health[0].failed {
            assert!(health.iter().all(|view| view.failed.as_ref() == Some(reason)));
            return reason.clone();
        }
        assert!(Instant::now() < until, "{health:?}");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

async fn assert_stopped_at(centre: &mut Centre, views: Views, last_good: u64, expected: &str) {
    let reason = stopped(&views).await;
    assert!(reason.contains(expected), "{reason}");
    let health = views.health();
    assert_eq!(
        health.iter().map(|view| view.name).collect::<Vec<_>>(),
        ["inbox", "history", "status", "contacts"]
    );
    assert!(health.iter().all(|view| view.checkpoint == last_good), "{health:?}");

    let next = Position { shard: SHARD, sequence: last_good + 1, index: 0 };
    let told = tokio::time::timeout(DEADLINE, views.wait_for(next, 100 * DEADLINE)).await;
    let Err(Stale { reached }) = told.expect("does not wait for what cannot come") else { panic!("went on") };
    assert_eq!(reached.sequence, last_good);
    assert!(
        views.conversation(&workspace(), conversation_id(0)).unwrap().is_some(),
        "what was is still answered"
    );
    assert!(views.shutdown().await.is_err());
    // And it is not passed over after a restart either.
    let reason = stopped(&centre.views("views").await).await;
    assert!(reason.contains(expected), "{reason}");
}

async fn with_views() -> (Centre, Views) {
    let centre = Centre::with_traffic(&mut Traffic::new(11, 10), 30).await;
    let views = centre.views("views").await;
    centre.up_to_date(&views).await;
    (centre, views)
}

#[tokio::test(flavor = "multi_thread")]
async fn an_unknown_event_stops_the_views_and_shows() {
    let (mut centre, views) = with_views().await;
    let last_good = centre.append(&[at(10, [opened(1, MAIN, SALES), received(1, "hi")])]).await.sequence;
    let mut builder = FrameBuilder::default();
    let (header, events) = at(20, [received(1, "from a later version")]);
    builder.push(&header, &events);
    let mut bytes =
        builder.finish(SHARD, FrameId::from_bytes([9; 16]), &centre.previous(), Timestamp::default());
    let number = events[0].number_and_version().0.to_le_bytes();
    // The event's header: number, version, length. It follows the commit's header and the count of events.
    let place = bytes.windows(3).rposition(|w| w[..2] == number && w[2] == 1).unwrap();
    bytes[place..place + 2].copy_from_slice(&999_u16.to_le_bytes());
    centre.append_raw(bytes).await;
    centre.append(&[at(30, [received(1, "and one that is known")])]).await;
    assert_stopped_at(&mut centre, views, last_good, "unknown event type 999").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_tampered_log_stops_the_views_and_shows() {
    let (mut centre, views) = with_views().await;
    let last_good = centre.head;
    let mut builder = FrameBuilder::default();
    let (header, events) = at(20, [received(1, "slipped in")]);
    builder.push(&header, &events);
    centre.append_raw(builder.finish(SHARD, FrameId::from_bytes([9; 16]), &[7; 32], header.at)).await;
    assert_stopped_at(&mut centre, views, last_good, &format!("frame {} does not continue", last_good + 1))
        .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_directory_in_use_is_refused() {
    let (centre, views) = with_views().await;
    let refused = centre.try_views("views").await.unwrap_err();
    assert!(matches!(refused, ViewsError::View { view: "inbox", .. }), "{refused}");
    views.shutdown().await.unwrap();
    centre.views("views").await.shutdown().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_log_nothing_starts() {
    let centre = Centre::new().await;
    centre.server.stop().await;
    let refused = Views::start(&centre.log, &centre.dir.path().join("views"), |_| {}).await.unwrap_err();
    assert!(matches!(refused, ViewsError::Log(LogError::Unavailable { .. })), "{refused}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_log_that_answers_late_is_waited_for_at_the_start() {
    let (centre, views) = with_views().await;
    views.shutdown().await.unwrap();
    let server = Pid::from_raw(centre.server.pid().unwrap().cast_signed()).unwrap();
    kill_process(server, Signal::STOP).unwrap();
    let stat = format!("/proc/{}/stat", server.as_raw_nonzero());
    eventually("it stands still", || std::fs::read_to_string(&stat).unwrap().contains(") T ")).await;
    let mut starting = pin!(centre.views("views"));
    // Longer than one question to the log waits for its answer.
    let early = tokio::time::timeout(Duration::from_secs(2), &mut starting).await;
    kill_process(server, Signal::CONT).unwrap();
    assert!(early.is_err(), "started without a log");
    centre.up_to_date(&starting.await).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_waits_for_a_position_gets_it_when_it_is_applied_or_is_told() {
    let (mut centre, views) = with_views().await;
    let next = Position { shard: SHARD, sequence: centre.head + 1, index: 0 };
    let short = Duration::from_millis(20);
    assert_eq!(views.wait_for(next, short).await, Err(Stale { reached: views.applied() }));
    let waiting = tokio::spawn({
        let views = views.clone();
        async move { views.wait_for(next, DEADLINE).await }
    });
    let position = centre.append(&[at(10, [opened(1, MAIN, SALES), received(1, "hi")])]).await;
    assert_eq!(waiting.await.unwrap(), Ok(()));
    assert_eq!(views.applied(), position);
    let health = views.health();
    assert!(health.iter().all(|view| view.head_lag == 0 && view.failed.is_none()), "{health:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn while_nothing_is_heard_from_the_log_views_answer_and_say_for_how_long() {
    let (mut centre, views) = with_views().await;
    let server = Pid::from_raw(centre.server.pid().unwrap().cast_signed()).unwrap();
    let mut before = Duration::ZERO;
    let mut is_heard_again = || std::mem::replace(&mut before, views.unheard_for()) > views.unheard_for();
    eventually("the log is heard when nothing is written", &mut is_heard_again).await;
    eventually("and again", &mut is_heard_again).await;
    kill_process(server, Signal::STOP).unwrap();
    eventually("nothing is heard", || views.unheard_for() > Duration::from_secs(3)).await;
    assert!(views.conversation(&workspace(), conversation_id(0)).unwrap().is_some());
    kill_process(server, Signal::CONT).unwrap();
    eventually("the log is heard again", || views.unheard_for() < Duration::from_secs(1)).await;
    centre.append(&[at(10, [opened(1, MAIN, SALES), received(1, "hi")])]).await;
    centre.up_to_date(&views).await;
}
