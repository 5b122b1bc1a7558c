//! Where a view keeps its rows: changes collect in memory, one thread writes them to sled, readers see both.
//! Nothing outside this module names sled. It never decides what a row means.
//!
//! A row lives in one of four places, newest first: the frame being applied (seen by the projector alone), the
//! active overlay (whole frames, seen by all), the overlay being written, and the disk. What is on the disk is put
//! right after a crash by a journal, see `journal.rs`; sled's own batches are not used, because each one locks every
//! reader of the process out and keeps every page it touched in memory.

use std::path::Path;
use std::sync::Arc;

mod aside;
mod bytes;
mod disk;
mod error;
mod files;
mod folder;
mod found;
pub(crate) mod journal;
mod limits;
mod merge;
mod older;
mod open;
mod overlay;
mod reader;
mod shared;
#[cfg(feature = "simulation")]
mod simulated;
mod turn;
mod writer;

#[cfg(test)]
mod tests;

pub use bytes::Bytes;
pub use error::{Fault, StoreError};
pub use found::{Found, FoundState, found};
pub use limits::{CACHE_BYTES, KEY_BYTES_MAX, SCAN_ROWS_MAX, VALUE_BYTES_MAX};
pub use older::{older_versions, remove_older};
pub use open::Opened;
pub use reader::Reader;

use folder::Folder;
use limits::Limits;
use overlay::Overlay;
use shared::Shared;
use turn::Stop;
use writer::Hand;

/// What reads answer: cheap to clone, reads like a slice.
pub type Value = Bytes;

/// A row of a scan.
pub type Row = (Vec<u8>, Value);

/// The rows of one view, as its projector holds them: the only hand that writes. Readers take a [`Reader`].
///
/// Changes belong to a frame until [`commit`](Store::commit); a frame that is not committed leaves no trace.
/// Dropping a store flushes what was committed and waits for the writer thread.
#[derive(Debug)]
pub struct Store {
    shared: Arc<Shared>,
    folder: Folder,
    opened: Opened,
    /// Changes since the last commit; in a rebuild, since the last overlay handed over.
    frame: Overlay,
    /// Sequence of the last frame committed, rebuilds included.
    position: u64,
    building: bool,
    writer: Option<Hand>,
}

impl Store {
    /// Opens `<dir>/<view>-v<version>`, making it when missing.
    ///
    /// A directory that does not open, or was written in another format, is put aside and a fresh one made; one left
    /// by an unfinished rebuild is emptied. Both are told by [`opened`](Store::opened), neither is an error.
    /// Errors: the directory is held by a live process, or the file system refuses.
    pub fn open(dir: &Path, view: &str, version: u32) -> Result<Store, StoreError> {
        #[cfg(feature = "simulation")]
        if crate::simulated::is_on() {
            return open::open(dir, view, version, Limits::of_simulation());
        }
        open::open(dir, view, version, Limits::default())
    }

    /// The version of its rows.
    pub(crate) fn version(&self) -> u32 {
        self.folder.version()
    }

    /// What the open found.
    pub fn opened(&self) -> &Opened {
        &self.opened
    }

    /// A handle for other threads.
    pub fn reader(&self) -> Reader {
        Reader::new(Arc::clone(&self.shared))
    }

    /// Sets a row, as part of the frame being applied. Errors: poisoned, key or value over its limit.
    pub fn put(&mut self, key: &[u8], value: impl Into<Value>) -> Result<(), StoreError> {
        let value = value.into();
        if value.len() > VALUE_BYTES_MAX {
            return Err(StoreError::ValueTooLong { bytes: value.len() });
        }
        self.change(key, Some(value))
    }

    /// Removes a row, as part of the frame being applied; a row that is not there is fine. Errors: as for `put`.
    pub fn delete(&mut self, key: &[u8]) -> Result<(), StoreError> {
        self.change(key, None)
    }

    /// The row, with the frame being applied on top.
    pub fn get(&self, key: &[u8]) -> Result<Option<Value>, StoreError> {
        match self.frame.get(key) {
            Some(change) => Ok(change.clone()),
            None => self.shared.get(key),
        }
    }

    /// As [`Reader::scan`], with the frame being applied on top.
    pub fn scan(
        &self,
        prefix: &[u8],
        after: Option<&[u8]>,
        reverse: bool,
        limit: usize,
    ) -> Result<Vec<Row>, StoreError> {
        self.shared.scan(Some(&self.frame), prefix, after, reverse, limit)
    }

    /// Ends the frame with log sequence `n`, which must be above the last: its changes and the checkpoint become
    /// visible to readers together, and reach the disk together within half a second.
    ///
    /// Waits for the writer thread when it is a whole overlay behind. An overlay holds whole frames, so one frame
    /// over the limit makes a larger overlay. In a rebuild nothing is visible before [`finish_bulk`](Store::finish_bulk).
    /// Errors: poisoned, or `n` out of order.
    pub fn commit(&mut self, n: u64) -> Result<(), StoreError> {
        self.shared.check_poison()?;
        if n <= self.position {
            return Err(StoreError::OutOfOrder { given: n, last: self.position });
        }
        self.position = n;
        if self.building {
            if self.shared.is_full(&self.frame) {
                self.shared.publish(std::mem::take(&mut self.frame), None);
                self.hand_over()?;
            }
            return Ok(());
        }
        if self.shared.publish(std::mem::take(&mut self.frame), Some(n)) { self.hand_over() } else { Ok(()) }
    }

