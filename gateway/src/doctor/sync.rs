//! Whether NATS syncs each write to disk before it acknowledges it. The protocol does not tell: of our own server the
//! config file does, of another its monitoring endpoint.

use std::time::Duration;

use serde::Deserialize;

use super::finding::{Finding, age};

const CHECK: &str = "sync_interval";
const REMEDY: &str = "set `jetstream { sync_interval: always }` on every NATS server and start it again";

/// What `/varz` of a NATS server says, as far as it is of use here.
#[derive(Debug, Deserialize)]
pub(super) struct Varz {
    #[serde(default)]
    server_name: String,
    #[serde(default)]
    jetstream: JetStream,
}

#[derive(Debug, Default, Deserialize)]
struct JetStream {
    config: Option<StoreConfig>,
}

#[derive(Debug, Deserialize)]
struct StoreConfig {
    #[serde(default)]
    sync_always: bool,
    /// In nanoseconds.
    #[serde(default)]
    sync_interval: u64,
}

/// `None` when the config file could not be read.
pub(super) fn judge_written(sync_interval: Option<&str>) -> Finding {
    match sync_interval {
        Some("always") => Finding::ok(CHECK, "always: every write is on disk before it is acknowledged"),
        Some(other) => {
            let remedy = "start `atender serve` again: it writes this file anew; then do not change it";
            Finding::error(CHECK, format!("{other} in nats/nats-server.conf"), remedy)
        }
        None => Finding::note(
            CHECK,
            "not known: there is no nats/nats-server.conf to read",
            "run this as the user that runs `atender serve`, and name its --data-dir",
        ),
    }
}

pub(super) fn judge_unknown() -> Finding {
    let remedy = "give --nats-monitor http://HOST:8222 (the server's `http_port`; several with commas), or see that \
                  every server has `jetstream { sync_interval: always }`";
    Finding::note(CHECK, "not known: NATS tells it on its monitoring endpoint only", remedy)
}

pub(super) fn judge_told(url: &str, varz: &Result<Varz, String>) -> Finding {
    let varz = match varz {
        Ok(varz) => varz,
        Err(reason) => {
            let remedy = "see that the server has an `http_port`, and that this address is right";
            return Finding::warning(CHECK, format!("not known: {url} gives no answer: {reason}"), remedy);
        }
    };
    let name = &varz.server_name;
    match &varz.jetstream.config {
        None => {
            let remedy = "name the monitoring endpoints of the servers that keep the streams";
            Finding::note(CHECK, format!("not known: {name} has no JetStream"), remedy)
        }
        Some(StoreConfig { sync_always: true, .. }) => Finding::ok(CHECK, format!("always, on {name}")),
        Some(StoreConfig { sync_interval, .. }) => {
            let every = age(Duration::from_nanos(*sync_interval).as_secs());
            let found =
                format!("{every} on {name}: what was acknowledged within that time is lost with the machine");
            Finding::error(CHECK, found, REMEDY)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::doctor::finding::Level;

    #[test]
    fn only_always_will_do() {
        assert_eq!(judge_written(Some("always")).level, Level::Ok);
        assert_eq!(judge_written(Some("2m")).level, Level::Error);
        assert_eq!(judge_written(None).level, Level::Note);
        assert_eq!(judge_unknown().level, Level::Note);
        let told =
            |text: &str| judge_told("http://x", &serde_json::from_str(text).map_err(|e| e.to_string()));
        let always =
            r#"{"server_name": "n", "jetstream": {"config": {"sync_always": true, "sync_interval": 1}}}"#;
        assert_eq!(told(always).level, Level::Ok);
        let default =
            told(r#"{"server_name": "n", "jetstream": {"config": {"sync_interval": 120000000000}}}"#);
        assert_eq!(default.level, Level::Error);
        assert!(default.found.starts_with("2 min on n"), "{default:?}");
        assert_eq!(told(r#"{"server_name": "n"}"#).level, Level::Note);
        assert_eq!(told("<html>").level, Level::Warning);
    }
}
