//! What the log could take if nothing had to be decided: raw publishes into a stream like the log's, each with the
//! expected sequence, one in flight.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use async_nats::jetstream::{self, stream};
use async_nats::{Client, HeaderMap};
use bytes::Bytes;

pub(crate) struct Raw {
    client: Client,
    stream: String,
    sequence: AtomicU64,
}

impl Raw {
    pub(crate) async fn open(client: &Client) -> Self {
        let name = format!("RAW_{}", engine::random::token());
        let config = stream::Config {
            name: name.clone(),
            subjects: vec![format!("raw.{name}")],
            storage: stream::StorageType::File,
            ..Default::default()
        };
        jetstream::new(client.clone()).create_stream(config).await.unwrap();
        Self { client: client.clone(), stream: name, sequence: AtomicU64::new(0) }
    }

    /// Publishes so many bytes, and waits for the acknowledgement.
    pub(crate) async fn publish(&self, bytes: usize) {
        let expected = self.sequence.fetch_add(1, Ordering::Relaxed);
        let mut headers = HeaderMap::new();
        headers.insert("Nats-Expected-Last-Sequence", expected.to_string());
        let (subject, payload) = (format!("raw.{}", self.stream), Bytes::from(vec![b'x'; bytes]));
        let answer = self.client.request_with_headers(subject, headers, payload).await.unwrap();
        assert!(answer.payload.starts_with(b"{\"stream\""), "{:?}", answer.payload);
    }

    /// Frames of this size a second, one after the other.
    pub(crate) async fn frames_per_second(&self, bytes: usize, time: Duration) -> f64 {
        let (started, mut frames) = (Instant::now(), 0);
        while started.elapsed() < time {
            self.publish(bytes).await;
            frames += 1;
        }
        f64::from(frames) / started.elapsed().as_secs_f64()
    }
}
