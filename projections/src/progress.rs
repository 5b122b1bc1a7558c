//! How far the views are: each of them, and those that are being built beside them. Written by the threads that feed
//! them, read by whoever asks how they do.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::{Duration, Instant};

use crate::VIEWS;
use crate::view::View;

/// How far a rebuild is.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct RebuildProgress {
    /// Which view is built beside the others; `None` when all of them are built together.
    pub view: Option<&'static str>,
    /// Frames applied so far.
    pub frames_done: u64,
    /// Frames there are to apply: those the log had at the start.
    pub frames_total: u64,
    /// Events in the frames applied.
    pub events_done: u64,
    /// Events applied a second, over the whole rebuild so far.
    pub events_per_second: f64,
}

#[derive(Debug, Default)]
pub(crate) struct Progress {
    views: [OfView; VIEWS],
    /// The last frame that was applied to the views that go along.
    applied: AtomicU64,
    /// The last frame of the log, as far as it is known.
    head: AtomicU64,
    /// Why none of them goes on, if so.
    stopped: OnceLock<String>,
}

#[derive(Debug, Default)]
struct OfView {
    /// The last frame that the one which is served has had.
    had: AtomicU64,
    rare: Mutex<Rare>,
}

#[derive(Debug, Default, Clone)]
struct Rare {
    /// The last frame that the one built beside has had.
    building: Option<u64>,
    failed: Option<String>,
}

impl Progress {
    pub(crate) fn set_had(&self, view: View, had: u64) {
        self.views[view as usize].had.store(had, Ordering::Relaxed);
    }

    pub(crate) fn had(&self, view: View) -> u64 {
        self.views[view as usize].had.load(Ordering::Relaxed)
    }

    pub(crate) fn set_building(&self, view: View, had: Option<u64>) {
        self.rare(view).building = had;
    }

    pub(crate) fn building(&self, view: View) -> Option<u64> {
        self.rare(view).building
    }

    pub(crate) fn set_failed(&self, view: View, reason: Option<String>) {
        self.rare(view).failed = reason;
    }

    pub(crate) fn failed(&self, view: View) -> Option<String> {
        self.stopped.get().cloned().or_else(|| self.rare(view).failed.clone())
    }

    pub(crate) fn set_applied(&self, sequence: u64) {
        self.applied.store(sequence, Ordering::Release);
    }

    pub(crate) fn applied(&self) -> u64 {
        self.applied.load(Ordering::Acquire)
    }

    pub(crate) fn saw_head(&self, sequence: u64) {
        self.head.fetch_max(sequence, Ordering::Relaxed);
    }

    pub(crate) fn head(&self) -> u64 {
        self.head.load(Ordering::Relaxed)
    }

    pub(crate) fn stop(&self, reason: String) {
        // Only the first says why.
        let _ = self.stopped.set(reason);
    }

    pub(crate) fn is_stopped(&self) -> bool {
        self.stopped.get().is_some()
    }

    fn rare(&self, view: View) -> MutexGuard<'_, Rare> {
        self.views[view as usize].rare.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Counts what is done on the way to a frame.
#[derive(Debug)]
pub(crate) struct Tally {
    view: Option<View>,
    target: u64,
    frames: u64,
    events: u64,
    since: Instant,
}

impl Tally {
    pub(crate) fn new(view: Option<View>, had: u64, target: u64) -> Self {
        Self { view, target, frames: target.saturating_sub(had), events: 0, since: Instant::now() }
    }

    pub(crate) fn target(&self) -> u64 {
        self.target
    }

    pub(crate) fn add(&mut self, events: usize) {
        self.events += events as u64;
    }

    pub(crate) fn at(&self, sequence: u64) -> RebuildProgress {
        let left = self.target.saturating_sub(sequence);
        let seconds = self.since.elapsed().max(Duration::from_millis(1)).as_secs_f64();
        RebuildProgress {
            view: self.view.map(View::name),
            frames_done: self.frames.saturating_sub(left),
            frames_total: self.frames,
            events_done: self.events,
            events_per_second: self.events as f64 / seconds,
        }
    }
}
