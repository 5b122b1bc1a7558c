//! The views that go along: each frame goes through all of them that have not had it, and shows in all of them at
//! once. What a frame changes is told only after that. A view that fails is taken out, and the others go on.

#[cfg(test)]
mod tests;
mod watch;

use engine::log::RecordedFrame;
use schemas::frame::FrameHash;

use crate::VIEWS;
use crate::change::Change;
use crate::error::ViewError;
use crate::fed::{Fed, Projector};
use crate::history::HistoryProjector;
use crate::inbox::InboxProjector;
use crate::recorded::Recorded;
use crate::status::StatusProjector;
use crate::view::View;

/// The views that go along, to be written.
#[derive(Debug)]
pub(crate) struct Projectors {
    fed: [Option<Fed>; VIEWS],
    /// Views that have failed since somebody asked, each once.
    lost: Vec<(Fed, ViewError)>,
    /// Something was not told, because a view that would have to say what or to whom is not here.
    passed_over: bool,
    /// Nothing is told any more: the next start could not know that something was passed over.
    is_mute: bool,
}

impl Projectors {
    /// With `passed_over`, something may have been passed over before.
    pub(crate) fn new(fed: [Option<Fed>; VIEWS], passed_over: bool) -> Self {
        Self { fed, lost: Vec::new(), passed_over, is_mute: false }
    }

    pub(crate) fn all(&self) -> impl Iterator<Item = &Fed> {
        self.fed.iter().flatten()
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.all().next().is_none()
    }

    /// What the view furthest behind has had.
    pub(crate) fn had_by_all(&self) -> u64 {
        self.all().map(Fed::had).min().unwrap_or(0)
    }

    /// What the view furthest ahead has had.
    pub(crate) fn had_by_any(&self) -> u64 {
        self.all().map(Fed::had).max().unwrap_or(0)
    }

    fn inbox(&self) -> Option<&InboxProjector> {
        match self.fed[View::Inbox as usize].as_ref().map(|fed| &fed.projector) {
            Some(Projector::Inbox(projector)) => Some(projector),
            Some(Projector::History(_) | Projector::Status(_) | Projector::Contacts(_)) | None => None,
        }
    }

    fn inbox_mut(&mut self) -> Option<&mut InboxProjector> {
        match self.fed[View::Inbox as usize].as_mut().map(|fed| &mut fed.projector) {
            Some(Projector::Inbox(projector)) => Some(projector),
            Some(Projector::History(_) | Projector::Status(_) | Projector::Contacts(_)) | None => None,
        }
    }

    fn history(&self) -> Option<&HistoryProjector> {
        match self.fed[View::History as usize].as_ref().map(|fed| &fed.projector) {
            Some(Projector::History(projector)) => Some(projector),
            Some(Projector::Inbox(_) | Projector::Status(_) | Projector::Contacts(_)) | None => None,
        }
    }

    fn status(&self) -> Option<&StatusProjector> {
        match self.fed[View::Status as usize].as_ref().map(|fed| &fed.projector) {
            Some(Projector::Status(projector)) => Some(projector),
            Some(Projector::Inbox(_) | Projector::History(_) | Projector::Contacts(_)) | None => None,
        }
    }

    /// The view goes along from here on; gives the one that did in its place.
    pub(crate) fn join(&mut self, fed: Fed) -> Option<Fed> {
        self.is_mute = false;
        self.fed[fed.view() as usize].replace(fed)
    }

    /// The views that have failed since this was asked before.
    pub(crate) fn take_lost(&mut self) -> Vec<(Fed, ViewError)> {
        std::mem::take(&mut self.lost)
    }

    /// Whether something was not told since this was asked before.
    pub(crate) fn take_passed_over(&mut self) -> bool {
        std::mem::take(&mut self.passed_over)
    }

    /// Empty views are built in bulk from here on: faster, and lost in a crash.
    pub(crate) fn begin_bulk(&mut self) {
        self.each(Fed::begin_bulk);
    }

    /// Shows all frames applied so far. What was being built is on the disk when this returns.
    pub(crate) fn finish_bulk(&mut self, hash: &FrameHash) {
        self.each(|fed| fed.finish_bulk(hash));
    }

    /// Takes a frame into every view that has not had it. Nothing shows before [`Projectors::commit`].
    pub(crate) fn apply(&mut self, frame: &RecordedFrame) {
        self.each(|fed| fed.apply(frame));
    }

    /// As [`Projectors::apply`], for a frame that no view has had; gives its changes to `changes`.
    pub(crate) fn apply_and_watch(&mut self, frame: &RecordedFrame, changes: &mut Vec<Change>) {
        for r in Recorded::all(frame) {
            let before = self.seat(&r);
            self.each(|fed| fed.apply_one(&r));
            let change = before.and_then(|before| self.change(&r, before.as_ref()));
            match change {
                Ok(change) => {
                    let has_gaps = self.passed_over;
                    changes.extend(change.map(|change| change.with_gaps(has_gaps)));
                }
                Err(untold) => self.pass_over(untold),
            }
        }
        self.fed.iter_mut().flatten().for_each(|fed| fed.has_had(frame.sequence));
    }

    /// Shows all frames applied so far, the last of which has this hash.
    pub(crate) fn commit(&mut self, hash: &FrameHash) {
        self.each(|fed| fed.commit(hash));
    }

    pub(crate) fn close(self) -> Result<(), (View, ViewError)> {
        let closed = self.fed.into_iter().flatten().map(|fed| {
            let view = fed.view();
            fed.into_store().flush_and_close().map_err(|error| (view, error.into()))
        });
        // All of them, whatever the first says.
        closed.collect::<Vec<_>>().into_iter().collect()
    }

    fn each(&mut self, mut work: impl FnMut(&mut Fed) -> Result<(), ViewError>) {
        for view in View::ALL {
            if let Some(fed) = &mut self.fed[view as usize]
                && let Err(error) = work(fed)
            {
                self.lose(view, error);
            }
        }
    }

    fn lose(&mut self, view: View, error: ViewError) {
        let Some(fed) = self.fed[view as usize].take() else { return };
        if let Err(error) = fed.store().mark_apart() {
            tracing::error!(
                view = view.name(),
                error = &error as &dyn std::error::Error,
                "a view that has failed could not be marked as such: live push stops"
            );
            self.is_mute = true;
        }
        self.lost.push((fed, error));
    }
}
