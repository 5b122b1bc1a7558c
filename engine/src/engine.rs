//! The way in: `submit` hands a command to the writer of its shard and gives back what came of it.

use std::path::PathBuf;
use std::time::Duration;

use schemas::{ConversationId, Event, MessageId, Position, Rejection, Submission};
use tokio::sync::{mpsc, oneshot, watch};
use tokio::task::JoinHandle;
use tokio::time::{Instant, sleep, timeout_at};
use tokio_util::sync::CancellationToken;
use tokio_util::task::AbortOnDropHandle;

use crate::health::{Health, Reporter};
use crate::lease::Lease;
use crate::log::{Log, LogError};
use crate::patience::patiently_read;
use crate::random;
use crate::shard::{self, Shard};
use crate::snapshot::Snapshots;
use crate::task;
use crate::writer::Request;
pub use crate::writer::WriterError;

/// How often the log is looked at for what it must never become.
const INSPECT_EVERY: Duration = Duration::from_secs(5);

/// Limits of the engine.
#[derive(Debug, Clone)]
pub struct EngineConfig {
    /// Commands that may wait to be decided. One more is answered *overloaded*.
    pub queue_max: usize,
    /// How long a caller waits for the log before it is told that the outcome is not known yet.
    pub answer_within: Duration,
    /// What this process is called among those that may write the shard. One that died and comes back under the
    /// same name goes on at once; two that live must not share one.
    pub name: String,
    /// Where snapshots of the hot state are kept, for a quick start; without it the whole log is read each time.
    pub snapshots: Option<PathBuf>,
}

impl Default for EngineConfig {
    fn default() -> Self {
        Self {
            queue_max: 8_192,
            answer_within: Duration::from_secs(5),
            name: random::token(),
            snapshots: None,
        }
    }
}

/// What an accepted command did. The log has it, durably.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outcome {
    /// The position of its last event; of its commit when it had none.
    pub position: Position,
    /// The conversation it concerns, if it concerns one.
    pub conversation: Option<ConversationId>,
    /// The message it brought or sent, if it did.
    pub message: Option<MessageId>,
    /// Whether the same command had been accepted before. Nothing was done twice.
    pub repeated: bool,
    /// The events it caused; empty when repeated.
    pub events: Vec<Event>,
}

/// Why a command was not accepted, or not yet known to be.
#[derive(Debug, Clone, thiserror::Error)]
pub enum SubmitError {
    /// A rule says no. Nothing was written.
    #[error(transparent)]
    Rejected(#[from] Rejection),
    /// The queue is full. Nothing was written; try again later.
    #[error("too many commands are waiting")]
    Overloaded,
    /// The log cannot be reached or did not answer in time. The command may still take effect: submitting it
    /// again with the same id is safe.
    #[error("the log is not available: {0}")]
    Unavailable(String),
}

/// A handle on a shard, wherever it is written; clones share it.
#[derive(Debug, Clone)]
pub struct Engine {
    requests: mpsc::Sender<Request>,
    answer_within: Duration,
    health: watch::Receiver<Health>,
}

impl Engine {
    /// Reads the log and joins those who may write it: one of them does, the others pass commands on to it and are
    /// ready to take over. Gives back a task that ends when all handles are dropped, or with an error after which
    /// this process can write nothing more.
    ///
    /// # Errors
    /// [`LogError`] when the log cannot be opened or read, or is damaged.
    pub async fn start(
        log: Log,
        config: EngineConfig,
    ) -> Result<(Self, JoinHandle<Result<(), WriterError>>), LogError> {
        let (requests, inbox) = mpsc::channel(config.queue_max);
        let lease = Lease::open(log.link(), log.shard(), log.replicas(), config.name).await?;
        let (reporter, health) = Reporter::new();
        let snapshots = config.snapshots.map(|dir| Snapshots::new(dir, log.shard()));
        let replica = patiently_read("the log", || shard::recover(&log, snapshots.as_ref())).await?;
        let ending = CancellationToken::new();
        if let Some(snapshots) = snapshots.clone() {
            task::spawn(snapshots.keep(log.clone(), ending.clone()));
        }
        let (unfit, inspector) = inspect(log.clone());
        let requests_weak = requests.downgrade();
        let told = reporter.clone();
        let shard = Shard { log, snapshots, inbox, requests: requests_weak, lease, health: reporter, unfit };
        let task = task::spawn(async move {
            let (_inspector, _ending) = (inspector, ending.drop_guard());
            let ended = shard.run(replica).await;
            if let Err(error) = &ended {
                // It stays: what comes now is for a person to mend.
                told.trouble(&with_cause(error));
            }
            ended
        });
        Ok((Self { requests, answer_within: config.answer_within, health }, task))
    }

    /// How the shard does in this process, now and whenever it changes.
    pub fn health(&self) -> watch::Receiver<Health> {
        self.health.clone()
    }

    /// Queues the command at once, in the order of the calls, and waits for what comes of it.
    /// An answer of any kind rests on durable events only.
    pub fn submit(
        &self,
        submission: Submission,
    ) -> impl Future<Output = Result<Outcome, SubmitError>> + Send + use<> {
        let (reply, answer) = oneshot::channel();
        let answer_within = self.answer_within;
        let deadline = Instant::now() + answer_within;
        let queued = self.requests.try_send(Request { submission, reply, deadline, is_passed_on: false });
        async move {
            queued.map_err(|error| match error {
                mpsc::error::TrySendError::Full(_) => SubmitError::Overloaded,
                mpsc::error::TrySendError::Closed(_) => {
                    SubmitError::Unavailable("the writer has ended".into())
                }
            })?;
            match timeout_at(deadline, answer).await {
                Ok(Ok(result)) => result,
                Ok(Err(_)) => Err(SubmitError::Unavailable("the writer has ended".into())),
                Err(_) => Err(SubmitError::Unavailable(format!("no answer within {answer_within:?}"))),
            }
        }
    }
}

fn with_cause(error: &WriterError) -> String {
    match std::error::Error::source(error) {
        Some(cause) => format!("{error}: {cause}"),
        None => error.to_string(),
    }
}

/// Looks at the log from time to time: what somebody did to it from outside shows before it does harm.
fn inspect(log: Log) -> (watch::Receiver<Option<WriterError>>, AbortOnDropHandle<()>) {
    let (found, unfit) = watch::channel(None);
    let task = task::spawn(async move {
        loop {
            sleep(INSPECT_EVERY).await;
            let inspected = match log.inspect().await {
                // It may be a leader that was just elected.
                Err(LogError::Missing { sequence }) => match log.head_with(sequence).await {
                    Ok(head) if head < sequence => Err(LogError::Missing { sequence }),
                    looked_at => looked_at.map(drop),
                },
                looked_at => looked_at,
            };
            match inspected {
                Ok(()) => {}
                Err(error @ LogError::Unavailable { .. }) => {
                    tracing::debug!(%error, "the log was not looked at")
                }
                Err(error) => {
                    found.send_replace(Some(error.into()));
                    return std::future::pending().await;
                }
            }
        }
    });
    (unfit, AbortOnDropHandle::new(task))
}
