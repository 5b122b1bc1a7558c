//! Finds a nats-server that is new enough. A binary that was named is used or refused;
//! only when none was named are the usual places searched.

use std::io;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use tokio::process::Command;

use super::error::{HELP_BINARY, NatsServerError};

const BINARY_ENV: &str = "ATENDER_NATS_SERVER";
const BINARY_NAME: &str = "nats-server";
const TOOLS_DIR: &str = ".tools";
/// The first with per-message schedules and atomic batches; the log is not tested on older ones.
pub const VERSION_MIN: (u32, u32) = (2, 12);
const VERSION_TIMEOUT: Duration = Duration::from_secs(10);

/// The nats-server to run: `explicit`, else the one named by `ATENDER_NATS_SERVER`, else the first that is new
/// enough on `PATH` or in `.tools` beside the current directory or an ancestor of this executable.
///
/// # Errors
/// A `Binary…` error with what to do; when several were found, for the first one refused.
pub async fn find_binary(explicit: Option<&Path>) -> Result<PathBuf, NatsServerError> {
    let named = explicit.map(Path::to_path_buf).or_else(named_by_environment);
    if let Some(named) = named {
        return checked(named).await;
    }
    let mut refused = None;
    for candidate in candidates() {
        match checked(candidate).await {
            Ok(binary) => return Ok(binary),
            Err(error) => {
                refused.get_or_insert(error);
            }
        }
    }
    Err(refused.unwrap_or(NatsServerError::BinaryMissing { help: HELP_BINARY }))
}

fn named_by_environment() -> Option<PathBuf> {
    std::env::var_os(BINARY_ENV).filter(|value| !value.is_empty()).map(PathBuf::from)
}

fn candidates() -> Vec<PathBuf> {
    let on_path = std::env::var_os("PATH").unwrap_or_default();
    let mut found: Vec<PathBuf> = std::env::split_paths(&on_path).map(|dir| dir.join(BINARY_NAME)).collect();
    let executable = std::env::current_exe().unwrap_or_default();
    let tools = std::env::current_dir().into_iter();
    let tools = tools.chain(executable.ancestors().skip(1).map(Path::to_path_buf));
    found.extend(tools.map(|dir| dir.join(TOOLS_DIR).join(BINARY_NAME)));
    found.retain(|path| path.is_file());
    found
}

async fn checked(binary: PathBuf) -> Result<PathBuf, NatsServerError> {
    let binary = match std::path::absolute(&binary) {
        Ok(absolute) => absolute,
        Err(source) => {
            return Err(NatsServerError::BinaryUnusable { binary, help: HELP_BINARY, source });
        }
    };
    let output = match version_output(&binary).await {
        Ok(output) => output,
        Err(source) => {
            return Err(NatsServerError::BinaryUnusable { binary, help: HELP_BINARY, source });
        }
    };
    match parse_version(&output) {
        None => Err(NatsServerError::BinaryForeign { binary, help: HELP_BINARY }),
        Some(version) if version < VERSION_MIN => {
            let found = format!("{}.{}", version.0, version.1);
            Err(NatsServerError::BinaryTooOld { binary, found, help: HELP_BINARY })
        }
        Some(_) => Ok(binary),
    }
}

/// What the program answers to `--version`, within 10 s.
///
/// # Errors
/// When it cannot be run, or does not answer.
pub async fn version_output(binary: &Path) -> io::Result<String> {
    let run = Command::new(binary).arg("--version").stdin(Stdio::null()).kill_on_drop(true).output();
    let output = tokio::time::timeout(VERSION_TIMEOUT, run).await??;
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}

/// The version, as `(major, minor)`, in what a nats-server answers to `--version`.
pub fn parse_version(output: &str) -> Option<(u32, u32)> {
    let (_, version) = output.trim().split_once("nats-server: v")?;
    let mut numbers = version.split('.');
    Some((numbers.next()?.parse().ok()?, numbers.next()?.parse().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_compared_by_number() {
        assert_eq!(parse_version("nats-server: v2.15.1\n"), Some((2, 15)));
        assert_eq!(parse_version("nats-server: v2.12.0-RC.3"), Some((2, 12)));
        assert_eq!(parse_version("nats-server: v3.0"), Some((3, 0)));
        assert_eq!(parse_version("nats: v0.1.1"), None);
        assert_eq!(parse_version(""), None);
        assert!(parse_version("nats-server: v2.9.25") < Some(VERSION_MIN));
    }
}
