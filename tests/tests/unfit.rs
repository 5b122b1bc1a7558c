//! Somebody makes the log unfit to be written while an engine runs: it is noticed and named, and nothing is written or
//! changed any more.
#![allow(clippy::unwrap_used, reason = "a test may")]

use async_nats::jetstream::stream::{Config, State};
use async_nats::jetstream::{self, Context};
use engine::{Engine, EngineConfig, SubmitError, WriterError};
use tempfile::TempDir;
use tests::ask::{WITHIN, eventually};
use tests::centre::{Centre, inbound};
use tests::nats::{TestNats, open_log};
use tests::nats_node::NatsNode;
use tokio::task::JoinHandle;
use tokio::time::timeout;

const STREAM: &str = "ATENDER_LOG_0";

type Writer = JoinHandle<Result<(), WriterError>>;

async fn state(context: &Context) -> State {
    context.get_stream(STREAM).await.unwrap().cached_info().state.clone()
}

/// The writer ends with an error that says this, and so does health; commands are refused, and the log stays as it is.
async fn is_written_no_more(engine: &Engine, writer: Writer, context: &Context, says: &str) {
    let ended = timeout(WITHIN, writer).await.expect("it was not noticed");
    let error = ended.unwrap().unwrap_err();
    let cause = std::error::Error::source(&error).map(ToString::to_string).unwrap_or_default();
    assert!(cause.contains(says), "{cause}");
    let trouble = engine.health().borrow().trouble.clone().unwrap_or_default();
    assert!(trouble.contains(says), "{trouble}");
    let before = state(context).await;
    for number in 0..3 {
        let refused = engine.submit(inbound(1, &format!("after-{number}"), "hello")).await;
        assert!(matches!(refused, Err(SubmitError::Unavailable(_))), "{refused:?}");
    }
    let after = state(context).await;
    assert_eq!((after.last_sequence, after.messages), (before.last_sequence, before.messages));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stream_refuses_to_be_purged_and_one_that_was_all_the_same_is_written_no_more() {
    let nats = TestNats::start().await;
    let (engine, writer) = nats.engine().await;
    Centre::default().open(&engine).await;
    let context = jetstream::new(nats.client.clone());
    let stream = context.get_stream(STREAM).await.unwrap();
    let before = state(&context).await;
    assert!(stream.purge().await.is_err(), "it can be purged");
    let permitted = Config { deny_purge: false, ..stream.cached_info().config.clone() };
    assert!(context.update_stream(permitted).await.is_err(), "purging can be permitted");
    engine.submit(inbound(1, "before", "hello")).await.unwrap();
    let after = state(&context).await;
    assert_eq!((after.first_sequence, after.messages > before.messages), (1, true));

    // Which leaves what a purge leaves: the place of the next frame, and no frame before it.
    let config = stream.cached_info().config.clone();
    context.delete_stream(STREAM).await.unwrap();
    let purged = Config { first_sequence: Some(after.last_sequence + 1), ..config };
    context.create_stream(purged).await.unwrap();
    assert_eq!(state(&context).await.last_sequence, after.last_sequence);
    is_written_no_more(&engine, writer, &context, "frames were deleted from the log").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_takes_smaller_messages_than_before_is_written_no_more() {
    let dir = TempDir::new().unwrap();
    let node = NatsNode::alone(dir.path()).await;
    let client = node.connect().await;
    let (engine, writer) = Engine::start(open_log(&client).await, EngineConfig::default()).await.unwrap();
    Centre::default().open(&engine).await;
    node.takes_at_most(64 * 1024);
    let context = jetstream::new(client.clone());
    eventually("the server has read its configuration again", async || {
        (node.connect().await.max_payload() == 64 * 1024).then_some(())
    })
    .await;
    // The server tells those who are connected nothing of it, and takes small frames as before; with one that is too
    // large it ends the connection.
    engine.submit(inbound(1, "small", "hello")).await.unwrap();
    let before = state(&context).await;
    let refused = engine.submit(inbound(1, "large", &"x".repeat(100 * 1024))).await;
    assert!(matches!(refused, Err(SubmitError::Unavailable(_))), "{refused:?}");
    is_written_no_more(&engine, writer, &context, "max_payload").await;
    assert_eq!(state(&context).await.last_sequence, before.last_sequence, "the large frame was written");
}
