//! The snapshots of the hot state: which there are, whether they can be used, and how far the log has gone on since.
//! None is ever needed: without, the next start reads the log and takes longer.

use std::io;
use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

use engine::log::{Extent, Log, LogError};
use engine::snapshot::{Found, SnapshotError, Snapshots, shards};
use schemas::{ShardId, Timestamp};
use tokio::task::spawn_blocking;

use super::finding::{Finding, age, count, size, told};

const CHECK: &str = "snapshots";

/// The snapshots of one shard.
#[derive(Debug)]
pub(super) struct Seen {
    snapshots: Snapshots,
    found: Vec<Found>,
}

/// Those of each shard that has any. Reads all of them.
pub(super) async fn look(dir: PathBuf) -> io::Result<Vec<Seen>> {
    let reading = spawn_blocking(move || read(&dir));
    reading.await.unwrap_or_else(|error| Err(io::Error::other(error)))
}

fn read(dir: &Path) -> io::Result<Vec<Seen>> {
    let seen = |shard| {
        let snapshots = Snapshots::new(dir.to_owned(), shard);
        Ok(Seen { found: snapshots.list()?, snapshots })
    };
    shards(dir)?.into_iter().map(seen).collect()
}

/// Has the log say which are of it: those that are not are listed as what they are. Gives how far the log goes.
pub(super) async fn compare(seen: &mut [Seen], log: &Log) -> Result<Extent, LogError> {
    for Seen { snapshots, found } in seen.iter_mut().filter(|seen| seen.snapshots.shard == log.shard()) {
        for found in found.iter_mut().filter(|found| found.readable.is_ok()) {
            if let Err(error) = snapshots.fits(found, log).await? {
                found.readable = Err(error);
            }
        }
    }
    log.extent().await
}

/// `log` is the shard that this atender serves and how far its log goes, as far as that is known.
pub(super) fn judge(
    seen: &io::Result<Vec<Seen>>,
    log: Option<(ShardId, Option<Extent>)>,
    now: Timestamp,
) -> Vec<Finding> {
    match seen {
        Ok(seen) => {
            let served = log.map(|(shard, _)| shard);
            let is_missing = |shard: &ShardId| seen.iter().all(|seen| seen.snapshots.shard != *shard);
            let none = |shard| Seen { snapshots: Snapshots::new(PathBuf::new(), shard), found: Vec::new() };
            let none = served.filter(is_missing).map(none);
            none.iter().chain(seen).flat_map(|seen| judge_shard(seen, log, now)).collect()
        }
        Err(error) => {
            let remedy = "run this as the user that runs `atender serve`, and look at the disk; nothing is lost, but \
                          the next start reads all of the log";
            vec![Finding::warning(CHECK, format!("cannot be looked at: {}", told(error)), remedy)]
        }
    }
}

fn judge_shard(seen: &Seen, log: Option<(ShardId, Option<Extent>)>, now: Timestamp) -> Vec<Finding> {
    let Seen { snapshots: Snapshots { shard, .. }, found } = seen;
    let check = format!("{CHECK} of shard {shard}");
    if let Some((served, _)) = log
        && served != *shard
    {
        let bytes = size(found.iter().map(|found| found.bytes).sum());
        let text = format!("{}, {bytes}; this atender serves shard {served}", number(found.len()));
        let remedy = "nothing: they are not read; remove them if no other workspace is served from here";
        return vec![Finding::note(check, text, remedy)];
    }
    let each = found.iter().map(|found| judge_one(&check, found, now));
    let mut findings: Vec<Finding> = each.collect();
    let extent = log.and_then(|(_, extent)| extent);
    findings.insert(0, summary(check, seen, extent));
    findings
}

fn number(snapshots: usize) -> String {
    count(snapshots as u64, "snapshot", "snapshots")
}

/// How many there are, and what a start would read of the log behind the newest.
fn summary(check: String, seen: &Seen, extent: Option<Extent>) -> Finding {
    let usable = || seen.found.iter().filter_map(|found| found.readable.as_ref().ok());
    let Some(newest) = usable().next() else {
        return match extent {
            Some(extent) if extent.bytes >= due(seen, 0) => {
                let text = format!("none that can be used, and the log has {}", size(extent.bytes));
                Finding::warning(check, text, not_made())
            }
            Some(Extent { bytes, .. }) => {
                let first = size(seen.snapshots.log_growth_bytes);
                Finding::ok(
                    check,
                    format!("none; the log has {}, and the first is made at {first}", size(bytes)),
                )
            }
            None => Finding::ok(check, "none that can be used"),
        };
    };
    let text = format!("{} that can be used", number(usable().count()));
    let Some(Extent { head, bytes }) = extent else {
        return Finding::ok(check, format!("{text}, not compared with the log"));
    };
    let behind = bytes.saturating_sub(newest.log_bytes);
    let frames = count(head.saturating_sub(newest.sequence), "frame", "frames");
    let text = format!("{text}; the log has {frames}, {}, after the newest", size(behind));
    if behind >= due(seen, newest.bytes) {
        return Finding::warning(check, text, not_made());
    }
    Finding::ok(check, text)
}

/// A log that grew by so much should have a newer snapshot: they are made at half of it.
fn due(seen: &Seen, newest_bytes: u64) -> u64 {
    seen.snapshots.log_growth_bytes.max(newest_bytes / 2).saturating_mul(2)
}

fn not_made() -> String {
    "nothing is lost, but starting takes longer: see why none is made (the log of `atender serve`, and \
     atender_snapshots_failed_total), and whether the disk has room"
        .to_owned()
}

