//! The clock of this machine, against NATS's and against what the log was last written with.

use async_nats::Client;
use async_nats::jetstream;
use engine::clock;
use schemas::Timestamp;
use serde::Deserialize;
use serde_json::json;

use super::finding::{Finding, age};

/// More than this is not the network's doing.
const APART_WARN_MS: u64 = 2_000;
/// With more, waiting times and deadlines are visibly wrong.
const APART_ERROR_MS: u64 = 60_000;
const REMEDY: &str = "set it by NTP (chrony, systemd-timesyncd) on every machine: waiting times, deadlines and the audit go by it";

/// NATS's clock, and ours before and after it was asked.
#[derive(Debug, Clone, Copy)]
pub(super) struct Seen {
    before: Timestamp,
    theirs: Timestamp,
    after: Timestamp,
}

#[derive(Deserialize)]
struct Answer {
    ts: String,
}

/// `stream` is any stream that is there; an answer about it carries the server's time.
pub(super) async fn look(client: &Client, stream: &str) -> Option<Seen> {
    let before = clock::now();
    let context = jetstream::new(client.clone());
    let answer: Answer = context.request(format!("STREAM.INFO.{stream}"), &json!({})).await.ok()?;
    let after = clock::now();
    let theirs: jiff::Timestamp = answer.ts.parse().ok()?;
    let theirs = Timestamp::from_millis(theirs.as_millisecond().try_into().ok()?);
    Some(Seen { before, theirs, after })
}

pub(super) fn judge_nats(seen: Option<Seen>) -> Finding {
    const CHECK: &str = "clock against NATS";
    let Some(Seen { before, theirs, after }) = seen else {
        return Finding::note(CHECK, "not known: NATS gave no time", "see that JetStream answers");
    };
    let (apart, way) = if theirs.millis() > after.millis() {
        (theirs.millis() - after.millis(), "behind")
    } else {
        (before.millis().saturating_sub(theirs.millis()), "ahead of")
    };
    let found = format!("this machine is {} {way} NATS", length(apart));
    match apart {
        APART_ERROR_MS.. => Finding::error(CHECK, found, REMEDY),
        APART_WARN_MS.. => Finding::warning(CHECK, found, REMEDY),
        _ => Finding::ok(CHECK, format!("within {} of NATS", length(APART_WARN_MS))),
    }
}

/// The log never goes back in time: with a clock behind it, every commit gets the time of the one before.
pub(super) fn judge_log(now: Timestamp, written_at: Timestamp) -> Finding {
    const CHECK: &str = "clock against the log";
    let ahead = written_at.millis().saturating_sub(now.millis());
    let found = format!("the log was last written {} in the future", length(ahead));
    let remedy =
        format!("{REMEDY}; until this clock has caught up, everything gets the time of the last commit");
    match ahead {
        APART_ERROR_MS.. => Finding::error(CHECK, found, remedy),
        APART_WARN_MS.. => Finding::warning(CHECK, found, remedy),
        _ => {
            let ago = (now.millis().saturating_sub(written_at.millis())) / 1_000;
            Finding::ok(CHECK, format!("the log was last written {} ago", age(ago)))
        }
    }
}

fn length(millis: u64) -> String {
    if millis < 1_000 { format!("{millis} ms") } else { age(millis / 1_000) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::doctor::finding::Level;

    const AT: fn(u64) -> Timestamp = Timestamp::from_millis;

    #[test]
    fn a_clock_that_is_apart_is_told() {
        let level = |theirs| {
            let seen = Seen { before: AT(1_000_000), theirs: AT(theirs), after: AT(1_000_100) };
            judge_nats(Some(seen)).level
        };
        assert_eq!(level(1_000_050), Level::Ok);
        assert_eq!(level(1_001_900), Level::Ok);
        assert_eq!(level(1_005_000), Level::Warning);
        assert_eq!(level(995_000), Level::Warning);
        assert_eq!(level(1_100_000), Level::Error);
        assert_eq!(level(900_000), Level::Error);
        assert_eq!(judge_nats(None).level, Level::Note);
    }

    #[test]
    fn a_log_from_the_future_is_told() {
        let level = |written| judge_log(AT(1_000_000), AT(written)).level;
        assert_eq!([level(0), level(1_000_500)], [Level::Ok, Level::Ok]);
        assert_eq!([level(1_005_000), level(2_000_000)], [Level::Warning, Level::Error]);
    }
}
