//! The log of the workspace's shard: whole, kept as it must be, and readable at its end.

use async_nats::Client;
use engine::log::{Log, LogConfig, LogError, stream_name};
use schemas::Timestamp;

use super::finding::{Finding, count, told};

/// What was found of a log.
#[derive(Debug)]
pub(super) struct Found {
    pub(super) stream: String,
    pub(super) inspected: Result<(), LogError>,
    pub(super) head: u64,
    /// When the last frame was written, by the clock of its writer; `None` while there is none.
    pub(super) written_at: Result<Option<Timestamp>, LogError>,
}

pub(super) async fn look(client: &Client, config: LogConfig) -> Result<Option<Found>, LogError> {
    let Some(log) = Log::find(client, config).await? else { return Ok(None) };
    let head = log.head().await?;
    let last = match head {
        0 => Ok(None),
        head => log.read_frame(head).await,
    };
    let written_at = last.map(|frame| frame.map(|frame| frame.frame.written_at));
    Ok(Some(Found {
        stream: stream_name(log.shard()),
        inspected: log.inspect_stream().await,
        head,
        written_at,
    }))
}

pub(super) fn judge(log: &Result<Option<Found>, LogError>) -> Finding {
    let found = match log {
        Ok(Some(found)) => found,
        Ok(None) => {
            let remedy = "start `atender serve`, which makes it; if it was there before, do not: put it back from a backup of NATS first";
            return Finding::error("log", "its stream is not there", remedy);
        }
        Err(error) => return unavailable("log".to_owned(), error),
    };
    let check = format!("stream {}", found.stream);
    match (&found.inspected, &found.written_at) {
        (Ok(()), Ok(_)) => Finding::ok(
            check,
            format!("as it must be; {}, none deleted", count(found.head, "frame", "frames")),
        ),
        (Err(LogError::UnsafeStream { setting, found, wanted, remedy, .. }), _) => Finding::error(
            check,
            format!("{setting} is {found}, and must be {wanted}: frames could be lost"),
            *remedy,
        ),
        (Err(error @ LogError::Unavailable { .. }), _) | (_, Err(error @ LogError::Unavailable { .. })) => {
            unavailable(check, error)
        }
        (Err(error), _) | (_, Err(error)) => {
            let remedy = "stop atender, do not let anything more be written, and put the stream back from a backup of NATS";
            Finding::error(check, told(error), remedy)
        }
    }
}

fn unavailable(check: String, error: &LogError) -> Finding {
    let remedy =
        "see that JetStream answers, that the stream has a leader, and that this account may read it";
    Finding::error(check, told(error), remedy)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::doctor::finding::Level;

    fn found(inspected: Result<(), LogError>) -> Result<Option<Found>, LogError> {
        Ok(Some(Found { stream: "L".to_owned(), inspected, head: 3, written_at: Ok(None) }))
    }

    #[test]
    fn what_is_wrong_with_a_log_is_named() {
        let unsafe_stream = LogError::UnsafeStream {
            stream: "L".to_owned(),
            setting: "deny_purge",
            found: "false".to_owned(),
            wanted: "true".to_owned(),
            remedy: "edit it",
        };
        let away = || LogError::Unavailable { what: "reading", source: "away".into() };
        let rows = [
            (found(Ok(())), Level::Ok, "3 frames"),
            (found(Err(unsafe_stream)), Level::Error, "deny_purge is false"),
            (found(Err(LogError::Purged { first: 5, deleted: 0 })), Level::Error, "begins at frame 5"),
            (found(Err(away())), Level::Error, "away"),
            (Ok(None), Level::Error, "not there"),
            (Err(away()), Level::Error, "away"),
        ];
        for (log, level, says) in rows {
            let finding = judge(&log);
            assert_eq!(finding.level, level, "{finding:?}");
            assert!(finding.found.contains(says), "{finding:?}");
            assert_eq!(finding.remedy.is_none(), level == Level::Ok);
        }
    }
}
