//! The local nats-server: started on loopback with its store in the data directory, kept running, and ended with us.
//! Every acknowledged write is on disk: `sync_interval: always` is not an option here. Whoever starts one holds
//! the data directory's lock; two servers on one store would destroy it.

mod binary;
mod config;
mod endpoint;
mod error;
mod process;
mod supervisor;
mod traces;

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use serde::Deserialize;
use tokio::process::Child;
use tokio::task::JoinHandle;
use tokio::time::sleep;
use tokio_util::sync::CancellationToken;

pub use binary::{VERSION_MIN, find_binary, parse_version, version_output};
pub use endpoint::{Endpoint, running_endpoint};
pub use error::NatsServerError;
pub use traces::{Traces, traces};

use crate::data_dir::create_private_dir;
use crate::patience::patiently;
use config::Files;
use endpoint::Token;
use process::Launch;
use supervisor::{Status, Supervisor};

const READY_TIMEOUT: Duration = Duration::from_secs(30);
const READY_POLL: Duration = Duration::from_millis(10);
const PORTS_SUFFIX: &str = ".ports";

/// What the local nats-server needs to be told.
#[derive(Debug, Clone)]
pub struct NatsServerConfig {
    /// The program to run; `None` searches as [`find_binary`] says.
    pub binary: Option<PathBuf>,
    /// Its directory for store, log and config, usually `nats` in the data directory; created with mode 0700.
    pub dir: PathBuf,
}

/// A supervised nats-server. Dropping it kills the server; [`NatsServer::stop`] ends it in good order.
#[derive(Debug)]
pub struct NatsServer {
    endpoint: Endpoint,
    config_file: PathBuf,
    status: Arc<Status>,
    stopping: CancellationToken,
    supervision: JoinHandle<()>,
}

impl NatsServer {
    /// Ends what an earlier run left, starts the server on a free port of 127.0.0.1 with a new token, and returns
    /// when JetStream answers; after at most 30 s, plus 15 s if a leftover has to be killed.
    ///
    /// # Errors
    /// No usable binary, a disk error, or a server that does not come up; nothing is left running then.
    pub async fn start(config: NatsServerConfig) -> Result<Self, NatsServerError> {
        let binary = find_binary(config.binary.as_deref()).await?;
        let files = prepared_files(&config.dir)?;
        process::end_leftover(&files).await?;
        remove_ports_files(&files.dir)?;

        let token = Token::random();
        files.write_config(None, &token)?;
        let launch = Launch { binary, files };
        let mut child = launch.spawn()?;
        let (port, endpoint) = ready(&launch, &mut child, &token).await?;
        launch.files.write_config(Some(port), &token)?;

        let config_file = launch.files.config.clone();
        let status = Arc::<Status>::default();
        let stopping = CancellationToken::new();
        let mut supervisor = Supervisor {
            launch,
            endpoint: endpoint.clone(),
            status: Arc::clone(&status),
            stopping: stopping.clone(),
        };
        supervisor.publish(&child)?;
        let supervision = tokio::spawn(supervisor.run(child));
        Ok(Self { endpoint, config_file, status, stopping, supervision })
    }

    /// `nats://127.0.0.1:port`, without the token; the same through every restart.
    pub fn url(&self) -> &str {
        self.endpoint.url()
    }

    /// As [`Endpoint::client_options`].
    pub fn client_options(&self) -> async_nats::ConnectOptions {
        self.endpoint.client_options()
    }

    /// As [`Endpoint::connect`], through a restart of the server: tries for 20 s.
    ///
    /// # Errors
    /// When the server stays down.
    pub async fn connect(&self) -> Result<async_nats::Client, async_nats::ConnectError> {
        patiently("its own server", || self.endpoint.connect()).await
    }

    /// The server's process, `None` between its death and its restart.
    pub fn pid(&self) -> Option<u32> {
        self.status.pid()
    }

