//! One view as it is fed: its projector, and how far it has come.

use engine::log::RecordedFrame;
use schemas::frame::FrameHash;

use crate::contacts::ContactsProjector;
use crate::error::ViewError;
use crate::history::HistoryProjector;
use crate::inbox::InboxProjector;
use crate::keys;
use crate::recorded::Recorded;
use crate::status::StatusProjector;
use crate::store::Store;
use crate::view::View;

#[derive(Debug)]
pub(crate) enum Projector {
    Inbox(InboxProjector),
    History(HistoryProjector),
    Status(StatusProjector),
    Contacts(ContactsProjector),
}

#[derive(Debug)]
pub(crate) struct Fed {
    pub(crate) projector: Projector,
    had: u64,
    committed: u64,
    is_building: bool,
}

impl Fed {
    pub(crate) fn new(view: View, store: Store) -> Result<Self, ViewError> {
        let had = store.checkpoint();
        let projector = match view {
            View::Inbox => Projector::Inbox(InboxProjector::new(store)?),
            View::History => Projector::History(HistoryProjector::new(store)),
            View::Status => Projector::Status(StatusProjector::new(store)),
            View::Contacts => Projector::Contacts(ContactsProjector::new(store)),
        };
        Ok(Self { projector, had, committed: had, is_building: false })
    }

    pub(crate) fn view(&self) -> View {
        match &self.projector {
            Projector::Inbox(_) => View::Inbox,
            Projector::History(_) => View::History,
            Projector::Status(_) => View::Status,
            Projector::Contacts(_) => View::Contacts,
        }
    }

    /// The last frame it has had.
    pub(crate) fn had(&self) -> u64 {
        self.had
    }

    /// Whether it is being built in bulk, so that there is nothing to be read yet.
    pub(crate) fn is_building(&self) -> bool {
        self.is_building
    }

    pub(crate) fn store(&self) -> &Store {
        match &self.projector {
            Projector::Inbox(projector) => &projector.store,
            Projector::History(projector) => &projector.store,
            Projector::Status(projector) => &projector.store,
            Projector::Contacts(projector) => &projector.store,
        }
    }

    pub(crate) fn store_mut(&mut self) -> &mut Store {
        match &mut self.projector {
            Projector::Inbox(projector) => &mut projector.store,
            Projector::History(projector) => &mut projector.store,
            Projector::Status(projector) => &mut projector.store,
            Projector::Contacts(projector) => &mut projector.store,
        }
    }

    pub(crate) fn into_store(self) -> Store {
        match self.projector {
            Projector::Inbox(projector) => projector.store,
            Projector::History(projector) => projector.store,
            Projector::Status(projector) => projector.store,
            Projector::Contacts(projector) => projector.store,
        }
    }

    /// An empty view is built in bulk from here on: faster, and lost in a crash.
    pub(crate) fn begin_bulk(&mut self) -> Result<(), ViewError> {
        if self.had == 0 {
            self.store_mut().begin_bulk()?;
            self.is_building = true;
        }
        Ok(())
    }

    /// Shows all frames applied so far. What was being built is on the disk when this returns.
    pub(crate) fn finish_bulk(&mut self, hash: &FrameHash) -> Result<(), ViewError> {
        let was_building = std::mem::take(&mut self.is_building);
        self.commit(hash)?;
        let had = self.had;
        if was_building { Ok(self.store_mut().finish_bulk(had)?) } else { Ok(()) }
    }

    /// Takes a frame in, unless it has had it. Nothing shows before [`Fed::commit`].
    pub(crate) fn apply(&mut self, frame: &RecordedFrame) -> Result<(), ViewError> {
        if self.had < frame.sequence {
            Recorded::all(frame).try_for_each(|r| self.apply_one(&r))?;
            self.had = frame.sequence;
        }
        Ok(())
    }

    /// Takes one event in; the frame is had when [`Fed::has_had`] says so.
    pub(crate) fn apply_one(&mut self, r: &Recorded<'_>) -> Result<(), ViewError> {
        match &mut self.projector {
            Projector::Inbox(projector) => projector.apply(r),
            Projector::History(projector) => projector.apply(r),
            Projector::Status(projector) => projector.apply(r),
            Projector::Contacts(projector) => projector.apply(r),
        }
    }

    pub(crate) fn has_had(&mut self, sequence: u64) {
        self.had = self.had.max(sequence);
    }

    /// Shows all frames applied so far, the last of which has this hash. A view that is being built shows nothing
    /// yet, and keeps in memory what it can.
    pub(crate) fn commit(&mut self, hash: &FrameHash) -> Result<(), ViewError> {
        if self.is_building {
            self.spill()?;
        } else {
            self.flush()?;
        }
        // A view that is ahead of the others has committed this frame before.
        if self.committed < self.had {
            let had = self.had;
            self.committed = had;
            let store = self.store_mut();
            store.put(&keys::frame(), *hash)?;
            store.commit(had)?;
        }
        Ok(())
    }

    fn flush(&mut self) -> Result<(), ViewError> {
        match &mut self.projector {
            Projector::Inbox(projector) => projector.flush(),
            Projector::History(projector) => projector.flush(),
            Projector::Status(projector) => projector.flush(),
            Projector::Contacts(projector) => projector.flush(),
        }
    }

    fn spill(&mut self) -> Result<(), ViewError> {
        match &mut self.projector {
            Projector::Inbox(projector) => projector.spill(),
            Projector::History(projector) => projector.spill(),
            Projector::Status(projector) => projector.spill(),
            Projector::Contacts(projector) => projector.spill(),
        }
    }
}
