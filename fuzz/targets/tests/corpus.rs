//! Fuzzing on the stable toolchain: every file of the corpus, and then changes to them that follow from a seed.
//! `ATENDER_FUZZ_RUNS` is how many changes a target gets, `ATENDER_FUZZ_SECONDS` how long instead, and
//! `ATENDER_FUZZ_SEED` another seed.
#![allow(clippy::unwrap_used, reason = "a test may")]

use std::fs;
use std::panic::catch_unwind;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use fuzz_targets::mutate::{Random, mutated};
use fuzz_targets::{TARGETS, Target, target};

const RUNS_DEFAULT: u64 = 40_000;

fn folder(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../corpus").join(name)
}

fn corpus(name: &str) -> Vec<Vec<u8>> {
    let mut files: Vec<_> = fs::read_dir(folder(name)).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    files.iter().map(|file| fs::read(file).unwrap()).collect()
}

fn setting(name: &str) -> Option<u64> {
    let value = std::env::var(name).ok()?;
    Some(value.parse().unwrap_or_else(|_| panic!("{name} is not a whole number")))
}

#[track_caller]
fn check(name: &str, target: Target, input: &[u8]) {
    if catch_unwind(|| target(input)).is_err() {
        let file = std::env::temp_dir().join(format!("atender-fuzz-{name}-{}", std::process::id()));
        fs::write(&file, input).unwrap();
        let file = file.display();
        panic!(
            "{name} fails for the bytes in {file}; again: \
             ATENDER_FUZZ_INPUT={file} cargo test -p fuzz-targets --test corpus {name}"
        );
    }
}

fn fuzz(name: &str) {
    let target = target(name);
    if let Some(file) = std::env::var_os("ATENDER_FUZZ_INPUT") {
        return target(&fs::read(file).unwrap());
    }
    let corpus = corpus(name);
    assert!(!corpus.is_empty(), "{name} has no corpus");
    for input in &corpus {
        check(name, target, input);
    }
    let mut random = Random::new(setting("ATENDER_FUZZ_SEED").unwrap_or(1));
    let until = setting("ATENDER_FUZZ_SECONDS").map(|secs| Instant::now() + Duration::from_secs(secs));
    let runs = setting("ATENDER_FUZZ_RUNS").unwrap_or(RUNS_DEFAULT);
    let mut run = 0;
    while until.map_or(run < runs, |until| Instant::now() < until) {
        check(name, target, &mutated(&corpus, &mut random));
        run += 1;
    }
}

macro_rules! fuzz {
    ($($name:ident)*) => {
        $(
            #[test]
            fn $name() {
                fuzz(stringify!($name));
            }
        )*

        #[test]
        fn every_target_is_run() {
            let names: Vec<_> = TARGETS.iter().map(|(name, _)| *name).collect();
            assert_eq!(names, [$(stringify!($name)),*]);
        }
    };
}

fuzz! {
    frame commit_header event snapshot text webhook signature dead_letter outbox_items cursor view_rows journal
    request_body query path
}
