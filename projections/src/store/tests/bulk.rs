//! Rebuilds: everything or nothing.

use super::{Rows, open_tight, rows_of, value};
use crate::store::{Opened, Store, StoreError};

/// Frames of a rebuild: rows put, changed and removed again, over many overlays.
fn rebuild(store: &mut Store, frames: u64) -> Rows {
    let mut rows = Rows::new();
    for frame in 1..=frames {
        for row in [frame % 50, frame, 1000 - frame] {
            let key = row.to_be_bytes().to_vec();
            store.put(&key, value(frame)).unwrap();
            rows.insert(key, value(frame));
        }
        let gone = (frame / 2).to_be_bytes().to_vec();
        store.delete(&gone).unwrap();
        rows.remove(&gone);
        store.commit(frame).unwrap();
    }
    rows
}

#[test]
fn a_finished_rebuild_is_all_there_and_goes_on_live() {
    let dir = tempfile::tempdir().unwrap();
    let mut store = open_tight(dir.path());
    store.begin_bulk().unwrap();
    let mut rows = rebuild(&mut store, 300);
    assert_eq!(store.get(&300u64.to_be_bytes()).unwrap().as_deref(), Some(value(300).as_slice()));
    assert_eq!((store.checkpoint(), store.durable_checkpoint()), (0, 0), "no checkpoint before the end");
    store.finish_bulk(300).unwrap();
    assert_eq!((store.checkpoint(), store.durable_checkpoint()), (300, 300));
    assert_eq!(rows_of(&store.reader()), rows);
    store.abandon();

    let mut store = open_tight(dir.path());
    assert_eq!(store.opened(), &Opened::Existing);
    assert_eq!(store.checkpoint(), 300);
    assert_eq!(rows_of(&store.reader()), rows);

    store.put(b"live", value(7)).unwrap();
    store.commit(301).unwrap();
    rows.insert(b"live".to_vec(), value(7));
    store.flush_and_close().unwrap();
    let store = open_tight(dir.path());
    assert_eq!((store.checkpoint(), rows_of(&store.reader())), (301, rows));
}

#[test]
fn a_rebuild_that_does_not_finish_starts_over() {
    let endings: [fn(Store); 3] = [Store::abandon, drop, |store| store.flush_and_close().unwrap()];
    for end in endings {
        let dir = tempfile::tempdir().unwrap();
        let mut store = open_tight(dir.path());
        store.begin_bulk().unwrap();
        rebuild(&mut store, 200);
        end(store);

        let mut store = open_tight(dir.path());
        assert_eq!(store.opened(), &Opened::StartedOver);
        assert_eq!((store.checkpoint(), rows_of(&store.reader())), (0, Rows::new()));
        store.begin_bulk().unwrap();
        let rows = rebuild(&mut store, 60);
        store.finish_bulk(60).unwrap();
        assert_eq!(rows_of(&store.reader()), rows);
    }
}

#[test]
fn half_a_rebuild_without_its_mark_is_put_aside() {
    let dir = tempfile::tempdir().unwrap();
    let mut store = open_tight(dir.path());
    store.begin_bulk().unwrap();
    rebuild(&mut store, 200);
    store.abandon();
    std::fs::remove_file(dir.path().join("trial-v1/building")).unwrap();
    let store = open_tight(dir.path());
    assert!(store.opened().was_put_aside().is_some());
    assert_eq!((store.checkpoint(), rows_of(&store.reader())), (0, Rows::new()));
}

#[test]
fn a_rebuild_starts_from_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let mut store = open_tight(dir.path());
    assert!(matches!(store.finish_bulk(1), Err(StoreError::NotBuilding)));
    super::fill(&mut store, 3);
    assert!(matches!(store.begin_bulk(), Err(StoreError::NotEmpty { checkpoint: 3 })));
    drop(store);
    let store = open_tight(dir.path());
    assert_eq!((store.opened(), store.checkpoint()), (&Opened::Existing, 3), "a refusal leaves no mark");
}
