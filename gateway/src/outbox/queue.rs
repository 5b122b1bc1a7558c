//! The work queue: a JetStream stream that holds what is to be sent until it is settled, and the consumer that
//! hands it out in order. One process sends for a shard: the one that writes its log.

use std::error::Error;
use std::time::Duration;

use async_nats::Client;
use async_nats::jetstream::consumer::{AckPolicy, pull};
use async_nats::jetstream::stream::{self, ConsumerErrorKind, DiscardPolicy, RetentionPolicy, StorageType};
use async_nats::jetstream::{self, ErrorCode};
use engine::log::Log;
use engine::patience::patiently;
use tokio::time::timeout;

use super::OutboxError;
use super::item::{OutboundItem, encode_items};
use crate::limits::{OUTBOUND_BYTES_MAX, OUTBOUND_ITEMS_HELD_MAX};

const STREAM: &str = "ATENDER_OUTBOUND";
const ITEMS_PER_PULL: usize = 64;
/// After this time it is not known whether an item is in the queue, and it is put there again.
const ACK_WITHIN: Duration = Duration::from_secs(2);
/// An item whose holder is silent for so long is handed out again.
pub(super) const HELD_WITHOUT_WORD: Duration = Duration::from_secs(30);
const PULL_EXPIRES: Duration = Duration::from_secs(30);
const PULL_HEARTBEAT: Duration = Duration::from_secs(5);

type Cause = Box<dyn Error + Send + Sync>;

/// What the stream has to be like.
pub(crate) fn stream_config(replicas: usize) -> stream::Config {
    stream::Config {
        name: STREAM.to_owned(),
        description: Some("atender: messages that are to be sent".to_owned()),
        subjects: vec!["atender.outbound.*".to_owned()],
        retention: RetentionPolicy::WorkQueue,
        storage: StorageType::File,
        discard: DiscardPolicy::New,
        max_bytes: OUTBOUND_BYTES_MAX,
        num_replicas: replicas,
        ..Default::default()
    }
}

#[derive(Debug, Clone)]
pub(super) struct Queue {
    context: jetstream::Context,
    stream: stream::Stream<()>,
    subject: String,
    consumer: String,
}

impl Queue {
    pub(super) async fn open(client: &Client, log: &Log) -> Result<Self, OutboxError> {
        let failed = |source: Cause| OutboxError::Nats { what: "opening the work queue", source };
        let context = jetstream::new(client.clone());
        let open = || context.get_or_create_stream(stream_config(log.replicas()));
        patiently("the work queue", open).await.map_err(|error| failed(error.into()))?;
        let stream = context.get_stream_no_info(STREAM).await.map_err(|error| failed(error.into()))?;
        let (subject, consumer) =
            (format!("atender.outbound.{}", log.shard()), format!("outbox_{}", log.shard()));
        Ok(Self { context, stream, subject, consumer })
    }

    /// Puts one work item at the end. When this gives `Ok`, it is durable; otherwise it may be there or not.
    pub(super) async fn publish(&self, items: &[OutboundItem]) -> Result<(), Cause> {
        let payload = encode_items(items).into();
        let published = self.context.publish(self.subject.clone(), payload).await?;
        timeout(ACK_WITHIN, published.into_future()).await??;
        Ok(())
    }

    /// Hands out everything that is not settled, from the oldest on. What an earlier consumer had handed out comes
    /// again at once and in its place, and not half a minute later, behind what was sent after it.
    pub(super) async fn consume(&self) -> Result<pull::Stream, Cause> {
        match self.stream.delete_consumer(&self.consumer).await {
            Err(error) if !is_not_found(&error) => return Err(error.into()),
            _ => {}
        }
        let config = pull::Config {
            durable_name: Some(self.consumer.clone()),
            description: Some("atender: sends messages".to_owned()),
            ack_policy: AckPolicy::Explicit,
            ack_wait: HELD_WITHOUT_WORD,
            max_ack_pending: OUTBOUND_ITEMS_HELD_MAX,
            filter_subject: self.subject.clone(),
            ..Default::default()
        };
        let consumer = self.stream.create_consumer(config).await?;
        let pulls = consumer
            .stream()
            .max_messages_per_batch(ITEMS_PER_PULL)
            .expires(PULL_EXPIRES)
            .heartbeat(PULL_HEARTBEAT);
        Ok(pulls.messages().await?)
    }
}

fn is_not_found(error: &stream::ConsumerError) -> bool {
    match error.kind() {
        ConsumerErrorKind::JetStream(error) => error.error_code() == ErrorCode::CONSUMER_NOT_FOUND,
        _ => false,
    }
}
