//! Follows the bucket of tokens for as long as the process lives. While NATS is away, what was known stays known;
//! what changed meanwhile is read when it is back.

use std::time::Duration;

use async_nats::jetstream::kv;
use futures_util::StreamExt;
use tokio::sync::watch;
use tokio::time::{sleep, timeout};
use tokio_util::task::AbortOnDropHandle;

use super::{Known, TokensError};

/// How long one token may take to come while all are read.
const ENTRY_WITHIN: Duration = Duration::from_secs(10);
const REOPEN_AFTER: Duration = Duration::from_secs(1);
const READING: &str = "reading the tokens";

/// Reads all tokens, and follows the bucket from there.
pub(super) async fn start(
    bucket: kv::Store,
) -> Result<(watch::Receiver<Known>, AbortOnDropHandle<()>), TokensError> {
    let (changes, known) = open(&bucket).await?;
    let (sender, receiver) = watch::channel(known);
    let task = tokio::spawn(follow(bucket, changes, sender));
    Ok((receiver, AbortOnDropHandle::new(task)))
}

/// All tokens as they are, and what changes after that.
async fn open(bucket: &kv::Store) -> Result<(kv::Watch, Known), TokensError> {
    // Asked first: a bucket that is empty now has nothing that must be waited for.
    let status = bucket.status().await.map_err(TokensError::unavailable(READING))?;
    let changes = bucket.watch_with_history(">").await;
    let mut changes = changes.map_err(TokensError::unavailable(READING))?;
    let mut known = Known::new();
    let mut complete = status.values() == 0;
    while !complete {
        let entry = timeout(ENTRY_WITHIN, changes.next()).await;
        let entry = entry.map_err(TokensError::unavailable(READING))?;
        let entry = entry.ok_or_else(|| TokensError::unavailable(READING)("the watch has ended"))?;
        let entry = entry.map_err(TokensError::unavailable(READING))?;
        complete = entry.seen_current;
        apply(&mut known, &entry);
    }
    Ok((changes, known))
}

async fn follow(bucket: kv::Store, mut changes: kv::Watch, known: watch::Sender<Known>) {
    loop {
        match changes.next().await {
            Some(Ok(entry)) => known.send_modify(|known| apply(known, &entry)),
            Some(Err(error)) => {
                tracing::warn!(%error, "tokens could not be followed; reading them again");
                changes = reopen(&bucket, &known).await;
            }
            None => changes = reopen(&bucket, &known).await,
        }
    }
}

async fn reopen(bucket: &kv::Store, known: &watch::Sender<Known>) -> kv::Watch {
    loop {
        sleep(REOPEN_AFTER).await;
        match open(bucket).await {
            Ok((changes, all)) => {
                known.send_replace(all);
                return changes;
            }
            Err(error) => tracing::warn!(%error, "tokens could not be read; trying again"),
        }
    }
}

fn apply(known: &mut Known, entry: &kv::Entry) {
    let Ok(id) = entry.key.parse() else {
        tracing::error!(key = entry.key, "a key in the bucket of tokens is not a token's id; left alone");
        return;
    };
    match entry.operation {
        kv::Operation::Delete | kv::Operation::Purge => {
            known.remove(&id);
        }
        kv::Operation::Put => match serde_json::from_slice(&entry.value) {
            Ok(record) => {
                known.insert(id, record);
            }
            Err(error) => {
                tracing::error!(token = %id, %error, "a token in the bucket cannot be read; it is not valid");
                known.remove(&id);
            }
        },
    }
}
