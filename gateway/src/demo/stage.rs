//! Where the day takes place: a whole atender in a temporary directory, the stand-in for WhatsApp, the demo's
//! workspace, and a token for everybody in it.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use engine::clock;
use reqwest::Method;
use schemas::AgentId;
use schemas::api::requests::CreateToken;
use serde::Deserialize;
use tempfile::TempDir;

use super::whatsapp_stand_in::{
    Fault, RandomFaults, StandIn, StandInError, StandInOptions, StatusScript, WebhookTarget,
};
use super::workspace::Workspace;
use crate::api_client::{ApiClient, ApiError};
use crate::apply::{Place, Problem};
use crate::serve::{Nats, ServeConfig, ServeError, Server, WhatsAppConfig};
use crate::whatsapp::api::{AccessToken, VERSION};

const ACCESS_TOKEN: &str = "the-access-token-of-the-demo";
const APP_SECRET: &[u8] = b"the-app-secret-of-the-demo";
const VERIFY_TOKEN: &str = "the-verify-token-of-the-demo";

/// What a stage is made from.
#[derive(Debug, Clone)]
pub struct StageOptions {
    /// Where atender answers; with port 0 the system chooses one.
    pub listen: SocketAddr,
    /// The nats-server program; without one it is looked for.
    pub nats_server: Option<PathBuf>,
    /// Decides what the stand-in does.
    pub seed: u64,
}

/// Why there is no stage.
#[derive(Debug, thiserror::Error)]
pub enum StageError {
    /// No temporary directory.
    #[error("a temporary directory for the demo cannot be made")]
    Directory(#[source] std::io::Error),
    /// The stand-in did not start.
    #[error(transparent)]
    StandIn(#[from] StandInError),
    /// atender did not start.
    #[error(transparent)]
    Serve(#[from] ServeError),
    /// The demo's masters cannot be read.
    #[error(transparent)]
    Masters(#[from] Problem),
    /// One of them is not what it should be.
    #[error("{0} in the demo's workspace is not what it should be")]
    Workspace(Place),
    /// atender did not take the demo's masters, or made no tokens.
    #[error("the demo's workspace cannot be set up")]
    SetUp(#[from] ApiError),
    /// No HTTP client.
    #[error("the customers have no HTTP client")]
    Client(#[from] reqwest::Error),
}

/// A running stage.
pub struct Stage {
    server: Server,
    stand_in: StandIn,
    url: String,
    admin: ApiClient,
    tokens: BTreeMap<AgentId, String>,
    pub(super) workspace: Workspace,
    _dir: TempDir,
}

/// What comes back when a token is made; the rest of the answer does not matter here.
#[derive(Deserialize)]
struct Made {
    token: String,
}

impl Stage {
    /// Starts everything.
    ///
    /// # Errors
    /// [`StageError`]; what was started before the failure is ended.
    pub async fn start(options: StageOptions) -> Result<Self, StageError> {
        let workspace = Workspace::read()?;
        let dir =
            tempfile::Builder::new().prefix("atender-demo-").tempdir().map_err(StageError::Directory)?;
        let stand_in = StandIn::start(stand_in_options(&options, &workspace)).await?;
        let config = ServeConfig {
            nats: Nats::Supervised { binary: options.nats_server },
            whatsapp: WhatsAppConfig {
                base_url: stand_in.base_url(),
                version: VERSION.into(),
                access_token: Some(AccessToken::new(ACCESS_TOKEN)),
                app_secrets: vec![APP_SECRET.to_vec()],
                verify_token: Some(VERIFY_TOKEN.into()),
            },
            ..ServeConfig::new(options.listen, dir.path().join("data"))
        };
        let server = Server::start(config).await?;
        let url = format!("http://{}", server.addr());
        let admin = ApiClient::new(&url, server.admin_token());
        let tokens = BTreeMap::new();
        let mut stage = Self { server, stand_in, url, admin, tokens, workspace, _dir: dir };
        stage
            .stand_in
            .deliver_to(WebhookTarget { url: stage.webhook_url(), app_secret: APP_SECRET.to_vec() });
        match stage.furnish().await {
            Ok(()) => Ok(stage),
            Err(error) => {
                stage.stop().await;
                Err(error)
            }
        }
    }

    /// Where atender answers, such as `http://127.0.0.1:8080`.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// The running atender.
    pub fn server(&self) -> &Server {
        &self.server
    }

    /// The stand-in for WhatsApp.
    pub fn stand_in(&self) -> &StandIn {
        &self.stand_in
    }

    /// A client with the administrator's token.
    pub fn admin(&self) -> &ApiClient {
        &self.admin
    }

    /// The tokens of everybody who works here.
    pub fn tokens(&self) -> &BTreeMap<AgentId, String> {
        &self.tokens
    }

    /// A client that acts as this agent.
    pub fn client_of(&self, agent: &AgentId) -> ApiClient {
        self.admin.with_token(self.tokens.get(agent).map_or("", String::as_str))
    }

    /// Ends everything that was started, atender before the WhatsApp it talks to, and removes the directory.
    pub async fn stop(self) {
        self.server.stop().await;
        self.stand_in.stop().await;
    }

    pub(super) fn webhook_url(&self) -> String {
        format!("{}/webhooks/whatsapp", self.url)
    }

    pub(super) fn app_secret(&self) -> &'static [u8] {
        APP_SECRET
    }

    async fn furnish(&mut self) -> Result<(), StageError> {
        self.workspace.apply(&self.admin).await?;
        for agent in self.workspace.agents.keys() {
            let request = CreateToken { agent: Some(agent.clone()), channel: None };
            let made: Made = self.admin.send(Method::POST, "/v1/tokens", &request).await?;
            self.tokens.insert(agent.clone(), made.token);
        }
        Ok(())
    }
}

fn stand_in_options(options: &StageOptions, workspace: &Workspace) -> StandInOptions {
    StandInOptions {
        access_token: ACCESS_TOKEN.into(),
        phone_number_ids: workspace.lines.iter().map(|line| line.address.clone()).collect(),
        started_at_ms: clock::now().millis(),
        seed: options.seed,
        random_faults: Some(RandomFaults { chance: 0.03, among: faults() }),
        statuses: StatusScript {
            step_delay: Duration::from_millis(120),
            reordered: 0.2,
            duplicated: 0.15,
            unread: 0.15,
            delivered_skipped: 0.1,
            ..StatusScript::default()
        },
    }
}

/// What goes wrong at WhatsApp in this day, each as often as it stands here.
fn faults() -> Vec<Fault> {
    let refused =
        |http_status, code, times| std::iter::repeat_n(Fault::GraphError { http_status, code }, times);
    let mut faults: Vec<Fault> = refused(400, 130_429, 20).collect();
    faults.extend(refused(503, 131_016, 20));
    faults.extend(refused(400, 131_056, 4));
    faults.extend(refused(400, 131_026, 8));
    faults.extend(std::iter::repeat_n(Fault::Delay(Duration::from_millis(400)), 20));
    // Both leave the message uncertain, until its receipts settle it.
    faults.extend([Fault::AcceptThenDrop, Fault::Timeout(Duration::from_secs(11))]);
    faults
}
