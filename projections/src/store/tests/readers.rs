//! Readers beside a writer that hands over all the time.

use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use super::open_tight;
use crate::store::{Reader, StoreError};

const ITEMS: u64 = 60;
const TIME: Duration = Duration::from_secs(3);

fn place(item: u64, turn: u64) -> Vec<u8> {
    let scattered = (item * 7_919 + turn * 104_729) % 10_007;
    [scattered.to_be_bytes(), item.to_be_bytes()].concat()
}

/// Reads until told to stop; every answer must show each item once, at the turn of one frame.
fn watch(reader: &Reader, reverse: bool, stop: &AtomicBool) -> u64 {
    let mut scans = 0;
    while !stop.load(Ordering::Relaxed) {
        let before = reader.checkpoint();
        let rows = reader.scan(&[], None, reverse, 1_000).unwrap();
        let turns: Vec<u64> =
            rows.iter().map(|(_, turn)| u64::from_be_bytes(turn[..].try_into().unwrap())).collect();
        assert_eq!(rows.len() as u64, ITEMS, "an item is missing or shows twice");
        let (oldest, newest) = (turns.iter().min().unwrap(), turns.iter().max().unwrap());
        assert!(newest - oldest < ITEMS / 6, "items of frame {oldest} beside items of {newest}");
        assert!(*newest >= before, "frame {before} was announced, {newest} is shown");
        scans += 1;
    }
    scans
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
    let frames = thread::scope(|scope| {
        let watchers = [false, true].map(|reverse| {
            scope.spawn({
                let (reader, stop) = (&reader, &stop);
                move || watch(reader, reverse, stop)
            })
        });
        let began = Instant::now();
        let mut frame = 1;
        while began.elapsed() < TIME && watchers.iter().all(|watcher| !watcher.is_finished()) {
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
            assert!(watcher.join().unwrap() > 50, "too few scans to tell");
        }
        frame
    });
    assert!(frames > 100, "too few frames to tell");
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
