//! The engine beside raw frames of the same size, and one command beside one raw durable publish.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use async_nats::HeaderMap;
use async_nats::jetstream::{self, stream};
use bytes::Bytes;
use engine::Engine;
use engine::log::Log;
use schemas::{ChannelKind, ConversationId};
use tests::centre::{self, Centre, open_conversation};
use tests::nats::TestNats;

use crate::load::{closed_loop, one_by_one};
use crate::row::{Bar, Table};

const IN_FLIGHT: u64 = 256;
const CONVERSATIONS: u64 = 200;
const MESSAGE_BYTES: usize = 300;

/// An engine with open conversations, all with agent 0.
pub(crate) async fn engine_with_conversations(nats: &TestNats) -> (Engine, Vec<ConversationId>) {
    let (engine, _writer) = nats.engine().await;
    Centre { agents: 1, capacity: 500, kind: ChannelKind::Webchat, ..Centre::default() }.open(&engine).await;
    let mut conversations = Vec::new();
    for from in 0..CONVERSATIONS {
        conversations.push(open_conversation(&engine, from).await);
    }
    (engine, conversations)
}

pub(crate) async fn measure(table: &mut Table, scale: u64) {
    let nats = TestNats::start().await;
    let (engine, conversations) = engine_with_conversations(&nats).await;
    let log = nats.log().await;
    let before = log.head().await.unwrap();
    let total = 40_000 * scale;
    let text = "x".repeat(MESSAGE_BYTES);
    let send = {
        let (engine, conversations, text) = (engine.clone(), conversations.clone(), text.clone());
        move |number: u64| {
            let conversation = conversations[(number % CONVERSATIONS) as usize];
            let answer = engine.submit(centre::send(0, conversation, &text));
            async move {
                answer.await.unwrap();
            }
        }
    };
    let rate = closed_loop(IN_FLIGHT, total, send.clone()).await;
    let frames = log.head().await.unwrap() - before;
    let frame_bytes = average_frame(&log, before + 1, frames).await;
    let raw = raw_frames_per_second(&nats, frame_bytes, frames.min(2_000 * scale)).await;
    table.add(
        "engine: commands/s, 256 in flight",
        (rate, "/s"),
        ("raw frames of the same size", raw * total as f64 / frames as f64),
        Bar::AtLeast(0.5),
    );

    let ones = 1_000 * scale;
    let publish = raw_publisher(&nats).await;
    let raw = one_by_one(ones, |_| publish(MESSAGE_BYTES)).await;
    let single = one_by_one(ones, send).await;
    for (name, quantile) in [("p50", 0.5), ("p99", 0.99)] {
        let limit = ("raw durable publish", raw.quantile(quantile));
        table.add(
            &format!("engine: one command alone, {name}"),
            (single.quantile(quantile), "ms"),
            limit,
            Bar::AtMost(1.5),
        );
    }
    drop(engine);
}

async fn average_frame(log: &Log, from: u64, frames: u64) -> usize {
    let mut reader = log.follow(from).await.unwrap();
    let mut bytes = 0;
    for _ in 0..frames {
        bytes += reader.next().await.unwrap().bytes_len;
    }
    bytes / frames.max(1) as usize
}

/// What the log could take if nothing had to be decided: frames of this size, one in flight at a time.
async fn raw_frames_per_second(nats: &TestNats, bytes: usize, frames: u64) -> f64 {
    let publish = raw_publisher(nats).await;
    let started = std::time::Instant::now();
    for _ in 0..frames {
        publish(bytes).await;
    }
    frames as f64 / started.elapsed().as_secs_f64()
}

/// Publishes into a stream like the log's, with the expected sequence, and waits for the ack.
async fn raw_publisher(nats: &TestNats) -> impl Fn(usize) -> futures_util::future::BoxFuture<'static, ()> {
    let name = format!("RAW_{}", engine::random::token());
    let subject = format!("raw.{name}");
    let context = jetstream::new(nats.client.clone());
    let config = stream::Config {
        name: name.clone(),
        subjects: vec![subject.clone()],
        storage: stream::StorageType::File,
        ..Default::default()
    };
    context.create_stream(config).await.unwrap();
    let (client, sequence) = (nats.client.clone(), Arc::new(AtomicU64::new(0)));
    move |bytes| {
        let (client, subject) = (client.clone(), subject.clone());
        let expected = sequence.fetch_add(1, Ordering::Relaxed);
        Box::pin(async move {
            let mut headers = HeaderMap::new();
            headers.insert("Nats-Expected-Last-Sequence", expected.to_string());
            let payload = Bytes::from(vec![b'x'; bytes]);
            let answer = client.request_with_headers(subject, headers, payload).await.unwrap();
            assert!(answer.payload.starts_with(b"{\"stream\""), "{:?}", answer.payload);
        })
    }
}
