//! The three projectors side by side: each frame goes through all of them that have not had it, and shows in all
//! of them at once. What a frame changes is told only after that.

#[cfg(test)]
mod tests;
mod watch;

use std::path::Path;

use engine::log::RecordedFrame;
use schemas::ShardId;
use schemas::frame::FrameHash;

use crate::change::Change;
use crate::error::{ViewError, ViewsError};
use crate::history::{self, History, HistoryProjector};
use crate::inbox::{self, Inbox, InboxProjector};
use crate::keys;
use crate::recorded::Recorded;
use crate::status::{self, StatusProjector, Statuses};
use crate::store::Store;

pub(crate) const VIEWS: [(&str, u32); 3] =
    [(inbox::NAME, inbox::VERSION), (history::NAME, history::VERSION), (status::NAME, status::VERSION)];

/// All views of a shard, to be written.
#[derive(Debug)]
pub(crate) struct Projectors {
    inbox: InboxProjector,
    history: HistoryProjector,
    status: StatusProjector,
    /// The last frame that each has had, in the order of [`VIEWS`].
    had: [u64; 3],
    committed: [u64; 3],
    is_building: [bool; 3],
}

/// Wraps a fault with the name of the view it is of.
pub(crate) fn of_view<E: Into<ViewError>>(index: usize) -> impl Fn(E) -> ViewsError {
    move |error| ViewsError::View { view: VIEWS[index].0, source: error.into() }
}

impl Projectors {
    pub(crate) fn open(dir: &Path) -> Result<Self, ViewsError> {
        let open = |index: usize| {
            let (name, version) = VIEWS[index];
            Store::open(dir, name, version).map_err(of_view(index))
        };
        let (inbox, history, status) = (open(0)?, open(1)?, open(2)?);
        let had = [inbox.checkpoint(), history.checkpoint(), status.checkpoint()];
        Ok(Self {
            inbox: InboxProjector::new(inbox).map_err(of_view(0))?,
            history: HistoryProjector::new(history),
            status: StatusProjector::new(status),
            had,
            committed: had,
            is_building: [false; 3],
        })
    }

    pub(crate) fn views(&self, shard: ShardId) -> (Inbox, History, Statuses) {
        (
            self.inbox.view(),
            History::new(self.history.store.reader(), shard),
            Statuses::new(self.status.store.reader()),
        )
    }

    /// What each view has had, in the order of [`VIEWS`].
    pub(crate) fn had(&self) -> [u64; 3] {
        self.had
    }

    /// The hash of the frame that each view's checkpoint is, in the order of [`VIEWS`].
    pub(crate) fn frame_hashes(&self) -> Result<[Option<FrameHash>; 3], ViewsError> {
        let mut hashes = [None; 3];
        let stores = [&self.inbox.store, &self.history.store, &self.status.store];
        for (index, store) in stores.into_iter().enumerate() {
            let row = store.get(&keys::frame()).map_err(of_view(index))?;
            hashes[index] = row.and_then(|row| row[..].try_into().ok());
        }
        Ok(hashes)
    }

    fn stores(&mut self) -> [&mut Store; 3] {
        [&mut self.inbox.store, &mut self.history.store, &mut self.status.store]
    }

    /// Empty views are built in bulk from here on: faster, and lost in a crash.
    pub(crate) fn begin_bulk(&mut self) -> Result<(), ViewsError> {
        let is_empty = self.had.map(|had| had == 0);
        for (index, store) in self.stores().into_iter().enumerate().filter(|(index, _)| is_empty[*index]) {
            store.begin_bulk().map_err(of_view(index))?;
        }
        self.is_building = is_empty;
        Ok(())
    }

    /// Shows all frames applied so far. What was being built is on the disk when this returns.
    pub(crate) fn finish_bulk(&mut self, hash: &FrameHash) -> Result<(), ViewsError> {
        let (had, is_building) = (self.had, std::mem::take(&mut self.is_building));
        self.commit(hash)?;
        for (index, store) in self.stores().into_iter().enumerate().filter(|(index, _)| is_building[*index]) {
            store.finish_bulk(had[index]).map_err(of_view(index))?;
        }
        Ok(())
    }

    /// Takes a frame into every view that has not had it. Nothing shows before [`Projectors::commit`].
    pub(crate) fn apply(&mut self, frame: &RecordedFrame) -> Result<(), ViewsError> {
        let due = self.had.map(|had| had < frame.sequence);
        for r in Recorded::all(frame) {
            self.apply_one(&r, due)?;
        }
        self.had = self.had.map(|had| had.max(frame.sequence));
        Ok(())
    }

    /// As [`Projectors::apply`], for a frame that no view has had; gives its changes to `changes`.
    pub(crate) fn apply_and_watch(
        &mut self,
        frame: &RecordedFrame,
        changes: &mut Vec<Change>,
    ) -> Result<(), ViewsError> {
        for r in Recorded::all(frame) {
            let before = self.seat(&r)?;
            self.apply_one(&r, [true; 3])?;
            changes.extend(self.change(&r, before.as_ref())?);
        }
        self.had = [frame.sequence; 3];
        Ok(())
    }

    fn apply_one(&mut self, r: &Recorded<'_>, due: [bool; 3]) -> Result<(), ViewsError> {
        if due[0] {
            self.inbox.apply(r).map_err(of_view(0))?;
        }
        if due[1] {
            self.history.apply(r).map_err(of_view(1))?;
        }
        if due[2] {
            self.status.apply(r).map_err(of_view(2))?;
        }
        Ok(())
    }

    /// Shows all frames applied so far, the last of which has this hash. Views that are being built show nothing
    /// yet, and keep in memory what they can.
    pub(crate) fn commit(&mut self, hash: &FrameHash) -> Result<(), ViewsError> {
        let [inbox, history, status] = self.is_building;
        if inbox { self.inbox.spill() } else { self.inbox.flush() }.map_err(of_view(0))?;
        if history { self.history.spill() } else { self.history.flush() }.map_err(of_view(1))?;
        if status { self.status.spill() } else { self.status.flush() }.map_err(of_view(2))?;
        self.commit_stores(hash)
    }

    fn commit_stores(&mut self, hash: &FrameHash) -> Result<(), ViewsError> {
        let (had, committed) = (self.had, std::mem::replace(&mut self.committed, self.had));
        for (index, store) in self.stores().into_iter().enumerate() {
            // A view that is ahead of the others has committed this frame before.
            if committed[index] < had[index] {
                store.put(&keys::frame(), *hash).map_err(of_view(index))?;
                store.commit(had[index]).map_err(of_view(index))?;
            }
        }
        Ok(())
    }

    /// Removes the views from the disk.
    pub(crate) fn wipe(self) -> Result<(), ViewsError> {
        for (index, store) in
            [self.inbox.store, self.history.store, self.status.store].into_iter().enumerate()
        {
            store.wipe().map_err(of_view(index))?;
        }
        Ok(())
    }

    pub(crate) fn close(self) -> Result<(), ViewsError> {
        let stores = [self.inbox.store, self.history.store, self.status.store];
        let closed = stores.map(Store::flush_and_close);
        for (index, result) in closed.into_iter().enumerate() {
            result.map_err(of_view(index))?;
        }
        Ok(())
    }
}
