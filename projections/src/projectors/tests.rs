//! Projectors on frames made in memory: whatever is repeated, restarted or spilled, the rows are the same.

use std::collections::BTreeMap;
use std::path::Path;

use schemas::frame::{Commit, Frame, NO_FRAME};
use schemas::{Event, FrameId, ShardId, Timestamp};
use tempfile::TempDir;

use super::*;
use crate::inbox::OpenCounts;
use crate::keys::WorkspaceKey;
use crate::recorded::Recorded;
use crate::slot::Slots;
use crate::store::Store;
use crate::view::VERSIONS;
use traffic::Traffic;

#[path = "../../tests/common/traffic.rs"]
#[allow(dead_code, unreachable_pub, reason = "shared with the tests outside")]
mod traffic;

const FRAMES: u64 = 400;

fn frames(seed: u64) -> Vec<RecordedFrame> {
    let mut traffic = Traffic::new(seed, 30);
    let mut commits: Vec<_> = traffic.masters();
    commits.extend((0..FRAMES * 3).map(|_| traffic.next()));
    let commits: Vec<_> = commits.into_iter().map(|(header, events)| Commit { header, events }).collect();
    let frames = commits.chunks(3).zip(1..).map(|(commits, sequence)| {
        let (shard, id) = (ShardId(0), FrameId::from_bytes([1; 16]));
        let commits = commits.to_vec();
        let frame = Frame { shard, id, previous: NO_FRAME, written_at: Timestamp::default(), commits };
        RecordedFrame { sequence, hash: [sequence as u8; 32], bytes_len: 0, frame }
    });
    frames.collect()
}

type Rows = BTreeMap<(usize, Vec<u8>), Vec<u8>>;

fn open(dir: &Path) -> Projectors {
    let fed = View::ALL.map(|view| {
        let store = Store::open(dir, view.name(), VERSIONS[view as usize].current).unwrap();
        Some(Fed::new(view, store).unwrap())
    });
    Projectors::new(fed, false)
}

fn open_counts(projectors: &Projectors) -> OpenCounts {
    let slots = Slots::new();
    projectors.all().for_each(|fed| drop(slots.serve(fed)));
    slots.views(ShardId(0)).0.counts().unwrap()
}

fn apply_one(projectors: &mut Projectors, r: &Recorded<'_>, views: &[View]) {
    for view in views {
        projectors.fed[*view as usize].as_mut().unwrap().apply_one(r).unwrap();
    }
}

fn rows(projectors: &Projectors) -> Rows {
    assert_eq!(projectors.all().count(), View::ALL.len(), "{:?}", projectors.lost);
    let mut rows = Rows::new();
    for (view, fed) in projectors.all().enumerate() {
        let store = fed.store();
        let mut after: Option<Vec<u8>> = None;
        loop {
            let page = store.scan(&[], after.as_deref(), false, 1_000).unwrap();
            let Some((last, _)) = page.last() else { break };
            after = Some(last.clone());
            rows.extend(page.into_iter().map(|(key, value)| ((view, key), value.to_vec())));
        }
    }
    rows
}

/// The rows when every event is applied once, in order.
fn straight(frames: &[RecordedFrame]) -> (Rows, OpenCounts) {
    let dir = TempDir::new().unwrap();
    let mut projectors = open(dir.path());
    for frame in frames {
        projectors.apply(frame);
        projectors.commit(&frame.hash);
    }
    (rows(&projectors), open_counts(&projectors))
}

#[test]
fn a_frame_applied_again_changes_nothing() {
    let frames = frames(7);
    let (expected, _) = straight(&frames);
    let dir = TempDir::new().unwrap();
    let mut projectors = open(dir.path());
    for frame in &frames {
        for _ in 0..2 {
            for r in Recorded::all(frame) {
                apply_one(&mut projectors, &r, &View::ALL);
            }
        }
        projectors.apply(frame);
        projectors.commit(&frame.hash);
    }
    assert_eq!(rows(&projectors), expected);
}

