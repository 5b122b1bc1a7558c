//! Faults on command, or by chance from a seed.

use std::collections::{HashMap, VecDeque};
use std::time::Duration;

use rand::rngs::StdRng;
use rand::seq::IndexedRandom;
use rand::{RngExt, SeedableRng};

/// What goes wrong with one request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// Refused with an error of Meta's shape; not sent.
    GraphError {
        /// Status of the answer.
        http_status: u16,
        /// Meta's code.
        code: i64,
    },
    /// An empty answer 500; not sent, which the client cannot know.
    Http500NoBody,
    /// Sent, but the connection stays silent for this long and then closes.
    Timeout(Duration),
    /// Sent, but the connection closes at once without an answer.
    AcceptThenDrop,
    /// Nothing wrong, only late: it is sent after this time, if the client still waits.
    Delay(Duration),
}

/// Faults that come by themselves.
#[derive(Debug, Clone)]
pub struct RandomFaults {
    /// Chance of a fault for each well-formed request, from 0 to 1.
    pub chance: f64,
    /// The faults to choose from, all equally likely.
    pub among: Vec<Fault>,
}

#[derive(Debug)]
pub(super) struct Faults {
    queue: VecDeque<Fault>,
    /// What happens to every message to somebody.
    lasting: HashMap<String, Fault>,
    random: Option<RandomFaults>,
    rng: StdRng,
}

impl Faults {
    pub(super) fn new(seed: u64, random: Option<RandomFaults>) -> Self {
        Self { queue: VecDeque::new(), lasting: HashMap::new(), random, rng: StdRng::seed_from_u64(seed) }
    }

    pub(super) fn queue(&mut self, fault: Fault) {
        self.queue.push_back(fault);
    }

    pub(super) fn queued(&self) -> usize {
        self.queue.len()
    }

    pub(super) fn last(&mut self, to: &str, fault: Option<Fault>) {
        match fault {
            Some(fault) => self.lasting.insert(to.to_owned(), fault),
            None => self.lasting.remove(to),
        };
    }

    /// The fate of the next request, which is to send something to `to`.
    pub(super) fn take(&mut self, to: &str) -> Option<Fault> {
        if let Some(fault) = self.lasting.get(to) {
            return Some(*fault);
        }
        if let Some(fault) = self.queue.pop_front() {
            return Some(fault);
        }
        let random = self.random.as_ref()?;
        if happens(&mut self.rng, random.chance) { random.among.choose(&mut self.rng).copied() } else { None }
    }
}

/// Whether something of this chance happens; a chance outside 0 to 1 means never or always.
pub(super) fn happens(rng: &mut StdRng, chance: f64) -> bool {
    rng.random::<f64>() < chance
}
