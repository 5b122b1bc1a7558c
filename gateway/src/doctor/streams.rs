//! The streams and buckets beside the log: there, kept as they must be, and not full.

use std::error::Error;
use std::time::Duration;

use async_nats::jetstream::Context;
use async_nats::jetstream::context::GetStreamError;
use async_nats::jetstream::stream::{Config, DiscardPolicy, Info, RetentionPolicy, StorageType};

use engine::log::is_not_found;

use super::finding::{Finding, count, size, told};
use crate::dead_letters;
use crate::outbox;
use crate::{secrets, tokens};

/// Percent of a stream's own limit from which it is told.
const FULL_WARN_PERCENT: u64 = 80;

/// What one stream has to be like, and whether atender can do without it until it is needed.
#[derive(Debug)]
pub(super) struct Wanted {
    pub(super) config: Config,
    pub(super) is_optional: bool,
}

/// Every stream of a deployment but the logs, buckets included.
pub(super) fn wanted(replicas: usize) -> Vec<Wanted> {
    let needed = |config| Wanted { config, is_optional: false };
    // Made when messages are first sent to WhatsApp.
    let optional = |config| Wanted { config, is_optional: true };
    vec![
        needed(bucket(engine::deployment::BUCKET, replicas)),
        needed(bucket(engine::lease::BUCKET, replicas)),
        needed(bucket(secrets::BUCKET, replicas)),
        needed(bucket(tokens::BUCKET, replicas)),
        needed(dead_letters::stream_config(replicas)),
        optional(bucket(outbox::BUCKET, replicas)),
        optional(outbox::stream_config(replicas)),
    ]
}

fn bucket(name: &str, replicas: usize) -> Config {
    Config {
        name: engine::kv::stream_name(name),
        subjects: vec![format!("$KV.{name}.>")],
        retention: RetentionPolicy::Limits,
        storage: StorageType::File,
        discard: DiscardPolicy::New,
        max_messages_per_subject: 1,
        num_replicas: replicas,
        ..Default::default()
    }
}

/// `None` when it is not there.
pub(super) async fn look(context: &Context, name: &str) -> Result<Option<Info>, GetStreamError> {
    match context.get_stream(name).await {
        Ok(stream) => Ok(Some(stream.cached_info().clone())),
        Err(error) if is_not_found(&error) => Ok(None),
        Err(error) => Err(error),
    }
}

pub(super) fn judge<E: Error>(wanted: &Wanted, found: &Result<Option<Info>, E>) -> Finding {
    let name = &wanted.config.name;
    let check = format!("stream {name}");
    let found = match found {
        Ok(Some(found)) => found,
        Ok(None) if wanted.is_optional => {
            return Finding::ok(check, "not there: it is made when the first message goes to WhatsApp");
        }
        Ok(None) => {
            let remedy = "start `atender serve`, which makes it; if it was there before, put it back from a backup of \
                          NATS first";
            return Finding::error(check, "not there", remedy);
        }
        Err(error) => {
            let remedy = "see that the stream has a leader, and that this account may read it";
            return Finding::error(check, format!("cannot be looked at: {}", told(error)), remedy);
        }
    };
    let wrong = differences(&found.config, &wanted.config);
    if !wrong.is_empty() {
        let remedy =
            format!("put it right with `nats stream edit {name}`; what cannot be edited has to be made anew");
        return Finding::error(check, wrong.join(", "), remedy);
    }
    let state = &found.state;
    let held = format!("{}, {}", count(state.messages, "message", "messages"), size(state.bytes));
    if is_nearly_full(state.messages, wanted.config.max_messages)
        || is_nearly_full(state.bytes, wanted.config.max_bytes)
    {
        let remedy = "take the letters in (`atender dead-letters list`, `deliver`), or see why messages are not sent; \
                      when it is full, atender refuses or waits";
        return Finding::warning(check, format!("nearly full: {held}"), remedy);
    }
    if *name == dead_letters::stream_config(1).name && state.messages > 0 {
        let remedy = "see why with `atender dead-letters list`, then `atender dead-letters deliver`";
        return Finding::note(
            check,
            format!("{} could not be taken in", count(state.messages, "webhook", "webhooks")),
            remedy,
        );
    }
    Finding::ok(check, format!("as it must be; {held}"))
}

