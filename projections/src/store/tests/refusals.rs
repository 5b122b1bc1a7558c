//! What the store refuses, and what a fault leaves readable.

use std::fs::File;

use super::{fill, open_tight, rows_of, tight};
use crate::store::folder::Folder;
use crate::store::journal::Journal;
use crate::store::open::{Contents, Opened, start};
use crate::store::{KEY_BYTES_MAX, SCAN_ROWS_MAX, Store, StoreError, VALUE_BYTES_MAX};

#[test]
fn a_directory_in_use_is_refused_and_left_alone() {
    let dir = tempfile::tempdir().unwrap();
    let mut store = open_tight(dir.path());
    let rows = fill(&mut store, 20);
    let second = Store::open(dir.path(), "trial", 1);
    assert!(matches!(second, Err(StoreError::Locked { .. })), "{second:?}");
    assert!(second.unwrap_err().to_string().contains("in use"));
    store.flush_and_close().unwrap();
    let store = open_tight(dir.path());
    assert_eq!((store.opened(), rows_of(&store.reader())), (&Opened::Existing, rows));
}

#[test]
fn views_and_versions_have_their_own_directories() {
    let dir = tempfile::tempdir().unwrap();
    let mut first = Store::open(dir.path(), "inbox", 1).unwrap();
    fill(&mut first, 2);
    for (view, version) in [("inbox", 2), ("history", 1)] {
        let other = Store::open(dir.path(), view, version).unwrap();
        assert_eq!((other.opened(), other.checkpoint()), (&Opened::Fresh, 0));
    }
    first.wipe().unwrap();
    let first = Store::open(dir.path(), "inbox", 1).unwrap();
    assert_eq!((first.opened(), first.checkpoint()), (&Opened::Fresh, 0));
    assert!(Store::open(dir.path(), "../inbox", 1).is_err());
}

#[test]
fn limits_and_order_are_kept() {
    let dir = tempfile::tempdir().unwrap();
    let mut store = open_tight(dir.path());
    let value = vec![1; VALUE_BYTES_MAX];
    store.put(&[1; KEY_BYTES_MAX], value.clone()).unwrap();
    assert!(matches!(store.put(&[1; KEY_BYTES_MAX + 1], *b"v"), Err(StoreError::KeyTooLong { bytes: 257 })));
    assert!(matches!(store.delete(&[1; KEY_BYTES_MAX + 1]), Err(StoreError::KeyTooLong { .. })));
    assert!(matches!(store.put(b"k", [value, vec![1]].concat()), Err(StoreError::ValueTooLong { .. })));
    assert!(matches!(
        store.scan(b"", None, false, SCAN_ROWS_MAX + 1),
        Err(StoreError::ScanTooLong { asked: 1_001 })
    ));
    assert_eq!(store.scan(b"", None, false, SCAN_ROWS_MAX).unwrap().len(), 1);
    store.commit(5).unwrap();
    for n in [0, 4, 5] {
        assert!(matches!(store.commit(n), Err(StoreError::OutOfOrder { given, last: 5 }) if given == n));
    }
    store.flush_and_close().unwrap();
    assert_eq!(open_tight(dir.path()).get(&[1; KEY_BYTES_MAX]).unwrap().unwrap().len(), VALUE_BYTES_MAX);
}

/// A store whose journal refuses every write, as a full disk does.
fn without_a_journal(dir: &std::path::Path) -> Store {
    let folder = Folder::lock(dir, "trial", 1).unwrap();
    let mut contents = Contents::open(folder.path()).unwrap();
    contents.journal = Journal::from_file(File::open(folder.path().join("journal")).unwrap());
    start(folder, "trial", Opened::Existing, contents, tight()).unwrap()
}

#[test]
fn after_a_failed_write_nothing_is_taken_but_all_is_read() {
    let dir = tempfile::tempdir().unwrap();
    let mut store = open_tight(dir.path());
    let rows = fill(&mut store, 20);
    store.flush_and_close().unwrap();

    let mut store = without_a_journal(dir.path());
    store.put(b"lost", *b"v").unwrap();
    store.commit(21).unwrap();
    assert!(matches!(store.flush(), Err(StoreError::Poisoned { .. })));
    assert!(matches!(store.put(b"k", *b"v"), Err(StoreError::Poisoned { .. })));
    assert!(matches!(store.delete(b"k"), Err(StoreError::Poisoned { .. })));
    assert!(matches!(store.commit(22), Err(StoreError::Poisoned { .. })));
    let mut shown = rows.clone();
    shown.insert(b"lost".to_vec(), b"v".to_vec());
    assert_eq!(rows_of(&store.reader()), shown);
    assert_eq!((store.checkpoint(), store.durable_checkpoint()), (21, 20));
    assert!(matches!(store.flush_and_close(), Err(StoreError::Poisoned { .. })));

    let store = open_tight(dir.path());
    assert_eq!(store.opened(), &Opened::Existing, "a disk that refuses says nothing against the files");
    assert_eq!((store.checkpoint(), rows_of(&store.reader())), (20, rows));
}
