//! What a simulation puts in the place of NATS, the clock, chance and the process. Nothing of it is compiled into
//! the program; what a link does with a call is up to whoever holds the other end of it.

mod process;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use async_nats::Message;
use async_nats::jetstream::stream;
use bytes::Bytes;
use tokio::sync::{mpsc, oneshot};
use tokio::time::timeout;

pub use process::{Process, is_killed, spawn};
pub(crate) use process::{current, fill, now};

/// As long as the log waits for an answer of JetStream.
const ANSWER_WITHIN: Duration = Duration::from_secs(1);

/// Where the answer to a call goes. One that is dropped is an answer that never comes.
pub type Answer<T> = oneshot::Sender<Result<T, String>>;

/// What the engine asks of NATS.
#[derive(Debug)]
#[expect(missing_docs, reason = "each variant says what its fields are")]
pub enum Call {
    /// Append a frame behind `expected_last`; answered as JetStream does.
    Append { bytes: Bytes, expected_last: u64, answer: oneshot::Sender<Bytes> },
    /// The state of the log's stream.
    State { answer: Answer<stream::State> },
    /// One frame of the log.
    Read { sequence: u64, answer: Answer<Option<Bytes>> },
    /// A consumer of the log from this sequence on; answered with its name.
    CreateConsumer { from: u64, answer: Answer<String> },
    /// The key of the lease, with its revision.
    Entry { answer: Answer<Option<(Bytes, u64)>> },
    /// Write that key if it still has this revision; without one, if it is not there. Answered with the new one.
    Write { value: Bytes, revision: Option<u64>, answer: Answer<u64> },
    /// Take the messages of a subject until `messages` is closed.
    Subscribe { subject: String, messages: mpsc::UnboundedSender<Message> },
    /// Send a message.
    Publish { subject: String, reply_to: Option<String>, payload: Bytes },
}

/// The connection of one process; clones share it.
#[derive(Debug, Clone)]
pub struct Link {
    calls: mpsc::UnboundedSender<Call>,
    is_connected: Arc<AtomicBool>,
    name: Arc<str>,
    inboxes: Arc<AtomicU64>,
}

/// The messages of a subscription.
pub(crate) struct Messages(mpsc::UnboundedReceiver<Message>);

impl Link {
    /// A connection called `name`, which must not be used twice, and its other end. The flag is what the process
    /// believes of it.
    pub fn new(name: &str) -> (Self, mpsc::UnboundedReceiver<Call>, Arc<AtomicBool>) {
        let (calls, other_end) = mpsc::unbounded_channel();
        let is_connected = Arc::new(AtomicBool::new(true));
        let link = Self {
            calls,
            is_connected: Arc::clone(&is_connected),
            name: name.into(),
            inboxes: Arc::default(),
        };
        (link, other_end, is_connected)
    }

    fn call(&self, call: Call) {
        // With nobody at the other end, nothing is answered.
        let _nobody = self.calls.send(call);
    }

    async fn ask<T>(&self, call: impl FnOnce(Answer<T>) -> Call) -> Result<T, String> {
        let (answer, answered) = oneshot::channel();
        self.call(call(answer));
        timeout(ANSWER_WITHIN, or_never(answered)).await.unwrap_or_else(|_| Err("timed out".to_owned()))
    }

    pub(crate) async fn append(&self, bytes: Bytes, expected_last: u64) -> Bytes {
        let (answer, answered) = oneshot::channel();
        self.call(Call::Append { bytes, expected_last, answer });
        or_never(answered).await
    }

    pub(crate) async fn state(&self) -> Result<stream::State, String> {
        self.ask(|answer| Call::State { answer }).await
    }

    pub(crate) async fn read(&self, sequence: u64) -> Result<Option<Bytes>, String> {
        self.ask(|answer| Call::Read { sequence, answer }).await
    }

    pub(crate) async fn create_consumer(&self, from: u64) -> Result<String, String> {
        self.ask(|answer| Call::CreateConsumer { from, answer }).await
    }

    pub(crate) async fn entry(&self) -> Result<Option<(Bytes, u64)>, String> {
        self.ask(|answer| Call::Entry { answer }).await
    }

    pub(crate) async fn update(&self, value: Bytes, revision: u64) -> Result<u64, String> {
        self.ask(|answer| Call::Write { value, revision: Some(revision), answer }).await
    }

    pub(crate) async fn create(&self, value: Bytes) -> Result<u64, String> {
        self.ask(|answer| Call::Write { value, revision: None, answer }).await
    }

    pub(crate) fn is_connected(&self) -> bool {
        self.is_connected.load(Ordering::Relaxed)
    }

    pub(crate) fn new_inbox(&self) -> String {
        format!("_INBOX.{}.{}", self.name, self.inboxes.fetch_add(1, Ordering::Relaxed))
    }

    pub(crate) fn subscribe(&self, subject: String) -> Messages {
        let (messages, inbox) = mpsc::unbounded_channel();
        self.call(Call::Subscribe { subject, messages });
        Messages(inbox)
    }

    pub(crate) fn publish(&self, subject: String, reply_to: Option<String>, payload: Bytes) {
        self.call(Call::Publish { subject, reply_to, payload });
    }
}

impl Messages {
    pub(crate) async fn next(&mut self) -> Option<Message> {
        self.0.recv().await
    }

    pub(crate) fn unsubscribe(&mut self) -> bool {
        self.0.close();
        true
    }
}

async fn or_never<T>(answered: oneshot::Receiver<T>) -> T {
    match answered.await {
        Ok(answer) => answer,
        Err(_) => std::future::pending().await,
    }
}
