//! `atender doctor`: looks at everything an operator would want looked at, and says what to do. It changes nothing,
//! starts nothing, and waits for nothing for long. Each check is a function of what was gathered.

mod clock;
mod deployment;
mod disk;
mod environment;
mod finding;
mod home;
mod lease;
mod leftovers;
mod log;
mod nats;
mod open_files;
mod program;
mod replicas;
mod report;
mod server;
mod snapshots;
mod streams;
mod sync;
mod views;

use std::future::Future;
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use async_nats::jetstream::stream::Info;
use async_nats::{Client, jetstream};
use engine::deployment::{Deployment, Wanted};
use engine::log::{Log, LogConfig};
use engine::nats_server::{Endpoint, Traces, running_endpoint, traces};
use futures_util::future::join_all;
use projections::store::{Found, found};
use schemas::{ShardId, WorkspaceId};
use tokio::task::spawn_blocking;
use tokio::time::timeout;

use crate::serve::Nats;
pub use finding::{Finding, Level};
use home::Home;
use nats::Way;
pub use report::Report;

const CONNECTED_WITHIN: Duration = Duration::from_secs(3);
/// For each group of checks; they run side by side.
const LOOKED_WITHIN: Duration = Duration::from_secs(4);

/// Where to look.
#[derive(Debug, Clone)]
pub struct DoctorConfig {
    /// The data directory of the atender in question.
    pub data_dir: PathBuf,
    /// Which NATS it uses.
    pub nats: Nats,
    /// Monitoring endpoints of NATS servers, such as `http://10.0.0.5:8222`.
    pub nats_monitors: Vec<String>,
    /// Where it answers, such as `http://127.0.0.1:8080`.
    pub url: String,
    /// The workspace it serves.
    pub workspace: WorkspaceId,
    /// What `serve` is to be told of the deployment.
    pub wanted: Wanted,
}

/// What is on this machine, gathered in one go.
struct Machine {
    home: io::Result<Option<Home>>,
    disk: io::Result<disk::Disk>,
    unfinished: io::Result<Vec<String>>,
    views: io::Result<Vec<Found>>,
    traces: io::Result<Option<Traces>>,
    endpoint: Option<Endpoint>,
    open_files: open_files::OpenFiles,
    environment: environment::Environment,
}

/// Looks at everything, within about 10 s whatever does not answer.
pub async fn examine(config: &DoctorConfig) -> Report {
    let data_dir = config.data_dir.clone();
    let machine = timeout(LOOKED_WITHIN, spawn_blocking(move || Machine::look(&data_dir))).await;
    let machine = match machine {
        Ok(Ok(machine)) => machine,
        Ok(Err(_)) | Err(_) => Machine::silent(),
    };
    let holder = machine.holder().map(str::to_owned);
    let endpoint = machine.endpoint.clone();
    let way = way(config, endpoint);
    let (program, nats, snapshots, server) = tokio::join!(
        look_at_program(config),
        look_at_nats(config, &machine, way.as_ref()),
        look_at_snapshots(config, way.as_ref()),
        look_at_server(config, holder.as_deref()),
    );
    let mut findings = machine.judge(config);
    findings.extend([program, nats, snapshots, server].into_iter().flatten());
    Report { findings }
}

impl Machine {
    fn look(data_dir: &Path) -> Self {
        let home = home::look(data_dir);
        let pid = home.as_ref().ok().and_then(|home| home.as_ref()?.pid());
        let nats_dir = data_dir.join("nats");
        Self {
            disk: disk::look(data_dir),
            unfinished: leftovers::look(data_dir),
            views: found(&data_dir.join("views")),
            traces: traces(&nats_dir),
            endpoint: running_endpoint(&nats_dir),
            open_files: open_files::look(pid),
            environment: environment::look(pid),
            home,
        }
    }

    /// Of a disk that does not answer.
    fn silent() -> Self {
        Self {
            home: Err(silent()),
            disk: Err(silent()),
            unfinished: Err(silent()),
            views: Err(silent()),
            traces: Err(silent()),
            endpoint: None,
            open_files: open_files::look(None),
            environment: environment::look(None),
        }
    }

