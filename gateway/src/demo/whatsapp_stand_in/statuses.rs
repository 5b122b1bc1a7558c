//! Status webhooks of the accepted messages: what comes, in which order, how often, and again if not answered 200.

mod plan;

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use rand::SeedableRng;
use rand::rngs::StdRng;
use reqwest::{Client, StatusCode};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

pub use plan::StatusScript;
use plan::{Step, plan};

use super::bodies::{StatusWebhook, post_signed, status_webhook};

/// Messages with statuses still to come; more are answered only when there is room again.
const MESSAGES_PENDING_MAX: usize = 65_536;
const POSTS_AT_ONCE_MAX: usize = 64;
const BACKOFF_MAX: Duration = Duration::from_secs(5);

/// Where webhooks go.
#[derive(Clone)]
pub struct WebhookTarget {
    /// URL of the callback.
    pub url: String,
    /// Key of the signature.
    pub app_secret: Vec<u8>,
}

impl std::fmt::Debug for WebhookTarget {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("WebhookTarget").field("url", &self.url).finish_non_exhaustive()
    }
}

/// What became of the status webhooks. All are done when `delivered` and `given_up` make up `planned`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct WebhookCounts {
    /// Webhooks to come or gone, duplicates included.
    pub planned: u64,
    /// Answered 200.
    pub delivered: u64,
    /// Attempts after the first.
    pub retries: u64,
    /// Not answered 200 in the last attempt.
    pub given_up: u64,
}

/// What a status has to say about its message.
#[derive(Debug)]
pub(super) struct SentMessage {
    pub(super) phone_number_id: String,
    pub(super) wamid: String,
    pub(super) recipient: String,
    pub(super) callback_data: Option<String>,
    pub(super) accepted_at_ms: u64,
}

#[derive(Debug, Clone)]
pub(super) struct Deliverer(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    client: Client,
    script: StatusScript,
    target: Mutex<Option<Arc<WebhookTarget>>>,
    rng: Mutex<StdRng>,
    room: Arc<Semaphore>,
    posts: Semaphore,
    tasks: TaskTracker,
    stopped: CancellationToken,
    planned: AtomicU64,
    delivered: AtomicU64,
    retries: AtomicU64,
    given_up: AtomicU64,
}

impl Deliverer {
    pub(super) fn new(client: Client, script: StatusScript, seed: u64, stopped: CancellationToken) -> Self {
        Self(Arc::new(Inner {
            client,
            script,
            target: Mutex::new(None),
            rng: Mutex::new(StdRng::seed_from_u64(seed)),
            room: Arc::new(Semaphore::new(MESSAGES_PENDING_MAX)),
            posts: Semaphore::new(POSTS_AT_ONCE_MAX),
            tasks: TaskTracker::new(),
            stopped,
            planned: AtomicU64::new(0),
            delivered: AtomicU64::new(0),
            retries: AtomicU64::new(0),
            given_up: AtomicU64::new(0),
        }))
    }

    pub(super) fn deliver_to(&self, target: WebhookTarget) {
        *self.0.target.lock().unwrap_or_else(PoisonError::into_inner) = Some(Arc::new(target));
    }

    /// Plans the statuses of a message; waits only while too many are pending.
    pub(super) async fn report(&self, message: SentMessage) {
        let target = self.0.target.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let (Some(target), Some(room)) = (target, self.room().await) else {
            return;
        };
        let steps = plan(&self.0.script, &mut self.0.rng.lock().unwrap_or_else(PoisonError::into_inner));
        self.0.planned.fetch_add(steps.len() as u64, Ordering::Relaxed);
        let this = self.clone();
        self.0.tasks.spawn(async move { this.deliver_all(message, steps, target, room).await });
    }

    pub(super) fn counts(&self) -> WebhookCounts {
        WebhookCounts {
            planned: self.0.planned.load(Ordering::Relaxed),
            delivered: self.0.delivered.load(Ordering::Relaxed),
            retries: self.0.retries.load(Ordering::Relaxed),
            given_up: self.0.given_up.load(Ordering::Relaxed),
        }
    }

    /// Waits for the tasks, which end soon after the token is cancelled.
    pub(super) async fn finished(&self) {
        self.0.tasks.close();
        self.0.tasks.wait().await;
    }

    async fn room(&self) -> Option<Arc<OwnedSemaphorePermit>> {
        let room = Arc::clone(&self.0.room).acquire_owned();
        self.0.stopped.run_until_cancelled(room).await?.ok().map(Arc::new)
    }

    async fn deliver_all(
        self,
        message: SentMessage,
        steps: Vec<Step>,
        target: Arc<WebhookTarget>,
        room: Arc<OwnedSemaphorePermit>,
    ) {
        for step in steps {
            if !self.sleep(self.0.script.step_delay).await {
                return;
            }
            let body = body(&message, step, self.0.script.step_delay);
            if self.attempt(&target, &body).await {
                continue;
            }
            // The later statuses do not wait for this one, so it may come after them, as at Meta.
            let this = self.clone();
            let (target, room) = (Arc::clone(&target), Arc::clone(&room));
            self.0.tasks.spawn(async move {
                this.retry(&target, &body).await;
                drop(room);
            });
        }
    }

    async fn retry(&self, target: &WebhookTarget, body: &[u8]) {
        let mut backoff = self.0.script.backoff;
        for _ in 1..self.0.script.attempts_max {
            if !self.sleep(backoff).await {
                return;
            }
            self.0.retries.fetch_add(1, Ordering::Relaxed);
            if self.attempt(target, body).await {
                return;
            }
            backoff = (backoff * 2).min(BACKOFF_MAX);
        }
        self.0.given_up.fetch_add(1, Ordering::Relaxed);
    }

    async fn attempt(&self, target: &WebhookTarget, body: &[u8]) -> bool {
        let post = async {
            let _turn = self.0.posts.acquire().await.ok()?;
            post_signed(&self.0.client, &target.url, &target.app_secret, body.to_vec()).await.ok()
        };
        let answered =
            self.0.stopped.run_until_cancelled(post).await.flatten().is_some_and(|s| s == StatusCode::OK);
        if answered {
            self.0.delivered.fetch_add(1, Ordering::Relaxed);
        }
        answered
    }

    /// Whether the stand-in still runs afterwards.
    async fn sleep(&self, time: Duration) -> bool {
        self.0.stopped.run_until_cancelled(tokio::time::sleep(time)).await.is_some()
    }
}

fn body(message: &SentMessage, step: Step, step_delay: Duration) -> Vec<u8> {
    let happened_after_ms = u64::try_from(step_delay.saturating_mul(step.number).as_millis()).unwrap_or(0);
    status_webhook(&StatusWebhook {
        phone_number_id: &message.phone_number_id,
        wamid: &message.wamid,
        recipient: &message.recipient,
        status: step.status,
        unix_seconds: message.accepted_at_ms.saturating_add(happened_after_ms) / 1000,
        callback_data: message.callback_data.as_deref(),
        error: None,
    })
}