fn is_nearly_full(used: u64, limit: i64) -> bool {
    u64::try_from(limit).is_ok_and(|limit| limit > 0 && used.saturating_mul(100) / limit >= FULL_WARN_PERCENT)
}

/// Each setting that differs in a way that could lose something, or refuse it too soon.
fn differences(found: &Config, wanted: &Config) -> Vec<String> {
    let mut wrong = Vec::new();
    let mut must = |setting: &str, found: String, wanted: String| {
        if found != wanted {
            wrong.push(format!("{setting} is {found} and must be {wanted}"));
        }
    };
    let word = |value: &dyn std::fmt::Debug| format!("{value:?}").to_lowercase();
    must("subjects", found.subjects.join(" "), wanted.subjects.join(" "));
    must("retention", word(&found.retention), word(&wanted.retention));
    must("storage", word(&found.storage), word(&wanted.storage));
    must("discard", word(&found.discard), word(&wanted.discard));
    must("max_age", duration(found.max_age), duration(wanted.max_age));
    must("max_bytes", limit(found.max_bytes), limit(wanted.max_bytes));
    must("max_msgs", limit(found.max_messages), limit(wanted.max_messages));
    let per_subject = |config: &Config| limit(config.max_messages_per_subject);
    must("max_msgs_per_subject", per_subject(found), per_subject(wanted));
    must("sealed", found.sealed.to_string(), wanted.sealed.to_string());
    wrong
}

fn limit(limit: i64) -> String {
    if limit <= 0 { "unlimited".to_owned() } else { limit.to_string() }
}

fn duration(age: Duration) -> String {
    if age.is_zero() { "unlimited".to_owned() } else { format!("{age:?}") }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::doctor::finding::Level;

    fn there(config: &Config, messages: u64) -> Result<Option<Info>, GetStreamError> {
        let mut config = serde_json::to_value(config).unwrap();
        config["num_replicas"] = 1.into();
        let state = serde_json::json!({
            "messages": messages, "bytes": 10, "first_seq": 1, "first_ts": "2026-01-01T00:00:00Z", "last_seq": messages,
            "last_ts": "2026-01-01T00:00:00Z", "consumer_count": 0,
        });
        let info = serde_json::json!({ "config": config, "created": "2026-01-01T00:00:00Z", "state": state });
        Ok(Some(serde_json::from_value(info).unwrap()))
    }

    #[test]
    fn a_stream_is_there_and_as_it_must_be_or_it_is_told() {
        for wanted in wanted(1) {
            assert_eq!(judge(&wanted, &there(&wanted.config, 0)).level, Level::Ok);
            let missing = if wanted.is_optional { Level::Ok } else { Level::Error };
            assert_eq!(judge(&wanted, &Ok::<_, GetStreamError>(None)).level, missing);
            let in_memory = Config { storage: StorageType::Memory, ..wanted.config.clone() };
            let finding = judge(&wanted, &there(&in_memory, 0));
            assert_eq!(
                (finding.level, finding.found.as_str()),
                (Level::Error, "storage is memory and must be file")
            );
            let ages = Config { max_age: Duration::from_secs(60), ..wanted.config.clone() };
            let finding = judge(&wanted, &there(&ages, 0));
            assert_eq!(finding.found, "max_age is 60s and must be unlimited");
            assert!(finding.remedy.unwrap().contains("nats stream edit"));
        }
    }

    #[test]
    fn letters_are_a_note_and_a_stream_that_fills_a_warning() {
        let wanted = Wanted { config: dead_letters::stream_config(1), is_optional: false };
        let level = |messages| judge(&wanted, &there(&wanted.config, messages)).level;
        assert_eq!(level(1), Level::Note);
        assert_eq!(level(90_000), Level::Warning);
    }
}
