//! Starting from a snapshot and the log after it, on a real nats-server: the same state as from the whole log,
//! whatever became of the files.
#![allow(clippy::unwrap_used, reason = "a test may")]

#[path = "snapshot/damage.rs"]
mod damage;
#[path = "snapshot/golden.rs"]
mod golden;
#[path = "snapshot/shop.rs"]
mod shop;

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use engine::Replica;
use engine::log::{Log, RecordedFrame};
use engine::patience::patiently_read;
use engine::snapshot::{Kept, MakeError, SnapshotError, Snapshots, VERSION};
use rustix::process::{Pid, Signal, kill_process};
use schemas::ShardId;
use tokio_util::sync::CancellationToken;

use shop::{SHARD, Said, Shop, bytes_of};

const DEADLINE: Duration = Duration::from_secs(60);

/// The state from these snapshots is that of the log; gives back what was said.
async fn recovers(shop: &Shop, snapshots: &Snapshots) -> String {
    let said = Said::listen();
    let recovered = patiently_read("the log", || snapshots.recover(&shop.log)).await.unwrap();
    assert_eq!(recovered.sequence(), shop.replica.sequence());
    assert_eq!(recovered.digest(), shop.replica.digest(), "{}", said.text());
    said.text()
}

async fn make(snapshots: &Snapshots, log: &Log) -> Kept {
    let tries = async || match snapshots.make(log).await {
        Err(MakeError::Log(error)) => Err(error),
        made => Ok(made.unwrap()),
    };
    patiently_read("a snapshot", tries).await.unwrap()
}

/// How often something was wrong with a snapshot.
fn warnings(said: &str) -> usize {
    said.matches("WARN engine::snapshot").count()
}

fn sequences(snapshots: &Snapshots) -> Vec<u64> {
    snapshots.list().unwrap().iter().map(|found| found.sequence).collect()
}

fn names(snapshots: &Snapshots) -> Vec<String> {
    let entries = fs::read_dir(&snapshots.dir).unwrap();
    entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect()
}

fn path(snapshots: &Snapshots, sequence: u64) -> PathBuf {
    snapshots.dir.join(format!("snapshot-0-{sequence:020}"))
}

