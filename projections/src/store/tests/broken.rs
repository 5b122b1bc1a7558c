//! Directories that were damaged: put aside, never an error, never served.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::{Rows, fill, open_tight, rows_of};
use crate::store::error::Fault;
use crate::store::{Opened, remove_older};

fn folder(dir: &Path) -> PathBuf {
    dir.join("trial-v1")
}

fn change(path: PathBuf, change: impl FnOnce(&mut Vec<u8>)) {
    let mut bytes = fs::read(&path).unwrap();
    assert!(!bytes.is_empty(), "{} is empty: nothing to damage", path.display());
    change(&mut bytes);
    fs::write(path, bytes).unwrap();
}

fn scribble(bytes: &mut [u8]) {
    for byte in bytes {
        *byte ^= 0x5a;
    }
}

/// Closed once, so that rows are settled, then left by a crash with some in the journal only.
fn damaged(dir: &Path, damage: impl FnOnce(&Path)) {
    let mut store = open_tight(dir);
    fill(&mut store, 500);
    store.flush_and_close().unwrap();
    let mut store = open_tight(dir);
    let frame = store.checkpoint() + 1;
    store.put(b"in the journal", *b"v").unwrap();
    store.commit(frame).unwrap();
    store.flush().unwrap();
    store.abandon();
    damage(&folder(dir));
}

#[test]
fn a_damaged_directory_is_put_aside() {
    type Damage = (&'static str, fn(&Path));
    let damages: [Damage; 8] = [
        ("rows cut in half", |dir| change(dir.join("rows/db"), |bytes| bytes.truncate(bytes.len() / 2))),
        ("rows scribbled over", |dir| change(dir.join("rows/db"), |bytes| scribble(bytes))),
        ("rows empty", |dir| change(dir.join("rows/db"), Vec::clear)),
        ("settings scribbled over", |dir| change(dir.join("rows/conf"), |bytes| scribble(bytes))),
        ("journal lost", |dir| change(dir.join("journal"), Vec::clear)),
        ("journal scribbled over", |dir| change(dir.join("journal"), |bytes| scribble(bytes))),
        ("format of another time", |dir| change(dir.join("format"), |bytes| bytes[3] ^= 1)),
        ("no format", |dir| fs::remove_file(dir.join("format")).unwrap()),
    ];
    for (name, damage) in damages {
        let dir = tempfile::tempdir().unwrap();
        damaged(dir.path(), damage);
        let mut store = open_tight(dir.path());
        assert!(store.opened().was_put_aside().is_some(), "{name}: {:?}", store.opened());
        assert_eq!((store.checkpoint(), rows_of(&store.reader())), (0, Rows::new()), "{name}");
        assert!(dir.path().join("trial-v1.broken-1").is_dir(), "{name}");
        let rows = fill(&mut store, 3);
        store.flush_and_close().unwrap();
        let store = open_tight(dir.path());
        assert_eq!((store.opened(), rows_of(&store.reader())), (&Opened::Existing, rows), "{name}");
    }
}

#[test]
fn damage_found_while_running_is_put_aside_by_the_next_open() {
    let dir = tempfile::tempdir().unwrap();
    let mut store = open_tight(dir.path());
    fill(&mut store, 10);
    store.shared.poison(Arc::new(Fault::Damaged("page 7".to_owned())));
    assert!(store.put(b"k", *b"v").is_err());
    drop(store);
    let store = open_tight(dir.path());
    assert!(store.opened().was_put_aside().unwrap().contains("page 7"));
    assert_eq!(store.checkpoint(), 0);
}

#[test]
fn of_the_directories_put_aside_the_last_two_are_kept() {
    let dir = tempfile::tempdir().unwrap();
    drop(open_tight(dir.path()));
    for _ in 0..4 {
        fs::write(folder(dir.path()).join("format"), "nonsense").unwrap();
        assert!(open_tight(dir.path()).opened().was_put_aside().is_some());
    }
    let names =
        fs::read_dir(dir.path()).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let mut kept: Vec<_> = names.filter(|name| name.contains("broken")).collect();
    kept.sort();
    assert_eq!(kept, ["trial-v1.broken-3", "trial-v1.broken-4"]);
}

#[test]
fn those_of_older_versions_count_among_the_last_two_and_go_like_them() {
    let dir = tempfile::tempdir().unwrap();
    let names = |of: &str| {
        let entries = fs::read_dir(dir.path()).unwrap();
        let names = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap());
        let mut names: Vec<_> = names.filter(|name| name.contains(of)).collect();
        names.sort();
        names
    };
    let put_there = [
        "trial-v0.broken-1",
        "trial-v0.broken-10",
        "trial-v0.broken-9",
        "trial-v2.broken-1",
        "trial-v0.removing",
    ];
    for name in put_there {
        fs::create_dir_all(dir.path().join(name).join("rows")).unwrap();
    }
    remove_older(dir.path(), "trial", 1).unwrap();
    assert_eq!(names("broken"), ["trial-v0.broken-10", "trial-v0.broken-9", "trial-v2.broken-1"]);
    assert_eq!(
        names("trial-v0."),
        ["trial-v0.broken-10", "trial-v0.broken-9"],
        "a removal that was cut off ends"
    );
    drop(open_tight(dir.path()));
    fs::write(folder(dir.path()).join("format"), "nonsense").unwrap();
    assert!(open_tight(dir.path()).opened().was_put_aside().is_some());
    assert_eq!(names("broken"), ["trial-v0.broken-10", "trial-v1.broken-1", "trial-v2.broken-1"]);
}
