//! Chance that repeats: a generator of its own for each person of the day, all from one seed.

use std::time::Duration;

use rand::rngs::StdRng;
use rand::seq::IndexedRandom;
use rand::{RngExt, SeedableRng};

/// A pause is at most this many times its mean.
const LONGEST_PAUSE: f64 = 4.0;

pub(super) struct Chance(StdRng);

impl Chance {
    /// The generator of the person `number` in this role.
    pub(super) fn of(seed: u64, role: &str, number: u64) -> Self {
        let mut hasher = blake3::Hasher::new();
        hasher.update(&seed.to_le_bytes());
        hasher.update(&number.to_le_bytes());
        hasher.update(role.as_bytes());
        Self(StdRng::from_seed(*hasher.finalize().as_bytes()))
    }

    /// Whether something of this chance, from 0 to 1, happens.
    pub(super) fn happens(&mut self, chance: f64) -> bool {
        self.0.random::<f64>() < chance
    }

    /// A whole number from `low` to `high`.
    pub(super) fn between(&mut self, low: u32, high: u32) -> u32 {
        self.0.random_range(low..=high)
    }

    /// One of these, if there are any.
    pub(super) fn choose<'a, T>(&mut self, among: &'a [T]) -> Option<&'a T> {
        among.choose(&mut self.0)
    }

    /// A time that is `mean` on average, as the times between independent events are.
    pub(super) fn pause(&mut self, mean: Duration) -> Duration {
        let uniform: f64 = self.0.random();
        mean.mul_f64((-(1.0 - uniform).ln()).min(LONGEST_PAUSE))
    }

    /// A time from nothing to `longest`.
    pub(super) fn up_to(&mut self, longest: Duration) -> Duration {
        longest.mul_f64(self.0.random())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_person_is_the_same_again_and_not_like_the_next() {
        let first = |seed, role, number| Chance::of(seed, role, number).between(0, u32::MAX);
        assert_eq!(first(1, "customer", 7), first(1, "customer", 7));
        let different =
            [first(1, "customer", 7), first(2, "customer", 7), first(1, "agent", 7), first(1, "customer", 8)];
        let distinct: std::collections::HashSet<_> = different.into_iter().collect();
        assert_eq!(distinct.len(), 4);
    }

    #[test]
    fn pauses_have_their_mean_and_a_longest() {
        let mut chance = Chance::of(1, "test", 0);
        let mean = Duration::from_millis(100);
        let pauses: Vec<Duration> = (0..10_000).map(|_| chance.pause(mean)).collect();
        let average = pauses.iter().sum::<Duration>() / 10_000;
        assert!((90..110).contains(&average.as_millis()), "{average:?}");
        assert!(pauses.iter().all(|pause| *pause <= mean * 4));
    }
}
