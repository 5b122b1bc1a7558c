//! How to reach the local nats-server: the address and the token, also for other processes of the same user.
//! The token never shows in a log, a debug print or a URL.

use std::fmt;
use std::path::Path;

use serde::{Deserialize, Serialize};

use super::config::Files;
use super::process;
use crate::connection::steady;

/// A running local nats-server and the right to use it.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Endpoint {
    pub(super) url: String,
    pub(super) token: Token,
    pub(super) pid: u32,
}

/// The server's authorization token.
#[derive(Clone, Serialize, Deserialize)]
#[serde(transparent)]
pub(super) struct Token(String);

/// The nats-server that another process of this user runs in `dir`, if it is alive. Blocks on small file reads.
pub fn running_endpoint(dir: &Path) -> Option<Endpoint> {
    let files = Files::in_dir(&dir.canonicalize().ok()?);
    let endpoint: Endpoint = serde_json::from_slice(&std::fs::read(&files.endpoint).ok()?).ok()?;
    process::runs_with(endpoint.pid, &files.config).then_some(endpoint)
}

impl Endpoint {
    /// `nats://127.0.0.1:port`, without the token.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// The server's process id when this was read.
    pub fn pid(&self) -> u32 {
        self.pid
    }

    /// Its token, on a connection as [`steady`] makes it.
    pub fn client_options(&self) -> async_nats::ConnectOptions {
        steady(async_nats::ConnectOptions::with_token(self.token.0.clone())).ignore_discovered_servers()
    }

    /// A client that follows the server through its restarts.
    ///
    /// # Errors
    /// When the first connection fails; later ones are tried for ever.
    pub async fn connect(&self) -> Result<async_nats::Client, async_nats::ConnectError> {
        self.client_options().connect(self.url.as_str()).await
    }

    pub(super) async fn jetstream_answers(&self) -> bool {
        match self.connect().await {
            Ok(client) => async_nats::jetstream::new(client).query_account().await.is_ok(),
            Err(_) => false,
        }
    }
}

impl Token {
    pub(super) fn random() -> Self {
        Self(crate::random::token())
    }

    pub(super) fn reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("[secret]")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_debug_print_hides_the_token() {
        let token = Token::random();
        let secret = token.reveal().to_owned();
        let endpoint = Endpoint { url: "nats://127.0.0.1:1".into(), token, pid: 1 };
        assert!(!format!("{endpoint:?}").contains(&secret));
    }
}
