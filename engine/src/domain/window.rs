//! A map that forgets: what was put in stays at least for the span, and goes within one and a half.

use std::hash::Hash;
use std::time::Duration;

use rustc_hash::FxHashMap;
use schemas::Timestamp;

const GENERATIONS: usize = 3;

/// A map whose entries are dropped by age, a generation at a time, by the log's clock.
#[derive(Debug, Clone)]
pub struct Window<K, V> {
    /// Newest first.
    generations: [FxHashMap<K, V>; GENERATIONS],
    half_span: Duration,
    turned_at: Timestamp,
}

impl<K: Eq + Hash, V> Window<K, V> {
    /// An empty window that remembers for `span`.
    pub fn new(span: Duration) -> Self {
        Self {
            generations: std::array::from_fn(|_| FxHashMap::default()),
            half_span: span / 2,
            turned_at: Timestamp::default(),
        }
    }

    /// Puts in an entry, and forgets what is too old at `at`.
    pub fn insert(&mut self, key: K, value: V, at: Timestamp) {
        self.turn(at);
        self.generations[0].insert(key, value);
    }

    fn turn(&mut self, at: Timestamp) {
        let age = at.since(self.turned_at);
        if age < self.half_span {
            return;
        }
        if age >= self.half_span * GENERATIONS as u32 {
            self.generations.iter_mut().for_each(FxHashMap::clear);
        } else {
            self.generations.rotate_right(1);
            self.generations[0].clear();
        }
        self.turned_at = at;
    }

    /// The entry of this key.
    pub fn get(&self, key: &K) -> Option<&V> {
        self.generations.iter().find_map(|generation| generation.get(key))
    }

    /// The entry of this key, to be changed; it does not get younger by that.
    pub fn get_mut(&mut self, key: &K) -> Option<&mut V> {
        self.generations.iter_mut().find_map(|generation| generation.get_mut(key))
    }

    /// Takes the entry of this key out.
    pub fn remove(&mut self, key: &K) -> Option<V> {
        self.generations.iter_mut().find_map(|generation| generation.remove(key))
    }

    /// Every entry, in no order.
    pub fn iter(&self) -> impl Iterator<Item = (&K, &V)> {
        self.generations.iter().flatten()
    }

    /// The entries by age, newest first.
    pub(super) fn generations(&self) -> &[FxHashMap<K, V>] {
        &self.generations
    }

    pub(super) fn turned_at(&self) -> Timestamp {
        self.turned_at
    }

    pub(super) fn set_turned_at(&mut self, at: Timestamp) {
        self.turned_at = at;
    }

    /// Puts an entry back where it was.
    pub(super) fn restore(&mut self, age: u8, key: K, value: V) -> Result<(), &'static str> {
        let generation =
            self.generations.get_mut(usize::from(age)).ok_or("an entry older than a window keeps")?;
        generation.insert(key, value);
        Ok(())
    }

    /// How many entries it holds.
    pub fn len(&self) -> usize {
        self.generations.iter().map(FxHashMap::len).sum()
    }

    /// Whether it holds none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn an_entry_stays_for_the_span_and_goes_at_last(steps in prop::collection::vec(0_u64..700, 1..200)) {
            let span = Duration::from_millis(1_000);
            let mut window = Window::new(span);
            let (mut now, mut inserted) = (Timestamp::from_millis(5_000), Vec::new());
            for (key, step) in steps.into_iter().enumerate() {
                now = now.plus(Duration::from_millis(step));
                window.insert(key, (), now);
                inserted.push(now);
                for (key, at) in inserted.iter().enumerate() {
                    let (age, there) = (now.since(*at), window.get(&key).is_some());
                    prop_assert!(there || age >= span, "gone after {age:?}");
                    // Each turn may come late by the time between two insertions, here under 700 ms.
                    prop_assert!(!there || age <= Duration::from_millis(3 * (500 + 700)), "there after {age:?}");
                }
            }
        }
    }
}
