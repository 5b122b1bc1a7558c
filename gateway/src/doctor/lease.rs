//! Who writes the shard: the lease, looked at until it moves. One that stands still has a holder that is dead, hangs
//! or does not reach NATS, and nobody who took over.

use std::time::Duration;

use async_nats::Client;
use engine::lease::{Seen, TTL, look_at};
use engine::log::LogError;
use schemas::ShardId;
use tokio::time::{Instant, sleep};

use super::finding::{Finding, told};

const CHECK: &str = "lease";
const LOOK_EVERY: Duration = Duration::from_millis(200);
/// The first may be the last renewal of a holder that just died.
const CHANGES_OF_THE_LIVING: u32 = 2;

/// What was seen of a lease.
#[derive(Debug)]
pub(super) enum Lease {
    /// Nobody ever held it.
    None,
    /// It was given back at a planned end.
    Free,
    /// Its holder renewed it, or another took it, while it was looked at.
    Moves { holder: String },
    /// Nothing happened to it for longer than it lasts.
    StandsStill { holder: String },
}

pub(super) async fn look(client: &Client, shard: ShardId) -> Result<Lease, LogError> {
    let Some(mut last) = look_at(client, shard).await? else { return Ok(Lease::None) };
    let (mut changes, mut since) = (0, Instant::now());
    loop {
        let Seen { holder: Some(holder), revision } = &last else { return Ok(Lease::Free) };
        if changes >= CHANGES_OF_THE_LIVING {
            return Ok(Lease::Moves { holder: holder.clone() });
        }
        // One that takes over has to see it stand still for as long as we do.
        if since.elapsed() >= TTL + LOOK_EVERY {
            return Ok(Lease::StandsStill { holder: holder.clone() });
        }
        sleep(LOOK_EVERY).await;
        let Some(now) = look_at(client, shard).await? else { return Ok(Lease::None) };
        if now.revision != *revision {
            (changes, since) = (changes + 1, Instant::now());
            last = now;
        }
    }
}

pub(super) fn judge(lease: &Result<Lease, LogError>) -> Finding {
    match lease {
        Ok(Lease::None) => Finding::note(CHECK, "nobody ever wrote this shard", "start `atender serve`"),
        Ok(Lease::Free) => {
            let remedy = "start `atender serve`: commands wait for a writer";
            Finding::note(CHECK, "nobody writes: the last writer ended as planned", remedy)
        }
        Ok(Lease::Moves { holder }) => Finding::ok(CHECK, format!("held by {holder}, and renewed")),
        Ok(Lease::StandsStill { holder }) => {
            let found =
                format!("held by {holder}, and not renewed for {} ms: nothing is written", TTL.as_millis());
            let remedy = "its holder is dead, hangs or does not reach NATS, and no other atender took over: look at \
                          that process, or start `atender serve` here or elsewhere";
            Finding::error(CHECK, found, remedy)
        }
        Err(error) => Finding::error(
            CHECK,
            told(error),
            "see that JetStream answers, and that this account may read it",
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::doctor::finding::Level;

    #[test]
    fn only_a_lease_that_moves_is_ok() {
        let holder = || "abc".to_owned();
        let away = LogError::Unavailable { what: "looking", source: "away".into() };
        let rows = [
            (Ok(Lease::Moves { holder: holder() }), Level::Ok),
            (Ok(Lease::Free), Level::Note),
            (Ok(Lease::None), Level::Note),
            (Ok(Lease::StandsStill { holder: holder() }), Level::Error),
            (Err(away), Level::Error),
        ];
        for (lease, level) in rows {
            let finding = judge(&lease);
            assert_eq!(finding.level, level, "{finding:?}");
            assert_eq!(finding.remedy.is_none(), level == Level::Ok, "{finding:?}");
        }
    }
}
