//! Lanes: what is pushed under one key is taken out in order, by one taker at a time; keys do not wait for each
//! other. A lane is there while it has a taker.

use std::collections::{HashMap, VecDeque};
use std::hash::Hash;
use std::sync::{Mutex, MutexGuard, PoisonError};

#[derive(Debug)]
pub(super) struct Lanes<K, J> {
    waiting: Mutex<HashMap<K, VecDeque<J>>>,
}

impl<K: Eq + Hash + Copy, J> Lanes<K, J> {
    pub(super) fn new() -> Self {
        Self { waiting: Mutex::new(HashMap::new()) }
    }

    /// Puts a job at the end of its lane. True when the lane has no taker: the caller has to give it one.
    #[must_use]
    pub(super) fn push(&self, key: K, job: J) -> bool {
        let mut waiting = self.waiting();
        let is_new = !waiting.contains_key(&key);
        waiting.entry(key).or_default().push_back(job);
        is_new
    }

    /// The next job of a lane, for its taker. Nothing: the lane is closed, and its taker must end.
    pub(super) fn next(&self, key: K) -> Option<J> {
        let mut waiting = self.waiting();
        let job = waiting.get_mut(&key)?.pop_front();
        if job.is_none() {
            waiting.remove(&key);
        }
        job
    }

    /// Closes a lane whose taker ends early, and gives back what nobody will take.
    pub(super) fn close(&self, key: K) -> VecDeque<J> {
        self.waiting().remove(&key).unwrap_or_default()
    }

    fn waiting(&self) -> MutexGuard<'_, HashMap<K, VecDeque<J>>> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lane_keeps_its_order_and_has_one_taker() {
        let lanes = Lanes::new();
        assert!(lanes.push("ana", 1));
        assert!(!lanes.push("ana", 2));
        assert!(lanes.push("ben", 3));
        assert_eq!(lanes.next("ana"), Some(1));
        // The taker is at work on 1: the lane is empty but for 2, and still has its taker.
        assert_eq!(lanes.next("ana"), Some(2));
        assert!(!lanes.push("ana", 4));
        assert_eq!(lanes.next("ana"), Some(4));
        assert_eq!(lanes.next("ana"), None);
        assert!(lanes.push("ana", 5), "an ended lane needs a new taker");
    }

    #[test]
    fn a_closed_lane_gives_back_what_it_held() {
        let lanes = Lanes::new();
        assert!(lanes.push("ana", 1));
        assert!(!lanes.push("ana", 2));
        assert_eq!(lanes.close("ana"), [1, 2]);
        assert_eq!(lanes.next("ana"), None);
        assert!(lanes.push("ana", 3));
    }
}
