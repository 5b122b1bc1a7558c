//! Points at which a test has the process die or stand still. With the feature `fault-points` only: without it
//! nothing of this is compiled in.

/// Every point, in the order in which a frame passes them. The log's points come first, then the views', then those of
/// a snapshot.
pub const POINTS: &[&str] = &[
    "append.before",
    "append.answered",
    "answers.before",
    "answers.after",
    "views.commit.before",
    "views.commit.after",
    "store.journal.before",
    "store.journal.after",
    "store.row.after",
    "store.settle.before",
    "store.settle.after",
    "store.journal.cleared",
    "snapshot.write.before",
    "snapshot.written",
    "snapshot.renamed",
];

/// Does nothing, unless `ATENDER_FAULT` names this point: with `name:nth` the process aborts when it comes here for
/// the nth time, from 1; with `name:nth:stop` it stops as on SIGSTOP, and goes on when it is told to.
#[cfg(feature = "fault-points")]
pub fn point(name: &'static str) {
    enabled::point(name);
}

/// Gives back the growth of the log after which a snapshot is made, or what `ATENDER_SNAPSHOT_AFTER_BYTES` says instead:
/// the logs of tests are too short for one.
#[cfg(feature = "fault-points")]
pub fn snapshot_after_bytes(growth_bytes: u64) -> u64 {
    let wanted = std::env::var("ATENDER_SNAPSHOT_AFTER_BYTES").ok();
    wanted.and_then(|bytes| bytes.parse().ok()).unwrap_or(growth_bytes)
}

/// Gives it back.
#[cfg(not(feature = "fault-points"))]
#[inline(always)]
pub const fn snapshot_after_bytes(growth_bytes: u64) -> u64 {
    growth_bytes
}

/// Does nothing.
#[cfg(not(feature = "fault-points"))]
#[inline(always)]
pub const fn point(_name: &'static str) {}

#[cfg(feature = "fault-points")]
mod enabled {
    use std::sync::LazyLock;
    use std::sync::atomic::{AtomicU64, Ordering};

    use rustix::process::{Signal, getpid, kill_process};

    struct Wanted {
        name: String,
        left: AtomicU64,
        stops: bool,
    }

    static WANTED: LazyLock<Option<Wanted>> = LazyLock::new(|| {
        let text = std::env::var("ATENDER_FAULT").ok()?;
        let parts: Vec<&str> = text.split(':').collect();
        let (name, nth, stops) = match parts[..] {
            [name, nth] => (name, nth, false),
            [name, nth, "stop"] => (name, nth, true),
            _ => return None,
        };
        Some(Wanted { name: name.to_owned(), left: AtomicU64::new(nth.parse().ok()?), stops })
    });

    pub(super) fn point(name: &'static str) {
        debug_assert!(super::POINTS.contains(&name), "{name} is not among the points");
        let Some(wanted) = WANTED.as_ref().filter(|wanted| wanted.name == name) else {
            return;
        };
        if wanted.left.fetch_sub(1, Ordering::SeqCst) != 1 {
            return;
        }
        tracing::warn!(name, stops = wanted.stops, "a fault was asked for here");
        if wanted.stops {
            // Should it fail, the test that waits for the process to stand still says so.
            let _ = kill_process(getpid(), Signal::STOP);
        } else {
            std::process::abort();
        }
    }
}
