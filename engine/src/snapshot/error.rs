//! Why a snapshot cannot be used. Never fatal: the log has everything.

use std::io;

use schemas::ShardId;

use super::format::VERSION;

/// Why a snapshot cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum SnapshotError {
    /// The disk or its permissions said no.
    #[error("it cannot be read")]
    Unreadable(#[from] io::Error),
    /// Its bytes are not, or not all, those that were written.
    #[error("it is damaged: {0}")]
    Damaged(String),
    /// Written by an atender that keeps another state, or keeps it in another form.
    #[error("its version is {0}, and this atender reads {VERSION}")]
    OtherVersion(u8),
    /// Of another shard.
    #[error("it is of shard {0}")]
    OtherShard(ShardId),
    /// Its last frame is not the one the log has there.
    #[error("it is of another log: frame {0} is not the one it was made from")]
    OtherLog(u64),
    /// The log does not have its last frame.
    #[error("it is ahead of the log, which has no frame {0}")]
    AheadOfLog(u64),
}
