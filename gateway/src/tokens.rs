//! Who may come in: the administrator's token, and tokens for agents and connectors. They are kept in a NATS KV
//! bucket as hashes and followed by every process, so that a new or revoked one counts everywhere at once.
//! A token's secret is 256 random bits: nothing to guess, so a plain BLAKE3 hash of it gives nothing away.

mod following;
mod token;

use std::collections::HashMap;
use std::fmt;
use std::time::Duration;

use async_nats::jetstream::kv;
use engine::{clock, random};
use schemas::{Actor, AgentId, ChannelId, Timestamp};
use serde::{Deserialize, Serialize};
use tokio::sync::watch;
use tokio::time::timeout;
use tokio_util::task::AbortOnDropHandle;

use crate::limits::{ADMIN_TOKEN_BYTES_MIN, TOKENS_MAX};
pub use token::{TokenId, TokenIdError};

pub(crate) const BUCKET: &str = "ATENDER_TOKENS";
/// How long NATS may take to keep a change.
const ANSWER_WITHIN: Duration = Duration::from_secs(5);
/// How long a change waits to be seen by this process's own watch.
const SEEN_WITHIN: Duration = Duration::from_secs(5);

/// Who a request is from.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Principal {
    /// The holder of the administrator's token.
    Administrator,
    /// An agent; what they may do is their role's.
    Agent(AgentId),
    /// The connector of a channel.
    Connector(ChannelId),
}

impl Principal {
    /// Who acts, as the log names it.
    pub fn actor(&self) -> Actor {
        match self {
            Self::Administrator => Actor::Administrator,
            Self::Agent(agent) => Actor::Agent(agent.clone()),
            Self::Connector(channel) => Actor::Channel(channel.clone()),
        }
    }
}

/// Different principals never have the same text; idempotency keys rest on that.
impl fmt::Display for Principal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Administrator => f.write_str("administrator"),
            Self::Agent(agent) => write!(f, "agent:{agent}"),
            Self::Connector(channel) => write!(f, "channel:{channel}"),
        }
    }
}

/// A token as it is kept: without its secret.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Record {
    /// The BLAKE3 hash of the secret.
    #[serde(with = "token::hash_as_hex")]
    hash: blake3::Hash,
    /// Whom it is for.
    pub principal: Principal,
    /// When it was made.
    pub created_at: Timestamp,
}

/// A token that was just made: the only time that its text is known.
pub struct NewToken {
    /// Its id, which is no secret.
    pub id: TokenId,
    /// The whole token; a secret.
    pub text: String,
}

/// Why a token could not be made, revoked, or known.
#[derive(Debug, thiserror::Error)]
pub enum TokensError {
    /// The administrator's token could be guessed.
    #[error(
        "the administrator's token is shorter than {ADMIN_TOKEN_BYTES_MIN} characters; choose a longer one"
    )]
    WeakAdminToken,
    /// There are [`TOKENS_MAX`].
    #[error("there are {TOKENS_MAX} tokens already")]
    TooMany,
    /// NATS did not answer, or refused.
    #[error("{what} failed: {reason}")]
    Unavailable {
        /// What was asked of NATS.
        what: &'static str,
        /// Its reason.
        reason: String,
    },
}

impl TokensError {
    fn unavailable<E: fmt::Display>(what: &'static str) -> impl FnOnce(E) -> Self {
        move |error| Self::Unavailable { what, reason: error.to_string() }
    }
}

type Known = HashMap<TokenId, Record>;

/// All tokens that are valid now.
pub struct Tokens {
    bucket: kv::Store,
    admin: blake3::Hash,
    /// Changed by the task that follows the bucket, and by nobody else.
    known: watch::Receiver<Known>,
    _following: AbortOnDropHandle<()>,
}

impl Tokens {
    /// Opens the bucket, or creates it with so many copies, and reads all tokens.
    ///
    /// # Errors
    /// [`TokensError::WeakAdminToken`], and [`TokensError::Unavailable`].
    pub async fn open(
        client: &async_nats::Client,
        replicas: usize,
        admin_token: &str,
    ) -> Result<Self, TokensError> {
        if admin_token.len() < ADMIN_TOKEN_BYTES_MIN {
            return Err(TokensError::WeakAdminToken);
        }
        let bucket = engine::kv::bucket(client, BUCKET, replicas).await;
        let bucket = bucket.map_err(TokensError::unavailable("opening the bucket of tokens"))?;
        let (known, task) = following::start(bucket.clone()).await?;
        let admin = blake3::hash(admin_token.as_bytes());
        Ok(Self { bucket, admin, known, _following: task })
    }

