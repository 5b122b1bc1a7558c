//! What the projector, the writer thread and the readers share: the layers of rows and how they change hands.
//! The lock is held for memory only, except by a scan that was overtaken once.

use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, OnceLock, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

use super::disk::Disk;
use super::error::{Fault, StoreError};
use super::folder;
use super::limits::Limits;
use super::overlay::Overlay;
use super::turn::{Stop, Turn};

#[derive(Debug)]
pub(super) struct Layers {
    pub(super) active: Overlay,
    /// Dropped only after the disk has all of it.
    pub(super) writing: Option<Arc<Overlay>>,
    checkpoint: u64,
    /// Overlays handed to the writer so far: while it stands still, the disk gets nothing a reader has not seen.
    pub(super) handed: u64,
    /// `None` once closed.
    disk: Option<Arc<Disk>>,
}

#[derive(Debug)]
pub(super) struct Shared {
    view: String,
    path: PathBuf,
    pub(super) limits: Limits,
    layers: RwLock<Layers>,
    durable: AtomicU64,
    bulk: AtomicBool,
    /// The write under way stops where it is.
    halt: AtomicBool,
    poison: OnceLock<Arc<Fault>>,
    pub(super) turn: Turn,
}

/// An overlay on its way to the disk: rows of the frames after `from` up to `to`.
pub(super) struct Handed {
    pub(super) rows: Arc<Overlay>,
    pub(super) from: u64,
    pub(super) to: u64,
}

impl Shared {
    pub(super) fn new(view: &str, path: PathBuf, limits: Limits, disk: Arc<Disk>, checkpoint: u64) -> Shared {
        let layers =
            Layers { active: Overlay::default(), writing: None, checkpoint, handed: 0, disk: Some(disk) };
        Shared {
            view: view.to_owned(),
            path,
            limits,
            layers: RwLock::new(layers),
            durable: AtomicU64::new(checkpoint),
            bulk: AtomicBool::new(false),
            halt: AtomicBool::new(false),
            poison: OnceLock::new(),
            turn: Turn::default(),
        }
    }

    pub(super) fn view(&self) -> &str {
        &self.view
    }

    pub(super) fn checkpoint(&self) -> u64 {
        self.read().checkpoint
    }

    pub(super) fn durable_checkpoint(&self) -> u64 {
        self.durable.load(Ordering::Acquire)
    }

    pub(super) fn set_durable(&self, n: u64) {
        self.durable.store(n, Ordering::Release);
    }

    pub(super) fn set_bulk(&self, bulk: bool) {
        self.bulk.store(bulk, Ordering::Release);
    }

    pub(super) fn is_bulk(&self) -> bool {
        self.bulk.load(Ordering::Acquire)
    }

    pub(super) fn is_halted(&self) -> bool {
        self.halt.load(Ordering::Relaxed)
    }

    pub(super) fn is_full(&self, rows: &Overlay) -> bool {
        let rows_max = if self.is_bulk() { self.limits.bulk_rows } else { self.limits.live_rows };
        rows.len() >= rows_max || rows.bytes() >= self.limits.overlay_bytes
    }

    /// Shows whole frames to the readers, with their checkpoint unless it is a rebuild; true when it is time to
    /// hand over.
    pub(super) fn publish(&self, frames: Overlay, checkpoint: Option<u64>) -> bool {
        let full = {
            let mut layers = self.write();
            layers.active.absorb(frames);
            layers.checkpoint = checkpoint.unwrap_or(layers.checkpoint);
            self.is_full(&layers.active)
        };
        self.turn.mark_dirty();
        full
    }

    /// Ends a rebuild: the writer is idle, all rows are with the disk.
    pub(super) fn settle(&self, n: u64) -> Result<(), StoreError> {
        let disk = self.read().disk()?;
        if let Err(fault) = disk.settle(n) {
            self.poison(Arc::new(fault));
        }
        self.check_poison()?;
        self.write().checkpoint = n;
        self.set_durable(n);
        Ok(())
    }

    /// For the writer thread: what there is to write, from here on the "being written" layer.
    pub(super) fn take(&self) -> Option<Handed> {
        let from = self.durable_checkpoint();
        let mut layers = self.write();
        let to = layers.checkpoint;
        if layers.active.is_empty() && to == from {
            return None;
        }
        let rows = Arc::new(std::mem::take(&mut layers.active));
        layers.writing = Some(Arc::clone(&rows));
        layers.handed += 1;
        Some(Handed { rows, from, to })
    }

    /// For the writer thread: the disk has it all.
    pub(super) fn written(&self) {
        let done = self.write().writing.take();
        // A large overlay takes a while to free: not under the lock.
        drop(done);
    }

    pub(super) fn stop(&self, stop: Stop) {
        if stop == Stop::Now {
            self.halt.store(true, Ordering::Relaxed);
        }
        self.turn.stop(stop);
    }

    /// The files close when the last read under way ends.
    pub(super) fn close_disk(&self) {
        self.write().disk = None;
    }

    /// After the first fault nothing is written any more; the layers stay as they are, for the readers.
    pub(super) fn poison(&self, cause: Arc<Fault>) {
        if self.poison.set(Arc::clone(&cause)).is_ok() {
            tracing::error!(view = self.view, error = %cause, "view takes no more writes");
            metrics::counter!("atender_view_poisoned_total", "view" => self.view.clone()).increment(1);
            if cause.blames_the_files() {
                folder::mark_broken(&self.path, &cause);
            }
        }
    }

    pub(super) fn check_poison(&self) -> Result<(), StoreError> {
        match self.poison.get() {
            None => Ok(()),
            Some(cause) => Err(StoreError::Poisoned { cause: Arc::clone(cause) }),
        }
    }

    pub(super) fn read(&self) -> RwLockReadGuard<'_, Layers> {
        self.layers.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self) -> RwLockWriteGuard<'_, Layers> {
        self.layers.write().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Layers {
    pub(super) fn disk(&self) -> Result<Arc<Disk>, StoreError> {
        self.disk.clone().ok_or(StoreError::Closed)
    }
}
