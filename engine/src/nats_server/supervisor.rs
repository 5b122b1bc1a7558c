//! Keeps the nats-server running: when it dies it is started again, on the same port, so that clients find it.
//! The port was fixed in the config file before; here it is never chosen anew.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use std::time::Duration;

use tokio::process::Child;
use tokio::time::{Instant, sleep};
use tokio_util::sync::CancellationToken;

use super::endpoint::Endpoint;
use super::error::NatsServerError;
use super::process::{Launch, end_child};
use crate::data_dir::write_secret;

const BACKOFF_MIN: Duration = Duration::from_millis(100);
/// A server that lived longer than this is not in a crash loop; its next restart is quick again.
const BACKOFF_MAX: Duration = Duration::from_secs(5);

/// What the outside may know of the supervised process.
#[derive(Debug, Default)]
pub(super) struct Status {
    /// 0 while no process runs.
    pid: AtomicU32,
    restarts: AtomicU64,
}

impl Status {
    pub(super) fn pid(&self) -> Option<u32> {
        Some(self.pid.load(Ordering::Relaxed)).filter(|pid| *pid != 0)
    }

    pub(super) fn restarts(&self) -> u64 {
        self.restarts.load(Ordering::Relaxed)
    }

    fn set_pid(&self, pid: Option<u32>) {
        self.pid.store(pid.unwrap_or(0), Ordering::Relaxed);
    }
}

pub(super) struct Supervisor {
    pub(super) launch: Launch,
    pub(super) endpoint: Endpoint,
    pub(super) status: Arc<Status>,
    pub(super) stopping: CancellationToken,
}

impl Supervisor {
    /// Tells this process and others where the server is now.
    pub(super) fn publish(&mut self, child: &Child) -> Result<(), NatsServerError> {
        self.status.set_pid(child.id());
        self.endpoint.pid = child.id().unwrap_or(0);
        let path = &self.launch.files.endpoint;
        serde_json::to_vec(&self.endpoint)
            .map_err(std::io::Error::from)
            .and_then(|json| write_secret(path, &json))
            .map_err(NatsServerError::io("written", path))
    }

    /// Runs until `stopping`, then ends the server and removes the files that say it is there.
    pub(super) async fn run(mut self, mut child: Child) {
        let mut backoff = BACKOFF_MIN;
        let stopping = self.stopping.clone();
        loop {
            let started = Instant::now();
            let ended = tokio::select! {
                biased;
                () = stopping.cancelled() => break,
                ended = child.wait() => ended,
            };
            self.status.set_pid(None);
            let status = ended.map_or_else(|error| error.to_string(), |status| status.to_string());
            let log_tail = self.launch.log_tail();
            let last_line = log_tail.lines().next_back().unwrap_or_default();
            tracing::error!(status, last_line, "nats-server died, starting it again");
            if started.elapsed() > BACKOFF_MAX {
                backoff = BACKOFF_MIN;
            }
            let restarted = tokio::select! {
                biased;
                () = stopping.cancelled() => break,
                restarted = self.restart(&mut backoff) => restarted,
            };
            child = restarted;
        }
        end_child(&mut child).await;
        self.status.set_pid(None);
        self.remove_files();
    }

    async fn restart(&mut self, backoff: &mut Duration) -> Child {
        loop {
            sleep(*backoff).await;
            *backoff = (*backoff * 2).min(BACKOFF_MAX);
            match self.launch.spawn() {
                Ok(child) => {
                    self.status.restarts.fetch_add(1, Ordering::Relaxed);
                    if let Err(error) = self.publish(&child) {
                        tracing::error!(%error, "other processes cannot find the restarted nats-server");
                    }
                    return child;
                }
                Err(error) => tracing::error!(%error, "nats-server cannot be started again, trying on"),
            }
        }
    }

    fn remove_files(&self) {
        for path in [&self.launch.files.pid, &self.launch.files.endpoint] {
            if let Err(error) = std::fs::remove_file(path) {
                tracing::debug!(path = %path.display(), %error, "not removed");
            }
        }
    }
}
