//! A data directory as `atender serve` keeps one, filled before, and `atender` running on it as a process of its own.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::{Duration, Instant};

use engine::log::Log;
use engine::nats_server::{NatsServer, running_endpoint};
use gateway::serve::admin_token_path;
use gateway::whatsapp::signature::{HEADER_NAME, sign};
use rustix::process::{Pid, Signal, kill_process};
use tempfile::TempDir;
use tokio::io::{AsyncBufReadExt, AsyncRead, BufReader};
use tokio::process::{Child, Command};
use tokio::time::{sleep, timeout};

use crate::http_load::{Connection, get, post};
use crate::parts::{open_log, start_nats};

/// What webhooks are signed with.
const APP_SECRET: &str = "app-secret-of-the-bench";
const ANSWERS_WITHIN: Duration = Duration::from_secs(300);
const ENDS_WITHIN: Duration = Duration::from_secs(60);
/// Twice as long as it takes until it looks whether one is due.
const SNAPSHOT_LOOKED_FOR: Duration = Duration::from_secs(4);
const SNAPSHOT_METRIC: &str = "atender_snapshot_sequence";
const LOOK_EVERY: Duration = Duration::from_millis(20);

pub(crate) struct Deployment {
    dir: TempDir,
}

impl Deployment {
    pub(crate) fn new() -> Self {
        Self { dir: TempDir::new().unwrap() }
    }

    pub(crate) fn data_dir(&self) -> PathBuf {
        self.dir.path().join("data")
    }

    pub(crate) fn views_dir(&self) -> PathBuf {
        self.data_dir().join("views")
    }

    pub(crate) fn nats_dir(&self) -> PathBuf {
        self.data_dir().join("nats")
    }

    /// Its nats-server, without atender.
    pub(crate) async fn nats(&self) -> (NatsServer, Log) {
        let server = start_nats(&self.nats_dir()).await;
        let log = open_log(&server.connect().await.unwrap(), 0, 1).await;
        (server, log)
    }

    /// Runs `atender serve` on it, and waits until it says that it answers.
    pub(crate) async fn serve(&self) -> Serving {
        self.serve_with(&[]).await
    }

    /// As [`Deployment::serve`], on a NATS of its own.
    pub(crate) async fn serve_on(&self, nats_url: &str) -> Serving {
        self.serve_with(&["--nats", nats_url]).await
    }

    async fn serve_with(&self, arguments: &[&str]) -> Serving {
        let data_dir = self.data_dir();
        let spawned = Instant::now();
        let mut child = Command::new(program())
            .args(["serve", "--listen", "127.0.0.1:0", "--data-dir"])
            .arg(&data_dir)
            .args(arguments)
            .env("ATENDER_WHATSAPP_APP_SECRET", APP_SECRET)
            .env_remove("ATENDER_WHATSAPP_TOKEN")
            .env_remove("ATENDER_ADMIN_TOKEN")
            .env_remove("ATENDER_LOG")
            .stdin(Stdio::null())
            .stderr(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .unwrap();
        let stderr = child.stderr.take().unwrap();
        let addr = timeout(ANSWERS_WITHIN, answering(stderr)).await.expect("atender does not answer");
        let admin_token = std::fs::read_to_string(admin_token_path(&data_dir)).unwrap().trim().to_owned();
        Serving { child, addr, admin_token, spawned }
    }
}

impl Drop for Deployment {
    fn drop(&mut self) {
        // A killed atender leaves its nats-server.
        let left = running_endpoint(&self.nats_dir()).and_then(|endpoint| i32::try_from(endpoint.pid()).ok());
        if let Some(pid) = left.and_then(Pid::from_raw) {
            let _gone = kill_process(pid, Signal::KILL);
        }
    }
}

/// The `atender` that was built with this bench.
fn program() -> PathBuf {
    let program = std::env::current_exe().unwrap().with_file_name("atender");
    assert!(program.is_file(), "{} is not there; build it as `make bench` does", program.display());
    program
}

/// Reads what atender says until it tells where it answers; the rest is read and not shown.
async fn answering(stderr: impl AsyncRead + Unpin + Send + 'static) -> SocketAddr {
    let mut lines = BufReader::new(stderr).lines();
    let mut said = Vec::new();
    while let Some(line) = lines.next_line().await.unwrap() {
        if let Some((_, addr)) = line.split_once("atender answers addr=") {
            let addr = addr.split_whitespace().next().and_then(|addr| addr.parse().ok());
            tokio::spawn(async move { while let Ok(Some(_)) = lines.next_line().await {} });
            return addr.expect("an address");
        }
        said.push(line);
    }
    panic!("atender ended before it answered:\n{}", said.join("\n"));
}

/// The bytes of a webhook that WhatsApp posts.
pub(crate) fn signed_webhook(body: &[u8]) -> Vec<u8> {
    post("/webhooks/whatsapp", &[(HEADER_NAME, &sign(APP_SECRET.as_bytes(), body))], body)
}

/// `atender serve`, running.
pub(crate) struct Serving {
    child: Child,
    pub(crate) addr: SocketAddr,
    pub(crate) admin_token: String,
    /// When the process was started.
    pub(crate) spawned: Instant,
}

impl Serving {
    pub(crate) fn authorization(&self) -> String {
        format!("Bearer {}", self.admin_token)
    }

