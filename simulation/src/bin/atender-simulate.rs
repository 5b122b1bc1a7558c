//! `make simulate`: long days from many seeds, with progress; of one that goes wrong, what and how to live it again.

use std::collections::BTreeSet;
use std::io::IsTerminal;
use std::panic;
use std::process::ExitCode;
use std::time::Instant;

use clap::Parser;
use indicatif::{HumanDuration, ProgressBar, ProgressStyle};
use model::KINDS;
use simulation::{Day, Driven, Plan, run};

/// Days of a contact centre in virtual time: all that can be asked of it, beside a model, while everything fails.
#[derive(Parser)]
struct Arguments {
    /// The first seed; the same one gives the same day
    #[arg(long, value_name = "N", default_value_t = 1)]
    seed: u64,
    /// So many seeds
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u64).range(1..))]
    seeds: u64,
    /// So many commands in each day
    #[arg(long, value_name = "N", default_value_t = 10_000)]
    steps: usize,
    /// Print all that happened
    #[arg(long)]
    trace: bool,
}

fn main() -> ExitCode {
    let Arguments { seed, seeds, steps, trace } = Arguments::parse();
    // What the model finds is told with the day in which it did.
    panic::set_hook(Box::new(|_| {}));
    let progress = progress(seeds);
    let began = Instant::now();
    let (mut bad, mut all, mut frames, mut asked) = (Vec::new(), Driven::new(), 0, 0);
    for seed in seed..seed.saturating_add(seeds) {
        let Ok(day) = panic::catch_unwind(|| run(&Plan::long(seed, steps))) else {
            progress.suspend(|| println!("seed {seed} panicked"));
            bad.push(seed);
            continue;
        };
        if trace {
            progress.suspend(|| println!("{}", day.trace.join("\n")));
        }
        if !day.wrong.is_empty() {
            progress.suspend(|| println!("{}", describe(&day)));
            bad.push(seed);
        }
        (frames, asked) = (frames + day.frames, asked + day.steps);
        for (kind, outcomes) in day.driven {
            let all = all.entry(kind).or_default();
            outcomes.into_iter().for_each(|(outcome, times)| *all.entry(outcome).or_default() += times);
        }
        progress.inc(1);
    }
    progress.finish_and_clear();
    let codes: BTreeSet<_> = all.values().flat_map(|outcomes| outcomes.keys()).collect();
    let kinds = KINDS.iter().filter(|kind| all.get(**kind).is_some_and(|of| of.contains_key("accepted")));
    println!(
        "{seeds} days, {asked} commands, {frames} frames in {}; {} of {} kinds accepted, {} refusals",
        HumanDuration(began.elapsed()),
        kinds.count(),
        KINDS.len(),
        codes.iter().filter(|code| ![&"accepted", &"nothing"].contains(*code)).count(),
    );
    for seed in &bad {
        println!("not in order: make simulate ARGS=\"--seed {seed} --steps {steps}\"");
    }
    if bad.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

fn describe(day: &Day) -> String {
    let Day { seed, wrong, steps, .. } = day;
    let first: Vec<&str> = wrong.iter().take(5).map(String::as_str).collect();
    format!("seed {seed}, after {steps} commands, {} wrong:\n{}", wrong.len(), first.join("\n"))
}

fn progress(days: u64) -> ProgressBar {
    if !std::io::stderr().is_terminal() {
        return ProgressBar::hidden();
    }
    let style = ProgressStyle::with_template("{wide_bar} {pos}/{len} {elapsed}");
    let style = style.unwrap_or_else(|_| ProgressStyle::default_bar());
    ProgressBar::new(days).with_style(style)
}
