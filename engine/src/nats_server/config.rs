//! The files of a local nats-server, and the config file that it is started with.
//! The token is in the config file alone: a command line is there for everyone to read.

use std::path::{Path, PathBuf};

use super::endpoint::Token;
use super::error::NatsServerError;
use crate::data_dir::write_secret;

const PAYLOAD_BYTES_MAX: usize = 1024 * 1024;
const _: () =
    assert!(PAYLOAD_BYTES_MAX >= 2 * schemas::limits::FRAME_BYTES_MAX, "a frame and its headers fit");
const LOG_BYTES_MAX: u32 = 8 * 1024 * 1024;
const LOG_FILES_MAX: u32 = 4;
/// Left alone, the server allows three quarters of the disk that is free at start, less with every restart.
/// The log is never deleted, so the disk is the limit and this number is not.
const FILE_STORE_BYTES_MAX: u64 = 1 << 50;
/// Memory streams hold nothing of ours that grows.
const MEMORY_STORE_BYTES_MAX: u64 = 256 * 1024 * 1024;

/// Where the server's files are; all of it follows from one absolute directory.
#[derive(Debug, Clone)]
pub(super) struct Files {
    pub(super) dir: PathBuf,
    pub(super) config: PathBuf,
    pub(super) log: PathBuf,
    pub(super) pid: PathBuf,
    pub(super) endpoint: PathBuf,
}

impl Files {
    /// `dir` must be absolute and free of symbolic links: a leftover is known by the config file it names.
    pub(super) fn in_dir(dir: &Path) -> Self {
        Self {
            dir: dir.to_path_buf(),
            config: dir.join("nats-server.conf"),
            log: dir.join("nats-server.log"),
            pid: dir.join("nats-server.pid"),
            endpoint: dir.join("endpoint.json"),
        }
    }

    /// Writes the config file; without a port the system chooses one and a ports file in the directory names it.
    pub(super) fn write_config(&self, port: Option<u16>, token: &Token) -> Result<(), NatsServerError> {
        let text = self.config_text(port, token)?;
        write_secret(&self.config, text.as_bytes()).map_err(NatsServerError::io("written", &self.config))
    }

    fn config_text(&self, port: Option<u16>, token: &Token) -> Result<String, NatsServerError> {
        let listen = match port {
            Some(port) => format!("port: {port}"),
            None => format!("port: -1\nports_file_dir: {}", self.quoted_path(&self.dir)?),
        };
        let token = quoted(token.reveal());
        let log = self.quoted_path(&self.log)?;
        let store = self.quoted_path(&self.dir.join("jetstream"))?;
        Ok(format!(
            "# Written by atender at every start; changes made here are lost.\n\
             server_name: atender\n\
             host: 127.0.0.1\n\
             {listen}\n\
             authorization {{ token: {token} }}\n\
             max_payload: {PAYLOAD_BYTES_MAX}\n\
             log_file: {log}\n\
             logfile_size_limit: {LOG_BYTES_MAX}\n\
             logfile_max_num: {LOG_FILES_MAX}\n\
             jetstream {{\n\
             \x20 store_dir: {store}\n\
             \x20 sync_interval: always\n\
             \x20 max_file_store: {FILE_STORE_BYTES_MAX}\n\
             \x20 max_memory_store: {MEMORY_STORE_BYTES_MAX}\n\
             }}\n"
        ))
    }

    fn quoted_path(&self, path: &Path) -> Result<String, NatsServerError> {
        let text = path.to_str().ok_or_else(|| NatsServerError::PathNotUtf8 { path: self.dir.clone() })?;
        Ok(quoted(text))
    }
}

fn quoted(text: &str) -> String {
    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""))
}
