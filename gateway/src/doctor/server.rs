//! The atender that runs: whether it answers, is ready, keeps its views up to date, and is of this version.

use std::time::Duration;

use reqwest::Client;
use serde::Deserialize;
use serde::de::DeserializeOwned;

use super::finding::{Finding, told};
use crate::whatsapp::api::install_crypto_provider;

const CHECK: &str = "atender";
const VERSION: &str = env!("CARGO_PKG_VERSION");
const ANSWERS_WITHIN: Duration = Duration::from_secs(3);
/// With more frames before it, a view is told to be behind.
const LAG_FRAMES_WARN: u64 = 1_000;

/// What a running atender says of itself.
#[derive(Debug)]
pub(super) struct Running {
    version: Option<String>,
    readiness: Option<Readiness>,
}

/// The answer of `/readyz`.
#[derive(Debug, Deserialize)]
struct Readiness {
    ready: bool,
    #[serde(default)]
    reasons: Vec<String>,
    #[serde(default)]
    views: Vec<ViewReadiness>,
}

#[derive(Debug, Deserialize)]
struct ViewReadiness {
    name: String,
    frame: u64,
    frames_behind: u64,
}

/// As much of `/v1/openapi.json` as is of use here.
#[derive(Deserialize)]
struct Document {
    info: Info,
}

#[derive(Deserialize)]
struct Info {
    version: String,
}

/// A client that waits for no answer for long.
///
/// # Panics
/// When the machine has no root certificates, which even plain HTTP is set up with.
pub(super) fn client() -> Client {
    install_crypto_provider();
    let builder = Client::builder().no_proxy().timeout(ANSWERS_WITHIN);
    builder.build().expect("an HTTP client can be made")
}

/// Reads JSON, whatever the status of the answer.
pub(super) async fn read<T: DeserializeOwned>(client: &Client, url: &str) -> Result<T, String> {
    let answer = client.get(url).send().await.map_err(|error| told(&error.without_url()))?;
    let status = answer.status();
    let bytes = answer.bytes().await.map_err(|error| told(&error.without_url()))?;
    serde_json::from_slice(&bytes)
        .map_err(|_| format!("an answer that is not understood, with status {status}"))
}

/// The reason it does not answer, if it does not.
pub(super) async fn look(client: &Client, url: &str) -> Result<Running, String> {
    let url = url.trim_end_matches('/');
    let health = format!("{url}/healthz");
    let answer = client.get(health).send().await.map_err(|error| told(&error.without_url()))?;
    if !answer.status().is_success() {
        return Err(format!("status {}", answer.status()));
    }
    let (ready, document) = (format!("{url}/readyz"), format!("{url}/v1/openapi.json"));
    let (readiness, document) = tokio::join!(read(client, &ready), read::<Document>(client, &document));
    Ok(Running { version: document.ok().map(|document| document.info.version), readiness: readiness.ok() })
}

/// `holder` is the process that holds the data directory.
pub(super) fn judge(url: &str, running: &Result<Running, String>, holder: Option<&str>) -> Vec<Finding> {
    let running = match (running, holder) {
        (Ok(running), _) => running,
        (Err(reason), Some(holder)) => {
            let found =
                format!("process {holder} holds the data directory, and {url} does not answer: {reason}");
            let remedy = "name where it listens with --url; if that is right, it is starting or hangs: read what it says";
            return vec![Finding::error(CHECK, found, remedy)];
        }
        (Err(reason), None) => {
            let remedy = "start `atender serve`; if it runs, name where it listens with --url";
            return vec![Finding::note(
                CHECK,
                format!("not running: {url} does not answer: {reason}"),
                remedy,
            )];
        }
    };
    let mut findings = vec![version(url, running.version.as_deref())];
    match &running.readiness {
        None => {
            let remedy =
                "see that --url names an atender, and not something before it that answers by itself";
            findings.push(Finding::error("ready", "/readyz gives no answer that is understood", remedy));
        }
        Some(readiness) => {
            findings.extend(ready(readiness));
            findings.extend(readiness.views.iter().map(lag));
        }
    }
    findings
}

