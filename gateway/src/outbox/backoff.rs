//! When a message that could not be sent is tried again, and when it is given up. No clock and no chance in here:
//! both are handed in.

use std::time::Duration;

use crate::limits::{TRIES_MAX, TRY_WITHIN};

const WAIT_MAX: Duration = Duration::from_secs(60);
/// "Pair rate limit": too many messages to one person. Meta asks to wait 4^n seconds.
const CODE_PAIR_RATE_LIMIT: i64 = 131_056;
/// The wait is made longer by up to this part of it, so that many lanes do not come back at once.
const JITTER: f64 = 0.25;

/// The calls made for one message.
#[derive(Debug, Default)]
pub(super) struct Tries {
    made: u32,
}

impl Tries {
    /// After a call that was refused with `code`, `since_first` after the first: how long to wait before the next,
    /// at least as long as the network `asked` for; nothing when the message is to be given up. `chance` is from
    /// 0 to 1.
    pub(super) fn next(
        &mut self,
        code: i64,
        asked: Option<Duration>,
        since_first: Duration,
        chance: f64,
    ) -> Option<Duration> {
        let exponent = self.made;
        self.made += 1;
        let own = if code == CODE_PAIR_RATE_LIMIT {
            Duration::from_secs(4_u64.saturating_pow(exponent)).min(TRY_WITHIN)
        } else {
            Duration::from_secs(2_u64.saturating_pow(exponent)).min(WAIT_MAX)
        };
        let wait = own.max(asked.unwrap_or_default()).mul_f64(1.0 + JITTER * chance.clamp(0.0, 1.0));
        (self.made < TRIES_MAX && since_first + wait <= TRY_WITHIN).then_some(wait)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const THROUGHPUT: i64 = 130_429;

    /// The waits, in seconds, until the message is given up; calls take no time.
    fn waits(code: i64, asked: Option<Duration>, chance: f64) -> Vec<u64> {
        let mut tries = Tries::default();
        let mut since_first = Duration::ZERO;
        let next = || {
            let wait = tries.next(code, asked, since_first, chance)?;
            since_first += wait;
            Some(wait.as_secs())
        };
        std::iter::from_fn(next).collect()
    }

    #[test]
    fn waits_double_up_to_a_minute_and_end_after_twelve_calls() {
        assert_eq!(waits(THROUGHPUT, None, 0.0), [1, 2, 4, 8, 16, 32, 60, 60, 60, 60, 60]);
    }

    #[test]
    fn the_pair_limit_waits_four_times_as_long_each_time_and_ends_within_half_an_hour() {
        assert_eq!(waits(CODE_PAIR_RATE_LIMIT, None, 0.0), [1, 4, 16, 64, 256, 1024]);
    }

    #[test]
    fn what_the_network_asks_for_is_the_least() {
        let asked = Some(Duration::from_secs(10));
        assert_eq!(waits(THROUGHPUT, asked, 0.0)[..6], [10, 10, 10, 10, 16, 32]);
        let too_long = Some(TRY_WITHIN + Duration::from_secs(1));
        assert!(waits(THROUGHPUT, too_long, 0.0).is_empty());
    }

    #[test]
    fn chance_makes_a_wait_longer_and_never_shorter() {
        let (shortest, longest) = (waits(THROUGHPUT, None, 0.0), waits(THROUGHPUT, None, 1.0));
        assert_eq!(longest[6..], [75; 5]);
        assert!(shortest.iter().zip(&longest).all(|(short, long)| short <= long));
    }
}
