//! The views of a shard, running: started from the log, asked from anywhere, waited for by position.

use std::fmt;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use engine::log::{Heard, Log, RecordedFrame};
use engine::patience::patiently_read;
use schemas::Position;

use crate::VIEWS;
use crate::change::{Subject, subject};
use crate::contacts::Contacts;
use crate::error::ViewsError;
use crate::feed::Feed;
use crate::history::History;
use crate::inbox::Inbox;
use crate::opening;
use crate::progress::{Progress, RebuildProgress};
use crate::recorded::{Recorded, last_position};
use crate::runner::{Runner, Start};
use crate::slot::Slots;
use crate::status::Statuses;
use crate::view::{VERSIONS, Version, View};
use crate::work;

#[cfg(test)]
mod tests;

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
    /// Its name: `inbox`, `history`, `status` or `contacts`.
    pub name: &'static str,
    /// The last frame it reflects.
    pub checkpoint: u64,
    /// How many frames of the log it does not reflect yet, as far as is known.
    pub head_lag: u64,
    /// Whether queries that need it are answered. If not, and it has not failed, it is being built.
    pub is_served: bool,
    /// The last frame that the one built beside has had, while there is one: a new version of one that is served,
    /// or one that is not served yet.
    pub building: Option<u64>,
    /// Why it takes nothing more in, if so. One that is served is then as it was at its checkpoint.
    pub failed: Option<String>,
}

/// How the views are started.
pub(crate) struct Options {
    /// With more frames than this before them, views are brought up to date without telling anybody each change,
    /// and one that is so far behind the others is brought up beside them.
    pub(crate) lag_frames_max: u64,
    pub(crate) versions: [Version; VIEWS],
}

impl Default for Options {
    fn default() -> Self {
        Self { lag_frames_max: LAG_FRAMES_MAX, versions: VERSIONS }
    }
}

struct Inner {
    inbox: Inbox,
    history: History,
    statuses: Statuses,
    contacts: Contacts,
    feed: Feed,
    slots: Slots,
    progress: Arc<Progress>,
    heard: Heard,
    runner: Mutex<Option<Runner>>,
}

/// The views of a shard; clones share them. When the last clone goes, they are closed in the background.
#[derive(Clone)]
pub struct Views {
    inner: Arc<Inner>,
}

impl fmt::Debug for Views {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Views").field("health", &self.health()).finish_non_exhaustive()
    }
}

impl Views {
    /// Opens the views kept in `dir` (one process at a time) and keeps them up to date with the log. Returns before
    /// they have caught up.
    ///
    /// A view that is missing, damaged, of another log, of an older version or far behind the others is built beside
    /// them, while they go on; what cannot be used is put aside, and never an error. When all are empty, they are
    /// built together. `report` is told how far what is being built is.
    ///
    /// # Errors
    /// [`ViewsError`] when the log cannot be reached, or a directory is in use or refused by the file system.
    pub async fn start(
        log: &Log,
        dir: &Path,
        report: impl Fn(RebuildProgress) + Send + 'static,
    ) -> Result<Self, ViewsError> {
        Self::start_with(log, dir, Options::default(), report).await
    }

