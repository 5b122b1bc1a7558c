//! The command line: what can be asked, and how what went wrong is told.

mod client;
mod doctor;
mod log;

use std::error::Error;
use std::io::IsTerminal;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::pin::pin;
use std::process::ExitCode;

use clap::{Args, Parser, Subcommand};
use engine::deployment::{SHARDS_MAX, Wanted};
use schemas::{ConversationId, Timestamp, WorkspaceId};
use tracing_subscriber::EnvFilter;

use crate::demo::{self, DemoConfig};
use crate::secrets::from_environment;
use crate::serve::{AdminToken, DEFAULT_WORKSPACE, Nats, RemoteNats, ServeConfig, Server, WhatsAppConfig};
use crate::signals::told_to_end;
use crate::whatsapp::api::{AccessToken, BASE_URL, VERSION};

/// The messaging engine of a contact centre.
///
/// `atender demo` shows it at work. Secrets come from the environment, or from files named by the same variable
/// with _FILE behind it, never from arguments.
#[derive(Parser)]
#[command(version, max_term_width = 100)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    Serve(ServeArgs),
    Demo(DemoArgs),
    Apply(client::ApplyArgs),
    ExportConfig(client::ExportConfigArgs),
    DeadLetters(client::DeadLettersArgs),
    Replay(ReplayArgs),
    Rebuild(LogArgs),
    Doctor(doctor::DoctorArgs),
}

/// Run atender: API, channels, views, and its own nats-server unless --nats names one.
///
/// Environment: ATENDER_ADMIN_TOKEN (else one is made and kept in the data directory), ATENDER_WHATSAPP_TOKEN,
/// ATENDER_WHATSAPP_APP_SECRET (several with commas), ATENDER_WHATSAPP_VERIFY_TOKEN, ATENDER_NATS_TOKEN,
/// ATENDER_LOG (such as `info,engine=debug`).
#[derive(Args)]
struct ServeArgs {
    /// Where to answer
    #[arg(long, default_value = "127.0.0.1:8080", env = "ATENDER_LISTEN", value_name = "ADDR")]
    listen: SocketAddr,
    #[command(flatten)]
    log: LogArgs,
    /// Shards of a new deployment (1 unless given); one that exists must have as many
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=i64::from(SHARDS_MAX)))]
    shards: Option<u16>,
    /// Copies of everything in a NATS cluster, for a new deployment (1 unless given); one that exists must have as many
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u8).range(1..=5))]
    replicas: Option<u8>,
    /// Base URL of the WhatsApp Cloud API
    #[arg(long, default_value = BASE_URL, env = "ATENDER_WHATSAPP_URL", value_name = "URL")]
    whatsapp_url: String,
    /// Version of the WhatsApp Cloud API
    #[arg(long, default_value = VERSION, env = "ATENDER_WHATSAPP_VERSION", value_name = "VERSION")]
    whatsapp_version: String,
}

/// Where the log is.
#[derive(Args)]
pub(crate) struct LogArgs {
    /// Where atender keeps its data
    #[arg(long, default_value = "atender-data", env = "ATENDER_DATA_DIR", value_name = "DIR")]
    data_dir: PathBuf,
    /// The workspace: a contact centre of its own, apart from all others in the same NATS
    #[arg(long, default_value = DEFAULT_WORKSPACE, env = "ATENDER_WORKSPACE", value_name = "NAME")]
    workspace: WorkspaceId,
    /// Use this NATS instead of an own one; several addresses with commas
    #[arg(long, env = "ATENDER_NATS", value_name = "URL")]
    nats: Option<String>,
    /// The nats-server program to run; without it PATH and .tools/ are searched
    #[arg(long, value_name = "FILE", conflicts_with = "nats")]
    nats_server: Option<PathBuf>,
}

/// Show atender at work: a busy day of simulated customers and agents, in a temporary directory.
///
/// Some customers turn out to be one, or change their number; one campaign closes now and then. Prints a live table, and
/// a URL and a token to try with curl. At the end it checks the books: every message is there once, no conversation has
/// two agents, no status went backwards, contacts are found as they were written down, and while it was closed a campaign
/// gave nothing. Exit status 1 if they are not in order.
#[derive(Args)]
struct DemoArgs {
    /// End after so many seconds; without it, at Ctrl-C
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    seconds: Option<u64>,
    /// Where to answer
    #[arg(long, default_value = "127.0.0.1:8080", value_name = "ADDR")]
    listen: SocketAddr,
    /// The nats-server program to run; without it PATH and .tools/ are searched
    #[arg(long, value_name = "FILE")]
    nats_server: Option<PathBuf>,
    /// The same seed gives the same customers and agents
    #[arg(long, default_value_t = 1, value_name = "N")]
    seed: u64,
}

/// Print a conversation as it happened, from the log alone; its hashes are checked on the way.
#[derive(Args)]
struct ReplayArgs {
    /// The conversation's id
    conversation: ConversationId,
    /// Stop at this time, such as 2026-01-31T09:30:00Z
    #[arg(long, value_name = "TIME", default_value_t = Timestamp::MAX, hide_default_value = true)]
    at: Timestamp,
    #[command(flatten)]
    log: LogArgs,
}

