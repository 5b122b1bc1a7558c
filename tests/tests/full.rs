//! A store of NATS that has no room left: nothing is taken, it is said why, what is there can be read, and all goes on by
//! itself when there is room again.
#![allow(clippy::unwrap_used, reason = "a test may")]

use engine::patience::patiently_read;
use engine::{Engine, EngineConfig, SubmitError};
use tempfile::TempDir;
use tests::ask::eventually;
use tests::books;
use tests::centre::{Centre, inbound};
use tests::nats::open_log;
use tests::nats_node::NatsNode;

const ROOM_BYTES: u64 = 2 * 1024 * 1024;

#[tokio::test(flavor = "multi_thread")]
async fn a_store_without_room_takes_nothing_says_so_and_goes_on_when_there_is_room() {
    let dir = TempDir::new().unwrap();
    let mut node = NatsNode::alone(dir.path()).await;
    node.keeps_at_most(ROOM_BYTES).await;
    let log = open_log(&node.connect().await).await;
    let (engine, _writer) = Engine::start(log.clone(), EngineConfig::default()).await.unwrap();
    Centre { capacity: 500, ..Centre::default() }.open(&engine).await;

    let text = "x".repeat(50 * 1024);
    let large = |number: u64| inbound(1, &format!("large-{number}"), &text);
    let mut taken = 0;
    loop {
        match engine.submit(large(taken)).await {
            Ok(_) => taken += 1,
            Err(SubmitError::Unavailable(_)) => break,
            Err(other) => panic!("{other}"),
        }
        assert!(taken < 2 * ROOM_BYTES / text.len() as u64, "there is room without end");
    }
    let says_why = async || {
        let trouble = engine.health().borrow().trouble.clone();
        trouble.filter(|trouble| trouble.contains("resources"))
    };
    eventually("it says why", says_why).await;
    let head = books::head(&log).await;
    let last = patiently_read("the last frame", || log.read(head)).await.unwrap();
    assert!(last.is_some(), "what is there cannot be read");

    node.keeps_at_most(8 * ROOM_BYTES).await;
    let outcome = eventually("it goes on", async || engine.submit(large(taken)).await.ok()).await;
    let again = engine.submit(large(taken)).await.unwrap();
    assert_eq!((again.position, again.repeated), (outcome.position, true));
    assert!(engine.health().borrow().trouble.is_none());
}
