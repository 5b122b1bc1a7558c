//! What the day counts as it goes: how much of everything, how long live push took, and what went wrong.

use std::fmt::Display;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use hdrhistogram::Histogram;
use schemas::MessageId;

use super::letters::Letters;

/// Troubles whose text is kept; the others are only counted.
const TROUBLES_KEPT: usize = 20;

/// What is counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Count {
    /// Customers who have written.
    Customers,
    /// Messages of customers that were answered 200.
    MessagesIn,
    /// Answers of agents that were accepted.
    MessagesOut,
    /// Webhooks that were sent again although they had been answered, or were about to be.
    Duplicates,
    /// Webhooks that were sent again because they were not answered 200.
    WebhookRetries,
    /// Sends that WhatsApp put off.
    SendRetries,
    /// Offers that agents accepted.
    OffersAccepted,
    /// Offers that they declined, or did not answer.
    OffersLost,
    /// Customers' messages for whose answer a time was set.
    AnswersDue,
    /// Times for an answer that were missed.
    AnswersLate,
    /// Times a campaign closed.
    Closings,
    /// Customers who were told that a campaign is closed.
    ToldClosed,
    /// Predefined texts sent.
    Texts,
    /// Conversations handed over.
    Transfers,
    /// Conversations assigned by hand.
    ByHand,
    /// Conversations finished.
    Finishes,
    /// Notes written, on conversations and on contacts.
    Notes,
    /// Contacts written down, who they are.
    Profiles,
    /// Contacts found again by what was written down of them.
    Found,
    /// Contacts who turned out to be others.
    Merges,
    /// Customers' numbers that became others.
    NumbersChanged,
    /// Exclusive agents set or removed.
    Exclusives,
    /// Live streams taken up again from the last event seen.
    Reconnects,
    /// Commands refused because something happened meanwhile, as it does among people.
    Refusals,
    /// What should not have happened.
    Errors,
}

const COUNTS: usize = Count::Errors as usize + 1;

/// Everything that is counted, shared by all who live the day.
#[derive(Debug)]
pub struct Tally {
    started: Instant,
    counts: [AtomicU64; COUNTS],
    open: AtomicU64,
    waiting: AtomicU64,
    online: AtomicU64,
    latency: Mutex<Histogram<u64>>,
    troubles: Mutex<Vec<String>>,
    sent: Mutex<Vec<MessageId>>,
    pub(super) letters: Letters,
}

/// From the sending of webhooks to the live pushes of their messages.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Latency {
    /// Messages measured.
    pub measured: u64,
    /// Half of them took no longer.
    pub p50: Duration,
    /// 99 of 100 took no longer.
    pub p99: Duration,
}

impl Tally {
    pub(super) fn new(latency: Histogram<u64>) -> Self {
        Self {
            started: Instant::now(),
            counts: [const { AtomicU64::new(0) }; COUNTS],
            open: AtomicU64::new(0),
            waiting: AtomicU64::new(0),
            online: AtomicU64::new(0),
            latency: Mutex::new(latency),
            troubles: Mutex::new(Vec::new()),
            sent: Mutex::new(Vec::new()),
            letters: Letters::default(),
        }
    }

    /// How long the day has lasted.
    pub fn running(&self) -> Duration {
        self.started.elapsed()
    }

    /// How often it was counted.
    pub fn get(&self, what: Count) -> u64 {
        self.counts[what as usize].load(Ordering::Relaxed)
    }

    /// Conversations open now, and how many of them wait for an agent.
    pub fn open_and_waiting(&self) -> (u64, u64) {
        (self.open.load(Ordering::Relaxed), self.waiting.load(Ordering::Relaxed))
    }

    /// Agents who are online now.
    pub fn online(&self) -> u64 {
        self.online.load(Ordering::Relaxed)
    }

    /// How long live push took so far.
    pub fn latency(&self) -> Latency {
        let latency = lock(&self.latency);
        let at = |quantile| Duration::from_micros(latency.value_at_quantile(quantile));
        Latency { measured: latency.len(), p50: at(0.5), p99: at(0.99) }
    }

    /// The first of the things that should not have happened.
    pub fn troubles(&self) -> Vec<String> {
        lock(&self.troubles).clone()
    }

    pub(super) fn add(&self, what: Count, times: u64) {
        self.counts[what as usize].fetch_add(times, Ordering::Relaxed);
    }

    pub(super) fn one(&self, what: Count) {
        self.add(what, 1);
    }

    pub(super) fn set_open(&self, open: usize, waiting: usize) {
        self.open.store(open as u64, Ordering::Relaxed);
        self.waiting.store(waiting as u64, Ordering::Relaxed);
    }

    pub(super) fn set_online(&self, online: usize) {
        self.online.store(online as u64, Ordering::Relaxed);
    }

    pub(super) fn pushed_after(&self, time: Duration) {
        let micros = u64::try_from(time.as_micros()).unwrap_or(u64::MAX);
        lock(&self.latency).saturating_record(micros);
    }

    /// An agent was told that this message is sent.
    pub(super) fn sent(&self, message: Option<MessageId>) {
        match message {
            Some(message) => {
                self.one(Count::MessagesOut);
                lock(&self.sent).push(message);
            }
            None => self.trouble("the answer to a send names no message"),
        }
    }

    /// The messages agents were told are sent.
    pub(super) fn all_sent(&self) -> Vec<MessageId> {
        lock(&self.sent).clone()
    }

    /// Something that should not have happened.
    pub(super) fn trouble(&self, what: impl Display) {
        self.one(Count::Errors);
        let mut troubles = lock(&self.troubles);
        if troubles.len() < TROUBLES_KEPT {
            troubles.push(what.to_string());
        }
    }
}

/// What a thread left behind when it panicked is counts; they are still good.
pub(super) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
