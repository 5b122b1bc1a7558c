//! An outbox runs where the shard is written: it starts when this process becomes the writer, and ends when another
//! one does. An overlap does no harm, since no call is made without an attempt in the log.

use std::time::Duration;

use async_nats::Client;
use engine::log::Log;
use engine::{Engine, Role};
use projections::Views;
use tokio::task::JoinHandle;
use tokio::time::sleep;
use tokio_util::sync::CancellationToken;

use super::Outbox;
use crate::whatsapp::api::WhatsAppApi;

const START_AGAIN_AFTER: Duration = Duration::from_secs(1);

/// What an outbox needs.
#[derive(Clone)]
pub struct OutboxParts {
    /// The connection that the work queue is reached with.
    pub client: Client,
    /// The log of the shard.
    pub log: Log,
    /// Where attempts are recorded.
    pub engine: Engine,
    /// Where channels are looked up.
    pub views: Views,
    /// What is called.
    pub api: WhatsAppApi,
}

/// The outboxes of a process, one at a time.
pub struct Outboxes {
    stopping: CancellationToken,
    task: JoinHandle<()>,
}

impl Outboxes {
    /// Runs an outbox whenever this process writes the shard.
    pub fn start(parts: OutboxParts) -> Self {
        let stopping = CancellationToken::new();
        let task = tokio::spawn(run(parts, stopping.clone()));
        Self { stopping, task }
    }

    /// As [`Outbox::stop`], and none is started any more.
    pub async fn stop(self) {
        self.stopping.cancel();
        if let Err(error) = self.task.await {
            tracing::error!(%error, "the outbox has crashed");
        }
    }
}

async fn run(parts: OutboxParts, stopping: CancellationToken) {
    let mut health = parts.engine.health();
    let mut turn = async |writes: bool| {
        let is_turn = health.wait_for(|health| (health.role == Role::Writer) == writes);
        // The engine ends only when the process does.
        stopping.run_until_cancelled(is_turn).await.is_some_and(|seen| seen.is_ok())
    };
    while turn(true).await {
        let OutboxParts { client, log, engine, views, api } = parts.clone();
        match Outbox::start(&client, &log, engine, views, api).await {
            Ok(outbox) => {
                turn(false).await;
                outbox.stop().await;
            }
            Err(error) => {
                tracing::error!(
                    error = &error as &dyn std::error::Error,
                    "messages to WhatsApp are not sent yet, trying on"
                );
                stopping.run_until_cancelled(sleep(START_AGAIN_AFTER)).await;
            }
        }
    }
}
