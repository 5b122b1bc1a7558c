//! For how long a log has been seen without something that it had. A leader that was just elected may not have taken in
//! all of it, or one may not know yet that it is none any more, and that passes; what has been so for 5 s is believed.
//! Only time in which it was looked at counts: a process that stood still knows nothing of what was between.

use std::time::Duration;

use tokio::time::Instant;

const SURE_AFTER: Duration = Duration::from_secs(5);
/// What the time between two looks counts for at most; longer than anybody waits for the next.
const BETWEEN_LOOKS_MAX: Duration = Duration::from_secs(2);

/// A log that lacks something, since it was first seen to.
#[derive(Debug)]
pub(crate) struct Short {
    seen_for: Duration,
    looked_at: Instant,
}

impl Short {
    /// It was seen just now.
    pub(crate) fn begins() -> Self {
        Self { seen_for: Duration::ZERO, looked_at: Instant::now() }
    }

    /// It was seen again: whether that has gone on for long enough to be believed.
    pub(crate) fn is_sure(&mut self) -> bool {
        let now = Instant::now();
        self.seen_for += (now - self.looked_at).min(BETWEEN_LOOKS_MAX);
        self.looked_at = now;
        self.seen_for >= SURE_AFTER
    }
}

#[cfg(test)]
mod tests {
    use tokio::time::advance;

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn what_is_seen_again_and_again_for_five_seconds_is_believed() {
        let mut short = Short::begins();
        for _ in 0..19 {
            advance(Duration::from_millis(250)).await;
            assert!(!short.is_sure());
        }
        advance(Duration::from_millis(250)).await;
        assert!(short.is_sure());
    }

    #[tokio::test(start_paused = true)]
    async fn time_in_which_nobody_looked_does_not_count() {
        let mut short = Short::begins();
        advance(Duration::from_secs(3600)).await;
        assert!(!short.is_sure());
        advance(Duration::from_secs(2)).await;
        assert!(!short.is_sure());
        advance(Duration::from_secs(1)).await;
        assert!(short.is_sure());
    }
}
