//! Days from many seeds. `ATENDER_SIMULATION_SEEDS=n` for so many, `ATENDER_SIMULATION_SEED=n` for that one alone.
#![allow(clippy::unwrap_used, reason = "a test may")]

use std::env;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;

use model::KINDS;
use simulation::{Day, Driven, Plan, run};

const SEEDS: u64 = 1_000;
const LONG_DAYS: u64 = 8;
const LONG_DAY_STEPS: usize = 10_000;

fn number(name: &str) -> Option<u64> {
    env::var(name).ok().map(|text| text.parse().unwrap_or_else(|_| panic!("{name} is no number: {text}")))
}

fn describe(day: &Day) -> String {
    let Day { seed, trace, wrong, .. } = day;
    format!(
        "{}\n\nseed {seed} went wrong:\n{}\n\nrun it alone with\nATENDER_SIMULATION_SEED={seed} cargo test -p simulation --test seeds",
        trace.join("\n"),
        wrong.join("\n"),
    )
}

#[test]
fn whatever_fails_nothing_is_lost_or_done_twice() {
    if let Some(seed) = number("ATENDER_SIMULATION_SEED") {
        let day = run(&Plan::of(seed));
        println!("{}", day.trace.join("\n"));
        assert!(day.wrong.is_empty(), "{}", describe(&day));
        return;
    }
    let seeds = number("ATENDER_SIMULATION_SEEDS").unwrap_or(SEEDS);
    let next = AtomicU64::new(0);
    let bad = Mutex::new(Vec::new());
    let (accepted, refused, unknown) = (AtomicU64::new(0), AtomicU64::new(0), AtomicU64::new(0));
    thread::scope(|scope| {
        for _ in 0..thread::available_parallelism().map_or(2, usize::from) {
            scope.spawn(|| {
                loop {
                    let seed = next.fetch_add(1, Ordering::Relaxed);
                    if seed >= seeds {
                        return;
                    }
                    let day = run(&Plan::of(seed));
                    accepted.fetch_add(day.accepted as u64, Ordering::Relaxed);
                    refused.fetch_add(day.refused as u64, Ordering::Relaxed);
                    unknown.fetch_add(day.unknown as u64, Ordering::Relaxed);
                    if !day.wrong.is_empty() {
                        bad.lock().unwrap().push(day);
                    }
                }
            });
        }
    });
    let mut bad = bad.into_inner().unwrap();
    bad.sort_by_key(|day| day.seed);
    println!("{seeds} seeds: {accepted:?} accepted, {refused:?} refused, {unknown:?} unknown");
    if let Some(first) = bad.first() {
        let all: Vec<_> = bad.iter().map(|day| format!("seed {}: {}", day.seed, day.wrong[0])).collect();
        panic!("{}\n\n{} went wrong:\n{}", describe(first), bad.len(), all.join("\n"));
    }
}

/// Thousands of commands of every kind, among faults and beside the model.
#[test]
fn a_long_day_is_what_the_model_says_whatever_fails() {
    let (next, days) = (AtomicU64::new(1), Mutex::new(Vec::new()));
    thread::scope(|scope| {
        for _ in 0..thread::available_parallelism().map_or(2, usize::from) {
            scope.spawn(|| {
                loop {
                    let seed = next.fetch_add(1, Ordering::Relaxed);
                    if seed > LONG_DAYS {
                        return;
                    }
                    let day = run(&Plan::long(seed, LONG_DAY_STEPS));
                    days.lock().unwrap().push(day);
                }
            });
        }
    });
    let days = days.into_inner().unwrap();
    let mut all = Driven::new();
    for Day { seed, steps, wrong, driven, .. } in &days {
        assert!(
            wrong.is_empty(),
            "seed {seed}:\n{}\n\nmake simulate ARGS=\"--seed {seed}\"",
            wrong.join("\n")
        );
        assert!(*steps >= LONG_DAY_STEPS, "seed {seed} asked for {steps} only");
        for (kind, outcomes) in driven {
            let all = all.entry(kind).or_default();
            outcomes.iter().for_each(|(outcome, times)| *all.entry(outcome).or_default() += times);
        }
    }
    let never = |kind: &&&str| all.get(**kind).is_none_or(|outcomes| !outcomes.contains_key("accepted"));
    let missed: Vec<_> = KINDS.iter().filter(never).collect();
    assert!(missed.is_empty(), "never accepted: {missed:?}");
}

#[test]
fn the_same_seed_is_the_same_day() {
    let mut plans: Vec<_> = (1..=8).map(Plan::of).collect();
    plans.push(Plan::long(1, 2_000));
    for plan in plans {
        let (one, other) = (run(&plan), run(&plan));
        let seed = one.seed;
        let differ = one.trace.iter().zip(&other.trace).find(|(one, other)| one != other);
        assert_eq!(one.hash, other.hash, "seed {seed}: {differ:?}");
    }
}
