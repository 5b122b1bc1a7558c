//! Rows in memory, decoded, between their changes: a row that changes forty times is encoded once, when the store
//! is to see it. Bounded in number; a changed row is never forgotten before it is written.

use std::hash::Hash;

use rustc_hash::FxHashMap;

use crate::error::ViewError;

#[derive(Debug)]
struct Slot<R> {
    row: R,
    is_changed: bool,
}

/// The rows changed lately. Two generations: what is not used while one fills up is forgotten with the next.
#[derive(Debug)]
pub(crate) struct Hot<K, R> {
    young: FxHashMap<K, Slot<R>>,
    old: FxHashMap<K, Slot<R>>,
    /// Keys of all changed rows, and of some that are not any more.
    changed: Vec<K>,
    generation_rows_max: usize,
}

impl<K: Copy + Eq + Hash, R> Hot<K, R> {
    /// Holds about `rows_max` rows after each [`Hot::flush`] or [`Hot::trim`].
    pub(crate) fn new(rows_max: usize) -> Self {
        Self {
            young: FxHashMap::default(),
            old: FxHashMap::default(),
            changed: Vec::new(),
            generation_rows_max: rows_max / 2,
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
            Entry::Vacant(place) => match self.old.remove(&key) {
                Some(slot) => place.insert(slot),
                None => place.insert(Slot { row: load()?, is_changed: false }),
            },
        };
        if !slot.is_changed {
            slot.is_changed = true;
            self.changed.push(key);
        }
        Ok(&mut slot.row)
    }

    /// Gives every changed row to `write`.
    pub(crate) fn flush(
        &mut self,
        mut write: impl FnMut(K, &mut R) -> Result<(), ViewError>,
    ) -> Result<(), ViewError> {
        for key in std::mem::take(&mut self.changed) {
            let slot = self.young.get_mut(&key).or_else(|| self.old.get_mut(&key));
            if let Some(slot) = slot.filter(|slot| slot.is_changed) {
                write(key, &mut slot.row)?;
                slot.is_changed = false;
            }
        }
        self.trim(write)
    }

    /// Forgets what was not used for longest when there are too many rows; gives what is changed of it to `write`.
    pub(crate) fn trim(
        &mut self,
        mut write: impl FnMut(K, &mut R) -> Result<(), ViewError>,
    ) -> Result<(), ViewError> {
        if self.young.len() <= self.generation_rows_max {
            return Ok(());
        }
        let forgotten = std::mem::replace(&mut self.old, std::mem::take(&mut self.young));
        for (key, mut slot) in forgotten.into_iter().filter(|(_, slot)| slot.is_changed) {
            write(key, &mut slot.row)?;
        }
        self.changed.clear();
        self.changed.extend(self.old.iter().filter(|(_, slot)| slot.is_changed).map(|(key, _)| key));
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use super::*;

    #[test]
    fn no_change_is_forgotten_and_no_more_is_kept_than_may_be() {
        let mut stored: HashMap<u64, u64> = HashMap::new();
        let mut hot = Hot::new(40);
        for step in 0..10_000_u64 {
            let key = step * step % 97;
            *hot.change(key, || Ok(stored.get(&key).copied().unwrap_or(0))).unwrap() += 1;
            let mut write = |key, row: &mut u64| {
                stored.insert(key, *row);
                Ok(())
            };
            match step % 50 {
                0 => hot.flush(&mut write).unwrap(),
                step if step % 5 == 0 => hot.trim(&mut write).unwrap(),
                _ => {}
            }
            assert!(hot.young.len() + hot.old.len() <= 40 + 2 * 5, "at step {step}");
        }
        assert!(stored.values().sum::<u64>() < 10_000, "nothing was left to write");
        hot.flush(|key, row| {
            stored.insert(key, *row);
            Ok(())
        })
        .unwrap();
        assert_eq!(stored.values().sum::<u64>(), 10_000);
    }
}
