//! Effects after the commit: what the log says is to be sent goes to a work queue, and from there to WhatsApp. An
//! attempt is in the log before the network is called, and what came of it after; so a message is sent once, and
//! one whose call was cut off by a crash is uncertain and not sent again.

mod attempts;
mod backoff;
mod channels;
mod checkpoint;
mod dispatch;
pub(crate) mod item;
mod lanes;
mod queue;
mod relay;
mod sender;
mod turns;

use std::error::Error;
use std::time::Duration;

use async_nats::Client;
use engine::Engine;
use engine::log::{Log, LogError};
use projections::Views;
use tokio::time::timeout;
use tokio_util::sync::{CancellationToken, DropGuard};
use tokio_util::task::TaskTracker;

use crate::whatsapp::api::WhatsAppApi;
use attempts::Attempts;
use channels::Channels;
pub(crate) use checkpoint::BUCKET;
use checkpoint::Checkpoint;
use dispatch::Dispatcher;
use queue::Queue;
pub(crate) use queue::stream_config;
use relay::Relay;
use sender::Sender;
pub use turns::{OutboxParts, Outboxes};

/// How long calls in flight have to end and be recorded when the outbox stops.
const STOP_WITHIN: Duration = Duration::from_secs(15);

/// Why the outbox did not start.
#[derive(Debug, thiserror::Error)]
pub enum OutboxError {
    /// NATS did not answer, or refused.
    #[error("{what} failed")]
    Nats {
        /// What was asked of NATS.
        what: &'static str,
        /// The cause.
        #[source]
        source: Box<dyn Error + Send + Sync>,
    },
    /// What is kept in NATS does not say how far messages have been relayed.
    #[error(
        "the key {key} in the bucket {bucket} is not a number; delete it, and all messages are looked at again"
    )]
    Checkpoint {
        /// The KV bucket.
        bucket: &'static str,
        /// The key in it.
        key: String,
    },
    /// The log cannot be followed.
    #[error("the log cannot be followed")]
    Log(#[from] LogError),
}

/// The running outbox of a shard. Dropped, it ends at once, and calls in flight become uncertain;
/// [`Outbox::stop`] waits for them.
#[derive(Debug)]
pub struct Outbox {
    client: Client,
    tasks: TaskTracker,
    stopping: CancellationToken,
    abandon_on_drop: DropGuard,
}

impl Outbox {
    /// Starts sending what the log says is to be sent through WhatsApp. One outbox runs for a shard, beside the
    /// writer of its log.
    ///
    /// # Errors
    /// [`OutboxError`].
    pub async fn start(
        client: &Client,
        log: &Log,
        engine: Engine,
        views: Views,
        api: WhatsAppApi,
    ) -> Result<Self, OutboxError> {
        let queue = Queue::open(client, log).await?;
        let checkpoint = Checkpoint::open(client, log).await?;
        let reader = log.follow(checkpoint.relayed() + 1).await?;
        let channels = Channels::new(views);
        let abandoned = CancellationToken::new();
        let stopping = abandoned.child_token();
        let tasks = TaskTracker::new();

        let relay = Relay {
            log: log.clone(),
            reader,
            channels: channels.clone(),
            queue: queue.clone(),
            checkpoint,
            stopping: stopping.clone(),
        };
        let attempts = Attempts::new(engine, log.clone(), stopping.clone());
        let sender = Sender::new(attempts, channels, api, stopping.clone());
        let dispatcher = Dispatcher::new(sender, tasks.clone(), stopping.clone(), abandoned.clone());
        tasks.spawn(abandoned.clone().run_until_cancelled_owned(relay.run()));
        tasks.spawn(stopping.clone().run_until_cancelled_owned(dispatcher.run(queue)));
        Ok(Self { client: client.clone(), tasks, stopping, abandon_on_drop: abandoned.drop_guard() })
    }

    /// Takes no more messages, and waits up to 15 s until the calls in flight are recorded. The rest stays in the
    /// work queue for the next start.
    pub async fn stop(self) {
        self.stopping.cancel();
        self.tasks.close();
        if timeout(STOP_WITHIN, self.tasks.wait()).await.is_err() {
            tracing::warn!("some messages were not recorded within {STOP_WITHIN:?} and are uncertain");
            drop(self.abandon_on_drop);
            self.tasks.wait().await;
        }
        if let Err(error) = self.client.flush().await {
            tracing::debug!(%error, "the last acknowledgements may not have got through");
        }
    }
}
