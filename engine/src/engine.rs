//! The way in: `submit` hands a command to the writer of its shard and gives back what came of it.

use std::time::Duration;

use schemas::{ConversationId, Event, MessageId, Position, Rejection, Submission};
use tokio::sync::{mpsc, oneshot};
use tokio::time::timeout;

use crate::log::{Log, LogError};
pub use crate::writer::WriterError;
use crate::writer::{Request, Writer};

/// Limits of the engine.
#[derive(Debug, Clone)]
pub struct EngineConfig {
    /// Commands that may wait to be decided. One more is answered *overloaded*.
    pub queue_max: usize,
    /// How long a caller waits for the log before it is told that the outcome is not known yet.
    pub answer_within: Duration,
}

impl Default for EngineConfig {
    fn default() -> Self {
        Self { queue_max: 8_192, answer_within: Duration::from_secs(5) }
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

/// A handle on the writer; clones share it.
#[derive(Debug, Clone)]
pub struct Engine {
    requests: mpsc::Sender<Request>,
    answer_within: Duration,
}

impl Engine {
    /// Reads the log from its beginning and starts its writer. Gives back a task that ends with the writer: when
    /// all handles are dropped, or with an error after which nothing more can be written.
    ///
    /// # Errors
    /// [`LogError`] when the log cannot be opened or read, or is damaged.
    pub async fn start(
        log: Log,
        config: EngineConfig,
    ) -> Result<(Self, tokio::task::JoinHandle<Result<(), WriterError>>), LogError> {
        let (requests, inbox) = mpsc::channel(config.queue_max);
        let writer = Writer::recover(log, inbox).await?;
        let task = tokio::spawn(writer.run());
        Ok((Self { requests, answer_within: config.answer_within }, task))
    }

    /// Queues the command at once, in the order of the calls, and waits for what comes of it.
    /// An answer of any kind rests on durable events only.
    pub fn submit(
        &self,
        submission: Submission,
    ) -> impl Future<Output = Result<Outcome, SubmitError>> + Send + use<> {
        let (reply, answer) = oneshot::channel();
        let queued = self.requests.try_send(Request { submission, reply });
        let answer_within = self.answer_within;
        async move {
            queued.map_err(|error| match error {
                mpsc::error::TrySendError::Full(_) => SubmitError::Overloaded,
                mpsc::error::TrySendError::Closed(_) => {
                    SubmitError::Unavailable("the writer has ended".into())
                }
            })?;
            match timeout(answer_within, answer).await {
                Ok(Ok(result)) => result,
                Ok(Err(_)) => Err(SubmitError::Unavailable("the writer has ended".into())),
                Err(_) => Err(SubmitError::Unavailable(format!("no answer within {answer_within:?}"))),
            }
        }
    }
}
