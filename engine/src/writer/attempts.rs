//! What other processes asked for a moment ago, by where they wait for the answer. They ask again when none comes in
//! time. What was refused meanwhile, or found done, left nothing in the log to know it by; it is not decided anew all
//! the same, as the answer may have been told already.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use rustc_hash::FxHashMap;
use tokio::time::Instant;

/// Longer than anybody asks again.
const REMEMBERED_FOR: Duration = Duration::from_secs(10);
/// Answers that are remembered; of more, the oldest are forgotten.
const ANSWERS_MAX: usize = 16_384;

/// Clones share what is known.
#[derive(Clone, Default)]
pub(crate) struct Attempts(Arc<Mutex<Known>>);

#[derive(Default)]
struct Known {
    /// Nothing while it is under way, then the answer.
    attempts: FxHashMap<String, Option<Bytes>>,
    answers: VecDeque<(Instant, String)>,
}

/// Whether an attempt is to be made.
pub(super) enum Attempt {
    New,
    UnderWay,
    Answered(Bytes),
}

impl Attempts {
    pub(super) fn begin(&self, reply_to: &str) -> Attempt {
        let mut known = self.known();
        known.forget();
        match known.attempts.get(reply_to) {
            Some(Some(answer)) => Attempt::Answered(answer.clone()),
            Some(None) => Attempt::UnderWay,
            None => {
                known.attempts.insert(reply_to.to_owned(), None);
                Attempt::New
            }
        }
    }

    /// It came to an end: with this answer, or to be decided anew when it is asked for again.
    pub(super) fn end(&self, reply_to: &str, answer: Option<Bytes>) {
        let mut known = self.known();
        if answer.is_some() {
            known.attempts.insert(reply_to.to_owned(), answer);
            known.answers.push_back((Instant::now(), reply_to.to_owned()));
        } else {
            known.attempts.remove(reply_to);
        }
    }

    fn known(&self) -> MutexGuard<'_, Known> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Known {
    fn forget(&mut self) {
        while let Some((at, reply_to)) = self.answers.front() {
            if at.elapsed() < REMEMBERED_FOR && self.answers.len() <= ANSWERS_MAX {
                return;
            }
            self.attempts.remove(reply_to);
            self.answers.pop_front();
        }
    }
}
