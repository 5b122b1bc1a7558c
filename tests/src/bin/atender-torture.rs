//! `make torture`: every scenario in full, with progress, and a summary of what was done and seen.

use std::io::IsTerminal;
use std::panic::AssertUnwindSafe;
use std::process::ExitCode;
use std::time::Instant;

use clap::Parser;
use futures_util::FutureExt;
use indicatif::{HumanDuration, ProgressBar, ProgressStyle};
use tests::torture::{Report, SCENARIOS, Scenario, scenario};

/// Faults under load, again and again, and the check that nothing was lost, doubled or misplaced.
#[derive(Parser)]
struct Arguments {
    /// The same seed gives the same load and the same faults; without one, another each time
    #[arg(long, value_name = "N")]
    seed: Option<u64>,
    /// Only this scenario; may be given several times
    #[arg(long, value_name = "NAME", value_parser = known)]
    only: Vec<String>,
    /// So many rounds of each scenario, instead of all
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    rounds: Option<u32>,
}

fn known(name: &str) -> Result<String, String> {
    let names: Vec<&str> = SCENARIOS.iter().map(|scenario| scenario.name).collect();
    scenario(name).map(|_| name.to_owned()).ok_or_else(|| format!("the scenarios are {}", names.join(", ")))
}

#[tokio::main]
async fn main() -> ExitCode {
    let Arguments { seed, only, rounds } = Arguments::parse();
    let seed = seed.unwrap_or_else(|| engine::clock::now().millis());
    println!("seed {seed}");
    let is_wanted = |scenario: &&Scenario| only.is_empty() || only.iter().any(|name| name == scenario.name);
    let mut failed = Vec::new();
    for scenario in SCENARIOS.iter().filter(is_wanted) {
        if !run(scenario, rounds.unwrap_or(scenario.rounds), seed).await {
            failed.push(scenario.name);
        }
    }
    if failed.is_empty() {
        return ExitCode::SUCCESS;
    }
    println!("not in order: {}; try again with --seed {seed}", failed.join(", "));
    ExitCode::FAILURE
}

/// Gives back whether everything was in order.
async fn run(scenario: &Scenario, rounds: u32, seed: u64) -> bool {
    let dir = std::env::temp_dir().join(format!("atender-torture-{}", std::process::id()));
    let progress = progress(scenario, rounds);
    let (report, began) = (Report::new(dir.clone(), progress.clone()), Instant::now());
    let ended = AssertUnwindSafe((scenario.run)(rounds, seed, report.clone())).catch_unwind().await;
    progress.finish_and_clear();
    // What is in it is kept for whoever looks into a failure.
    let _not_empty = std::fs::remove_dir(dir);
    let (took, fate) =
        (HumanDuration(began.elapsed()), if ended.is_ok() { "in order" } else { "NOT IN ORDER" });
    println!("{}: {fate} after {took}: {report}", scenario.name);
    ended.is_ok()
}

fn progress(scenario: &Scenario, rounds: u32) -> ProgressBar {
    if !std::io::stderr().is_terminal() {
        return ProgressBar::hidden();
    }
    let style = ProgressStyle::with_template("{msg} {wide_bar} {pos}/{len} {elapsed}");
    let style = style.unwrap_or_else(|_| ProgressStyle::default_bar());
    ProgressBar::new(rounds.into()).with_style(style).with_message(scenario.name)
}
