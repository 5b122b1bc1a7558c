//! Rows in memory, decoded, between their changes: a row that changes forty times is encoded once, when the store
//! is to see it. Bounded by what the rows take when encoded; never holds a change back over a flush.

use std::hash::Hash;

use rustc_hash::FxHashMap;

use crate::error::ViewError;

#[derive(Debug)]
struct Slot<R> {
    row: R,
    changed: bool,
    bytes: usize,
}

/// The rows changed lately. Two generations: what is not used while one fills up is forgotten with the next.
#[derive(Debug)]
pub(crate) struct Hot<K, R> {
    young: FxHashMap<K, Slot<R>>,
    young_bytes: usize,
    old: FxHashMap<K, Slot<R>>,
    changed: Vec<K>,
    generation_bytes_max: usize,
}

impl<K: Copy + Eq + Hash, R> Hot<K, R> {
    /// Rows that take up to `bytes_max` bytes when encoded; a few times that in memory.
    pub(crate) fn new(bytes_max: usize) -> Self {
        Self {
            young: FxHashMap::default(),
            young_bytes: 0,
            old: FxHashMap::default(),
            changed: Vec::new(),
            generation_bytes_max: bytes_max / 2,
        }
    }

    /// The row as it is now, if it is in memory.
    pub(crate) fn get(&self, key: K) -> Option<&R> {
        self.young.get(&key).or_else(|| self.old.get(&key)).map(|slot| &slot.row)
    }

    /// The row, to be changed; read by `load` if it is not in memory.
    pub(crate) fn change(
        &mut self,
        key: K,
        load: impl FnOnce() -> Result<R, ViewError>,
    ) -> Result<&mut R, ViewError> {
        use std::collections::hash_map::Entry;
        let slot = match self.young.entry(key) {
            Entry::Occupied(slot) => slot.into_mut(),
            Entry::Vacant(place) => {
                let slot = match self.old.remove(&key) {
                    Some(slot) => slot,
                    None => Slot { row: load()?, changed: false, bytes: 0 },
                };
                self.young_bytes += slot.bytes;
                place.insert(slot)
            }
        };
        if !slot.changed {
            slot.changed = true;
            self.changed.push(key);
        }
        Ok(&mut slot.row)
    }

    /// Gives every changed row to `write`, which says how many bytes it takes.
    pub(crate) fn flush(
        &mut self,
        mut write: impl FnMut(K, &mut R) -> Result<usize, ViewError>,
    ) -> Result<(), ViewError> {
        for key in self.changed.drain(..) {
            if let Some(slot) = self.young.get_mut(&key) {
                let bytes = write(key, &mut slot.row)?;
                self.young_bytes = self.young_bytes + bytes - slot.bytes;
                slot.bytes = bytes;
                slot.changed = false;
            }
        }
        // Only here: between flushes a forgotten row would be a lost change.
        if self.young_bytes > self.generation_bytes_max {
            self.old = std::mem::take(&mut self.young);
            self.young_bytes = 0;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use super::*;

    #[test]
    fn whatever_is_forgotten_was_written_before() {
        let mut stored: HashMap<u64, u64> = HashMap::new();
        let mut hot = Hot::new(400);
        let mut peak = 0;
        for step in 0..10_000_u64 {
            let key = step * step % 97;
            *hot.change(key, || Ok(stored.get(&key).copied().unwrap_or(0))).unwrap() += 1;
            if step % 7 == 0 {
                hot.flush(|key, row| {
                    stored.insert(key, *row);
                    Ok(8)
                })
                .unwrap();
            }
            peak = peak.max(hot.young.len() + hot.old.len());
        }
        hot.flush(|key, row| {
            stored.insert(key, *row);
            Ok(8)
        })
        .unwrap();
        assert_eq!(stored.values().sum::<u64>(), 10_000);
        assert!(peak <= 2 * (400 / 2 / 8 + 7), "{peak} rows in memory");
        let key = *stored.keys().next().unwrap();
        assert!(hot.get(key).is_none_or(|row| *row == stored[&key]));
    }
}
