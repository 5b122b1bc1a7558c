//! What can keep the local nats-server from running, and what a person can do about it.

use std::io;
use std::path::{Path, PathBuf};
use std::process::ExitStatus;

/// How to get a nats-server that will do; ends the messages about the binary.
pub(super) const HELP_BINARY: &str = "run `make .tools/nats-server`, install nats-server 2.12 or newer, \
                                      or pass `--nats URL` to use a server of your own";
const HELP_LEFTOVER: &str = "end that process by hand and start again";

/// Why the local nats-server is not running.
#[derive(Debug, thiserror::Error)]
pub enum NatsServerError {
    /// None was named and none found.
    #[error("no nats-server in ATENDER_NATS_SERVER, on PATH or in a .tools directory; {help}")]
    BinaryMissing {
        /// What a person can do about it.
        help: &'static str,
    },
    /// The file is missing, not executable, or does not answer `--version` in time.
    #[error("nats-server {binary} cannot be run; {help}")]
    BinaryUnusable {
        /// The file tried.
        binary: PathBuf,
        /// What a person can do about it.
        help: &'static str,
        /// The cause.
        #[source]
        source: io::Error,
    },
    /// It runs, but its `--version` is not that of a nats-server.
    #[error("{binary} is not a nats-server; {help}")]
    BinaryForeign {
        /// The file tried.
        binary: PathBuf,
        /// What a person can do about it.
        help: &'static str,
    },
    /// It lacks what the log relies on.
    #[error("nats-server {binary} is version {found}, which is too old; {help}")]
    BinaryTooOld {
        /// The file tried.
        binary: PathBuf,
        /// Its version, as `major.minor`.
        found: String,
        /// What a person can do about it.
        help: &'static str,
    },
    /// The server of an earlier run outlived SIGKILL; two on one store would destroy it.
    #[error("nats-server of an earlier run, process {pid}, does not end; {help}")]
    LeftoverRemains {
        /// The process.
        pid: u32,
        /// What a person can do about it.
        help: &'static str,
    },
    /// It ended before it was ready.
    #[error("nats-server ended at start, {status}; its log ends with:\n{log_tail}")]
    Ended {
        /// How it ended.
        status: ExitStatus,
        /// The last lines of its log.
        log_tail: String,
    },
    /// It runs, but JetStream did not answer in time.
    #[error("nats-server was not ready within {seconds} s; its log ends with:\n{log_tail}")]
    NotReady {
        /// How long it was given.
        seconds: u64,
        /// The last lines of its log.
        log_tail: String,
    },
    /// Its config file can only name UTF-8 paths.
    #[error("nats-server directory {path} is not valid UTF-8")]
    PathNotUtf8 {
        /// The directory.
        path: PathBuf,
    },
    /// The disk, its permissions or the process table said no.
    #[error("nats-server: {path} cannot be {action}")]
    Io {
        /// The file concerned.
        path: PathBuf,
        /// What was being done to it.
        action: &'static str,
        /// The cause.
        #[source]
        source: io::Error,
    },
}

impl NatsServerError {
    pub(super) fn io(action: &'static str, path: &Path) -> impl FnOnce(io::Error) -> Self {
        move |source| Self::Io { path: path.to_path_buf(), action, source }
    }

    pub(super) fn leftover_remains(pid: u32) -> Self {
        Self::LeftoverRemains { pid, help: HELP_LEFTOVER }
    }
}
