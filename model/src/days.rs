//! Steps without end, the same ones for the same seed.

use proptest::strategy::{Strategy, ValueTree};
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};

use crate::steps::{Step, any_step};

/// The steps of one seed.
#[derive(Debug)]
pub struct Steps(TestRunner);

impl Steps {
    pub fn of(seed: u64) -> Self {
        let mut bytes = [0; 32];
        bytes[..8].copy_from_slice(&seed.to_le_bytes());
        let rng = TestRng::from_seed(RngAlgorithm::ChaCha, &bytes);
        let config = Config { failure_persistence: None, ..Config::default() };
        Self(TestRunner::new_with_rng(config, rng))
    }

    pub fn draw(&mut self) -> Step {
        let drawn = any_step().new_tree(&mut self.0);
        drawn.expect("any step will do").current()
    }
}
