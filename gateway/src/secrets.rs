//! Secrets: from the environment or from files, never from arguments; and those that all processes share, in KV.

use std::fmt;
use std::path::PathBuf;

use async_nats::jetstream::kv;
use bytes::Bytes;
use engine::patience::patiently;
use engine::random;
use schemas::WorkspaceId;

pub(crate) const BUCKET: &str = "ATENDER_SECRETS";

/// A secret could not be had.
#[derive(Debug, thiserror::Error)]
pub enum SecretError {
    /// The file that a variable names cannot be read.
    #[error("{variable} names {path}, which cannot be read")]
    File {
        /// The environment variable.
        variable: String,
        /// The file.
        path: PathBuf,
        /// The cause.
        #[source]
        source: std::io::Error,
    },
    /// NATS did not give or take it.
    #[error("the secrets in NATS cannot be read: {0}")]
    Nats(String),
    /// What is kept in NATS is not a key.
    #[error("the key {key} in the bucket {BUCKET} is damaged; restore it, or contacts get new ids")]
    Damaged {
        /// Its name.
        key: String,
    },
}

impl SecretError {
    fn nats(error: impl fmt::Display) -> Self {
        Self::Nats(error.to_string())
    }
}

/// The secret in the variable `name`, or in the file that `<name>_FILE` names; without white space at its ends.
///
/// # Errors
/// [`SecretError::File`].
pub fn from_environment(name: &str) -> Result<Option<String>, SecretError> {
    let filled = |text: String| Some(text.trim().to_owned()).filter(|text| !text.is_empty());
    if let Ok(value) = std::env::var(name) {
        return Ok(filled(value));
    }
    let variable = format!("{name}_FILE");
    let Ok(path) = std::env::var(&variable).map(PathBuf::from) else { return Ok(None) };
    match std::fs::read_to_string(&path) {
        Ok(text) => Ok(filled(text)),
        Err(source) => Err(SecretError::File { variable, path, source }),
    }
}

/// The key that contact ids of a workspace are derived with; made the first time it is asked for.
///
/// # Errors
/// [`SecretError`] when NATS does not answer or holds something else.
pub async fn contact_key(
    client: &async_nats::Client,
    replicas: usize,
    workspace: &WorkspaceId,
) -> Result<[u8; 32], SecretError> {
    let bucket = engine::kv::bucket(client, BUCKET, replicas).await.map_err(SecretError::nats)?;
    let key = format!("contact-key.{workspace}");
    let kept = patiently("the contact key", || kept(&bucket, &key)).await?;
    kept.as_ref().try_into().map_err(|_| SecretError::Damaged { key })
}

/// Only one process creates it; all others read what that one made.
async fn kept(bucket: &kv::Store, key: &str) -> Result<Bytes, SecretError> {
    if let Some(kept) = bucket.get(key).await.map_err(SecretError::nats)? {
        return Ok(kept);
    }
    let fresh = Bytes::copy_from_slice(&random::bytes::<32>());
    match bucket.create(key, fresh.clone()).await {
        Ok(_) => Ok(fresh),
        Err(error) => Err(SecretError::nats(error)),
    }
}
