//! The commands that ask a running server: `apply`, `export-config` and `dead-letters`.

use std::error::Error;
use std::io::Write;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args, Subcommand};
use reqwest::Method;
use schemas::api::Page;
use schemas::api::views::{DeadLetter, DeliveredLetters};

use super::Outcome;
use crate::api_client::ApiClient;
use crate::apply::{apply as apply_file, export};
use crate::secrets::from_environment;
use crate::serve::admin_token_path;

/// Which server, and with which token: ATENDER_ADMIN_TOKEN, else the one in the data directory.
#[derive(Args)]
struct ServerArgs {
    /// Where atender answers
    #[arg(long, default_value = "http://127.0.0.1:8080", env = "ATENDER_URL", value_name = "URL")]
    url: String,
    /// The server's data directory, for its administrator's token
    #[arg(long, default_value = "atender-data", env = "ATENDER_DATA_DIR", value_name = "DIR")]
    data_dir: PathBuf,
}

impl ServerArgs {
    fn client(&self) -> Result<ApiClient, Box<dyn Error>> {
        let path = admin_token_path(&self.data_dir);
        let token = match from_environment("ATENDER_ADMIN_TOKEN")? {
            Some(token) => token,
            None => std::fs::read_to_string(&path).map_err(|error| {
                let path = path.display();
                format!("no token: {path} cannot be read ({error}); name the server's --data-dir, or set ATENDER_ADMIN_TOKEN")
            })?,
        };
        Ok(ApiClient::new(&self.url, token.trim()))
    }
}

/// Make the settings, clients, projects, channels, dispositions, campaigns, texts and agents be as a file says.
///
/// Applying a file twice changes nothing. An error names the file, the line and the field. See
/// examples/contact-centre.toml.
#[derive(Args)]
pub(super) struct ApplyArgs {
    /// The file
    file: PathBuf,
    #[command(flatten)]
    server: ServerArgs,
}

pub(super) async fn apply(args: ApplyArgs) -> Outcome {
    let api = args.server.client()?;
    let applied = apply_file(&api, &args.file, |place| println!("set {place}")).await?;
    println!("{} of {} masters changed", applied.changed, applied.total);
    Ok(ExitCode::SUCCESS)
}

/// Print the configuration as a file for `apply`.
///
/// Settings, clients, projects, channels, dispositions, campaigns, texts and agents, as they are now. Applied to the same
/// server it changes nothing; applied to another it makes the same contact centre. Tokens and conversations are not in it.
#[derive(Args)]
pub(super) struct ExportConfigArgs {
    /// Write it to this file, which must not exist, instead of printing it
    #[arg(long, value_name = "FILE")]
    output: Option<PathBuf>,
    #[command(flatten)]
    server: ServerArgs,
}

pub(super) async fn export_config(args: ExportConfigArgs) -> Outcome {
    let text = export(&args.server.client()?).await?;
    match args.output {
        None => print!("{text}"),
        Some(path) => {
            let made = std::fs::File::create_new(&path).and_then(|mut file| file.write_all(text.as_bytes()));
            made.map_err(|error| format!("{} cannot be written: {error}", path.display()))?;
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// Webhooks that could not be delivered, such as messages to a number that no channel has.
#[derive(Args)]
pub(super) struct DeadLettersArgs {
    #[command(subcommand)]
    command: DeadLettersCommand,
    #[command(flatten)]
    server: ServerArgs,
}

#[derive(Subcommand)]
enum DeadLettersCommand {
    /// Show them, oldest first
    List,
    /// Take them in now, all or one; what still cannot be taken in stays
    Deliver {
        /// The number that `list` shows; all without it
        sequence: Option<u64>,
    },
}

pub(super) async fn dead_letters(args: DeadLettersArgs) -> Outcome {
    let api = args.server.client()?;
    match args.command {
        DeadLettersCommand::List => list(&api).await,
        DeadLettersCommand::Deliver { sequence } => deliver(&api, sequence).await,
    }
}

async fn list(api: &ApiClient) -> Outcome {
    let mut cursor = String::new();
    loop {
        let page: Page<DeadLetter> = api.get(&format!("/v1/dead-letters?cursor={cursor}")).await?;
        for letter in page.items {
            let number = letter.phone_number_id.as_deref().unwrap_or("no number");
            println!("{:>6}  {}  {number}  {}", letter.sequence, letter.received_at, letter.reason);
            println!("        {}", letter.preview.escape_debug());
        }
        match page.next {
            Some(next) => cursor = next,
            None => return Ok(ExitCode::SUCCESS),
        }
    }
}

async fn deliver(api: &ApiClient, sequence: Option<u64>) -> Outcome {
    let path = match sequence {
        Some(sequence) => format!("/v1/dead-letters/{sequence}/deliver"),
        None => "/v1/dead-letters/deliver".to_owned(),
    };
    let result: DeliveredLetters = api.answer(api.request(Method::POST, &path)).await?;
    println!("{} taken in, {} left", result.delivered, result.failed.len());
    for failure in &result.failed {
        println!("{:>6}  {}", failure.sequence, failure.reason);
    }
    Ok(if result.failed.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
