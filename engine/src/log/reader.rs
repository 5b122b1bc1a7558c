//! Following the log: every frame once, in order, with its place in the chain checked. Whatever happens to the
//! connection or the consumer is repaired here; what happened to the log is an error, never passed over.

use std::cmp::Ordering;
use std::error::Error;
use std::sync::atomic;
use std::time::Duration;

use schemas::frame::FrameHash;
use tokio::time::{Instant, sleep, timeout};

use super::pulls::{Pulled, Pulls, Sent};
use super::{ANOTHER_SERVER_AFTER, Heard, Log, LogError, RecordedFrame, Short};

const BACKOFF_MIN: Duration = Duration::from_millis(50);
const BACKOFF_MAX: Duration = Duration::from_secs(2);

/// Reads frames in order for as long as it lives. After an error it is of no more use.
pub struct FrameReader {
    log: Log,
    pulls: Pulls,
    next: u64,
    previous: FrameHash,
    head: u64,
    backoff: Duration,
    heard: Heard,
    /// Since when the log seems to have lost something.
    short: Option<Short>,
}

impl FrameReader {
    pub(super) async fn open(log: Log, next: u64, previous: FrameHash) -> Result<Self, LogError> {
        let heard = Heard::now();
        let pulls = Pulls::open(&log, next, heard.clone()).await?;
        Ok(Self { log, pulls, next, previous, head: next - 1, backoff: BACKOFF_MIN, heard, short: None })
    }

    /// The sequence of the frame that comes next.
    pub fn next_sequence(&self) -> u64 {
        self.next
    }

    /// The last sequence of the log, as far as it is known from the frames that came.
    pub fn head(&self) -> u64 {
        self.head
    }

    /// When it last heard from the log; goes on telling after the reader has been given away.
    pub fn heard(&self) -> Heard {
        self.heard.clone()
    }

    /// The next frame; waits for it as long as it takes, through restarts of NATS. May be cancelled.
    ///
    /// # Errors
    /// Only for a damaged log: [`LogError::Gap`], [`LogError::Missing`], [`LogError::BrokenChain`],
    /// [`LogError::WrongShard`], [`LogError::Decode`].
    pub async fn next(&mut self) -> Result<RecordedFrame, LogError> {
        loop {
            match self.pulls.next().await {
                Ok(Sent::Frame(pulled)) => match pulled.sequence.cmp(&self.next) {
                    Ordering::Equal => return self.take(&pulled),
                    Ordering::Less => {}
                    Ordering::Greater => self.check_gap(pulled.sequence).await?,
                },
                // The last ones may be lost too, and then nothing comes after them to show it.
                Ok(Sent::All(last)) if last >= self.next => self.check_gap(last + 1).await?,
                Ok(Sent::All(_)) => self.short = None,
                Err(reason) => self.reopen(&reason).await?,
            }
        }
    }

    /// The next frame if there is one before `wait` is over.
    ///
    /// # Errors
    /// As [`FrameReader::next`].
    pub async fn next_within(&mut self, wait: Duration) -> Result<Option<RecordedFrame>, LogError> {
        match timeout(wait, self.next()).await {
            Ok(frame) => frame.map(Some),
            Err(_) => Ok(None),
        }
    }

    fn take(&mut self, pulled: &Pulled) -> Result<RecordedFrame, LogError> {
        let recorded = RecordedFrame::decode(pulled.sequence, self.log.shard(), &pulled.payload)?;
        if recorded.frame.previous != self.previous {
            return Err(LogError::BrokenChain { sequence: recorded.sequence });
        }
        self.log.known.fetch_max(recorded.sequence, atomic::Ordering::Relaxed);
        self.previous = recorded.hash;
        self.head = recorded.sequence + pulled.pending;
        self.next += 1;
        self.backoff = BACKOFF_MIN;
        self.short = None;
        Ok(recorded)
    }

    /// A consumer delivers at most once, so what did not come may still be in the log.
    async fn check_gap(&mut self, found: u64) -> Result<(), LogError> {
        match self.log.read(self.next).await {
            Ok(None) if self.is_short_for_sure() => Err(LogError::Gap { expected: self.next, found }),
            Ok(None) => self.reopen("frames were lost on the way, or in the log").await,
            Ok(Some(_)) | Err(_) => {
                self.short = None;
                self.reopen("frames were lost on the way").await
            }
        }
    }

    fn is_short_for_sure(&mut self) -> bool {
        self.short.get_or_insert_with(Short::begins).is_sure()
    }

    /// Makes a new consumer, trying until there is one.
    async fn reopen(&mut self, reason: &str) -> Result<(), LogError> {
        tracing::warn!(shard = %self.log.shard(), next = self.next, reason, "following the log anew");
        let mut unanswered_since = Instant::now();
        loop {
            sleep(self.backoff).await;
            self.backoff = (self.backoff * 2).min(BACKOFF_MAX);
            if unanswered_since.elapsed() >= ANOTHER_SERVER_AFTER {
                unanswered_since = Instant::now();
                self.log.try_another_server().await;
            }
            match self.open_again().await {
                Ok(pulls) => {
                    self.pulls = pulls;
                    return Ok(());
                }
                Err(error @ LogError::Unavailable { .. }) => {
                    self.short = None;
                    let cause = error.source().map(ToString::to_string).unwrap_or_default();
                    tracing::warn!(%error, cause, "the log cannot be followed, trying on");
                }
                Err(LogError::Missing { sequence }) if !self.is_short_for_sure() => {
                    tracing::warn!(sequence, "the log does not have a frame that it had, looking again");
                }
                Err(error) => return Err(error),
            }
        }
    }

    async fn open_again(&self) -> Result<Pulls, LogError> {
        let last = self.next - 1;
        if self.log.head().await? < last {
            return Err(LogError::Missing { sequence: last });
        }
        Pulls::open(&self.log, self.next, self.heard.clone()).await
    }
}
