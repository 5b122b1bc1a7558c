//! Reading: a row is looked for in the overlays, then on the disk; a scan merges them. Reads never wait for a write.

use std::sync::Arc;

use super::bytes::Bytes;
use super::disk::Disk;
use super::error::{Fault, StoreError};
use super::merge::{Layer, Merge, Window};
use super::overlay::Overlay;
use super::shared::{Layers, Shared};
use super::{Row, SCAN_ROWS_MAX, Value};

/// Reads the rows of a view from any thread; sees whole frames only. Cheap to clone.
///
/// During a rebuild it sees whatever happens to be written, and checkpoint 0. Errors of every read: a row that
/// cannot be read, or the store is closed; a poisoned store is still read.
#[derive(Debug, Clone)]
pub struct Reader {
    shared: Arc<Shared>,
}

impl Reader {
    pub(super) fn new(shared: Arc<Shared>) -> Reader {
        Reader { shared }
    }

    /// The row as of the last frame committed.
    pub fn get(&self, key: &[u8]) -> Result<Option<Value>, StoreError> {
        self.shared.get(key)
    }

    /// At most `limit` (0 to [`SCAN_ROWS_MAX`]) rows whose keys start with `prefix`, in key order or, with `reverse`,
    /// against it, strictly after `after` in that direction: the last key of a page fetches the next. All rows of the
    /// answer are of the same frame. Errors: as for every read, or `limit` too high.
    pub fn scan(
        &self,
        prefix: &[u8],
        after: Option<&[u8]>,
        reverse: bool,
        limit: usize,
    ) -> Result<Vec<Row>, StoreError> {
        self.shared.scan(None, prefix, after, reverse, limit)
    }

    #[cfg(test)]
    pub(crate) fn poison(&self, fault: Fault) {
        self.shared.poison(Arc::new(fault));
    }

    /// Log sequence of the last frame this reader sees; 0 when there is none.
    pub fn checkpoint(&self) -> u64 {
        self.shared.checkpoint()
    }

    /// Log sequence of the last frame that a crash of the machine cannot take back.
    pub fn durable_checkpoint(&self) -> u64 {
        self.shared.durable_checkpoint()
    }
}

impl Shared {
    pub(super) fn get(&self, key: &[u8]) -> Result<Option<Bytes>, StoreError> {
        let disk = {
            let layers = self.read();
            let written = || layers.writing.as_ref().and_then(|rows| rows.get(key));
            if let Some(change) = layers.active.get(key).or_else(written) {
                return Ok(change.clone());
            }
            layers.disk()?
        };
        disk.get(key).map_err(|fault| self.read_failed(fault))
    }

    pub(super) fn scan(
        &self,
        frame: Option<&Overlay>,
        prefix: &[u8],
        after: Option<&[u8]>,
        reverse: bool,
        limit: usize,
    ) -> Result<Vec<Row>, StoreError> {
        if limit > SCAN_ROWS_MAX {
            return Err(StoreError::ScanTooLong { asked: limit });
        }
        let Some(window) = Window::new(prefix, after, reverse) else {
            return Ok(Vec::new());
        };
        let scan = Scan { window, reverse, limit };

        let layers = self.read();
        let (recent, disk, handed) = (scan.recent(frame, &layers), layers.disk()?, layers.handed);
        drop(layers);
        let rows = scan.rows(recent, &disk).map_err(|fault| self.read_failed(fault))?;

        // Rows newer than `recent` may have reached the disk under the scan, which then saw half of a frame. The
        // second try keeps the writer from taking anything; it is one page, and the writer takes twice a second.
        let layers = self.read();
        if layers.handed == handed {
            return Ok(rows);
        }
        let recent = scan.recent(frame, &layers);
        let rows = scan.rows(recent, &disk);
        drop(layers);
        rows.map_err(|fault| self.read_failed(fault))
    }

    fn read_failed(&self, fault: Fault) -> StoreError {
        let fault = Arc::new(fault);
        if fault.blames_the_files() {
            self.poison(Arc::clone(&fault));
        }
        StoreError::Read { fault }
    }
}

struct Scan {
    window: Window,
    reverse: bool,
    limit: usize,
}

impl Scan {
    /// The changes in memory that can be part of the answer: up to the last row it could hold.
    fn recent(&self, frame: Option<&Overlay>, layers: &Layers) -> Vec<(Bytes, Option<Bytes>)> {
        let overlays = frame.into_iter().chain([&layers.active]).chain(layers.writing.as_deref());
        let newest_first = overlays.map(|rows| self.layer(rows)).collect();
        let mut rows = 0;
        let mut changes = Vec::new();
        for (key, change) in Merge::new(newest_first, self.reverse).flatten() {
            if rows == self.limit {
                break;
            }
            rows += usize::from(change.is_some());
            changes.push((key, change));
        }
        changes
    }

    fn layer<'a>(&self, rows: &'a Overlay) -> Layer<'a> {
        let changes = rows.range(&self.window).map(|(key, change)| Ok((key.clone(), change.clone())));
        if self.reverse { Box::new(changes.rev()) } else { Box::new(changes) }
    }

    fn rows(&self, recent: Vec<(Bytes, Option<Bytes>)>, disk: &Disk) -> Result<Vec<Row>, Fault> {
        let recent: Layer<'_> = Box::new(recent.into_iter().map(Ok));
        let disk = disk.range(&self.window, self.reverse);
        Merge::new(vec![recent, disk], self.reverse)
            .filter_map(|row| row.map(|(key, change)| change.map(|value| (key.to_vec(), value))).transpose())
            .take(self.limit)
            .collect()
    }
}
