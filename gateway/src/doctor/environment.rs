//! What `atender serve` is told by its environment and arguments: which secrets are there, never what they are, and
//! whether it listens to more than this machine.

use std::fs;
use std::net::SocketAddr;

use super::finding::{Finding, told};
use crate::secrets::{SecretError, from_environment};

const LISTEN: &str = "ATENDER_LISTEN";

/// A secret that the environment may name, and what does not work without it.
struct Wanted {
    variable: &'static str,
    without: &'static str,
}

const WANTED: [Wanted; 3] = [
    Wanted { variable: "ATENDER_WHATSAPP_TOKEN", without: "messages to WhatsApp wait" },
    Wanted { variable: "ATENDER_WHATSAPP_APP_SECRET", without: "every webhook of WhatsApp is refused" },
    Wanted { variable: "ATENDER_WHATSAPP_VERIFY_TOKEN", without: "Meta cannot register the webhook" },
];

/// Whether each secret is there, and where atender listens, if that is known.
#[derive(Debug)]
pub(super) struct Environment {
    secrets: Vec<(&'static str, &'static str, Result<bool, SecretError>)>,
    listen: Option<SocketAddr>,
}

/// Of this process; where atender listens also of the one that runs.
pub(super) fn look(pid: Option<u32>) -> Environment {
    let is_set = |variable| from_environment(variable).map(|secret| secret.is_some());
    let secrets = WANTED.iter().map(|Wanted { variable, without }| (*variable, *without, is_set(variable)));
    let arguments = pid.and_then(|pid| fs::read(format!("/proc/{pid}/cmdline")).ok()).unwrap_or_default();
    let arguments = String::from_utf8_lossy(&arguments);
    let told = std::env::var(LISTEN).ok().and_then(|listen| listen.parse().ok());
    Environment { secrets: secrets.collect(), listen: listens_on(arguments.split('\0')).or(told) }
}

/// The address after `--listen`.
fn listens_on<'a>(arguments: impl Iterator<Item = &'a str>) -> Option<SocketAddr> {
    let mut arguments = arguments.skip_while(|argument| !argument.starts_with("--listen"));
    match arguments.next()?.strip_prefix("--listen=") {
        Some(value) => value.parse().ok(),
        None => arguments.next()?.parse().ok(),
    }
}

pub(super) fn judge(environment: &Environment) -> Vec<Finding> {
    let secrets = environment.secrets.iter().map(|(variable, without, is_set)| match is_set {
        Ok(true) => Finding::ok(*variable, "set here"),
        Ok(false) => {
            let remedy = format!(
                "without it {without}; if you use WhatsApp, set it, or {variable}_FILE, for `atender serve` (seen here \
                 is only the environment of this command)"
            );
            Finding::note(*variable, "not set here", remedy)
        }
        Err(error) => {
            let remedy = format!("put the file right, or {variable}_FILE; `atender serve` does not start");
            Finding::error(*variable, told(error), remedy)
        }
    });
    secrets.chain(environment.listen.map(judge_listen)).collect()
}

fn judge_listen(listen: SocketAddr) -> Finding {
    if listen.ip().is_loopback() {
        return Finding::ok("listens on", listen.to_string());
    }
    let remedy = "see that only your TLS proxy reaches it: tokens and messages cross the network as they are, and \
                  /metrics asks for no token; or listen on 127.0.0.1";
    Finding::warning("listens on", format!("{listen}, which other machines can reach"), remedy)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::doctor::finding::Level;

    #[test]
    fn a_secret_that_is_missing_is_a_note_and_one_that_cannot_be_read_an_error() {
        let file = SecretError::File {
            variable: "X_FILE".to_owned(),
            path: "/x".into(),
            source: std::io::ErrorKind::NotFound.into(),
        };
        let secrets = vec![("A", "it waits", Ok(true)), ("B", "it waits", Ok(false)), ("C", "", Err(file))];
        let findings = judge(&Environment { secrets, listen: None });
        let levels: Vec<_> = findings.iter().map(|finding| finding.level).collect();
        assert_eq!(levels, [Level::Ok, Level::Note, Level::Error]);
        assert!(findings[1].remedy.as_ref().unwrap().contains("it waits"));
    }

    #[test]
    fn an_address_that_others_reach_is_told() {
        let listens = |text: &str| listens_on(text.split(' '));
        let open = listens("atender serve --listen 0.0.0.0:80 --data-dir x").unwrap();
        assert_eq!(judge_listen(open).level, Level::Warning);
        assert_eq!(judge_listen(listens("atender serve --listen=127.0.0.1:80").unwrap()).level, Level::Ok);
        assert_eq!(listens("atender serve"), None);
    }
}
