//! What the directory of a local nats-server says of it, for a look that changes nothing.

use std::io;
use std::path::Path;

use super::config::Files;
use super::process;

/// What is in the directory of a local nats-server.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Traces {
    /// The process that the pid file names.
    pub pid: Option<u32>,
    /// Whether that process lives, and is the server of this directory.
    pub is_running: bool,
    /// Whether the file that says how to reach it is there.
    pub has_endpoint: bool,
    /// `sync_interval` in the config file, which is written at each start.
    pub sync_interval: Option<String>,
}

/// Looks at the directory of a local nats-server; `None` when there is no such directory.
///
/// # Errors
/// When something in it cannot be read.
pub fn traces(dir: &Path) -> io::Result<Option<Traces>> {
    let dir = match dir.canonicalize() {
        Ok(dir) => dir,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error),
    };
    let files = Files::in_dir(&dir);
    let pid = read(&files.pid)?.and_then(|text| text.trim().parse().ok());
    let config = read(&files.config)?.unwrap_or_default();
    let sync_interval = config.lines().find_map(|line| line.trim().strip_prefix("sync_interval:"));
    Ok(Some(Traces {
        pid,
        is_running: pid.is_some_and(|pid| process::runs_with(pid, &files.config)),
        has_endpoint: files.endpoint.try_exists()?,
        sync_interval: sync_interval.map(|value| value.trim().to_owned()),
    }))
}

fn read(path: &Path) -> io::Result<Option<String>> {
    match std::fs::read_to_string(path) {
        Ok(text) => Ok(Some(text)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}
