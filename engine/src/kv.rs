//! KV buckets in NATS: found, or made once. A bucket that exists keeps its settings, whoever asks for it later.

use std::error::Error;

use async_nats::Client;
use async_nats::jetstream::{self, kv};

use crate::log::is_not_found;
use crate::patience::patiently;

type Cause = Box<dyn Error + Send + Sync>;

/// The bucket, if it is there; nothing is made.
///
/// # Errors
/// When NATS does not answer, or refuses.
pub async fn find(client: &Client, name: &str) -> Result<Option<kv::Store>, Cause> {
    let context = jetstream::new(client.clone());
    match context.get_stream(stream_name(name)).await {
        Ok(_) => Ok(Some(context.get_key_value(name).await?)),
        Err(error) if is_not_found(&error) => Ok(None),
        Err(error) => Err(error.into()),
    }
}

/// The stream that a bucket is kept in.
pub fn stream_name(bucket: &str) -> String {
    format!("KV_{bucket}")
}

/// Finds the bucket, or makes it with so many copies; gives it back when it answers.
///
/// # Errors
/// When NATS does not answer within 20 s, or refuses for that long.
pub async fn bucket(client: &Client, name: &str, replicas: usize) -> Result<kv::Store, Cause> {
    let context = &jetstream::new(client.clone());
    patiently(name, || async move {
        let bucket = match context.get_key_value(name).await {
            Ok(bucket) => bucket,
            // Whoever makes it meanwhile makes our attempt fail; the next look then finds it.
            Err(_) => context.create_key_value(config(name, replicas)).await?,
        };
        // Its leader may not be there yet.
        bucket.get("none").await?;
        Ok(bucket)
    })
    .await
}

fn config(name: &str, replicas: usize) -> kv::Config {
    kv::Config { bucket: name.to_owned(), history: 1, num_replicas: replicas, ..Default::default() }
}
