//! A stand-in for the WhatsApp Cloud API on loopback: takes messages as Meta documents it, reports what became of
//! them by signed webhooks, fails on command, and remembers what was sent so that a test can prove nothing was
//! sent twice. It never talks to Meta.

mod bodies;
mod connection;
mod faults;
mod ledger;
mod send;
mod shape;
mod statuses;
#[cfg(test)]
mod tests;

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use tokio_util::sync::{CancellationToken, DropGuard};

pub use bodies::{StatusWebhook, post_signed, status_webhook, text_webhook, webhook_client};
pub use faults::{Fault, RandomFaults};
pub use ledger::{ACCEPTED_KEPT_MAX, AcceptedMessage, COUNTED_MAX};
pub use statuses::{StatusScript, WebhookCounts, WebhookTarget};

use connection::{ConnectionHandle, DroppableListener};
use faults::Faults;
use ledger::Ledger;
use statuses::Deliverer;

/// What the stand-in pretends to be.
#[derive(Debug, Clone)]
pub struct StandInOptions {
    /// The only token it takes.
    pub access_token: String,
    /// The business phone numbers it knows.
    pub phone_number_ids: Vec<String>,
    /// The time now, in milliseconds since 1970; its own clock runs on from here.
    pub started_at_ms: u64,
    /// Decides ids, random faults and the fate of statuses: the same messages in the same order fare the same.
    pub seed: u64,
    /// Faults that come by themselves, when none is queued.
    pub random_faults: Option<RandomFaults>,
    /// How statuses come, once there is a webhook target.
    pub statuses: StatusScript,
}

impl StandInOptions {
    /// One business number, no faults, statuses at once and in order.
    pub fn new(
        access_token: impl Into<String>,
        phone_number_id: impl Into<String>,
        started_at_ms: u64,
    ) -> Self {
        Self {
            access_token: access_token.into(),
            phone_number_ids: vec![phone_number_id.into()],
            started_at_ms,
            seed: 0,
            random_faults: None,
            statuses: StatusScript::default(),
        }
    }
}

/// Why the stand-in did not start.
#[derive(Debug, thiserror::Error)]
pub enum StandInError {
    /// No port to be had on loopback.
    #[error("the WhatsApp stand-in cannot listen")]
    Listen(#[source] std::io::Error),
    /// No HTTP client to deliver webhooks with.
    #[error("the WhatsApp stand-in has no HTTP client")]
    Client(#[source] reqwest::Error),
}

/// A running stand-in. Dropped, it stops by itself; [`StandIn::stop`] also waits for the end.
#[derive(Debug)]
pub struct StandIn {
    addr: SocketAddr,
    shared: Arc<Shared>,
    server: JoinHandle<()>,
    stop_on_drop: DropGuard,
}

/// What the requests share.
#[derive(Debug)]
struct Shared {
    options: StandInOptions,
    started: Instant,
    ledger: Mutex<Ledger>,
    faults: Mutex<Faults>,
    deliverer: Deliverer,
    stopped: CancellationToken,
}

impl StandIn {
    /// Listens on a free port of 127.0.0.1.
    ///
    /// # Errors
    /// When there is no port or no HTTP client; see [`StandInError`].
    pub async fn start(options: StandInOptions) -> Result<Self, StandInError> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.map_err(StandInError::Listen)?;
        let addr = listener.local_addr().map_err(StandInError::Listen)?;
        let client = webhook_client().map_err(StandInError::Client)?;
        let stopped = CancellationToken::new();
        let shared = Arc::new(Shared {
            started: Instant::now(),
            ledger: Mutex::new(Ledger::new(options.seed)),
            faults: Mutex::new(Faults::new(options.seed, options.random_faults.clone())),
            deliverer: Deliverer::new(client, options.statuses.clone(), options.seed, stopped.clone()),
            stopped: stopped.clone(),
            options,
        });
        let service =
            send::router(Arc::clone(&shared)).into_make_service_with_connect_info::<ConnectionHandle>();
        let until = stopped.clone().cancelled_owned();
        let server = tokio::spawn(async move {
            let server = axum::serve(DroppableListener::new(listener), service);
            // Serving ends with the token and in no other way.
            let _ = server.with_graceful_shutdown(until).await;
        });
        Ok(Self { addr, shared, server, stop_on_drop: stopped.drop_guard() })
    }

    /// What to configure as the base URL of the API.
    pub fn base_url(&self) -> String {
        format!("http://{}", self.addr)
    }

    /// Sends statuses of messages accepted from now on to this webhook.
    pub fn deliver_to(&self, target: WebhookTarget) {
        self.shared.deliverer.deliver_to(target);
    }

    /// Queues a fault: each well-formed request takes the first one left. Requests it would refuse anyway take
    /// none.
    pub fn next_fault(&self, fault: Fault) {
        self.shared.faults().queue(fault);
    }

    /// From now on this happens to every message to `to`; nothing any more with `None`.
    pub fn fault_for(&self, to: &str, fault: Option<Fault>) {
        self.shared.faults().last(to, fault);
    }

    /// Faults still queued.
    pub fn faults_queued(&self) -> usize {
        self.shared.faults().queued()
    }

    /// The accepted messages, oldest first; of many only the last [`ACCEPTED_KEPT_MAX`].
    pub fn accepted(&self) -> Vec<AcceptedMessage> {
        self.shared.ledger().accepted()
    }

    /// How many messages it accepted since it started.
    pub fn accepted_total(&self) -> u64 {
        self.shared.ledger().total()
    }

    /// How often a message with this callback data was accepted.
    pub fn times_accepted(&self, callback_data: &str) -> u32 {
        self.shared.ledger().times(callback_data)
    }

    /// How many different callback data were accepted more than once; zero is the proof that nothing was sent
    /// twice, as long as no more than [`COUNTED_MAX`] messages were sent.
    pub fn accepted_repeatedly(&self) -> u64 {
        self.shared.ledger().repeated()
    }

    /// What became of the status webhooks so far.
    pub fn webhook_counts(&self) -> WebhookCounts {
        self.shared.deliverer.counts()
    }

    /// Stops listening, lets go of held requests and of statuses not yet delivered, and waits until all is over.
    pub async fn stop(self) {
        drop(self.stop_on_drop);
        // The task neither panics nor is aborted. It comes first: a request still at work may plan statuses.
        let _ = self.server.await;
        self.shared.deliverer.finished().await;
    }
}

impl Shared {
    fn now_ms(&self) -> u64 {
        let elapsed_ms = u64::try_from(self.started.elapsed().as_millis()).unwrap_or(u64::MAX);
        self.options.started_at_ms.saturating_add(elapsed_ms)
    }

    /// Sleeps, but not past the end of the stand-in.
    async fn hold(&self, time: Duration) {
        let _ = tokio::time::timeout(time, self.stopped.cancelled()).await;
    }

    fn ledger(&self) -> MutexGuard<'_, Ledger> {
        self.ledger.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn faults(&self) -> MutexGuard<'_, Faults> {
        self.faults.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
