//! Appending one frame at an expected place. What came of an append is told apart with care: written, not
//! written, or unknown; it is never guessed.

use std::sync::atomic::Ordering;
use std::time::Duration;

use async_nats::client::RequestErrorKind;
use async_nats::{HeaderMap, Request, header};
use bytes::Bytes;
use serde::Deserialize;

use super::Log;
use crate::fault;
use crate::link::Link;

/// How long an acknowledgement may take before the outcome counts as unknown.
const ACK_WITHIN: Duration = Duration::from_secs(1);
/// Wrong last sequence, as one server and a cluster put it.
const WRONG_LAST_SEQUENCE: [u16; 2] = [10_071, 10_164];

/// Why an append was not acknowledged.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AppendError {
    /// The log does not end where it was expected to: somebody else wrote. The frame was not written.
    #[error("another writer has appended to the log")]
    Fenced,
    /// It may have been written or not: read the next sequence to find out.
    #[error("whether the log took the frame is not known: {0}")]
    Unknown(String),
    /// The frame was not written, and trying again does not help.
    #[error("the log refused the frame: {0}")]
    Refused(String),
}

#[derive(Deserialize)]
struct Answer {
    error: Option<Refusal>,
    seq: Option<u64>,
}

#[derive(Deserialize)]
struct Refusal {
    /// As HTTP: 503 and its like say that the server could not, not that the frame is wrong.
    code: u16,
    #[serde(default)]
    err_code: u16,
    #[serde(default)]
    description: String,
}

impl Log {
    /// Appends a frame behind sequence `expected_last` (0 for an empty log). When this gives `Ok`, the frame has
    /// sequence `expected_last + 1` and is as durable as the stream makes it. Waits at most 1 s.
    ///
    /// # Errors
    /// [`AppendError`], which tells not written from not known.
    pub async fn append(&self, bytes: Bytes, expected_last: u64) -> Result<(), AppendError> {
        let answer = self.publish(bytes, expected_last).await;
        fault::point("append.answered");
        outcome(&answer?, expected_last)?;
        self.known.fetch_max(expected_last + 1, Ordering::Relaxed);
        Ok(())
    }

    async fn publish(&self, bytes: Bytes, expected_last: u64) -> Result<Bytes, AppendError> {
        match &self.link {
            Link::Nats(client) => {
                let mut headers = HeaderMap::new();
                headers.insert(header::NATS_EXPECTED_LAST_SEQUENCE, expected_last.to_string());
                let request = Request::new().headers(headers).payload(bytes).timeout(Some(ACK_WITHIN));
                match client.send_request(self.subject.clone(), request).await {
                    Ok(message) => Ok(message.payload),
                    Err(error) if error.kind() == RequestErrorKind::MaxPayloadExceeded => {
                        Err(AppendError::Refused(error.to_string()))
                    }
                    Err(error) => Err(AppendError::Unknown(error.to_string())),
                }
            }
            #[cfg(feature = "simulation")]
            Link::Simulated(link) => tokio::time::timeout(ACK_WITHIN, link.append(bytes, expected_last))
                .await
                .map_err(|_| AppendError::Unknown("timed out".to_owned())),
        }
    }
}

fn outcome(payload: &[u8], expected_last: u64) -> Result<(), AppendError> {
    let answer: Answer = serde_json::from_slice(payload)
        .map_err(|error| AppendError::Unknown(format!("an answer that is no acknowledgement: {error}")))?;
    match answer {
        Answer { error: Some(refusal), .. } => Err(refused(refusal)),
        Answer { seq: Some(sequence), .. } if sequence == expected_last + 1 => Ok(()),
        Answer { seq, .. } => {
            let expected = expected_last + 1;
            Err(AppendError::Unknown(format!("acknowledged as {seq:?} where {expected} was due")))
        }
    }
}

fn refused(refusal: Refusal) -> AppendError {
    let Refusal { code, err_code, description } = refusal;
    if WRONG_LAST_SEQUENCE.contains(&err_code) {
        return AppendError::Fenced;
    }
    let text = format!("{description} ({err_code})");
    if code >= 500 { AppendError::Unknown(text) } else { AppendError::Refused(text) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_is_written_lost_refused_or_unknown() {
        let refusal = |code: u16, err_code: u16| {
            format!(r#"{{"error":{{"code":{code},"err_code":{err_code},"description":"no"}},"seq":0}}"#)
        };
        let of = |answer: &str| outcome(answer.as_bytes(), 6);
        assert_eq!(of(r#"{"stream":"ATENDER_LOG_0","seq":7}"#), Ok(()));
        assert_eq!(of(&refusal(400, 10_071)), Err(AppendError::Fenced));
        assert_eq!(of(&refusal(400, 10_164)), Err(AppendError::Fenced));
        assert_eq!(of(&refusal(400, 10_054)), Err(AppendError::Refused("no (10054)".into())));
        assert_eq!(of(&refusal(503, 10_077)), Err(AppendError::Unknown("no (10077)".into())));
        for unknown in [r#"{"seq":8}"#, "{}", "", "+OK"] {
            assert!(matches!(of(unknown), Err(AppendError::Unknown(_))), "{unknown:?}");
        }
    }
}