fn version(url: &str, version: Option<&str>) -> Finding {
    match version {
        Some(VERSION) => Finding::ok(CHECK, format!("version {VERSION} answers at {url}")),
        Some(other) => {
            let found = format!("version {other} answers at {url}, and this program is {VERSION}");
            Finding::warning(CHECK, found, "start it again with this program, or look with the other one")
        }
        None => {
            let remedy = "see that --url names an atender";
            Finding::note(CHECK, format!("{url} answers, and does not tell its version"), remedy)
        }
    }
}

fn ready(readiness: &Readiness) -> Vec<Finding> {
    const CHECK: &str = "ready";
    match readiness {
        Readiness { ready: true, .. } => vec![Finding::ok(CHECK, "requests are answered")],
        Readiness { reasons, .. } if reasons.is_empty() => {
            vec![Finding::error(CHECK, "it says that it is not, and not why", "read what atender says")]
        }
        Readiness { reasons, .. } => reasons.iter().map(|reason| unready(CHECK, reason)).collect(),
    }
}

fn unready(check: &str, reason: &str) -> Finding {
    if reason.contains("being built") {
        return Finding::warning(check, reason, "wait: it says how much is left");
    }
    let remedy = if reason.contains("has stopped") {
        "stop atender, `atender rebuild`, start it; if it stops again, the log holds something that this version does \
         not know: look at what is said of the log here"
    } else if reason.contains("NATS") {
        "see what is said of NATS here; atender comes back by itself when NATS does"
    } else {
        "read what atender says, mend that, and start it again if it does not recover by itself"
    };
    Finding::error(check, reason, remedy)
}

fn lag(view: &ViewReadiness) -> Finding {
    let ViewReadiness { name, frame, frames_behind } = view;
    let check = format!("view {name}");
    let found = format!("at frame {frame}, {frames_behind} behind the log");
    if *frames_behind <= LAG_FRAMES_WARN {
        return Finding::ok(check, found);
    }
    let remedy =
        "wait, and look again: if the number does not go down, see whether disk and processor keep up";
    Finding::warning(check, found, remedy)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::doctor::finding::Level;

    fn running(version: &str, reasons: &[&str], frames_behind: u64) -> Result<Running, String> {
        let views = vec![ViewReadiness { name: "inbox".to_owned(), frame: 1, frames_behind }];
        let reasons: Vec<String> = reasons.iter().map(|&reason| reason.to_owned()).collect();
        let readiness = Some(Readiness { ready: reasons.is_empty(), reasons, views });
        Ok(Running { version: Some(version.to_owned()), readiness })
    }

    #[test]
    fn each_state_of_the_server_has_its_level_and_what_to_do() {
        let away = || Err("refused".to_owned());
        let rows = [
            (running(VERSION, &[], 0), None, Level::Ok, ""),
            (running("0.0.1", &[], 0), None, Level::Warning, "this program"),
            (running(VERSION, &[], 5_000), None, Level::Warning, "wait"),
            (running(VERSION, &["view inbox has stopped: x"], 0), None, Level::Error, "atender rebuild"),
            (running(VERSION, &["view inbox is being built: 5 frames"], 0), None, Level::Warning, "wait"),
            (running(VERSION, &["NATS is not connected"], 0), None, Level::Error, "comes back by itself"),
            (Ok(Running { version: None, readiness: None }), None, Level::Error, "--url"),
            (away(), None, Level::Note, "--url"),
            (away(), Some("7"), Level::Error, "--url"),
        ];
        for (running, holder, level, remedy) in rows {
            let findings = judge("http://x", &running, holder);
            let worst = findings.iter().max_by_key(|finding| finding.level).unwrap();
            assert_eq!(worst.level, level, "{findings:?}");
            assert!(worst.remedy.clone().unwrap_or_default().contains(remedy), "{worst:?}");
        }
    }
}