async fn eventually(what: &str, mut is_so: impl FnMut() -> bool) {
    let until = Instant::now() + DEADLINE;
    while !is_so() {
        assert!(Instant::now() < until, "{what}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

#[tokio::test]
async fn a_snapshot_and_the_log_after_it_make_the_state_of_the_whole_log() {
    let mut shop = Shop::open().await;
    let snapshots = shop.snapshots();
    assert!(recovers(&shop, &snapshots).await.contains("from=0 "));
    shop.receive(9).await;
    let made = make(&snapshots, &shop.log).await;
    assert_eq!(made.sequence, shop.replica.sequence());
    assert_eq!(made.log_bytes, shop.log.extent().await.unwrap().bytes);
    recovers(&shop, &snapshots).await;
    shop.receive(9).await;
    let said = recovers(&shop, &snapshots).await;
    assert!(said.contains(&format!("from={} ", made.sequence)) && warnings(&said) == 0, "{said}");
}

#[tokio::test]
async fn the_newest_two_are_kept_readable_by_their_owner_alone() {
    let mut shop = Shop::open().await;
    let snapshots = shop.snapshots();
    let mut made = Vec::new();
    for _ in 0..4 {
        shop.receive(1).await;
        made.push(make(&snapshots, &shop.log).await);
    }
    assert_eq!(make(&snapshots, &shop.log).await, made[3], "the log has not grown");
    let found = snapshots.list().unwrap();
    assert_eq!(sequences(&snapshots), [made[3].sequence, made[2].sequence]);
    for found in found {
        found.readable.unwrap();
        let metadata = fs::metadata(&found.path).unwrap();
        assert_eq!((metadata.permissions().mode() & 0o777, metadata.len()), (0o600, found.bytes));
    }
}

/// What a newer snapshot became, and what is said of it.
fn spoilt(shop: &Shop, whole: &[u8]) -> Vec<(Vec<u8>, &'static str)> {
    let edited = |at: usize, with: u8| {
        let mut bytes = whole.to_vec();
        bytes[at] ^= with;
        bytes
    };
    let cut = |at: usize| whole[..at].to_vec();
    let mut of_another_log = Replica::empty(SHARD);
    shop.frames.iter().for_each(|frame| of_another_log.apply(frame));
    let last = shop.frames.last().unwrap().clone();
    of_another_log.apply(&RecordedFrame { hash: [9; 32], ..last.clone() });
    let mut ahead = Replica::empty(SHARD);
    shop.frames.iter().for_each(|frame| ahead.apply(frame));
    ahead.apply(&RecordedFrame { sequence: last.sequence + 1, ..last });
    vec![
        (vec![], "cut short"),
        (cut(40), "cut short"),
        (cut(whole.len() / 2), "cut short"),
        (cut(whole.len() - 1), "cut short"),
        (edited(0, 1), "does not begin like a snapshot"),
        (edited(60, 1), "checksum is wrong"),
        (edited(whole.len() / 2, 0x10), "damaged"),
        (edited(whole.len() - 1, 1), "checksum is wrong"),
        ([whole, b"x"].concat(), "bytes follow its end"),
        (edited(3, VERSION ^ (VERSION + 1)), "version is"),
        (bytes_of(&Replica::empty(ShardId(1))), "of shard 1"),
        (bytes_of(&of_another_log), "of another log"),
        (bytes_of(&ahead), "ahead of the log"),
    ]
}

#[tokio::test]
async fn a_snapshot_that_cannot_be_used_is_ignored_and_said() {
    let mut shop = Shop::open().await;
    shop.receive(5).await;
    let older = make(&shop.snapshots(), &shop.log).await;
    shop.receive(5).await;
    let newer = make(&shop.snapshots(), &shop.log).await;
    shop.receive(5).await;
    let whole = fs::read(path(&shop.snapshots(), newer.sequence)).unwrap();
    for (bytes, reason) in spoilt(&shop, &whole) {
        fs::write(path(&shop.snapshots(), newer.sequence), bytes).unwrap();
        let said = recovers(&shop, &shop.snapshots()).await;
        let all = [reason, "nothing is lost", &format!("{:020}", newer.sequence)];
        assert!(all.iter().all(|part| said.contains(part)), "{reason}: {said}");
        assert!(said.contains(&format!("from={} ", older.sequence)), "the one before: {said}");
        assert_eq!(warnings(&said), 1, "{said}");
    }
    fs::write(path(&shop.snapshots(), older.sequence), "broken").unwrap();
    let said = recovers(&shop, &shop.snapshots()).await;
    assert!(said.contains("from=0 ") && warnings(&said) == 2, "{said}");

    let made = make(&shop.snapshots(), &shop.log).await;
    assert_eq!(sequences(&shop.snapshots()), [made.sequence], "what cannot be used is removed");
}

#[tokio::test]
async fn what_is_there_is_listed_with_what_is_wrong_with_it() {
    let mut shop = Shop::open().await;
    let snapshots = shop.snapshots();
    assert!(snapshots.list().unwrap().is_empty());
    let older = make(&snapshots, &shop.log).await;
    shop.receive(1).await;
    let newer = make(&snapshots, &shop.log).await;
    fs::write(path(&snapshots, newer.sequence), "broken").unwrap();
    let found = snapshots.list().unwrap();
    assert!(found[0].readable.is_err(), "{found:?}");
    assert_eq!(*found[1].readable.as_ref().unwrap(), older);
    assert_eq!((found[0].bytes, found[1].bytes), (6, older.bytes));
    assert!(found.iter().all(|found| found.written.is_some()), "{found:?}");
    assert!(snapshots.fits(&found[1], &shop.log).await.unwrap().is_ok());
    make(&snapshots, &shop.log).await;
    let newest = snapshots.list().unwrap().remove(0);
    let elsewhere = Shop::open().await;
    let fits = snapshots.fits(&newest, &elsewhere.log).await.unwrap();
    assert!(matches!(fits, Err(SnapshotError::AheadOfLog(_))), "{fits:?}");
}

#[tokio::test]
async fn what_a_crash_left_before_the_rename_is_never_read_and_removed() {
    let mut shop = Shop::open().await;
    let snapshots = shop.snapshots();
    let made = make(&snapshots, &shop.log).await;
    shop.receive(1).await;
    let unfinished = PathBuf::from(format!("{}.unfinished", path(&snapshots, made.sequence + 1).display()));
    fs::write(&unfinished, bytes_of(&shop.replica)).unwrap();
    let said = recovers(&shop, &snapshots).await;
    assert!(said.contains(&format!("from={} ", made.sequence)), "{said}");
    make(&snapshots, &shop.log).await;
    assert!(!unfinished.exists(), "{:?}", names(&snapshots));
}

#[tokio::test]
async fn a_snapshot_that_cannot_be_written_leaves_nothing_and_is_made_later() {
    let mut shop = Shop::open().await;
    let snapshots = shop.snapshots();
    fs::write(&snapshots.dir, "in the way").unwrap();
    let refused = snapshots.make(&shop.log).await;
    assert!(matches!(refused, Err(MakeError::Io(_))), "{refused:?}");
    assert!(recovers(&shop, &snapshots).await.contains("nothing is lost"));
    fs::remove_file(&snapshots.dir).unwrap();
    shop.receive(1).await;
    make(&snapshots, &shop.log).await;
    recovers(&shop, &snapshots).await;
}

#[tokio::test]
async fn snapshots_are_made_as_the_log_grows_through_a_restart_of_nats_until_told_to_stop() {
    let mut shop = Shop::open().await;
    let snapshots = Snapshots { log_growth_bytes: 1, ..shop.snapshots() };
    fs::create_dir_all(&snapshots.dir).unwrap();
    fs::write(snapshots.dir.join("snapshot-0-00000000000000000001.unfinished"), "left").unwrap();
    let stopping = CancellationToken::new();
    shop.receive(1).await;
    let keeping = tokio::spawn(snapshots.clone().keep(shop.log.clone(), stopping.clone()));
    eventually("a first snapshot", || sequences(&snapshots) == [shop.replica.sequence()]).await;

    let pid = Pid::from_raw(shop.server.pid().unwrap().try_into().unwrap()).unwrap();
    kill_process(pid, Signal::KILL).unwrap();
    let killed_at = shop.replica.sequence();
    // More than the snapshot has, so that the log has grown enough.
    shop.receive(40).await;
    eventually("another", || sequences(&snapshots).first() > Some(&killed_at)).await;
    stopping.cancel();
    tokio::time::timeout(DEADLINE, keeping).await.unwrap().unwrap();
    assert!(names(&snapshots).iter().all(|name| !name.contains("unfinished")), "{:?}", names(&snapshots));
    recovers(&shop, &snapshots).await;
}
