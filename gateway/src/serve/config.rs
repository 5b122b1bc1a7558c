//! What `atender serve` is told, and the administrator's token it makes at first start.

use std::fmt;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use async_nats::{Client, ConnectError, ConnectOptions};
use engine::connection::steady;
use engine::data_dir::write_secret;
use engine::deployment::Wanted;
use engine::random;
use schemas::WorkspaceId;

use super::{ServeError, default_workspace};
use crate::whatsapp::Secrets;
use crate::whatsapp::api::{AccessToken, BASE_URL, VERSION, WhatsAppApiConfig};

/// What `atender serve` is told.
#[derive(Debug, Clone)]
pub struct ServeConfig {
    /// Where it answers.
    pub listen: SocketAddr,
    /// Where it keeps the log (unless NATS is elsewhere), its views and its secrets.
    pub data_dir: PathBuf,
    /// Which NATS it uses.
    pub nats: Nats,
    /// The workspace it serves.
    pub workspace: WorkspaceId,
    /// The deployment it expects to find, or makes.
    pub deployment: Wanted,
    /// The administrator's token; without one, that of the data directory, made if it is not there.
    pub admin_token: Option<AdminToken>,
    /// How it talks to WhatsApp.
    pub whatsapp: WhatsAppConfig,
}

impl ServeConfig {
    /// The default workspace, of a deployment as it is found, on a nats-server of its own.
    pub fn new(listen: SocketAddr, data_dir: PathBuf) -> Self {
        Self {
            listen,
            data_dir,
            nats: Nats::Supervised { binary: None },
            workspace: default_workspace(),
            deployment: Wanted::default(),
            admin_token: None,
            whatsapp: WhatsAppConfig::default(),
        }
    }
}

/// A token that never prints.
#[derive(Clone)]
pub struct AdminToken(pub String);

impl fmt::Debug for AdminToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("AdminToken(hidden)")
    }
}

/// Which NATS is used.
#[derive(Debug, Clone)]
pub enum Nats {
    /// A server of our own on loopback, started and watched.
    Supervised {
        /// Its program; without one, it is looked for.
        binary: Option<PathBuf>,
    },
    /// One that is there.
    Remote(RemoteNats),
}

/// A NATS that is there already.
#[derive(Clone)]
pub struct RemoteNats {
    /// Its address, such as `nats://10.0.0.5:4222`; several with commas.
    pub url: String,
    /// Its token, if it asks for one.
    pub token: Option<String>,
}

impl fmt::Debug for RemoteNats {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RemoteNats").finish_non_exhaustive()
    }
}

impl RemoteNats {
    /// Connects, and stays connected from then on.
    ///
    /// # Errors
    /// When none of the addresses answers, or the token is refused.
    pub async fn connect(&self) -> Result<Client, ConnectError> {
        let options = match &self.token {
            Some(token) => ConnectOptions::with_token(token.clone()),
            None => ConnectOptions::new(),
        };
        let urls: Vec<&str> = self.url.split(',').map(str::trim).collect();
        steady(options).connect(urls).await
    }
}

/// How atender talks to WhatsApp.
#[derive(Debug, Clone)]
pub struct WhatsAppConfig {
    /// Base URL of the Cloud API.
    pub base_url: String,
    /// Version of the Cloud API.
    pub version: String,
    /// What messages are sent with; without it they wait.
    pub access_token: Option<AccessToken>,
    /// What webhooks are signed with: the secrets of all Meta apps that call here.
    pub app_secrets: Vec<Vec<u8>>,
    /// What Meta must know to register the webhook.
    pub verify_token: Option<String>,
}

impl Default for WhatsAppConfig {
    fn default() -> Self {
        Self {
            base_url: BASE_URL.into(),
            version: VERSION.into(),
            access_token: None,
            app_secrets: Vec::new(),
            verify_token: None,
        }
    }
}

impl WhatsAppConfig {
    pub(super) fn api(&self, token: AccessToken) -> WhatsAppApiConfig {
        WhatsAppApiConfig {
            base_url: self.base_url.clone(),
            version: self.version.clone(),
            ..WhatsAppApiConfig::new(token)
        }
    }

    pub(super) fn secrets(&self) -> Secrets {
        Secrets::new(self.app_secrets.clone(), self.verify_token.clone())
    }
}

/// Where the administrator's token is in a data directory.
pub fn admin_token_path(data_dir: &Path) -> PathBuf {
    data_dir.join("admin.token")
}

/// The administrator's token: the one given, else the one kept, else a new one that is kept with mode 0600.
pub(super) fn admin_token(config: &ServeConfig) -> Result<String, ServeError> {
    if let Some(AdminToken(token)) = &config.admin_token {
        return Ok(token.clone());
    }
    let path = admin_token_path(&config.data_dir);
    let failed = |source| ServeError::AdminToken { path: path.display().to_string(), source };
    match std::fs::read_to_string(&path) {
        Ok(token) if !token.trim().is_empty() => return Ok(token.trim().to_owned()),
        Ok(_) => {}
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
        Err(error) => return Err(failed(error)),
    }
    let token = format!("atender_admin_{}", random::token());
    write_secret(&path, format!("{token}\n").as_bytes()).map_err(failed)?;
    tracing::info!(path = %path.display(), "a new administrator's token is kept here");
    Ok(token)
}
