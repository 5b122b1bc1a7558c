//! Readers beside a writer that hands over all the time.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use super::open_tight;
use crate::store::{Reader, StoreError};

const ITEMS: u64 = 60;
/// What both sides must have done to tell something, and the longest they may take for it.
const SCANS: u64 = 1_000;
const FRAMES: u64 = 300;
const WITHIN: Duration = Duration::from_secs(60);

fn place(item: u64, turn: u64) -> Vec<u8> {
    let scattered = (item * 7_919 + turn * 104_729) % 10_007;
    [scattered.to_be_bytes(), item.to_be_bytes()].concat()
}

/// Reads until told to stop; every answer must show each item once, at the turn of one frame.
fn watch(reader: &Reader, reverse: bool, scans: &AtomicU64, stop: &AtomicBool) {
    while !stop.load(Ordering::Relaxed) {
        let before = reader.checkpoint();
        let rows = reader.scan(&[], None, reverse, 1_000).unwrap();
        let turns: Vec<u64> =
            rows.iter().map(|(_, turn)| u64::from_be_bytes(turn[..].try_into().unwrap())).collect();
        assert_eq!(rows.len() as u64, ITEMS, "an item is missing or shows twice");
        let (oldest, newest) = (turns.iter().min().unwrap(), turns.iter().max().unwrap());
        assert!(newest - oldest < ITEMS / 6, "items of frame {oldest} beside items of {newest}");
        assert!(*newest >= before, "frame {before} was announced, {newest} is shown");
        scans.fetch_add(1, Ordering::Relaxed);
    }
}

/// Each frame moves six items, the next six in turn, as an index does when what it sorts by changes.
#[test]
fn a_scan_never_misses_a_row_that_moves() {
    let dir = tempfile::tempdir().unwrap();
    let mut store = open_tight(dir.path());
    let mut places: Vec<u64> = vec![1; ITEMS as usize];
    for item in 0..ITEMS {
        store.put(&place(item, 1), 1u64.to_be_bytes()).unwrap();
    }
    store.commit(1).unwrap();

    let stop = AtomicBool::new(false);
    let reader = store.reader();
    let scans = [AtomicU64::new(0), AtomicU64::new(0)];
    let frames = thread::scope(|scope| {
        let watchers = [(false, &scans[0]), (true, &scans[1])].map(|(reverse, scans)| {
            let (reader, stop) = (&reader, &stop);
            scope.spawn(move || watch(reader, reverse, scans, stop))
        });
        let began = Instant::now();
        let mut frame = 1;
        let scanned = || scans.iter().all(|scans| scans.load(Ordering::Relaxed) >= SCANS);
        let failed = || watchers.iter().any(|watcher| watcher.is_finished());
        while !(frame >= FRAMES && scanned() || failed() || began.elapsed() >= WITHIN) {
            frame += 1;
            for item in (0..6).map(|i| (frame * 6 + i) % ITEMS) {
                store.delete(&place(item, places[item as usize])).unwrap();
                store.put(&place(item, frame), frame.to_be_bytes()).unwrap();
                places[item as usize] = frame;
            }
            store.commit(frame).unwrap();
        }
        stop.store(true, Ordering::Relaxed);
        for watcher in watchers {
            watcher.join().unwrap();
        }
        assert!(frame >= FRAMES && scanned(), "frame {frame} after {WITHIN:?}, scans {scans:?}");
        frame
    });
    assert_eq!(reader.checkpoint(), frames);
}

#[test]
fn a_reader_sees_whole_frames_and_ends_with_the_store() {
    let dir = tempfile::tempdir().unwrap();
    let mut store = open_tight(dir.path());
    let reader = store.reader();
    store.put(b"a", *b"1").unwrap();
    assert_eq!(store.get(b"a").unwrap().as_deref(), Some(b"1".as_slice()));
    assert_eq!(reader.get(b"a").unwrap(), None);
    assert_eq!(reader.scan(b"", None, false, 10).unwrap(), []);
    store.commit(1).unwrap();
    assert_eq!(reader.get(b"a").unwrap().as_deref(), Some(b"1".as_slice()));
    assert_eq!(reader.scan(b"", None, true, 10).unwrap().len(), 1);
    store.flush_and_close().unwrap();
    assert!(matches!(reader.get(b"a"), Err(StoreError::Closed)));
    assert!(matches!(reader.scan(b"", None, false, 1), Err(StoreError::Closed)));
}