    /// The process that holds the data directory.
    fn holder(&self) -> Option<&str> {
        self.home.as_ref().ok()?.as_ref()?.holder.as_deref()
    }

    fn judge(&self, config: &DoctorConfig) -> Vec<Finding> {
        let mut findings = home::judge(&config.data_dir.display().to_string(), &self.home);
        // Without a directory there is nothing in it to judge.
        if !matches!(self.home, Ok(None)) {
            let is_held = self.holder().is_some();
            let views = self.views.as_deref().unwrap_or_default();
            findings.push(disk::judge(&self.disk, views.iter().map(|view| view.bytes).sum()));
            findings.extend(leftovers::judge_files(&self.unfinished, is_held));
            let now = engine::clock::now();
            findings.extend(leftovers::judge_views(&config.data_dir.join("views"), views, now));
            findings.extend(views::judge(&self.views, &projections::versions()));
            if let (Nats::Supervised { .. }, Ok(Some(traces))) = (&config.nats, &self.traces) {
                findings.extend(leftovers::judge_nats(traces, is_held));
            }
        }
        findings.push(open_files::judge(&self.open_files));
        findings.extend(environment::judge(&self.environment));
        findings
    }
}

fn silent() -> io::Error {
    io::Error::new(io::ErrorKind::TimedOut, "the disk does not answer")
}

/// What came of a look; when it takes too long, that.
async fn within(check: &str, look: impl Future<Output = Vec<Finding>>) -> Vec<Finding> {
    timeout(LOOKED_WITHIN, look).await.unwrap_or_else(|_| {
        let found = format!("no answer within {} s", LOOKED_WITHIN.as_secs());
        vec![Finding::error(check, found, "see whether it hangs, or the network to it; then look again")]
    })
}

async fn look_at_program(config: &DoctorConfig) -> Vec<Finding> {
    let Nats::Supervised { binary } = &config.nats else { return Vec::new() };
    within("nats-server program", async { vec![program::judge(&program::look(binary.as_deref()).await)] })
        .await
}

async fn look_at_server(config: &DoctorConfig, holder: Option<&str>) -> Vec<Finding> {
    within("atender", async {
        let running = server::look(&server::client(), &config.url).await;
        server::judge(&config.url, &running, holder)
    })
    .await
}

/// How NATS is reached; `None` when it is one that atender runs, and does not run now.
fn way(config: &DoctorConfig, endpoint: Option<Endpoint>) -> Option<Way> {
    match &config.nats {
        Nats::Remote(remote) => Some(Way::Remote(remote.clone())),
        Nats::Supervised { .. } => endpoint.map(Way::Supervised),
    }
}

async fn look_at_snapshots(config: &DoctorConfig, way: Option<&Way>) -> Vec<Finding> {
    // A connection of its own, so that a slow disk holds nothing else up. What is wrong with NATS others say.
    let served = async {
        let client = way?.connect().await.ok()?;
        let deployment = Deployment::find(&client).await.ok()??;
        let shard = deployment.shard_of(&config.workspace);
        let log = LogConfig { shard, replicas: deployment.replicas };
        Some((shard, Log::find(&client, log).await.ok().flatten()))
    };
    let served = timeout(CONNECTED_WITHIN, served);
    let seen = timeout(LOOKED_WITHIN, snapshots::look(config.data_dir.join("snapshots")));
    let (served, seen) = tokio::join!(served, seen);
    let (shard, log) = served.ok().flatten().unzip();
    let mut seen = seen.unwrap_or_else(|_| Err(silent()));
    let extent = match (&mut seen, log.flatten()) {
        (Ok(seen), Some(log)) => {
            let compared = timeout(CONNECTED_WITHIN, snapshots::compare(seen, &log)).await;
            compared.ok().and_then(Result::ok)
        }
        _ => None,
    };
    snapshots::judge(&seen, shard.map(|shard| (shard, extent)), engine::clock::now())
}

