//! What is fixed when a deployment is created, kept in NATS for every process that joins later: the number of
//! shards, and how many copies NATS keeps of everything.

use std::error::Error;

use async_nats::Client;
use async_nats::jetstream::kv;
use bytes::Bytes;
use schemas::{ShardId, WorkspaceId};
use serde::{Deserialize, Serialize};

use crate::kv::{bucket, find};
use crate::patience::patiently;

/// The bucket that keeps it.
pub const BUCKET: &str = "ATENDER_DEPLOYMENT";
const KEY: &str = "settings";
/// Most shards of a deployment.
pub const SHARDS_MAX: u16 = 1_024;

/// What a deployment was created with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Deployment {
    /// How many shards there are. Never changes.
    pub shards: u16,
    /// Copies of each frame and of everything else kept in NATS. What exists keeps its own number.
    pub replicas: usize,
}

/// What a process was told of the deployment it belongs to; what it was not told is as the deployment has it.
#[derive(Debug, Clone, Copy, Default)]
pub struct Wanted {
    /// How many shards there must be; 1 for a new deployment.
    pub shards: Option<u16>,
    /// How many copies there must be; 1 for a new deployment.
    pub replicas: Option<usize>,
}

/// Why a process does not belong to the deployment.
#[derive(Debug, thiserror::Error)]
pub enum DeploymentError {
    /// The number of shards decides where a workspace is; another number would look for it elsewhere.
    #[error(
        "this deployment has {has} shards, and {asked} were asked for; leave --shards out, or give {has}"
    )]
    Shards {
        /// How many it has.
        has: u16,
        /// How many were asked for.
        asked: u16,
    },
    /// The copies were decided when it was created.
    #[error(
        "this deployment keeps {has} copies, and {asked} were asked for; leave --replicas out, or give {has}"
    )]
    Replicas {
        /// How many it has.
        has: usize,
        /// How many were asked for.
        asked: usize,
    },
    /// What NATS holds is not what this program writes there.
    #[error("the key {KEY} in the bucket {BUCKET} cannot be read: written by a newer atender, or damaged")]
    Damaged(#[source] serde_json::Error),
    /// NATS did not answer, or refused.
    #[error("the settings of the deployment cannot be read from NATS, or kept there")]
    Nats(#[source] Box<dyn Error + Send + Sync>),
}

impl Deployment {
    /// The deployment in this NATS; created as it is wanted if there is none yet.
    ///
    /// # Errors
    /// [`DeploymentError`]; nothing is changed when the deployment is another than was wanted.
    pub async fn open(client: &Client, wanted: Wanted) -> Result<Self, DeploymentError> {
        let new = Self { shards: wanted.shards.unwrap_or(1), replicas: wanted.replicas.unwrap_or(1) };
        let bucket = bucket(client, BUCKET, new.replicas).await.map_err(DeploymentError::Nats)?;
        let value = Bytes::from(serde_json::to_vec(&new).map_err(DeploymentError::Damaged)?);
        let kept = patiently("the settings of the deployment", || kept(&bucket, value.clone()));
        let kept = kept.await.map_err(DeploymentError::Nats)?;
        let kept: Self = serde_json::from_slice(&kept).map_err(DeploymentError::Damaged)?;
        kept.check(wanted)
    }

    /// The deployment in this NATS, if there is one; nothing is made.
    ///
    /// # Errors
    /// [`DeploymentError::Damaged`] and [`DeploymentError::Nats`].
    pub async fn find(client: &Client) -> Result<Option<Self>, DeploymentError> {
        match find(client, BUCKET).await.map_err(DeploymentError::Nats)? {
            Some(bucket) => Self::kept_in(&bucket).await,
            None => Ok(None),
        }
    }

    async fn kept_in(bucket: &kv::Store) -> Result<Option<Self>, DeploymentError> {
        let kept = bucket.get(KEY).await.map_err(|error| DeploymentError::Nats(error.into()))?;
        kept.map(|kept| serde_json::from_slice(&kept).map_err(DeploymentError::Damaged)).transpose()
    }

    /// Whether a process that was told this belongs to it.
    ///
    /// # Errors
    /// [`DeploymentError::Shards`] and [`DeploymentError::Replicas`].
    pub fn check(self, wanted: Wanted) -> Result<Self, DeploymentError> {
        match (wanted.shards, wanted.replicas) {
            (Some(asked), _) if asked != self.shards => {
                Err(DeploymentError::Shards { has: self.shards, asked })
            }
            (_, Some(asked)) if asked != self.replicas => {
                Err(DeploymentError::Replicas { has: self.replicas, asked })
            }
            _ => Ok(self),
        }
    }

    /// Where a workspace is: always the same shard of a deployment.
    pub fn shard_of(&self, workspace: &WorkspaceId) -> ShardId {
        let hash = blake3::hash(workspace.as_str().as_bytes());
        let mut first = [0; 8];
        first.copy_from_slice(&hash.as_bytes()[..8]);
        // Less than the number of shards, which is a u16.
        ShardId((u64::from_le_bytes(first) % u64::from(self.shards.max(1))) as u16)
    }
}

/// What is kept, which is `new` if there was nothing.
async fn kept(bucket: &kv::Store, new: Bytes) -> Result<Bytes, Box<dyn Error + Send + Sync>> {
    match bucket.create(KEY, new.clone()).await {
        Ok(_) => Ok(new),
        Err(error) if error.kind() == kv::CreateErrorKind::AlreadyExists => {
            // A node that has not heard of it yet may be the one that answers.
            bucket.get(KEY).await?.ok_or_else(|| "they are not on this node yet".into())
        }
        Err(error) => Err(error.into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_workspace_stays_where_it_is_and_all_shards_are_used() {
        let deployment = Deployment { shards: 4, replicas: 1 };
        let shard = |name: &str| deployment.shard_of(&WorkspaceId::new(name).unwrap()).0;
        // Fixed for ever: another answer would lose the workspaces that are there.
        assert_eq!(["default", "acme", "north", "south"].map(shard), [3, 3, 3, 0]);
        let mut used: Vec<u16> = (0..64).map(|number| shard(&format!("w{number}"))).collect();
        used.sort_unstable();
        used.dedup();
        assert_eq!(used, [0, 1, 2, 3]);
    }

    #[test]
    fn another_number_of_shards_or_copies_is_refused_and_none_is_fine() {
        let deployment = Deployment { shards: 4, replicas: 3 };
        let wanted =
            |shards, replicas| deployment.check(Wanted { shards, replicas }).map_err(|e| e.to_string());
        assert_eq!(wanted(None, None), Ok(deployment));
        assert_eq!(wanted(Some(4), Some(3)), Ok(deployment));
        assert!(wanted(Some(1), None).is_err_and(|text| text.contains("has 4 shards, and 1")));
        assert!(wanted(None, Some(1)).is_err_and(|text| text.contains("keeps 3 copies, and 1")));
    }
}
