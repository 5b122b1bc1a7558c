//! Changed rows in memory, in key order: the newest change of each, deletions included.

use std::collections::BTreeMap;
use std::collections::btree_map;

use super::bytes::Bytes;
use super::merge::Window;

/// Rough cost in memory of one entry besides its bytes.
const ENTRY_BYTES: usize = 96;

/// `None` is a deletion.
#[derive(Debug, Default)]
pub(super) struct Overlay {
    rows: BTreeMap<Bytes, Option<Bytes>>,
    bytes: usize,
}

impl Overlay {
    pub(super) fn set(&mut self, key: Bytes, change: Option<Bytes>) {
        let key_len = key.len();
        self.bytes += change.as_ref().map_or(0, |value| value.len());
        match self.rows.insert(key, change) {
            Some(before) => self.bytes -= before.map_or(0, |value| value.len()),
            None => self.bytes += key_len + ENTRY_BYTES,
        }
    }

    pub(super) fn get(&self, key: &[u8]) -> Option<&Option<Bytes>> {
        self.rows.get(key)
    }

    /// Puts `newer` on top.
    pub(super) fn absorb(&mut self, newer: Overlay) {
        if self.rows.is_empty() {
            *self = newer;
            return;
        }
        for (key, change) in newer.rows {
            self.set(key, change);
        }
    }

    pub(super) fn len(&self) -> usize {
        self.rows.len()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    pub(super) fn bytes(&self) -> usize {
        self.bytes
    }

    pub(super) fn iter(&self) -> btree_map::Iter<'_, Bytes, Option<Bytes>> {
        self.rows.iter()
    }

    pub(super) fn range(&self, window: &Window) -> btree_map::Range<'_, Bytes, Option<Bytes>> {
        self.rows.range::<[u8], _>(window.bounds())
    }
}
