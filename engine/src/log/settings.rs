//! What the stream of a log has to be like, and the check of one that exists. A stream is never updated here.

use std::error::Error;
use std::time::Duration;

use async_nats::jetstream::{self, ErrorCode, stream};
use schemas::ShardId;
use schemas::limits::FRAME_BYTES_MAX;

use super::{LogConfig, LogError};
use crate::patience::patiently;

/// The duplicate window is not used, and cannot be switched off; the smallest costs the server least.
const DUPLICATE_WINDOW: Duration = Duration::from_millis(100);
/// The largest frame, and room for headers.
pub const PAYLOAD_BYTES_MIN: usize = FRAME_BYTES_MAX + 4 * 1024;
const UNLIMITED: i64 = -1;
const REMEDY: &str = "put the stream right with `nats stream edit`, or use another NATS account";

pub(super) fn subject(shard: ShardId) -> String {
    format!("atender.log.{shard}")
}

/// The stream that holds the log of a shard.
pub fn stream_name(shard: ShardId) -> String {
    format!("ATENDER_LOG_{shard}")
}

pub(super) fn wanted(config: &LogConfig) -> stream::Config {
    stream::Config {
        name: stream_name(config.shard),
        description: Some("atender: the log of a shard; never delete from it".to_owned()),
        subjects: vec![subject(config.shard)],
        retention: stream::RetentionPolicy::Limits,
        storage: stream::StorageType::File,
        num_replicas: config.replicas,
        discard: stream::DiscardPolicy::New,
        max_bytes: UNLIMITED,
        max_messages: UNLIMITED,
        max_messages_per_subject: UNLIMITED,
        max_message_size: -1,
        max_age: Duration::ZERO,
        duplicate_window: DUPLICATE_WINDOW,
        deny_delete: true,
        deny_purge: true,
        allow_direct: true,
        ..Default::default()
    }
}

pub(super) async fn find_or_create(
    context: &jetstream::Context,
    wanted: &stream::Config,
) -> Result<stream::Info, LogError> {
    let found = patiently("the log", || async move {
        match context.get_stream(&wanted.name).await {
            Ok(stream) => Ok::<_, Box<dyn Error + Send + Sync>>(stream.cached_info().clone()),
            Err(error) if !is_not_found(&error) => Err(error.into()),
            // Whoever creates it meanwhile makes our attempt fail; the next look then finds it.
            Err(_) => Ok(context.create_stream(wanted.clone()).await?.cached_info().clone()),
        }
    });
    found.await.map_err(LogError::unavailable("opening the log"))
}

/// Whether a stream is known not to be there.
pub fn is_not_found(error: &jetstream::context::GetStreamError) -> bool {
    match error.kind() {
        jetstream::context::GetStreamErrorKind::JetStream(error) => {
            error.error_code() == ErrorCode::STREAM_NOT_FOUND
        }
        _ => false,
    }
}

/// Refuses a server that would refuse a frame.
pub(super) fn check_payload(max_payload: usize) -> Result<(), LogError> {
    match max_payload {
        has if has < PAYLOAD_BYTES_MIN => Err(LogError::SmallPayload { has, needed: PAYLOAD_BYTES_MIN }),
        _ => Ok(()),
    }
}

/// Refuses a stream that could lose, change or silently refuse frames.
pub(super) fn check(found: &stream::Config, wanted: &stream::Config) -> Result<(), LogError> {
    let unlimited = |limit: i64| limit <= 0;
    let no = || "false".to_owned();
    let none = || "none".to_owned();
    let is_mirror = found.mirror.is_some();
    let has_sources = found.sources.as_ref().is_some_and(|sources| !sources.is_empty());
    let is_async = found.persist_mode == Some(stream::PersistenceMode::Async);
    let rules: [(&'static str, bool, String, String); 17] = [
        (
            "subjects",
            found.subjects == wanted.subjects,
            found.subjects.join(", "),
            wanted.subjects.join(", "),
        ),
        ("retention", found.retention == wanted.retention, debug(&found.retention), "limits".to_owned()),
        ("storage", found.storage == wanted.storage, debug(&found.storage), "file".to_owned()),
        ("discard", found.discard == wanted.discard, debug(&found.discard), "new".to_owned()),
        ("max_age", found.max_age.is_zero(), debug(&found.max_age), "unlimited".to_owned()),
        ("max_bytes", unlimited(found.max_bytes), debug(&found.max_bytes), "unlimited".to_owned()),
        ("max_msgs", unlimited(found.max_messages), debug(&found.max_messages), "unlimited".to_owned()),
        (
            "max_msgs_per_subject",
            unlimited(found.max_messages_per_subject),
            debug(&found.max_messages_per_subject),
            "unlimited".to_owned(),
        ),
        ("max_msg_size", found.max_message_size <= 0, debug(&found.max_message_size), "unlimited".to_owned()),
        ("deny_delete", found.deny_delete, no(), "true".to_owned()),
        ("deny_purge", found.deny_purge, no(), "true".to_owned()),
        ("allow_rollup_hdrs", !found.allow_rollup, "true".to_owned(), no()),
        ("allow_msg_ttl", !found.allow_message_ttl, "true".to_owned(), no()),
        ("no_ack", !found.no_ack, "true".to_owned(), no()),
        ("sealed", !found.sealed, "true".to_owned(), no()),
        ("mirror or sources", !is_mirror && !has_sources, "set".to_owned(), none()),
        ("persist_mode", !is_async, "async".to_owned(), "default".to_owned()),
    ];
    if found.num_replicas != wanted.num_replicas {
        let (stream, replicas, asked) = (&found.name, found.num_replicas, wanted.num_replicas);
        tracing::warn!(stream, replicas, asked, "the log has another number of replicas than configured");
    }
    match rules.into_iter().find(|(_, holds, ..)| !holds) {
        None => Ok(()),
        Some((setting, _, is, must)) => Err(LogError::UnsafeStream {
            stream: found.name.clone(),
            setting,
            found: is,
            wanted: must,
            remedy: REMEDY,
        }),
    }
}

fn debug(value: &impl std::fmt::Debug) -> String {
    format!("{value:?}").to_lowercase()
}
