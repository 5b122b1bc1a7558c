//! A process that is killed while it writes: the test runs itself as that process. `ATENDER_TORTURE_ROUNDS` says how
//! often.

use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use super::{Rows, rows_of, value};
use crate::store::limits::Limits;
use crate::store::{Opened, Store, open};

const DIR: &str = "ATENDER_STORE_CRASH_DIR";
const ROUNDS: u64 = 10;
/// Each is killed within so many frames; some hundred fill a journal.
const FRAMES_MAX: u64 = 400;
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

/// Scattered, and the same for the same round.
fn frames_until_killed(round: u64) -> u64 {
    round.wrapping_mul(0x9e37_79b9_7f4a_7c15).rotate_left(17) % FRAMES_MAX
}

/// Runs the process until it has committed so many frames, kills it, and gives what it said was durable.
fn run_and_kill(dir: &Path, frames: u64) -> u64 {
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args(["the_process_to_kill", "--ignored", "--nocapture"])
        .env(DIR, dir)
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let lines = BufReader::new(child.stderr.take().unwrap()).lines().map_while(Result::ok);
    let mut told = lines.filter_map(|line| line.strip_prefix("durable ")?.parse::<u64>().ok());
    // The writer thread is anywhere by then: it takes what there is every 5 ms.
    let durable = told.by_ref().take(1 + frames as usize).last();
    child.kill().unwrap();
    child.wait().unwrap();
    // What it said until it was killed.
    told.last().or(durable).unwrap()
}

#[test]
fn a_killed_process_leaves_the_rows_of_a_whole_frame() {
    let dir = tempfile::tempdir().unwrap();
    let rounds = std::env::var("ATENDER_TORTURE_ROUNDS").ok().and_then(|rounds| rounds.parse().ok());
    let (mut last, mut found_behind) = (0, 0);
    for round in 0..rounds.unwrap_or(ROUNDS) {
        let frames = frames_until_killed(round);
        let durable = run_and_kill(dir.path(), frames);
        let store = open_for_crash(dir.path());
        let why = format!("round {round}, killed after {frames} frames");
        assert!(matches!(store.opened(), Opened::Existing | Opened::Fresh), "{why}: {:?}", store.opened());
        let found = store.checkpoint();
        assert!(found >= durable, "{why}: {durable} was durable, {found} is left");
        assert!(rows_of(&store.reader()) == rows_at(found), "{why}: rows are not of {found}");
        found_behind += u64::from(found < last + frames);
        last = found;
        store.flush_and_close().unwrap();
    }
    assert!(last > 100, "the process got to {last} only: the test tests nothing");
    println!("{found_behind} rounds took back what was in memory alone");
}