fn judge_one(check: &str, found: &Found, now: Timestamp) -> Finding {
    let path = found.path.display();
    let is =
        format!("{path}: frame {}, {}, {}", found.sequence, size(found.bytes), since(found.written, now));
    let error = match &found.readable {
        Ok(_) => return Finding::ok(check, is),
        Err(error) => error,
    };
    let is = format!("{is}; {}", told(error));
    let ignored = "it is ignored, and nothing is lost";
    match error {
        SnapshotError::Unreadable(_) => {
            let remedy = "run this as the user that runs `atender serve`, and look at the disk";
            Finding::warning(check, is, format!("{ignored}; {remedy}"))
        }
        SnapshotError::Damaged(_) => {
            Finding::warning(check, is, format!("{ignored}; look at the disk, then rm {path}"))
        }
        SnapshotError::OtherVersion(_) | SnapshotError::OtherShard(_) => {
            Finding::note(check, is, format!("{ignored}; it goes when a new one is made, or rm {path}"))
        }
        SnapshotError::OtherLog(_) | SnapshotError::AheadOfLog(_) => {
            let remedy = "see that this is the right NATS for this data directory, and whether its log was put back \
                          from a backup";
            Finding::warning(check, is, format!("{ignored}; {remedy}; then rm {path}"))
        }
    }
}

fn since(written: Option<SystemTime>, now: Timestamp) -> String {
    match written.and_then(|written| written.duration_since(UNIX_EPOCH).ok()) {
        Some(written) => format!("{} old", age((now.millis() / 1_000).saturating_sub(written.as_secs()))),
        None => "of an unknown age".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use engine::snapshot::Kept;

    use super::*;
    use crate::doctor::finding::Level;

    const MIB: u64 = 1024 * 1024;
    const NOW: Timestamp = Timestamp::from_millis(1_600_000);

    fn file(sequence: u64, readable: Result<(), SnapshotError>) -> Found {
        let bytes = 2_048;
        let readable = readable.map(|()| Kept { sequence, bytes, log_bytes: sequence * MIB });
        let written = Some(UNIX_EPOCH + Duration::from_secs(1_000));
        Found { path: format!("/s/{sequence}").into(), sequence, bytes, written, readable }
    }

    fn judged(files: Vec<Found>, log: Option<(u16, Option<u64>)>) -> Vec<Finding> {
        let snapshots = Snapshots { log_growth_bytes: 10 * MIB, ..Snapshots::new("/s".into(), ShardId(1)) };
        let extent = |head| Extent { head, bytes: head * MIB };
        let log = log.map(|(shard, head)| (ShardId(shard), head.map(extent)));
        judge(&Ok(vec![Seen { snapshots, found: files }]), log, NOW)
    }

    #[test]
    fn each_is_named_with_its_place_size_and_age() {
        let findings = judged(vec![file(7, Ok(())), file(3, Ok(()))], Some((1, Some(9))));
        assert!(
            findings.iter().all(|f| f.level == Level::Ok && f.check == "snapshots of shard 1"),
            "{findings:?}"
        );
        let found: Vec<_> = findings.iter().map(|finding| finding.found.as_str()).collect();
        let summary = "2 snapshots that can be used; the log has 2 frames, 2.0 MiB, after the newest";
        assert_eq!(
            found,
            [summary, "/s/7: frame 7, 2.0 KiB, 10 min old", "/s/3: frame 3, 2.0 KiB, 10 min old"]
        );
    }

    #[test]
    fn what_cannot_be_used_is_named_with_what_to_do() {
        let rows = [
            (
                SnapshotError::Unreadable(io::ErrorKind::PermissionDenied.into()),
                Level::Warning,
                "the user that",
            ),
            (SnapshotError::Damaged("it is cut short".into()), Level::Warning, "rm /s/7"),
            (SnapshotError::OtherVersion(9), Level::Note, "a new one is made"),
            (SnapshotError::OtherShard(ShardId(4)), Level::Note, "rm /s/7"),
            (SnapshotError::OtherLog(7), Level::Warning, "the right NATS"),
            (SnapshotError::AheadOfLog(7), Level::Warning, "backup"),
        ];
        for (error, level, remedy) in rows {
            let text = error.to_string();
            let findings = judged(vec![file(7, Err(error)), file(3, Ok(()))], Some((1, Some(9))));
            assert!(
                findings[0].found.contains("6 frames"),
                "the newest that can be used counts: {findings:?}"
            );
            assert_eq!(findings[1].level, level, "{findings:?}");
            assert!(findings[1].found.contains(&text), "{findings:?}");
            assert!(findings[1].remedy.as_ref().unwrap().contains(remedy), "{findings:?}");
        }
    }

    #[test]
    fn a_log_that_went_far_ahead_of_them_is_told() {
        let level = |files, head| judged(files, Some((1, head)))[0].level;
        assert_eq!(level(vec![file(7, Ok(()))], Some(26)), Level::Ok);
        assert_eq!(level(vec![file(7, Ok(()))], Some(27)), Level::Warning);
        assert_eq!(level(vec![file(7, Ok(()))], None), Level::Ok);
        assert_eq!(level(vec![], Some(19)), Level::Ok);
        assert_eq!(level(vec![], Some(20)), Level::Warning);
        assert_eq!(level(vec![], None), Level::Ok);
    }

    #[test]
    fn those_of_a_shard_that_is_not_served_here_are_a_note() {
        let findings = judged(vec![file(7, Ok(()))], Some((2, Some(9))));
        assert_eq!((findings.len(), findings[1].level), (2, Level::Note));
        assert!(
            findings[1].found.contains("1 snapshot, 2.0 KiB; this atender serves shard 2"),
            "{findings:?}"
        );
    }
}
