//! What was done and seen, counted as it happens, and told at the end.

use std::collections::BTreeMap;
use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use indicatif::ProgressBar;

use crate::record::Counts;

/// Clones count together.
#[derive(Debug, Clone)]
pub struct Report {
    /// Where scenarios keep their data and the logs of processes.
    dir: PathBuf,
    progress: ProgressBar,
    seen: Arc<Mutex<BTreeMap<&'static str, u64>>>,
}

impl Report {
    /// A report of runs that keep their data in this directory; `progress` is moved on with each round.
    pub fn new(dir: PathBuf, progress: ProgressBar) -> Self {
        Self { dir, progress, seen: Arc::default() }
    }

    pub fn dir(&self) -> &Path {
        &self.dir
    }

    /// Something was done or seen once more.
    pub fn count(&self, what: &'static str) {
        self.add(what, 1);
    }

    pub fn add(&self, what: &'static str, times: u64) {
        *self.seen().entry(what).or_default() += times;
    }

    pub(super) fn add_records(&self, counts: Counts) {
        let Counts { accepted, refused, unknown, heard, reloads } = counts;
        let all = [
            ("commands accepted", accepted),
            ("commands refused", refused),
            ("commands unknown", unknown),
            ("live events heard", heard),
            ("reloads told", reloads),
        ];
        all.into_iter().for_each(|(what, times)| self.add(what, times));
    }

    pub(super) fn round_is_over(&self) {
        self.count("rounds");
        self.progress.inc(1);
    }

    /// How often something was done or seen.
    pub fn seen_of(&self, what: &str) -> u64 {
        self.seen().get(what).copied().unwrap_or_default()
    }

    fn seen(&self) -> MutexGuard<'_, BTreeMap<&'static str, u64>> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let seen: Vec<String> = self.seen().iter().map(|(what, times)| format!("{times} {what}")).collect();
        f.write_str(&seen.join(", "))
    }
}