    /// Asks for this until the answer is 200; gives back how long after the start of the process that was.
    pub(crate) async fn first_success(&self, request: &[u8]) -> Duration {
        let mut connection = Connection::open(self.addr).await;
        let succeeds = async {
            while connection.call(request).await != 200 {
                sleep(LOOK_EVERY).await;
            }
        };
        timeout(ANSWERS_WITHIN, succeeds).await.expect("no success");
        self.spawned.elapsed()
    }

    /// Waits until its views reflect the log.
    pub(crate) async fn ready(&self) -> Duration {
        self.first_success(&get("/readyz", &[])).await
    }

    /// Waits until it has made a snapshot of its state, for as long as that may reasonably take: a log that is short
    /// gets none. Started anew it would otherwise be measured in its first minute, and not as it runs.
    pub(crate) async fn snapshot_made(&self) {
        let (patience, metrics) = (self.spawned.elapsed() + SNAPSHOT_LOOKED_FOR, get("/metrics", &[]));
        let mut connection = Connection::open(self.addr).await;
        let made = async {
            loop {
                assert_eq!(connection.call(&metrics).await, 200);
                let answer = String::from_utf8_lossy(connection.answer());
                if answer.contains(SNAPSHOT_METRIC) {
                    return;
                }
                sleep(LOOK_EVERY).await;
            }
        };
        let _there_or_not = timeout(patience, made).await;
    }

    pub(crate) fn memory(&self) -> Memory {
        Memory::of(&self.child.id().expect("it runs").to_string())
    }

    /// SIGSTOP: it stands still from now on, and its connections stay.
    pub(crate) fn pause(&self) {
        self.signal(Signal::STOP);
    }

    pub(crate) fn resume(&self) {
        self.signal(Signal::CONT);
    }

    fn signal(&self, signal: Signal) {
        let pid = Pid::from_raw(self.child.id().expect("it runs").cast_signed()).unwrap();
        kill_process(pid, signal).unwrap();
    }

    /// kill -9, and waits until it is gone.
    pub(crate) async fn kill(mut self) {
        self.child.kill().await.unwrap();
    }

    /// SIGTERM, and waits for an orderly end.
    pub(crate) async fn stop(mut self) {
        self.signal(Signal::TERM);
        timeout(ENDS_WITHIN, self.child.wait()).await.expect("atender does not end").unwrap();
    }
}

/// What the kernel counts for a process, in bytes.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Memory {
    pub(crate) resident: u64,
    pub(crate) resident_peak: u64,
}

impl Memory {
    pub(crate) fn of_self() -> Self {
        Self::of("self")
    }

    fn of(process: &str) -> Self {
        let status = std::fs::read_to_string(format!("/proc/{process}/status")).unwrap();
        let bytes = |name: &str| -> u64 {
            let line = status.lines().find_map(|line| line.strip_prefix(name)).unwrap();
            let kib: u64 = line.trim().trim_end_matches(" kB").parse().unwrap();
            kib * 1024
        };
        Self { resident: bytes("VmRSS:"), resident_peak: bytes("VmHWM:") }
    }
}

/// The bytes that the files under a directory take on the disk.
pub(crate) fn disk_bytes(dir: &Path) -> u64 {
    use std::os::unix::fs::MetadataExt;
    let entries = std::fs::read_dir(dir).unwrap().map(|entry| entry.unwrap());
    let bytes = entries.map(|entry| match entry.metadata() {
        Ok(metadata) if metadata.is_dir() => disk_bytes(&entry.path()),
        Ok(metadata) => metadata.blocks() * 512,
        // It was deleted meanwhile.
        Err(_) => 0,
    });
    bytes.sum()
}
