//! `doctor`: what was found is printed, whatever it is; the exit status says whether something is wrong.

use std::process::ExitCode;

use clap::Args;
use engine::deployment::{SHARDS_MAX, Wanted};

use super::{LogArgs, Outcome};
use crate::doctor::{DoctorConfig, examine};

/// Look at everything that may be wrong, and say what to do. Changes nothing.
///
/// Works with atender running or not, on the machine that it runs on and as its user. Looks at the data directory and
/// the disk, leftovers of crashes, the limit of open files, the secrets that are set (never shown), NATS and what it
/// keeps (version, limits, sync_interval, streams, copies, lease), clocks, and the atender that runs. Takes at most
/// about 10 s.
///
/// Each check is `ok`, a `note` (worth knowing, or could not be looked at), a `warning` (works, but not for ever) or
/// an `error`. Exit status 0 when nothing is an error, 1 when something is.
#[derive(Args)]
pub(super) struct DoctorArgs {
    #[command(flatten)]
    log: LogArgs,
    /// Where atender answers
    #[arg(long, default_value = "http://127.0.0.1:8080", env = "ATENDER_URL", value_name = "URL")]
    url: String,
    /// Monitoring endpoints of your NATS servers (`http_port`), to see sync_interval; several with commas
    #[arg(long, value_name = "URL", value_delimiter = ',')]
    nats_monitor: Vec<String>,
    /// The --shards that `serve` is to be given, to see whether it fits
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=i64::from(SHARDS_MAX)))]
    shards: Option<u16>,
    /// The --replicas that `serve` is to be given, to see whether it fits
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u8).range(1..=5))]
    replicas: Option<u8>,
    /// Print JSON: {"findings": [{"check", "level", "found", "remedy"}]}
    #[arg(long)]
    json: bool,
}

pub(super) async fn doctor(args: DoctorArgs) -> Outcome {
    let config = DoctorConfig {
        nats: args.log.nats()?,
        data_dir: args.log.data_dir,
        nats_monitors: args.nats_monitor,
        url: args.url,
        workspace: args.log.workspace,
        wanted: Wanted { shards: args.shards, replicas: args.replicas.map(usize::from) },
    };
    let report = examine(&config).await;
    match args.json {
        true => println!("{}", serde_json::to_string_pretty(&report)?),
        false => println!("{report}"),
    }
    Ok(if report.has_errors() { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}
