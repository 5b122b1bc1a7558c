//! The views of a shard, running: started from the log, asked from anywhere, waited for by position.

use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::Duration;

use engine::log::{Log, RecordedFrame};
use schemas::Position;
use tokio::task::spawn_blocking;

use crate::change::{Subject, subject};
use crate::error::ViewsError;
use crate::feed::Feed;
use crate::history::History;
use crate::inbox::Inbox;
use crate::projectors::{Projectors, VIEWS};
use crate::recorded::{Recorded, last_position};
use crate::runner::{Progress, RebuildProgress, Runner, Start};
use crate::status::Statuses;

/// With more than this before them, views are brought up to date without telling anybody each change.
const LAG_FRAMES_MAX: u64 = 1_000;

/// The views do not reflect a position yet.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the views reflect {reached} only")]
pub struct Stale {
    /// The last event that all views reflect.
    pub reached: Position,
}

/// How one view does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ViewHealth {
    /// Its name: `inbox`, `history` or `status`.
    pub name: &'static str,
    /// The last frame it reflects.
    pub checkpoint: u64,
    /// How many frames of the log it does not reflect yet, as far as is known.
    pub head_lag: u64,
    /// Why it takes nothing more in, if so; it is then as it was at its checkpoint.
    pub failed: Option<String>,
}

#[derive(Debug)]
struct Inner {
    inbox: Inbox,
    history: History,
    statuses: Statuses,
    feed: Feed,
    progress: Arc<Progress>,
    runner: Mutex<Option<Runner>>,
}

/// The three views of a shard; clones share them. When the last clone goes, they are closed in the background.
#[derive(Debug, Clone)]
pub struct Views {
    inner: Arc<Inner>,
}

impl Views {
    /// Opens the views kept in `dir` (one process at a time) and keeps them up to date with the log. Returns before
    /// they have caught up; views that are empty are then built from the log, which `report` is told of.
    ///
    /// # Errors
    /// [`ViewsError`] when the log or a view cannot be opened, or they do not belong together.
    pub async fn start(
        log: &Log,
        dir: &Path,
        report: impl Fn(RebuildProgress) + Send + 'static,
    ) -> Result<Self, ViewsError> {
        Self::start_behind(log, dir, LAG_FRAMES_MAX, report).await
    }

    /// As [`Views::start`]; with more than `lag_frames_max` frames before them, the views catch up without telling
    /// each change.
    pub(crate) async fn start_behind(
        log: &Log,
        dir: &Path,
        lag_frames_max: u64,
        report: impl Fn(RebuildProgress) + Send + 'static,
    ) -> Result<Self, ViewsError> {
        let path = dir.to_owned();
        let projectors = spawn_blocking(move || Projectors::open(&path))
            .await
            .map_err(|error| ViewsError::Stopped(error.to_string()))??;
        let had = projectors.had();
        let head = log.head().await?;
        let (first, last) = frames_of(log, &projectors, head).await?;
        let reader = log.follow(first.as_ref().map_or(1, |frame| frame.sequence + 1)).await?;

        let start = Position::start(log.shard());
        let applied = first.as_ref().map_or(start, last_position);
        let feed = Feed::new(last.as_ref().map_or(start, last_told), applied);
        let progress = Arc::new(Progress {
            had: had.map(AtomicU64::new),
            head: AtomicU64::new(head),
            failed: OnceLock::new(),
        });
        let (inbox, history, statuses) = projectors.views(log.shard());
        let start =
            Start { projectors, feed: feed.clone(), progress: Arc::clone(&progress), head, lag_frames_max };
        let runner = Mutex::new(Some(Runner::start(reader, start, report)?));
        Ok(Self { inner: Arc::new(Inner { inbox, history, statuses, feed, progress, runner }) })
    }

    /// Open conversations and masters.
    pub fn inbox(&self) -> &Inbox {
        &self.inner.inbox
    }

    /// All conversations and their entries.
    pub fn history(&self) -> &History {
        &self.inner.history
    }

    /// Delivery statuses.
    pub fn status(&self) -> &Statuses {
        &self.inner.statuses
    }

    /// The changes, as they happen.
    pub fn feed(&self) -> &Feed {
        &self.inner.feed
    }

    /// The last event that all views reflect. Read it before a query to know what the answer reflects at least.
    pub fn applied(&self) -> Position {
        *self.inner.feed.applied().borrow()
    }

    /// Waits until all views reflect `position`.
    ///
    /// # Errors
    /// [`Stale`] when they do not within `deadline`, or have stopped, or are of another shard.
    pub async fn wait_for(&self, position: Position, deadline: Duration) -> Result<(), Stale> {
        let progress = &self.inner.progress;
        let mut applied = self.inner.feed.applied();
        // Frames are applied whole, so that the sequence alone tells.
        let is_reached =
            |applied: &Position| applied.shard == position.shard && applied.sequence >= position.sequence;
        let is_over = |applied: &Position| is_reached(applied) || progress.failed.get().is_some();
        let waited = tokio::time::timeout(deadline, applied.wait_for(is_over)).await;
        drop(waited);
        let reached = self.applied();
        if is_reached(&reached) { Ok(()) } else { Err(Stale { reached }) }
    }

    /// How each view does, in the order inbox, history, status.
    pub fn health(&self) -> Vec<ViewHealth> {
        let progress = &self.inner.progress;
        let head = progress.head.load(Ordering::Relaxed);
        let views = VIEWS.iter().zip(&progress.had);
        views
            .map(|((name, _), had)| {
                let checkpoint = had.load(Ordering::Relaxed);
                let failed = progress.failed.get().cloned();
                ViewHealth { name, checkpoint, head_lag: head.saturating_sub(checkpoint), failed }
            })
            .collect()
    }

    /// Ends the views for all clones: what was read is applied and on the disk when this returns. Queries answer
    /// errors from then on, and subscriptions end.
    ///
    /// # Errors
    /// Why the views had stopped before, or could not be written.
    pub async fn shutdown(self) -> Result<(), ViewsError> {
        let runner = self.inner.runner.lock().unwrap_or_else(PoisonError::into_inner).take();
        let Some(runner) = runner else { return Ok(()) };
        let result = spawn_blocking(move || runner.stop()).await;
        self.inner.feed.close();
        result.map_err(|error| ViewsError::Stopped(error.to_string()))?
    }
}

/// The frames that the view furthest behind and the one furthest ahead reflect, when they are frames of this log.
async fn frames_of(
    log: &Log,
    projectors: &Projectors,
    head: u64,
) -> Result<(Option<RecordedFrame>, Option<RecordedFrame>), ViewsError> {
    let mut frames = Vec::new();
    for (checkpoint, hash) in projectors.had().into_iter().zip(projectors.frame_hashes()?) {
        if checkpoint == 0 {
            frames.push(None);
            continue;
        }
        let frame = log.read_frame(checkpoint).await?.filter(|frame| Some(frame.hash) == hash);
        let frame = frame.ok_or(ViewsError::AnotherLog { checkpoint, head })?;
        frames.push(Some(frame));
    }
    frames.sort_by_key(|frame| frame.as_ref().map_or(0, |frame| frame.sequence));
    let last = frames.pop().flatten();
    Ok((frames.into_iter().next().flatten(), last))
}

/// The last position in a frame that anybody may have been told.
fn last_told(frame: &RecordedFrame) -> Position {
    let told = Recorded::all(frame).filter(|r| subject(r.event) != Subject::Nothing).last();
    told.map_or_else(|| Position { index: 0, ..last_position(frame) }, |r| r.position)
}
