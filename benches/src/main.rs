//! `atender-bench`: each figure beside its limit, measured in the same run on the same machine.
#![allow(clippy::unwrap_used, reason = "a bench that cannot be set up ends")]

mod engine_rows;
mod http_load;
mod http_rows;
mod load;
mod push_rows;
mod rebuild_rows;
mod row;

use std::process::ExitCode;

use clap::Parser;
use row::Table;

/// Measure atender beside the limits of this machine.
///
/// Prints a row a figure and writes them to target/bench.json. Absolute figures mean little on a shared machine;
/// the ratio to the limit of the same run does.
#[derive(Parser)]
#[command(version)]
struct Args {
    /// Only rows whose group contains this: engine, http, push, rebuild
    #[arg(value_name = "GROUP")]
    only: Option<String>,
    /// A fifth of the work
    #[arg(long)]
    quick: bool,
}

fn main() -> ExitCode {
    let args = Args::parse();
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let wanted = |group: &str| args.only.as_deref().is_none_or(|only| group.contains(only));
    let scale = if args.quick { 1 } else { 5 };
    let mut table = Table::start();
    runtime.block_on(async {
        if wanted("engine") {
            engine_rows::measure(&mut table, scale).await;
        }
        if wanted("http") {
            http_rows::measure(&mut table, scale).await;
        }
        if wanted("push") {
            push_rows::measure(&mut table, scale).await;
        }
        if wanted("rebuild") {
            rebuild_rows::measure(&mut table, scale).await;
        }
    });
    match table.write("target/bench.json") {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: target/bench.json cannot be written: {error}");
            ExitCode::FAILURE
        }
    }
}