    /// Log sequence of the last frame that readers see; 0 when there is none.
    pub fn checkpoint(&self) -> u64 {
        self.shared.checkpoint()
    }

    /// Log sequence of the last frame that a crash of the machine cannot take back.
    pub fn durable_checkpoint(&self) -> u64 {
        self.shared.durable_checkpoint()
    }

    /// Starts a rebuild: larger overlays, no journal, no checkpoint. A crash before `finish_bulk` empties the store.
    /// Errors: the store holds rows or a checkpoint, poisoned, or the mark cannot be written.
    pub fn begin_bulk(&mut self) -> Result<(), StoreError> {
        self.shared.check_poison()?;
        if self.position > 0 || !self.scan(&[], None, false, 1)?.is_empty() {
            return Err(StoreError::NotEmpty { checkpoint: self.position });
        }
        self.folder.mark_building()?;
        self.shared.set_bulk(true);
        self.building = true;
        Ok(())
    }

    /// Ends a rebuild at log sequence `n`, the last committed or one after it that changed nothing: everything is on
    /// the disk when this returns. Errors: no rebuild under way, poisoned, `n` is below the last commit, or the disk
    /// fails.
    pub fn finish_bulk(&mut self, n: u64) -> Result<(), StoreError> {
        if !self.building {
            return Err(StoreError::NotBuilding);
        }
        if n < self.position {
            return Err(StoreError::OutOfOrder { given: n, last: self.position });
        }
        self.shared.publish(std::mem::take(&mut self.frame), None);
        self.flush()?;
        self.shared.settle(n)?;
        // Last: until the mark is gone, the next open starts over.
        self.folder.clear_building()?;
        self.shared.set_bulk(false);
        self.building = false;
        self.position = n;
        Ok(())
    }

    /// Waits until every committed frame is durable; in a rebuild, only `finish_bulk` does that. Errors: poisoned.
    pub fn flush(&mut self) -> Result<(), StoreError> {
        self.writer.iter().for_each(|writer| writer.flush(&self.shared));
        self.shared.check_poison()
    }

    /// Flushes, ends the writer thread and closes the files; readers answer `Closed` from here on.
    /// Errors: poisoned, now or before; the files are closed all the same.
    pub fn flush_and_close(mut self) -> Result<(), StoreError> {
        self.close(if self.building { Stop::Now } else { Stop::AfterFlush })
    }

    /// Whether the store was marked by [`mark_apart`](Store::mark_apart).
    pub fn is_apart(&self) -> bool {
        self.folder.is_apart()
    }

    /// Marks the store as one that does not go along with the other views, until it is cleared or emptied.
    /// Errors: the mark cannot be written.
    pub fn mark_apart(&self) -> Result<(), StoreError> {
        self.folder.mark_apart()
    }

    /// The store goes along with the others from here on. Errors: the mark cannot be removed.
    pub fn clear_apart(&self) -> Result<(), StoreError> {
        if self.is_apart() { self.folder.clear_apart() } else { Ok(()) }
    }

    /// Closes the store, keeps its directory beside as one that does not open, and gives a new one in its place.
    /// Errors: as for [`open`](Store::open).
    pub fn put_aside(mut self, reason: &str) -> Result<Store, StoreError> {
        // Whatever it says: nothing of it is used any more.
        let _ = self.close(Stop::Now);
        let view = self.shared.view().to_owned();
        let opened = open::put_aside(&self.folder, &view, reason.to_owned())?;
        let (dir, version, limits) =
            (self.folder.dir().to_owned(), self.folder.version(), self.shared.limits);
        drop(self);
        let mut fresh = open::open(&dir, &view, version, limits)?;
        fresh.opened = opened;
        Ok(fresh)
    }

    /// Closes the store and removes its directory. Errors: the file system refuses.
    pub fn wipe(mut self) -> Result<(), StoreError> {
        // A poisoned store is wiped like any other: that is what it is for.
        let _ = self.close(Stop::Now);
        self.folder.remove()
    }

    /// Bytes of all files of this store.
    pub fn size_on_disk(&self) -> Result<u64, StoreError> {
        self.folder.size_bytes()
    }

    fn change(&mut self, key: &[u8], change: Option<Value>) -> Result<(), StoreError> {
        self.shared.check_poison()?;
        if key.len() > KEY_BYTES_MAX {
            return Err(StoreError::KeyTooLong { bytes: key.len() });
        }
        self.frame.set(key.into(), change);
        Ok(())
    }

    /// Waits until the writer has taken what is visible.
    fn hand_over(&self) -> Result<(), StoreError> {
        self.writer.iter().for_each(|writer| writer.hand_over(&self.shared));
        self.shared.check_poison()
    }

    fn close(&mut self, stop: Stop) -> Result<(), StoreError> {
        let Some(writer) = self.writer.take() else {
            return Ok(());
        };
        let has_ended = writer.end(&self.shared, stop);
        self.shared.close_disk();
        if has_ended { self.shared.check_poison() } else { Err(StoreError::Closed) }
    }

    /// Leaves the store as a crash would: what is in memory is lost, the write under way stops where it is.
    #[cfg(test)]
    fn abandon(mut self) {
        let _ = self.close(Stop::Now);
    }
}

impl Drop for Store {
    fn drop(&mut self) {
        let stop = if self.building { Stop::Now } else { Stop::AfterFlush };
        if let Err(error) = self.close(stop) {
            tracing::warn!(view = self.shared.view(), %error, "view was not flushed on close, the log replays the rest");
        }
    }
}