    /// As [`Views::start`].
    pub(crate) async fn start_with(
        log: &Log,
        dir: &Path,
        options: Options,
        report: impl Fn(RebuildProgress) + Send + 'static,
    ) -> Result<Self, ViewsError> {
        let Options { lag_frames_max, versions } = options;
        let (opened, of) = (dir.to_owned(), log.clone());
        let found =
            work::blocking(async move { opening::open(&of, &opened, &versions, lag_frames_max).await });
        let found = found.await??;
        let next = found.first.as_ref().map_or(1, |frame| frame.sequence + 1);
        let reader = patiently_read("following the log", || log.follow(next)).await?;

        let start = Position::start(log.shard());
        let position = found.first.as_ref().map_or(start, last_position);
        let feed = Feed::new(found.last.as_ref().map_or(start, last_told), position);
        let (slots, progress, heard) = (Slots::new(), Arc::<Progress>::default(), reader.heard());
        progress.saw_head(found.head);
        progress.set_applied(position.sequence);
        for fed in found.live.iter().flatten() {
            progress.set_had(fed.view(), fed.had());
        }
        let (inbox, history, statuses, contacts) = slots.views(log.shard());
        let report = Mutex::new(report);
        let start = Start {
            log: log.clone(),
            dir: dir.to_owned(),
            versions,
            lag_frames_max,
            found,
            position,
            slots: slots.clone(),
            feed: feed.clone(),
            progress: Arc::clone(&progress),
            report: Arc::new(move |progress| {
                (report.lock().unwrap_or_else(PoisonError::into_inner))(progress);
            }),
        };
        let runner = Mutex::new(Some(Runner::start(reader, start)?));
        let inner = Inner { inbox, history, statuses, contacts, feed, slots, progress, heard, runner };
        Ok(Self { inner: Arc::new(inner) })
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

    /// Contacts, and what they are found by.
    pub fn contacts(&self) -> &Contacts {
        &self.inner.contacts
    }

    /// The changes, as they happen.
    pub fn feed(&self) -> &Feed {
        &self.inner.feed
    }

    /// The last event that all views that are served reflect. Read it before a query to know what the answer reflects
    /// at least.
    pub fn applied(&self) -> Position {
        *self.inner.feed.applied().borrow()
    }

    /// Waits until all views that are served reflect `position`.
    ///
    /// # Errors
    /// [`Stale`] when they do not within `deadline`, or have stopped, or are of another shard.
    pub async fn wait_for(&self, position: Position, deadline: Duration) -> Result<(), Stale> {
        let progress = &self.inner.progress;
        let mut applied = self.inner.feed.applied();
        // Frames are applied whole, so that the sequence alone tells.
        let is_reached =
            |applied: &Position| applied.shard == position.shard && applied.sequence >= position.sequence;
        let is_over = |applied: &Position| is_reached(applied) || progress.is_stopped();
        let waited = tokio::time::timeout(deadline, applied.wait_for(is_over)).await;
        drop(waited);
        let reached = self.applied();
        if is_reached(&reached) { Ok(()) } else { Err(Stale { reached }) }
    }

    /// For how long nothing has been heard from the log. Under a second while NATS is there; more when what the
    /// views answer may be that much older than the log, or the views have stopped. Cheap.
    pub fn unheard_for(&self) -> Duration {
        self.inner.heard.ago()
    }

    /// How each view does, in the order inbox, history, status, contacts.
    pub fn health(&self) -> Vec<ViewHealth> {
        let (progress, head) = (&self.inner.progress, self.inner.progress.head());
        let of = |view: View| {
            let (is_served, building) = (self.inner.slots.is_served(view), progress.building(view));
            let had = progress.had(view);
            let checkpoint = if is_served { had } else { building.unwrap_or(had) };
            let head_lag = head.saturating_sub(checkpoint);
            let failed = progress.failed(view);
            ViewHealth { name: view.name(), checkpoint, head_lag, is_served, building, failed }
        };
        View::ALL.map(of).into()
    }

    /// Ends the views for all clones: what was read is applied and on the disk when this returns. Queries answer
    /// errors from then on, and subscriptions end.
    ///
    /// # Errors
    /// Why the views had stopped before, or could not be written.
    pub async fn shutdown(self) -> Result<(), ViewsError> {
        let runner = self.inner.runner.lock().unwrap_or_else(PoisonError::into_inner).take();
        let Some(runner) = runner else { return Ok(()) };
        let result = runner.stop().await;
        self.inner.feed.close();
        result
    }
}

/// The last position in a frame that anybody may have been told.
fn last_told(frame: &RecordedFrame) -> Position {
    let told = Recorded::all(frame).filter(|r| subject(r.event) != Subject::Nothing).last();
    told.map_or_else(|| Position { index: 0, ..last_position(frame) }, |r| r.position)
}
