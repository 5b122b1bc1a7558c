//! NATS itself: reached or not, its version, the size of messages it takes, and what JetStream has room for.

use async_nats::jetstream::account::Account;
use async_nats::{Client, ServerInfo};
use engine::log::PAYLOAD_BYTES_MIN;
use engine::nats_server::{Endpoint, VERSION_MIN, parse_version};

use super::finding::{Finding, size, told};
use crate::serve::RemoteNats;

const CHECK: &str = "NATS";
/// Percent of a limit from which it is time to raise it.
const FULL_WARN_PERCENT: u64 = 80;
const FULL_ERROR_PERCENT: u64 = 95;

/// How NATS is reached.
#[derive(Debug)]
pub(super) enum Way {
    Supervised(Endpoint),
    Remote(RemoteNats),
}

impl Way {
    pub(super) async fn connect(&self) -> Result<Client, async_nats::ConnectError> {
        match self {
            Self::Supervised(endpoint) => endpoint.connect().await,
            Self::Remote(remote) => remote.connect().await,
        }
    }

    /// Where it is, without user, password or token.
    pub(super) fn address(&self) -> String {
        match self {
            Self::Supervised(endpoint) => endpoint.url().to_owned(),
            Self::Remote(remote) => without_secrets(&remote.url),
        }
    }
}

pub(super) fn without_secrets(urls: &str) -> String {
    let each =
        urls.split(',').map(str::trim).map(|url| match (url.split_once("://"), url.rsplit_once('@')) {
            (Some((scheme, _)), Some((_, host))) => format!("{scheme}://{host}"),
            (None, Some((_, host))) => host.to_owned(),
            (_, None) => url.to_owned(),
        });
    each.collect::<Vec<_>>().join(", ")
}

pub(super) fn unreachable(way: &Way, reason: &str) -> Finding {
    let remedy = match way {
        Way::Supervised(_) => {
            "atender starts it again by itself; if it does not come back, read nats/nats-server.log in the data directory"
        }
        Way::Remote(_) => {
            "see that it runs, that the address is right, and that ATENDER_NATS_TOKEN is its token"
        }
    };
    Finding::error(CHECK, format!("{} cannot be reached: {reason}", way.address()), remedy)
}

pub(super) fn judge(address: &str, info: &ServerInfo) -> Vec<Finding> {
    let found = format!("version {} at {address}", info.version);
    let version = match parse_version(&format!("nats-server: v{}", info.version)) {
        Some(version) if version < VERSION_MIN => {
            let remedy = format!("run nats-server {}.{} or newer", VERSION_MIN.0, VERSION_MIN.1);
            Finding::error(CHECK, format!("{found} is too old"), remedy)
        }
        Some(_) => Finding::ok(CHECK, found),
        None => Finding::note(CHECK, found, "see that it is a nats-server of a version that atender knows"),
    };
    let has = info.max_payload;
    let payload = if has < PAYLOAD_BYTES_MIN {
        let remedy = format!(
            "set `max_payload: 1MB` (at least {PAYLOAD_BYTES_MIN}) on every NATS server, and reload it"
        );
        let found = format!("{has} bytes, and frames need {PAYLOAD_BYTES_MIN}: no log can be opened");
        Finding::error("max_payload", found, remedy)
    } else {
        Finding::ok("max_payload", size(has as u64))
    };
    vec![version, payload]
}

pub(super) fn judge_account<E: std::error::Error>(account: &Result<Account, E>) -> Vec<Finding> {
    const CHECK: &str = "JetStream";
    match account {
        Ok(account) => {
            let limits = account.limits;
            vec![
                full("JetStream storage", account.storage, limits.max_storage),
                full("JetStream memory", account.memory, limits.max_memory),
            ]
        }
        Err(error) => {
            let remedy = "switch JetStream on (`jetstream {}` in the server's configuration, and for the account); in \
                          a cluster, see that most of its servers run";
            vec![Finding::error(CHECK, format!("does not answer: {}", told(error)), remedy)]
        }
    }
}

fn full(check: &str, used: u64, limit: Option<i64>) -> Finding {
    let limit = match limit.and_then(|limit| u64::try_from(limit).ok()) {
        None | Some(0) => return Finding::ok(check, format!("{} used, no limit of the account", size(used))),
        Some(limit) => limit,
    };
    let found = format!("{} used of {}", size(used), size(limit));
    let remedy = "raise the account's limit; when it is reached, commands are refused";
    match used.saturating_mul(100) / limit {
        FULL_ERROR_PERCENT.. => Finding::error(check, found, remedy),
        FULL_WARN_PERCENT.. => Finding::warning(check, found, remedy),
        _ => Finding::ok(check, found),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::doctor::finding::Level;

    #[test]
    fn versions_and_sizes_are_held_against_what_is_needed() {
        let rows = [
            ("2.15.1", 1024 * 1024, [Level::Ok, Level::Ok]),
            ("2.9.0", 1024 * 1024, [Level::Error, Level::Ok]),
            ("2.15.1", 64 * 1024, [Level::Ok, Level::Error]),
            ("strange", 1024 * 1024, [Level::Note, Level::Ok]),
        ];
        for (version, max_payload, levels) in rows {
            let info = ServerInfo { version: version.to_owned(), max_payload, ..ServerInfo::default() };
            let findings = judge("nats://x", &info);
            assert_eq!([findings[0].level, findings[1].level], levels, "{findings:?}");
        }
    }

    #[test]
    fn a_limit_is_told_before_it_is_reached() {
        let level = |used, limit| full("storage", used, limit).level;
        assert_eq!(level(10, None), Level::Ok);
        assert_eq!(level(10, Some(100)), Level::Ok);
        assert_eq!(level(85, Some(100)), Level::Warning);
        assert_eq!(level(100, Some(100)), Level::Error);
    }

    #[test]
    fn an_address_shows_no_secret() {
        let shown = without_secrets("nats://user:secret@one:4222, nats://two:4222,secret@three");
        assert_eq!(shown, "nats://one:4222, nats://two:4222, three");
    }
}
