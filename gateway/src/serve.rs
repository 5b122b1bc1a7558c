//! `atender serve`: starts every part in the order in which each needs the one before, and ends them in reverse.

mod config;
mod metrics;
mod unstick;

use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use async_nats::Client;
use engine::data_dir::{DataDir, DataDirError};
use engine::deployment::{Deployment, DeploymentError};
use engine::log::{Log, LogConfig, LogError};
use engine::nats_server::{NatsServer, NatsServerConfig, NatsServerError};
use engine::patience::patiently;
use engine::{Engine, EngineConfig, SubmitError, WriterError};
use projections::{RebuildProgress, Views, ViewsError};
use schemas::event::WorkspaceCreated;
use schemas::{Actor, Command, CommandId, Submission, WorkspaceId};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;
use tokio_util::task::AbortOnDropHandle;

use crate::app::App;
use crate::dead_letters::{DeadLetters, DeadLettersError};
use crate::http;
use crate::outbox::{OutboxParts, Outboxes};
use crate::reach::{Reach, ReachParts, Reaching};
use crate::secrets::{self, SecretError};
use crate::tokens::{Tokens, TokensError};
use crate::whatsapp::api::{ApiSetupError, WhatsAppApi};
pub use config::{AdminToken, Nats, RemoteNats, ServeConfig, WhatsAppConfig, admin_token_path};

/// The workspace that `serve` makes unless it is told another.
pub const DEFAULT_WORKSPACE: &str = "default";
/// How long requests in flight may take when the process is told to end.
const REQUESTS_END_WITHIN: Duration = Duration::from_secs(10);
const TELL_EVERY: Duration = Duration::from_secs(2);