type Outcome = Result<ExitCode, Box<dyn Error>>;

/// Reads the arguments and does what they say.
pub fn main() -> ExitCode {
    let cli = Cli::parse();
    start_tracing(match cli.command {
        Command::Serve(_) => "info",
        // Its faults are made on purpose, and would be told in the middle of its table.
        Command::Demo(_) => "error",
        // What goes wrong is what it tells.
        Command::Doctor(_) => "off",
        Command::Apply(_)
        | Command::ExportConfig(_)
        | Command::DeadLetters(_)
        | Command::Replay(_)
        | Command::Rebuild(_) => "warn",
    });
    let runtime = match tokio::runtime::Runtime::new() {
        Ok(runtime) => runtime,
        Err(error) => {
            eprintln!("error: the runtime cannot be started: {error}");
            return ExitCode::FAILURE;
        }
    };
    let ended = runtime.block_on(run(cli.command));
    // What a command has to finish it has waited for; a start that was broken off may leave something that waits for NATS.
    runtime.shutdown_background();
    match ended {
        Ok(code) => code,
        Err(error) => {
            tell(error.as_ref());
            ExitCode::FAILURE
        }
    }
}

async fn run(command: Command) -> Outcome {
    match command {
        Command::Serve(args) => serve(args).await,
        Command::Demo(args) => {
            let DemoArgs { seconds, listen, nats_server, seed } = args;
            let in_order = demo::run(DemoConfig { seconds, listen, nats_server, seed }).await?;
            Ok(if in_order { ExitCode::SUCCESS } else { ExitCode::FAILURE })
        }
        Command::Apply(args) => client::apply(args).await,
        Command::ExportConfig(args) => client::export_config(args).await,
        Command::DeadLetters(args) => client::dead_letters(args).await,
        Command::Replay(ReplayArgs { conversation, at, log }) => log::replay(conversation, at, &log).await,
        Command::Rebuild(args) => log::rebuild(&args).await,
        Command::Doctor(args) => doctor::doctor(args).await,
    }
}

async fn serve(args: ServeArgs) -> Outcome {
    let config = args.into_config()?;
    let mut told = pin!(told_to_end());
    let server = tokio::select! {
        server = Server::start(config) => server?,
        () = &mut told => {
            tracing::info!("told to end before it answered");
            return Ok(ExitCode::SUCCESS);
        }
    };
    tokio::select! {
        () = &mut told => {}
        () = server.app().writer_failed.cancelled() => {
            tracing::error!("nothing can be written any more; reads go on. Look at the log, then start again");
            told.await;
        }
    }
    tracing::info!("ending: finishing what is in flight");
    server.stop().await;
    Ok(ExitCode::SUCCESS)
}

impl ServeArgs {
    fn into_config(self) -> Result<ServeConfig, Box<dyn Error>> {
        let secrets = from_environment("ATENDER_WHATSAPP_APP_SECRET")?.unwrap_or_default();
        let each = secrets.split(',').map(str::trim).filter(|secret| !secret.is_empty());
        let whatsapp = WhatsAppConfig {
            base_url: self.whatsapp_url,
            version: self.whatsapp_version,
            access_token: from_environment("ATENDER_WHATSAPP_TOKEN")?.map(AccessToken::new),
            app_secrets: each.map(|secret| secret.as_bytes().to_vec()).collect(),
            verify_token: from_environment("ATENDER_WHATSAPP_VERIFY_TOKEN")?,
        };
        Ok(ServeConfig {
            listen: self.listen,
            nats: self.log.nats()?,
            workspace: self.log.workspace,
            data_dir: self.log.data_dir,
            deployment: Wanted { shards: self.shards, replicas: self.replicas.map(usize::from) },
            admin_token: from_environment("ATENDER_ADMIN_TOKEN")?.map(AdminToken),
            whatsapp,
        })
    }
}

impl LogArgs {
    fn nats(&self) -> Result<Nats, Box<dyn Error>> {
        Ok(match &self.nats {
            Some(url) => {
                let token = from_environment("ATENDER_NATS_TOKEN")?;
                Nats::Remote(RemoteNats { url: url.clone(), token })
            }
            None => Nats::Supervised { binary: self.nats_server.clone() },
        })
    }
}

fn start_tracing(default: &str) {
    let filter = EnvFilter::try_from_env("ATENDER_LOG").unwrap_or_else(|_| EnvFilter::new(default));
    let ansi = std::io::stderr().is_terminal();
    tracing_subscriber::fmt().with_env_filter(filter).with_ansi(ansi).with_writer(std::io::stderr).init();
}

/// What went wrong, with its causes, each once.
fn tell(error: &dyn Error) {
    eprintln!("error: {error}");
    let mut cause = error.source();
    while let Some(inner) = cause {
        eprintln!("  because: {inner}");
        cause = inner.source();
    }
}