    /// Whose token this is, if it is a valid one. Hashes are compared in constant time.
    pub fn authenticate(&self, text: &str) -> Option<Principal> {
        if let Some((id, secret)) = token::parse(text)
            && let Some(record) = self.known.borrow().get(&id)
        {
            return (blake3::hash(secret.as_bytes()) == record.hash).then(|| record.principal.clone());
        }
        (blake3::hash(text.as_bytes()) == self.admin).then_some(Principal::Administrator)
    }

    /// Makes a token. It is valid, here, when this gives back.
    ///
    /// # Errors
    /// [`TokensError::TooMany`] and [`TokensError::Unavailable`].
    pub async fn create(&self, principal: Principal) -> Result<NewToken, TokensError> {
        if self.known.borrow().len() >= TOKENS_MAX {
            return Err(TokensError::TooMany);
        }
        let (id, secret) = (TokenId::random(), random::token());
        let hash = blake3::hash(secret.as_bytes());
        let record = Record { hash, principal, created_at: clock::now() };
        let what = "keeping a token";
        let value = serde_json::to_vec(&record).map_err(TokensError::unavailable(what))?;
        let created = timeout(ANSWER_WITHIN, self.bucket.create(id.as_str(), value.into())).await;
        // When no answer comes the token may exist; without its secret nobody can use it.
        let created = created.map_err(TokensError::unavailable(what))?;
        created.map_err(TokensError::unavailable(what))?;
        self.seen(|known| known.contains_key(&id)).await;
        let text = token::text(&id, &secret);
        Ok(NewToken { id, text })
    }

    /// Ends a token; `false` when there is none with this id. It is not valid any more, here, when this gives back.
    ///
    /// # Errors
    /// [`TokensError::Unavailable`].
    pub async fn revoke(&self, id: &TokenId) -> Result<bool, TokensError> {
        if !self.is_valid(id) {
            return Ok(false);
        }
        let what = "revoking a token";
        let purged = timeout(ANSWER_WITHIN, self.bucket.purge(id.as_str())).await;
        let purged = purged.map_err(TokensError::unavailable(what))?;
        purged.map_err(TokensError::unavailable(what))?;
        self.seen(|known| !known.contains_key(id)).await;
        Ok(true)
    }

    /// Every valid token, in the order of ids; the administrator's is not among them.
    pub fn list(&self) -> Vec<(TokenId, Record)> {
        let known = self.known.borrow();
        let mut all: Vec<_> = known.iter().map(|(id, record)| (id.clone(), record.clone())).collect();
        all.sort_unstable_by(|a, b| a.0.cmp(&b.0));
        all
    }

    /// Whether the token with this id has not been revoked.
    pub fn is_valid(&self, id: &TokenId) -> bool {
        self.known.borrow().contains_key(id)
    }

    /// Waits until this process has heard of its own change. What NATS took is done, heard of or not.
    async fn seen(&self, changed: impl FnMut(&Known) -> bool) {
        let mut known = self.known.clone();
        if timeout(SEEN_WITHIN, known.wait_for(changed)).await.is_err() {
            tracing::warn!("a change of tokens was kept, and is not known here yet");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn principals_never_share_a_text() {
        let agent = Principal::Agent(AgentId::new("administrator").unwrap());
        let connector = Principal::Connector(ChannelId::new("administrator").unwrap());
        let texts = [Principal::Administrator, agent, connector].map(|principal| principal.to_string());
        assert_eq!(texts, ["administrator", "agent:administrator", "channel:administrator"]);
    }

    #[test]
    fn what_is_kept_does_not_hold_the_secret() {
        let secret = random::token();
        let record = Record {
            hash: blake3::hash(secret.as_bytes()),
            principal: Principal::Agent(AgentId::new("ana").unwrap()),
            created_at: Timestamp::from_millis(1),
        };
        let kept = serde_json::to_string(&record).unwrap();
        assert!(!kept.contains(&secret), "{kept}");
        assert_eq!(serde_json::from_str::<Record>(&kept).unwrap(), record);
    }
}
