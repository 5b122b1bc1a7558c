//! A process that is killed while it writes: the test runs itself as that process.

use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Command, Stdio};
use std::thread;
use std::time::Duration;

use super::{Rows, rows_of, value};
use crate::store::limits::Limits;
use crate::store::{Opened, Store, open};

const DIR: &str = "ATENDER_STORE_CRASH_DIR";
const ROUNDS: u64 = 10;
const KEYS: u64 = 5_000;
const CHANGES: u64 = 40;

fn open_for_crash(dir: &Path) -> Store {
    let limits = Limits {
        live_rows: 400,
        journal_bytes: 200_000,
        flush_every: Duration::from_millis(5),
        ..Limits::default()
    };
    open::open(dir, "trial", 1, limits).unwrap()
}

/// The same changes for the same frame, whoever asks: key and value seed, or a deletion.
fn changes(frame: u64) -> impl Iterator<Item = (u64, Option<u64>)> {
    (0..CHANGES).map(move |i| {
        let key = (frame * 7_919 + i * i * 31) % KEYS;
        (key, (!(frame + i).is_multiple_of(5)).then_some(frame * CHANGES + i))
    })
}

fn rows_at(checkpoint: u64) -> Rows {
    let mut rows = Rows::new();
    for (key, seed) in (1..=checkpoint).flat_map(changes) {
        match seed {
            Some(seed) => rows.insert(key.to_be_bytes().to_vec(), value(seed)),
            None => rows.remove(key.to_be_bytes().as_slice()),
        };
    }
    rows
}

#[test]
#[ignore = "run by the test below, as the process to kill"]
fn the_process_to_kill() {
    let Some(dir) = std::env::var_os(DIR) else { return };
    let mut store = open_for_crash(Path::new(&dir));
    for frame in store.checkpoint() + 1.. {
        for (key, seed) in changes(frame) {
            match seed {
                Some(seed) => store.put(&key.to_be_bytes(), value(seed)).unwrap(),
                None => store.delete(&key.to_be_bytes()).unwrap(),
            }
        }
        store.commit(frame).unwrap();
        writeln!(std::io::stderr(), "durable {}", store.durable_checkpoint()).unwrap();
    }
}

#[test]
fn a_killed_process_leaves_the_rows_of_a_whole_frame() {
    let dir = tempfile::tempdir().unwrap();
    let mut last = 0;
    for round in 0..ROUNDS {
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args(["the_process_to_kill", "--ignored", "--nocapture"])
            .env(DIR, dir.path())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let told = BufReader::new(child.stderr.take().unwrap());
        let told = thread::spawn(move || {
            let lines = told.lines().map_while(Result::ok);
            lines.filter_map(|line| line.strip_prefix("durable ")?.parse::<u64>().ok()).last()
        });
        thread::sleep(Duration::from_millis(200 + 67 * round));
        child.kill().unwrap();
        child.wait().unwrap();
        let durable = told.join().unwrap().unwrap_or(0);

        let store = open_for_crash(dir.path());
        assert!(matches!(store.opened(), Opened::Existing | Opened::Fresh), "{:?}", store.opened());
        assert!(store.checkpoint() >= durable, "{} was durable, {} is left", durable, store.checkpoint());
        assert!(
            rows_of(&store.reader()) == rows_at(store.checkpoint()),
            "rows are not of {}",
            store.checkpoint()
        );
        last = store.checkpoint();
        store.flush_and_close().unwrap();
    }
    assert!(last > 100, "the process got to {last} only: the test tests nothing");
}
