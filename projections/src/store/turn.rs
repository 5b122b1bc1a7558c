//! Whose turn it is: the projector says there is work and waits when it must, the writer thread waits for work.

use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// How the writer thread ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Stop {
    /// Everything committed is written first.
    AfterFlush,
    /// The row being written is the last.
    Now,
}

#[derive(Debug, Default)]
struct State {
    /// Something was committed since the last overlay was taken.
    dirty: bool,
    /// Take the overlay without waiting for the interval.
    wanted: bool,
    busy: bool,
    /// The writer thread takes nothing any more.
    ended: bool,
    stop: Option<Stop>,
}

#[derive(Debug, Default)]
pub(super) struct Turn {
    state: Mutex<State>,
    changed: Condvar,
}

impl Turn {
    /// There is something to write within the interval.
    pub(super) fn mark_dirty(&self) {
        let mut state = self.lock();
        if !state.dirty {
            state.dirty = true;
            self.changed.notify_all();
        }
    }

    /// Waits until the writer thread is about to take the overlay, or has ended.
    pub(super) fn hand_over(&self) {
        self.wait(|state| !state.wanted);
    }

    /// Waits until the writer thread has taken the overlay and written it, or has ended.
    pub(super) fn flush(&self) {
        self.wait(|state| !state.wanted && !state.busy);
    }

    fn wait(&self, done: impl Fn(&State) -> bool) {
        let mut state = self.lock();
        state.wanted = true;
        self.changed.notify_all();
        while !state.ended && !done(&state) {
            state = self.changed.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
    }

    pub(super) fn stop(&self, stop: Stop) {
        self.lock().stop = Some(stop);
        self.changed.notify_all();
    }

    /// For the writer thread: sleeps until there is work, an interval after `last` at the earliest unless wanted
    /// sooner. What is committed from here on counts for the next turn.
    pub(super) fn begin(&self, last: Instant, interval: Duration) -> Option<Stop> {
        let mut state = self.lock();
        while state.stop.is_none() && !state.wanted {
            let left = interval.saturating_sub(last.elapsed());
            state = match state.dirty {
                true if left.is_zero() => break,
                true => self.changed.wait_timeout(state, left).unwrap_or_else(PoisonError::into_inner).0,
                false => self.changed.wait(state).unwrap_or_else(PoisonError::into_inner),
            };
        }
        state.dirty = false;
        // Here and not after the overlay is taken: what is published in between would be taken for written.
        state.wanted = false;
        state.busy = true;
        self.changed.notify_all();
        state.stop
    }

    /// For the writer thread: the overlay is written.
    pub(super) fn done(&self) {
        self.lock().busy = false;
        self.changed.notify_all();
    }

    /// Nothing will be written any more: whoever waits, stops waiting.
    pub(super) fn end(&self) {
        self.lock().ended = true;
        self.changed.notify_all();
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
