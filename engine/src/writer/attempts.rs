//! What other processes asked for a moment ago, by where they wait for the answer. They ask again when none comes in
//! time. What was refused meanwhile, or found done, left nothing in the log to know it by; it is not decided anew all
//! the same, as the answer may have been told already.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use rustc_hash::FxHashMap;
use schemas::forward;
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
    /// By what is the same however often it is asked.
    attempts: FxHashMap<String, Progress>,
    answers: VecDeque<(Instant, String)>,
}

enum Progress {
    /// Asked last by whoever waits here.
    UnderWay(String),
    Answered(Bytes),
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
        match known.attempts.get_mut(forward::asker(reply_to)) {
            Some(Progress::Answered(answer)) => Attempt::Answered(answer.clone()),
            Some(Progress::UnderWay(last)) => {
                reply_to.clone_into(last);
                Attempt::UnderWay
            }
            None => {
                let under_way = Progress::UnderWay(reply_to.to_owned());
                known.attempts.insert(forward::asker(reply_to).to_owned(), under_way);
                Attempt::New
            }
        }
    }

    /// It came to an end: with this answer, or to be decided anew when it is asked for again. Gives where the answer
    /// is waited for, which is where it was asked last.
    pub(super) fn end(&self, reply_to: String, answer: Option<Bytes>) -> String {
        let (asker, mut known) = (forward::asker(&reply_to).to_owned(), self.known());
        let before = match answer {
            Some(answer) => {
                known.answers.push_back((Instant::now(), asker.clone()));
                known.attempts.insert(asker, Progress::Answered(answer))
            }
            None => known.attempts.remove(&asker),
        };
        match before {
            Some(Progress::UnderWay(last)) => last,
            Some(Progress::Answered(_)) | None => reply_to,
        }
    }

    fn known(&self) -> MutexGuard<'_, Known> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Known {
    fn forget(&mut self) {
        while let Some((at, asker)) = self.answers.front() {
            if at.elapsed() < REMEMBERED_FOR && self.answers.len() <= ANSWERS_MAX {
                return;
            }
            self.attempts.remove(asker);
            self.answers.pop_front();
        }
    }
}
