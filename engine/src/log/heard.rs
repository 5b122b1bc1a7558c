//! For how long nothing has been heard from the log, to be asked from anywhere.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

/// When something was last heard from the log: a frame, or the server's word that there is none. Clones share it.
#[derive(Debug, Clone)]
pub struct Heard {
    start: Instant,
    /// Since `start`.
    last_millis: Arc<AtomicU64>,
}

impl Heard {
    pub(super) fn now() -> Self {
        Self { start: Instant::now(), last_millis: Arc::default() }
    }

    pub(super) fn mark(&self) {
        self.last_millis.store(self.millis(), Ordering::Relaxed);
    }

    /// How long ago that was, to the millisecond. While NATS is there it stays under a second, unless whoever
    /// follows the log is not done with what came before.
    pub fn ago(&self) -> Duration {
        Duration::from_millis(self.millis().saturating_sub(self.last_millis.load(Ordering::Relaxed)))
    }

    fn millis(&self) -> u64 {
        u64::try_from(self.start.elapsed().as_millis()).unwrap_or(u64::MAX)
    }
}
