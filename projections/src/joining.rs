//! How a view that was built beside the others joins them: between two frames, at the same frame as they. The thread
//! that feeds the others waits for it meanwhile, so that it is let in only when it has a few frames to go.

use std::any::Any;
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use tokio::sync::oneshot;

use crate::fed::Fed;
use crate::live::Live;

/// So many frames are caught up with in some milliseconds.
pub(crate) const JOIN_FRAMES_MAX: u64 = 64;
const READERS_PAUSE: Duration = Duration::from_millis(5);

/// A view that has been built asks to join.
pub(crate) struct Joining {
    /// The last frame it has had.
    pub(crate) had: u64,
    /// Takes the frame at which it may join; dropped when it is too far behind.
    pub(crate) level: oneshot::Sender<u64>,
    /// Gives the view when it has had that frame; dropped when it cannot.
    pub(crate) fed: oneshot::Receiver<Fed>,
}

impl Live {
    /// Lets a view in, has it wait, or has it come closer first.
    pub(crate) async fn consider(&mut self, joining: Joining) {
        let applied = self.progress.applied();
        if self.catch_up.is_some() || applied < joining.had {
            self.waiting.push(joining);
            return;
        }
        if applied - joining.had > JOIN_FRAMES_MAX || joining.level.send(applied).is_err() {
            return;
        }
        if let Ok(fed) = joining.fed.await {
            self.let_in(fed);
        }
    }

    fn let_in(&mut self, fed: Fed) {
        let (view, had) = (fed.view(), fed.had());
        let rows = self.slots.serve(&fed);
        self.progress.set_had(view, had);
        self.progress.set_building(view, None);
        self.progress.set_failed(view, None);
        if let Err(error) = fed.store().clear_apart() {
            let error = &error as &dyn std::error::Error;
            tracing::warn!(view = view.name(), error, "the next start brings this view up beside the others");
        }
        // One that failed before: its directory may be the same.
        self.out.retain(|out| out.view() != view);
        let before = self.projectors.join(fed);
        tracing::info!(view = view.name(), frame = had, "a view has been built, and goes along from here on");
        self.restart_due |= self.projectors.take_passed_over();
        if self.restart_due && had >= self.told {
            self.restart();
        }
        self.builders.remove_older(view, before, rows);
    }
}

/// Waits until nobody reads the rows any more.
pub(crate) fn wait_for_readers(rows: &Arc<dyn Any + Send + Sync>) {
    while Arc::strong_count(rows) > 1 {
        thread::sleep(READERS_PAUSE);
    }
}
