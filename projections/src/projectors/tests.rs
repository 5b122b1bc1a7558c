//! Projectors on frames made in memory: whatever is repeated, restarted or spilled, the rows are the same.

use std::collections::BTreeMap;

use schemas::frame::{Commit, Frame, NO_FRAME};
use schemas::{FrameId, ShardId, Timestamp};
use tempfile::TempDir;

use super::*;
use crate::recorded::Recorded;
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

fn rows(projectors: &mut Projectors) -> Rows {
    let mut rows = Rows::new();
    for (view, store) in projectors.stores().into_iter().enumerate() {
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
fn straight(frames: &[RecordedFrame]) -> (Rows, inbox::OpenCounts) {
    let dir = TempDir::new().unwrap();
    let mut projectors = Projectors::open(dir.path()).unwrap();
    for frame in frames {
        projectors.apply(frame).unwrap();
        projectors.commit(&frame.hash).unwrap();
    }
    (rows(&mut projectors), projectors.inbox.view().counts())
}

#[test]
fn a_frame_applied_again_changes_nothing() {
    let frames = frames(7);
    let (expected, _) = straight(&frames);
    let dir = TempDir::new().unwrap();
    let mut projectors = Projectors::open(dir.path()).unwrap();
    for frame in &frames {
        for _ in 0..2 {
            for r in Recorded::all(frame) {
                projectors.apply_one(&r, [true; 3]).unwrap();
            }
        }
        projectors.apply(frame).unwrap();
        projectors.commit(&frame.hash).unwrap();
    }
    assert_eq!(rows(&mut projectors), expected);
}

#[test]
fn events_of_long_ago_do_not_turn_a_status_or_a_history_back() {
    let frames = frames(8);
    let (expected, _) = straight(&frames);
    let dir = TempDir::new().unwrap();
    let mut projectors = Projectors::open(dir.path()).unwrap();
    for frame in &frames {
        projectors.apply(frame).unwrap();
    }
    for r in frames.iter().flat_map(Recorded::all) {
        projectors.apply_one(&r, [false, true, true]).unwrap();
    }
    projectors.commit(&frames[frames.len() - 1].hash).unwrap();
    assert_eq!(rows(&mut projectors), expected);
}

#[test]
fn what_was_not_committed_is_applied_again_after_a_restart() {
    let frames = frames(9);
    let (expected, counts) = straight(&frames);
    let dir = TempDir::new().unwrap();
    for round in 0.. {
        let mut projectors = Projectors::open(dir.path()).unwrap();
        let had = projectors.had()[0];
        let (next, end) = (had as usize, frames.len());
        for (number, frame) in frames[next..].iter().enumerate() {
            projectors.apply(frame).unwrap();
            if number % (2 + round) == 0 || next + number + 1 == end {
                projectors.commit(&frame.hash).unwrap();
            }
            if number == 50 {
                break;
            }
        }
        if projectors.had()[0] as usize == end {
            assert_eq!(projectors.inbox.view().counts(), counts);
            assert_eq!(rows(&mut projectors), expected);
            return;
        }
    }
}

#[test]
fn a_view_that_was_lost_catches_up_with_the_others() {
    let frames = frames(10);
    let (expected, _) = straight(&frames);
    let dir = TempDir::new().unwrap();
    for (lost, until) in [("status-v1", 100), ("history-v1", 200), ("inbox-v1", 300), ("none", frames.len())]
    {
        let mut projectors = Projectors::open(dir.path()).unwrap();
        for frame in &frames[..until] {
            projectors.apply(frame).unwrap();
            projectors.commit(&frame.hash).unwrap();
        }
        if until == frames.len() {
            assert_eq!(rows(&mut projectors), expected);
        }
        projectors.close().unwrap();
        let _ = std::fs::remove_dir_all(dir.path().join(lost));
    }
}

#[test]
fn building_in_bulk_gives_the_same_rows() {
    let frames = frames(11);
    let (expected, counts) = straight(&frames);
    let dir = TempDir::new().unwrap();
    let mut projectors = Projectors::open(dir.path()).unwrap();
    projectors.begin_bulk().unwrap();
    let (last, others) = frames.split_last().unwrap();
    for frame in others {
        projectors.apply(frame).unwrap();
        projectors.commit(&frame.hash).unwrap();
    }
    projectors.apply(last).unwrap();
    projectors.finish_bulk(&last.hash).unwrap();
    assert_eq!(rows(&mut projectors), expected);
    assert_eq!(projectors.inbox.view().counts(), counts);
}
