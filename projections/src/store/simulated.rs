//! What the simulation has in the place of sled, and of the journal's file.

use std::io;
use std::ops::Bound;
use std::path::{Path, PathBuf};

use super::bytes::Bytes;
use super::error::Fault;
use super::merge::{Layer, Window};
use crate::simulated::{self, Op, Tree};

/// What keys of rows begin with, and keys of marks.
pub(super) const ROW: u8 = 1;
pub(super) const MARK: u8 = 0;

/// Rows and marks, which get lost together, the newest first.
#[derive(Debug, Clone)]
pub(super) struct Rows(PathBuf);

impl Rows {
    /// When files are in memory.
    pub(super) fn open(path: &Path) -> Option<Self> {
        simulated::is_on().then(|| Self(path.to_owned()))
    }

    pub(super) fn get(&self, kind: u8, key: &[u8]) -> Option<Vec<u8>> {
        self.tree(|tree| tree.get(&whole(kind, key)).cloned())
    }

    pub(super) fn set(&self, kind: u8, key: &[u8], value: Option<&[u8]>) -> Result<(), Fault> {
        let op = || Op::Row(self.0.clone(), whole(kind, key), value.map(<[u8]>::to_vec));
        simulated::write(&self.0, op);
        Ok(())
    }

    pub(super) fn drain(&self) -> Result<(), Fault> {
        simulated::write(&self.0, || Op::Drain(self.0.clone()));
        Ok(())
    }

    pub(super) fn is_empty(&self) -> bool {
        self.tree(|tree| tree.range(vec![ROW]..).next().map(drop)).is_none()
    }

    pub(super) fn range(&self, window: &Window, reverse: bool) -> Layer<'static> {
        let (low, high) = window.bounds();
        let mut low = match low {
            Bound::Unbounded => Bound::Included(vec![ROW]),
            low => low.map(|key| whole(ROW, key)),
        };
        let mut high = match high {
            Bound::Unbounded => Bound::Excluded(vec![ROW + 1]),
            high => high.map(|key| whole(ROW, key)),
        };
        let rows = self.clone();
        Box::new(std::iter::from_fn(move || {
            let (key, value) = rows.tree(|tree| {
                let mut inside = tree.range((low.clone(), high.clone()));
                let next = if reverse { inside.next_back() } else { inside.next() };
                next.map(|(key, value)| (key.clone(), value.clone()))
            })?;
            let row = (Bytes::from(&key[1..]), Some(Bytes::from(value)));
            *if reverse { &mut high } else { &mut low } = Bound::Excluded(key);
            Some(Ok(row))
        }))
    }

    fn tree<T>(&self, does: impl FnOnce(&Tree) -> Option<T>) -> Option<T> {
        simulated::read(&self.0, |files| files.tree(&self.0).and_then(does)).flatten()
    }
}

fn whole(kind: u8, key: &[u8]) -> Vec<u8> {
    [&[kind], key].concat()
}

#[derive(Debug)]
pub(super) struct JournalFile(PathBuf);

impl JournalFile {
    /// When files are in memory.
    pub(super) fn open(path: &Path) -> Option<Self> {
        simulated::is_on().then(|| Self(path.to_owned()))
    }

    pub(super) fn append(&mut self, bytes: &[u8]) -> io::Result<()> {
        simulated::write(&self.0, || Op::Append(self.0.clone(), bytes.to_owned()));
        Ok(())
    }

    pub(super) fn clear(&mut self) -> io::Result<()> {
        simulated::write(&self.0, || Op::Write(self.0.clone(), Vec::new()));
        Ok(())
    }

    pub(super) fn read(&mut self) -> io::Result<Vec<u8>> {
        Ok(simulated::read(&self.0, |files| files.file(&self.0)).flatten().unwrap_or_default())
    }
}
