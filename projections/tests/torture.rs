//! Bytes of view directories flipped, blanked and cut off at random: nothing panics, nothing wrong is served in the
//! end, whatever is found. `ATENDER_TORTURE_ROUNDS` says how often.
#![allow(clippy::unwrap_used, reason = "a test may")]

mod common;

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use common::damage::{change, copy};
use common::traffic::{Random, Traffic, contact_id, conversation_id, workspace};
use common::{Centre, directory, eventually};
use projections::{Digest, StatusShown, Views, digest, rebuild};

const ROUNDS: u64 = 12;
const VIEWS: [&str; 4] = ["inbox", "history", "status", "contacts"];

fn rounds() -> u64 {
    std::env::var("ATENDER_TORTURE_ROUNDS").ok().and_then(|rounds| rounds.parse().ok()).unwrap_or(ROUNDS)
}

/// The directories of views as a crash leaves them: some rows are in the journals alone.
async fn left_by_a_crash(centre: &mut Centre, traffic: &mut Traffic) -> PathBuf {
    let views = centre.views("views").await;
    centre.up_to_date(&views).await;
    views.shutdown().await.unwrap();
    let views = centre.views("views").await;
    centre.go_on(traffic, 60).await;
    centre.up_to_date(&views).await;
    let (from, to) = (centre.path("views"), centre.path("crashed"));
    let (head, scratch) = (centre.head, centre.path("scratch"));
    eventually("everything is in the journals", || {
        for dir in [&to, &scratch] {
            let _ = fs::remove_dir_all(dir);
            copy(&from, dir);
        }
        let journals = VIEWS.map(|view| to.join(directory(view)).join("journal"));
        let is_written = digest(&scratch).unwrap().values().all(|view| view.checkpoint == head);
        is_written && journals.iter().all(|journal| fs::metadata(journal).unwrap().len() > 0)
    })
    .await;
    views.shutdown().await.unwrap();
    to
}

fn files(dir: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(dir).unwrap() {
        let entry = entry.unwrap();
        match entry.file_type().unwrap().is_dir() {
            true => files(&entry.path(), found),
            false if entry.metadata().unwrap().len() > 0 => found.push(entry.path()),
            false => {}
        }
    }
}

/// One to three damages; tells which.
fn damage(dir: &Path, random: &mut Random) -> String {
    let mut told = String::new();
    for _ in 0..=random.below(3) {
        let mut found = Vec::new();
        files(&dir.join(directory(VIEWS[random.below(VIEWS.len())])), &mut found);
        found.sort();
        let Some(path) = found.get(random.below(found.len().max(1))) else { continue };
        let kind = random.below(4);
        change(path, |bytes| {
            // Most of a file of sled's is not in use: the damage is where there is something.
            let used = bytes.iter().rposition(|byte| *byte != 0).map_or(1, |last| last + 1);
            let place = random.below(used);
            match kind {
                0 => bytes[place] ^= 1 << random.below(8),
                1 => (0..20).for_each(|_| bytes[random.below(used)] ^= 0x5a),
                2 => bytes[place..used.min(place + 4_096)].fill(0),
                _ => bytes.truncate(place),
            }
            told += &format!("{} kind {kind} at {place} of {used}; ", path.display());
        });
    }
    told
}

/// Reads through the views, whose rows are not in memory: what is damaged is found, or is not there.
fn read_through(views: &Views) {
    for number in 0..300 {
        let id = conversation_id(number);
        let _ = views.conversation(&workspace(), id);
        let _ = views.messages(&workspace(), id, None, 200, StatusShown::Always);
        let _ = views.audit_sequences(&workspace(), id);
        let _ = views.inbox().open_conversation(&workspace(), id);
        let _ = views.history().contact_conversations(&workspace(), contact_id(number), None, 200);
        let _ = views.contacts().contact(&workspace(), contact_id(number));
    }
}

type Digests = BTreeMap<&'static str, Digest>;

/// What the views come to; damage that is found only now has them built again.
async fn in_the_end(centre: &Centre, told: &str) -> Digests {
    for _ in 0..3 {
        if let Ok(digests) = digest(&centre.path("round")) {
            return digests;
        }
        let views = centre.views("round").await;
        centre.whole(&views).await;
        views.shutdown().await.unwrap();
    }
    panic!("{told}: the views are damaged again and again");
}

#[tokio::test(flavor = "multi_thread")]
async fn whatever_bytes_are_changed_views_end_as_a_rebuild_is() {
    let mut traffic = Traffic::new(51, 30);
    let mut centre = Centre::with_traffic(&mut traffic, 250).await;
    let crashed = left_by_a_crash(&mut centre, &mut traffic).await;
    let (mut put_aside, mut untouched) = (0, 0);
    for round in 0..rounds() {
        let path = centre.path("round");
        let _ = fs::remove_dir_all(&path);
        copy(&crashed, &path);
        let told = format!("round {round}: {}", damage(&path, &mut Random::new(round + 1)));
        let views = centre.try_views("round").await.unwrap_or_else(|error| panic!("{told}: {error:?}"));
        read_through(&views);
        centre.go_on(&mut traffic, 3).await;
        centre.whole(&views).await;
        views.shutdown().await.unwrap_or_else(|error| panic!("{told}: {error:?}"));
        let found = in_the_end(&centre, &told).await;
        rebuild(&centre.log, &centre.path("built"), |_| {}).await.unwrap();
        assert_eq!(found, digest(&centre.path("built")).unwrap(), "{told}");
        let names = fs::read_dir(&path).unwrap().map(|entry| entry.unwrap().file_name());
        match names.filter(|name| name.to_string_lossy().contains("broken")).count() {
            0 => untouched += 1,
            _ => put_aside += 1,
        }
    }
    println!("{put_aside} rounds put a view aside, in {untouched} none had to be");
    assert!(put_aside > 0, "no damage was found: the test tests nothing");
}