#[test]
fn events_of_long_ago_do_not_turn_a_status_or_a_history_back() {
    let frames = frames(8);
    let (expected, _) = straight(&frames);
    let dir = TempDir::new().unwrap();
    let mut projectors = open(dir.path());
    for frame in &frames {
        projectors.apply(frame);
    }
    for r in frames.iter().flat_map(Recorded::all) {
        apply_one(&mut projectors, &r, &[View::History, View::Status]);
    }
    projectors.commit(&frames[frames.len() - 1].hash);
    assert_eq!(rows(&projectors), expected);
}

#[test]
fn what_was_not_committed_is_applied_again_after_a_restart() {
    let frames = frames(9);
    let (expected, counts) = straight(&frames);
    let dir = TempDir::new().unwrap();
    for round in 0.. {
        let mut projectors = open(dir.path());
        let had = projectors.had_by_all();
        let (next, end) = (had as usize, frames.len());
        for (number, frame) in frames[next..].iter().enumerate() {
            projectors.apply(frame);
            if number % (2 + round) == 0 || next + number + 1 == end {
                projectors.commit(&frame.hash);
            }
            if number == 50 {
                break;
            }
        }
        if projectors.had_by_all() as usize == end {
            assert_eq!(open_counts(&projectors), counts);
            assert_eq!(rows(&projectors), expected);
            return;
        }
    }
}

#[test]
fn a_view_that_was_lost_catches_up_with_the_others() {
    let frames = frames(10);
    let (expected, _) = straight(&frames);
    let dir = TempDir::new().unwrap();
    let until = [100, 200, 300, 350];
    let lost = crate::versions().map(|(view, version)| format!("{view}-v{version}"));
    for (lost, until) in lost.into_iter().zip(until).chain([("none".to_owned(), frames.len())]) {
        let mut projectors = open(dir.path());
        for frame in &frames[..until] {
            projectors.apply(frame);
            projectors.commit(&frame.hash);
        }
        if until == frames.len() {
            assert_eq!(rows(&projectors), expected);
        }
        projectors.close().unwrap();
        if until < frames.len() {
            std::fs::remove_dir_all(dir.path().join(lost)).unwrap();
        }
    }
}

#[test]
fn building_in_bulk_gives_the_same_rows() {
    let frames = frames(11);
    let (expected, counts) = straight(&frames);
    let dir = TempDir::new().unwrap();
    let mut projectors = open(dir.path());
    projectors.begin_bulk();
    let (last, others) = frames.split_last().unwrap();
    for frame in others {
        projectors.apply(frame);
        projectors.commit(&frame.hash);
    }
    projectors.apply(last);
    projectors.finish_bulk(&last.hash);
    assert_eq!(rows(&projectors), expected);
    assert_eq!(open_counts(&projectors), counts);
}

#[test]
fn a_channel_that_is_defined_anew_shows_statuses_as_it_says_then() {
    let mut frame = frames(12).remove(0);
    let commits = Traffic::new(12, 30).masters();
    let found = commits.into_iter().find_map(|(header, events)| match events.as_slice() {
        [Event::ChannelDefined(defined), ..] => Some((header, defined.clone())),
        _ => None,
    });
    let (header, mut defined) = found.unwrap();
    let workspace = WorkspaceKey::of(&header.workspace);
    let dir = TempDir::new().unwrap();
    let mut projectors = open(dir.path());
    for show_status in [true, false, true] {
        defined.show_status = show_status;
        frame.frame.commits = vec![Commit { header: header.clone(), events: vec![defined.clone().into()] }];
        projectors.apply(&frame);
        frame.sequence += 1;
        let inbox = projectors.inbox_mut().unwrap();
        assert_eq!(inbox.shows_status(workspace, &defined.channel).unwrap(), show_status);
        assert_eq!(inbox.shows_status(workspace, &defined.channel).unwrap(), show_status);
    }
}
