//! Chance that repeats: a generator of its own for each part of a run, all from one seed.

use std::time::Duration;

use rand::rngs::StdRng;
use rand::seq::{IndexedRandom, SliceRandom};
use rand::{RngExt, SeedableRng};

pub struct Chance(StdRng);

impl Chance {
    /// The generator of part `number` of those with this name.
    pub fn of(seed: u64, name: &str, number: u64) -> Self {
        // FNV-1a; the generator itself spreads what is put in.
        let bytes = seed.to_le_bytes().into_iter().chain(number.to_le_bytes()).chain(name.bytes());
        let mixed = bytes.fold(0xcbf2_9ce4_8422_2325_u64, |sum, byte| {
            (sum ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
        });
        Self(StdRng::seed_from_u64(mixed))
    }

    /// True with this probability, in percent.
    pub fn percent(&mut self, probability: u32) -> bool {
        self.below(100) < u64::from(probability)
    }

    /// From 0 to `limit`, that excluded.
    pub fn below(&mut self, limit: u64) -> u64 {
        self.0.random_range(0..limit)
    }

    pub fn choose<'a, T>(&mut self, among: &'a [T]) -> Option<&'a T> {
        among.choose(&mut self.0)
    }

    pub fn shuffle<T>(&mut self, all: &mut [T]) {
        all.shuffle(&mut self.0);
    }

    /// From nothing to `longest_ms` milliseconds, with microseconds between.
    pub fn time(&mut self, longest_ms: u64) -> Duration {
        Duration::from_micros(self.below(longest_ms * 1_000 + 1))
    }
}
