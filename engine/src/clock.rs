//! The only place that reads the system clock.

use std::time::{SystemTime, UNIX_EPOCH};

use schemas::Timestamp;

/// Now, to the millisecond; 1970 if the clock is set before that.
#[expect(clippy::disallowed_methods, reason = "this is where time comes from")]
pub fn now() -> Timestamp {
    #[cfg(feature = "simulation")]
    if let Some(now) = crate::simulated::now() {
        return now;
    }
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    Timestamp::from_millis(u64::try_from(since.as_millis()).unwrap_or(u64::MAX))
}
