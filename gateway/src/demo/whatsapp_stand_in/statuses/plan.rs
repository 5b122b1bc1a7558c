//! Which statuses a message gets, and in which order they come.

use std::time::Duration;

use rand::RngExt;
use rand::rngs::StdRng;
use rand::seq::SliceRandom;

use crate::demo::whatsapp_stand_in::faults::happens;

/// How statuses come. Chances are from 0 to 1.
#[derive(Debug, Clone)]
pub struct StatusScript {
    /// Time between one status of a message and the next; without it they may come before the answer to the send.
    pub step_delay: Duration,
    /// Chance that the statuses of a message come in a random order.
    pub reordered: f64,
    /// Chance, for each status, that it comes twice.
    pub duplicated: f64,
    /// Chance that a message is never read.
    pub unread: f64,
    /// Chance that a message that is read has no `delivered`, as Meta does when it is read at once.
    pub delivered_skipped: f64,
    /// Attempts at a webhook that is not answered 200; at least one.
    pub attempts_max: u32,
    /// Time before the second attempt; doubles each time, up to 5 seconds.
    pub backoff: Duration,
}

impl Default for StatusScript {
    fn default() -> Self {
        Self {
            step_delay: Duration::ZERO,
            reordered: 0.0,
            duplicated: 0.0,
            unread: 0.0,
            delivered_skipped: 0.0,
            attempts_max: 8,
            backoff: Duration::from_millis(100),
        }
    }
}

/// A status and when it happened, counted in steps from the sending.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Step {
    pub(super) status: &'static str,
    pub(super) number: u32,
}

/// The statuses of one message in the order in which they come.
pub(super) fn plan(script: &StatusScript, rng: &mut StdRng) -> Vec<Step> {
    let read = !happens(rng, script.unread);
    let delivered = !(read && happens(rng, script.delivered_skipped));
    let mut steps = vec![Step { status: "sent", number: 0 }];
    steps.extend(delivered.then_some(Step { status: "delivered", number: 1 }));
    steps.extend(read.then_some(Step { status: "read", number: 2 }));
    if happens(rng, script.reordered) {
        steps.shuffle(rng);
    }
    for step in steps.clone() {
        if happens(rng, script.duplicated) {
            let first = steps.iter().position(|s| *s == step).unwrap_or(0);
            steps.insert(rng.random_range(first + 1..=steps.len()), step);
        }
    }
    steps
}