/// Why atender did not start.
#[derive(Debug, thiserror::Error)]
#[allow(missing_docs, reason = "each variant is its cause")]
pub enum ServeError {
    #[error(transparent)]
    DataDir(#[from] DataDirError),
    #[error(transparent)]
    NatsServer(#[from] NatsServerError),
    #[error("NATS at {url} cannot be reached")]
    Nats {
        url: String,
        #[source]
        source: async_nats::ConnectError,
    },
    #[error("the log cannot be opened")]
    Log(#[from] LogError),
    #[error("the views cannot be opened")]
    Views(#[from] ViewsError),
    #[error(transparent)]
    Secrets(#[from] SecretError),
    #[error("the admin token cannot be kept in {path}")]
    AdminToken {
        path: String,
        #[source]
        source: std::io::Error,
    },
    #[error(transparent)]
    Tokens(#[from] TokensError),
    #[error(transparent)]
    DeadLetters(#[from] DeadLettersError),
    #[error(transparent)]
    Deployment(#[from] DeploymentError),
    #[error("what other processes tell of their connections cannot be heard")]
    Reach(#[from] async_nats::SubscribeError),
    #[error("the WhatsApp client cannot be set up")]
    WhatsApp(#[from] ApiSetupError),
    #[error("the workspace cannot be made")]
    Workspace(#[from] SubmitError),
    #[error("{addr} cannot be listened on; is another program there? Choose another with --listen")]
    Listen {
        addr: SocketAddr,
        #[source]
        source: std::io::Error,
    },
    #[error("metrics cannot be collected: {0}")]
    Metrics(String),
}

/// A running atender.
pub struct Server {
    addr: SocketAddr,
    admin_token: String,
    app: Arc<App>,
    http: JoinHandle<std::io::Result<()>>,
    outbox: Option<Outboxes>,
    reaching: Reaching,
    writer: JoinHandle<()>,
    nats: Option<NatsServer>,
    unstick: Option<AbortOnDropHandle<()>>,
    _data_dir: DataDir,
}

impl Server {
    /// Starts everything; gives back when requests are answered.
    ///
    /// # Errors
    /// [`ServeError`]; what was started before the failure is ended.
    pub async fn start(config: ServeConfig) -> Result<Self, ServeError> {
        let metrics = metrics::recorder()?;
        // First, so that nothing has been started when the address is taken; requests wait until all is ready.
        let addr = config.listen;
        let listener = TcpListener::bind(addr).await.map_err(|source| ServeError::Listen { addr, source })?;
        let addr = listener.local_addr().map_err(|source| ServeError::Listen { addr, source })?;
        let data_dir = DataDir::open(&config.data_dir)?;
        let admin_token = config::admin_token(&config)?;
        let (nats, client) = connect(&config, &data_dir).await?;
        let workspace = config.workspace.clone();
        let deployment = Deployment::open(&client, config.deployment).await?;
        let Deployment { replicas, .. } = deployment;
        let log = LogConfig { shard: deployment.shard_of(&workspace), replicas };
        let log = Log::open(&client, log).await?;
        let engine = EngineConfig {
            name: data_dir.name()?,
            snapshots: Some(data_dir.path().join("snapshots")),
            ..EngineConfig::default()
        };
        let (engine, writer) = Engine::start(log.clone(), engine).await?;
        create_workspace(&engine, &workspace).await?;
        let views = Views::start(&log, &data_dir.path().join("views"), tell_progress()).await?;
        let tokens = Tokens::open(&client, replicas, &admin_token).await?;
        let dead_letters = DeadLetters::open(&client, replicas, &workspace).await?;
        let outbox = match &config.whatsapp.access_token {
            Some(token) => {
                let api = WhatsAppApi::new(&config.whatsapp.api(token.clone()))?;
                let (client, log) = (client.clone(), log.clone());
                let (engine, views) = (engine.clone(), views.clone());
                Some(Outboxes::start(OutboxParts { client, log, engine, views, api }))
            }
            None => {
                tracing::warn!("ATENDER_WHATSAPP_TOKEN is not set: messages to WhatsApp wait until it is");
                None
            }
        };
        let reach = Arc::new(Reach::default());
        let reaching = {
            let (client, workspace) = (client.clone(), workspace.clone());
            let (engine, views) = (engine.clone(), views.clone());
            Reaching::start(&reach, ReachParts { client, engine, views, workspace }).await?
        };
        let unstick = nats.as_ref().map(|nats| unstick::watch(&engine, nats.restarter()));
        let writer_failed = CancellationToken::new();
        let writer = watch(writer, writer_failed.clone());
        let contact_key = secrets::contact_key(&client, replicas, &workspace).await?;
        let app = Arc::new(App {
            engine,
            log,
            views,
            reach,
            tokens,
            dead_letters,
            workspace,
            contact_key,
            whatsapp: config.whatsapp.secrets(),
            client,
            metrics,
            stopping: CancellationToken::new(),
            writer_failed,
        });
        let http = tokio::spawn(http::serve(listener, Arc::clone(&app)));
        tracing::info!(%addr, "atender answers");
        Ok(Self {
            addr,
            admin_token,
            app,
            http,
            outbox,
            reaching,
            writer,
            nats,
            unstick,
            _data_dir: data_dir,
        })
    }

    /// Where it answers.
    pub fn addr(&self) -> SocketAddr {
        self.addr
    }

    /// The administrator's token.
    pub fn admin_token(&self) -> &str {
        &self.admin_token
    }

    /// The parts, for tests and the demo's books.
    pub fn app(&self) -> &Arc<App> {
        &self.app
    }

    /// The nats-server it supervises, unless it uses another.
    pub fn nats(&self) -> Option<&NatsServer> {
        self.nats.as_ref()
    }

    /// Ends it: no new requests, those in flight are answered, what is being sent is recorded, what was decided
    /// is written, the views are flushed, and nats-server ends last.
    pub async fn stop(self) {
        self.app.stopping.cancel();
        let mut http = self.http;
        if timeout(REQUESTS_END_WITHIN, &mut http).await.is_err() {
            tracing::warn!("some requests did not end within {REQUESTS_END_WITHIN:?} and are cut off");
            http.abort();
        }
        if let Some(outbox) = self.outbox {
            outbox.stop().await;
        }
        drop(self.unstick);
        drop(self.reaching);
        let views = self.app.views.clone();
        // The writer ends when the last handle on the engine is gone, and the app holds one.
        drop(self.app);
        if timeout(REQUESTS_END_WITHIN, self.writer).await.is_err() {
            tracing::warn!("the writer did not end; what it had not written was never acknowledged");
        }
        if let Err(error) = views.shutdown().await {
            tracing::error!(error = &error as &dyn std::error::Error, "the views did not close well");
        }
        if let Some(nats) = self.nats {
            nats.stop().await;
        }
        tracing::info!("atender has ended");
    }
}

/// The workspace that `serve` makes unless it is told another.
///
/// # Panics
/// Never: the name is well-formed.
pub fn default_workspace() -> WorkspaceId {
    WorkspaceId::new(DEFAULT_WORKSPACE).expect("a well-formed name")
}

async fn connect(
    config: &ServeConfig,
    data_dir: &DataDir,
) -> Result<(Option<NatsServer>, Client), ServeError> {
    match &config.nats {
        Nats::Supervised { binary } => {
            let dir = data_dir.path().join("nats");
            let server = NatsServer::start(NatsServerConfig { binary: binary.clone(), dir }).await?;
            let url = server.url().to_owned();
            let client = server.connect().await.map_err(|source| ServeError::Nats { url, source })?;
            Ok((Some(server), client))
        }
        Nats::Remote(remote) => {
            let client = remote.connect().await;
            let client = client.map_err(|source| ServeError::Nats { url: remote.url.clone(), source })?;
            Ok((None, client))
        }
    }
}

/// Tells of views being built, not more often than a person wants to read.
fn tell_progress() -> impl Fn(RebuildProgress) + Send + 'static {
    let told = Mutex::new(Instant::now());
    move |progress| {
        let mut told = told.lock().unwrap_or_else(PoisonError::into_inner);
        if told.elapsed() >= TELL_EVERY || progress.frames_done == progress.frames_total {
            *told = Instant::now();
            let RebuildProgress { frames_done, frames_total, events_per_second, .. } = progress;
            let per_second = events_per_second.round();
            tracing::info!(frames_done, frames_total, per_second, "building the views");
        }
    }
}

async fn create_workspace(engine: &Engine, workspace: &WorkspaceId) -> Result<(), SubmitError> {
    let submission = Submission {
        workspace: workspace.clone(),
        id: CommandId::of_step(workspace, "create workspace", &[], 0),
        fingerprint: 0,
        actor: Actor::System,
        command: Command::CreateWorkspace(WorkspaceCreated { name: workspace.to_string() }),
    };
    // The first writer may still be finding out that it is the one.
    let submit = async || match engine.submit(submission.clone()).await {
        Err(error @ SubmitError::Unavailable(_)) => Err(error),
        answered => Ok(answered),
    };
    patiently("the workspace", submit).await?.map(|_| ())
}

fn watch(writer: JoinHandle<Result<(), WriterError>>, failed: CancellationToken) -> JoinHandle<()> {
    tokio::spawn(async move {
        match writer.await {
            Ok(Ok(())) => return,
            Ok(Err(error)) => {
                tracing::error!(error = &error as &dyn std::error::Error, "the writer has ended")
            }
            Err(error) => tracing::error!(%error, "the writer has crashed"),
        }
        failed.cancel();
    })
}