    /// How often the server was started again since [`NatsServer::start`], failed attempts included.
    pub fn restarts(&self) -> u64 {
        self.status.restarts()
    }

    /// What has the server started again, for one that answers and takes nothing any more.
    pub fn restarter(&self) -> Restarter {
        Restarter { status: Arc::clone(&self.status), config_file: self.config_file.clone() }
    }

    /// SIGTERM, up to 10 s, SIGKILL; then the pid and endpoint files are gone.
    pub async fn stop(mut self) {
        self.stopping.cancel();
        if let Err(error) = (&mut self.supervision).await {
            tracing::error!(%error, "the supervision of nats-server failed");
        }
    }
}

/// Has a supervised nats-server end, upon which it is started again.
#[derive(Debug, Clone)]
pub struct Restarter {
    status: Arc<Status>,
    config_file: PathBuf,
}

impl Restarter {
    /// SIGTERM, up to 10 s, SIGKILL: one that stands still hears nothing else. Nothing while the server is down
    /// already. Clients find it again by themselves.
    pub async fn restart(&self) {
        if let Some(pid) = self.status.pid()
            && !process::end(pid, &self.config_file).await
        {
            tracing::error!(pid, "nats-server cannot be ended");
        }
    }
}

impl Drop for NatsServer {
    fn drop(&mut self) {
        self.supervision.abort();
        // The aborted task kills its child only when the runtime comes round to it, which it may never do.
        if let Some(pid) = self.status.pid() {
            process::kill_now(pid, &self.config_file);
        }
    }
}

fn prepared_files(dir: &Path) -> Result<Files, NatsServerError> {
    create_private_dir(dir).map_err(NatsServerError::io("created", dir))?;
    let dir = dir.canonicalize().map_err(NatsServerError::io("resolved", dir))?;
    Ok(Files::in_dir(&dir))
}

async fn ready(
    launch: &Launch,
    child: &mut Child,
    token: &Token,
) -> Result<(u16, Endpoint), NatsServerError> {
    let answered = tokio::time::timeout(READY_TIMEOUT, async {
        loop {
            let ended = child.try_wait().map_err(NatsServerError::io("waited for", &launch.binary))?;
            if let Some(status) = ended {
                return Err(NatsServerError::Ended { status, log_tail: launch.log_tail() });
            }
            if let Some(pid) = child.id()
                && let Some(port) = chosen_port(&launch.files.dir, pid)
            {
                let url = format!("nats://127.0.0.1:{port}");
                let endpoint = Endpoint { url, token: token.clone(), pid };
                if endpoint.jetstream_answers().await {
                    return Ok((port, endpoint));
                }
            }
            sleep(READY_POLL).await;
        }
    });
    answered.await.unwrap_or_else(|_| {
        let log_tail = launch.log_tail();
        Err(NatsServerError::NotReady { seconds: READY_TIMEOUT.as_secs(), log_tail })
    })
}

/// What the server writes when it listens; may be read half-written.
#[derive(Deserialize)]
struct Ports {
    nats: Vec<String>,
}

fn chosen_port(dir: &Path, pid: u32) -> Option<u16> {
    let path = ports_files(dir).ok()?.into_iter().find(|path| {
        let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        name.ends_with(&format!("_{pid}{PORTS_SUFFIX}"))
    })?;
    let ports: Ports = serde_json::from_slice(&std::fs::read(path).ok()?).ok()?;
    ports.nats.first()?.rsplit(':').next()?.parse().ok()
}

fn remove_ports_files(dir: &Path) -> Result<(), NatsServerError> {
    for path in ports_files(dir).map_err(NatsServerError::io("listed", dir))? {
        std::fs::remove_file(&path).map_err(NatsServerError::io("removed", &path))?;
    }
    Ok(())
}

fn ports_files(dir: &Path) -> std::io::Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(dir)? {
        let path = entry?.path();
        if path.to_str().is_some_and(|text| text.ends_with(PORTS_SUFFIX)) {
            found.push(path);
        }
    }
    Ok(found)
}
