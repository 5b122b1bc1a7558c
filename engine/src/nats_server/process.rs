//! The nats-server process: spawned, recognised, ended.
//! Signals go only to a process whose command line names our config file; a pid alone may be someone else's by now.

use std::fs::OpenOptions;
use std::io::{self, Read, Seek, SeekFrom};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};
use tokio::process::{Child, Command};
use tokio::time::{Instant, sleep, timeout};

use super::config::Files;
use super::error::NatsServerError;

const CONFIG_FLAG: &str = "-c";
const TERM_TIMEOUT: Duration = Duration::from_secs(10);
const KILL_TIMEOUT: Duration = Duration::from_secs(5);
const EXIT_POLL: Duration = Duration::from_millis(10);
const LOG_TAIL_BYTES: u64 = 2048;

/// What it takes to start the server, first and again.
#[derive(Debug)]
pub(super) struct Launch {
    pub(super) binary: PathBuf,
    pub(super) files: Files,
}

impl Launch {
    /// Spawns the server and writes its pid file; the child is killed when the handle is dropped.
    pub(super) fn spawn(&self) -> Result<Child, NatsServerError> {
        let log = &self.files.log;
        let stderr = OpenOptions::new().create(true).append(true).mode(0o600).open(log);
        let stderr = stderr.map_err(NatsServerError::io("opened", log))?;
        let child = Command::new(&self.binary)
            .arg(CONFIG_FLAG)
            .arg(&self.files.config)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(stderr)
            // Ctrl-C in a terminal reaches a whole process group; the server has to outlive our last writes.
            .process_group(0)
            .kill_on_drop(true)
            .spawn()
            .map_err(NatsServerError::io("started", &self.binary))?;
        // Not left to the server: a crash before it came to that would leave a process nobody finds.
        if let Some(pid) = child.id() {
            std::fs::write(&self.files.pid, format!("{pid}\n"))
                .map_err(NatsServerError::io("written", &self.files.pid))?;
        }
        Ok(child)
    }

    /// The last lines of the server's log, or nothing.
    pub(super) fn log_tail(&self) -> String {
        tail(&self.files.log).unwrap_or_default()
    }
}

fn tail(path: &Path) -> io::Result<String> {
    let mut file = std::fs::File::open(path)?;
    let length_bytes = file.metadata()?.len();
    file.seek(SeekFrom::Start(length_bytes.saturating_sub(LOG_TAIL_BYTES)))?;
    let mut bytes = Vec::new();
    file.read_to_end(&mut bytes)?;
    Ok(String::from_utf8_lossy(&bytes).trim_end().to_owned())
}

/// Whether `pid` is alive and was started with this config file.
#[cfg(target_os = "linux")]
pub(super) fn runs_with(pid: u32, config: &Path) -> bool {
    use std::os::unix::ffi::OsStrExt;
    let command_line = std::fs::read(format!("/proc/{pid}/cmdline")).unwrap_or_default();
    let arguments: Vec<&[u8]> = command_line.split(|byte| *byte == 0).collect();
    arguments.windows(2).any(|pair| pair == [CONFIG_FLAG.as_bytes(), config.as_os_str().as_bytes()])
}

/// Whether `pid` is alive and was started with this config file.
#[cfg(not(target_os = "linux"))]
pub(super) fn runs_with(pid: u32, config: &Path) -> bool {
    let listed =
        std::process::Command::new("ps").args(["-ww", "-o", "args=", "-p", &pid.to_string()]).output();
    let named = format!("{CONFIG_FLAG} {}", config.display());
    listed.is_ok_and(|output| String::from_utf8_lossy(&output.stdout).contains(&named))
}

/// Ends our own child: SIGTERM, up to 10 s, SIGKILL.
pub(super) async fn end_child(child: &mut Child) {
    let Some(pid) = child.id() else { return };
    send(pid, Signal::TERM);
    if timeout(TERM_TIMEOUT, child.wait()).await.is_ok() {
        return;
    }
    tracing::warn!(pid, "nats-server did not end on SIGTERM, killing it");
    if let Err(error) = child.kill().await {
        tracing::error!(pid, %error, "nats-server cannot be killed");
    }
}

/// Ends the server that a crashed run left behind: two on one store would destroy it.
pub(super) async fn end_leftover(files: &Files) -> Result<(), NatsServerError> {
    let recorded = std::fs::read_to_string(&files.pid).unwrap_or_default();
    let Ok(pid) = recorded.trim().parse() else {
        return Ok(());
    };
    if !runs_with(pid, &files.config) {
        return Ok(());
    }
    tracing::warn!(pid, "ending the nats-server that an earlier run left behind");
    if end(pid, &files.config).await { Ok(()) } else { Err(NatsServerError::leftover_remains(pid)) }
}

/// Ends one that somebody else waits for: SIGTERM, up to 10 s, SIGKILL. False when it is still there then.
pub(super) async fn end(pid: u32, config: &Path) -> bool {
    for (signal, patience) in [(Signal::TERM, TERM_TIMEOUT), (Signal::KILL, KILL_TIMEOUT)] {
        if !runs_with(pid, config) {
            break;
        }
        send(pid, signal);
        if ended_within(pid, config, patience).await {
            break;
        }
        tracing::warn!(pid, ?signal, "nats-server did not end on this signal");
    }
    !runs_with(pid, config)
}

async fn ended_within(pid: u32, config: &Path, patience: Duration) -> bool {
    let deadline = Instant::now() + patience;
    while runs_with(pid, config) {
        if Instant::now() >= deadline {
            return false;
        }
        sleep(EXIT_POLL).await;
    }
    true
}

/// Kills without waiting, for when nobody is there to wait.
pub(super) fn kill_now(pid: u32, config: &Path) {
    if runs_with(pid, config) {
        send(pid, Signal::KILL);
    }
}

fn send(pid: u32, signal: Signal) {
    let Some(target) = i32::try_from(pid).ok().and_then(Pid::from_raw) else {
        return;
    };
    if let Err(error) = kill_process(target, signal) {
        tracing::debug!(pid, %error, "nats-server was gone before the signal");
    }
}