async fn look_at_nats(config: &DoctorConfig, machine: &Machine, way: Option<&Way>) -> Vec<Finding> {
    let Some(way) = way else {
        let remedy = "start `atender serve` and look again; if it uses a NATS of yours, name it with --nats";
        let found = "no nats-server runs here: log, streams, lease and clock were not looked at";
        return vec![Finding::note("NATS", found, remedy)];
    };
    let connecting = timeout(CONNECTED_WITHIN, way.connect());
    let synced = within("sync_interval", look_at_sync(config, machine));
    let (connected, mut synced) = tokio::join!(connecting, synced);
    let client = match connected {
        Ok(Ok(client)) => client,
        Ok(Err(error)) => {
            synced.insert(0, nats::unreachable(way, &finding::told(&error)));
            return synced;
        }
        Err(_) => {
            let reason = format!("no answer within {} s", CONNECTED_WITHIN.as_secs());
            synced.insert(0, nats::unreachable(way, &reason));
            return synced;
        }
    };
    let info = client.server_info();
    let mut findings = nats::judge(&way.address(), &info);
    findings.extend(synced);
    findings.extend(within("JetStream", look_at_jetstream(config, &client, info.cluster.is_some())).await);
    findings
}

async fn look_at_sync(config: &DoctorConfig, machine: &Machine) -> Vec<Finding> {
    if let Nats::Supervised { .. } = config.nats {
        let traces = machine.traces.as_ref().ok().and_then(Option::as_ref);
        return vec![sync::judge_written(traces.and_then(|traces| traces.sync_interval.as_deref()))];
    }
    if config.nats_monitors.is_empty() {
        return vec![sync::judge_unknown()];
    }
    let client = server::client();
    let told = config.nats_monitors.iter().map(async |monitor| {
        let url = format!("{}/varz", monitor.trim_end_matches('/'));
        sync::judge_told(&nats::without_secrets(monitor), &server::read(&client, &url).await)
    });
    join_all(told).await
}

async fn look_at_jetstream(config: &DoctorConfig, client: &Client, is_cluster: bool) -> Vec<Finding> {
    let context = jetstream::new(client.clone());
    let account = context.query_account().await;
    let mut findings = nats::judge_account(&account);
    // All that follows would say the same.
    if account.is_err() {
        return findings;
    }
    let deployment = Deployment::find(client).await;
    findings.extend(deployment::judge(&deployment, config.wanted, &config.workspace, is_cluster));
    let Ok(Some(deployment)) = deployment else { return findings };
    let shard = deployment.shard_of(&config.workspace);
    let (kept, lease) = tokio::join!(look_at_streams(client, deployment, shard), lease::look(client, shard));
    findings.extend(kept);
    findings.push(lease::judge(&lease));
    findings
}

async fn look_at_streams(client: &Client, deployment: Deployment, shard: ShardId) -> Vec<Finding> {
    let Deployment { replicas, .. } = deployment;
    let log = log::look(client, LogConfig { shard, replicas }).await;
    let mut findings = vec![log::judge(&log)];
    let wanted = streams::wanted(replicas);
    let mut names: Vec<String> = wanted.iter().map(|wanted| wanted.config.name.clone()).collect();
    names.push(engine::log::stream_name(shard));
    let context = jetstream::new(client.clone());
    let infos = join_all(names.iter().map(|name| streams::look(&context, name))).await;
    findings.extend(wanted.iter().zip(&infos).map(|(wanted, found)| streams::judge(wanted, found)));
    let infos: Vec<Info> = infos.into_iter().filter_map(|info| info.ok().flatten()).collect();
    findings.extend(replicas::judge(&infos, replicas));
    findings.push(clock::judge_nats(clock::look(client, &names[0]).await));
    if let Ok(Some(log::Found { written_at: Ok(Some(written_at)), .. })) = log {
        findings.push(clock::judge_log(engine::clock::now(), written_at));
    }
    findings
}
