//! `atender-bench`: each figure beside its limit, measured in the same run on the same machine.
#![allow(clippy::unwrap_used, reason = "a row that cannot be measured says so and the others go on")]

mod deployment;
mod groups;
mod http_load;
mod job;
mod load;
mod machine;
mod markdown;
mod nodes;
mod parts;
mod past;
mod postgres;
mod progress;
mod raw;
mod row;
mod scale;

use std::process::ExitCode;

use clap::{Parser, ValueEnum};
use gateway::signals::told_to_end;
use groups::Group;
use mimalloc::MiMalloc;
use row::Table;
use scale::Scale;

/// That of `atender`, which is measured in this process.
#[global_allocator]
static ALLOCATOR: MiMalloc = MiMalloc;

const JSON_FILE: &str = "target/bench.json";

/// Measure atender beside the limits of this machine.
///
/// Prints a row a figure and writes them to target/bench.json. Absolute figures mean little on a shared machine; the
/// ratio to the limit of the same run does.
///
/// Exit status: 0 when everything was measured, 1 when a row could not be. A bar that is missed is no failure: it is
/// marked, and `reached` is false.
#[derive(Parser)]
#[command(version, max_term_width = 100, after_long_help = FORMAT)]
struct Args {
    /// Only these groups of rows
    #[arg(value_name = "GROUP")]
    groups: Vec<Group>,
    /// Smaller numbers, under two minutes in all; each row says how large it was
    #[arg(long)]
    quick: bool,
    /// Print machine and figures as Markdown at the end
    #[arg(long)]
    markdown: bool,
}

const FORMAT: &str = "target/bench.json is an array with an object a row:
  name        what was measured
  value       the figure
  unit        of value and limit: /s, ms, s, MiB, B
  limit_name  what it is beside: what the machine itself reaches, or the same at another size
  limit       that figure, from the same run
  ratio       value / limit
  bar         a text, or null for a figure that has none:
                `>= 0.5 x limit`, `<= 1.5 x limit`  compare the ratio
                `>= 300000`, `<= 20`                compare the value
  reached     whether the bar is reached; true without one";

fn main() -> ExitCode {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    if let Some(job) = job::asked_for() {
        runtime.block_on(job::perform(job));
        return ExitCode::SUCCESS;
    }
    let args = Args::parse();
    // What was started for a row ends when its future is dropped, and a signal alone would not do that.
    runtime.block_on(async {
        tokio::select! {
            code = run(args) => code,
            () = told_to_end() => {
                eprintln!("error: ended before everything was measured; {JSON_FILE} is as it was");
                ExitCode::FAILURE
            }
        }
    })
}

async fn run(args: Args) -> ExitCode {
    let machine = machine::description().await;
    for (what, value) in &machine {
        println!("{what}: {value}");
    }
    println!();
    let (mut table, scale) = (Table::start(), Scale { quick: args.quick });
    let groups = if args.groups.is_empty() { Group::value_variants() } else { &args.groups };
    for group in groups {
        group.measure(&mut table, scale).await;
    }
    if args.markdown {
        println!("\n{}", markdown::page(&machine, &table));
    }
    if let Err(error) = table.write(JSON_FILE) {
        eprintln!("error: {JSON_FILE} cannot be written: {error}");
        return ExitCode::FAILURE;
    }
    if table.failed().is_empty() {
        return ExitCode::SUCCESS;
    }
    eprintln!("error: could not be measured: {}", table.failed().join("; "));
    ExitCode::FAILURE
}
