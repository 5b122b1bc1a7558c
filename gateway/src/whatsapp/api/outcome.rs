//! What became of a call. Whatever may have reached Meta without a readable answer is `Unknown`, never a failure:
//! taking it for one would send the message twice.

use reqwest::header::HeaderValue;
use serde_json::Value;

use super::classify;

const DETAIL_CHARS_MAX: usize = 500;
const RETRY_AFTER_SECONDS_MAX: u64 = 3600;
/// "Invalid request or possible server error": with a 5xx status it says nothing about the message.
const CODE_UNKNOWN_ERROR: i64 = 1;

/// What became of a message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SendOutcome {
    /// Meta took it; not that it was sent yet, which a status tells.
    Accepted {
        /// Meta's id of the message (`wamid.…`).
        provider_id: String,
    },
    /// It was certainly not sent, and the reason passes: try again.
    Deferred {
        /// Why.
        error: ApiError,
        /// How long Meta asks to wait, in milliseconds, at most an hour; usually it does not say.
        retry_after_ms: Option<u64>,
    },
    /// It was certainly not sent and trying again does not help.
    Failed {
        /// Why.
        error: ApiError,
    },
    /// It may have been sent or not. Sending it again may send it twice; a status with its callback data tells.
    Unknown {
        /// What is missing, for people.
        reason: String,
    },
}

/// Why a message was not taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ApiError {
    /// Meta's code, see [`classify`]; without one [`ApiError::NOT_REACHED`], or the HTTP status as a negative
    /// number. Meta's own codes are never negative.
    pub code: i64,
    /// An explanation for people, in English, at most 500 characters.
    pub detail: String,
}

impl ApiError {
    /// Code of an error on the way to Meta: no connection, no name, no trust in its certificate.
    pub const NOT_REACHED: i64 = -1;

    fn new(code: i64, detail: &str) -> Self {
        Self { code, detail: detail.chars().take(DETAIL_CHARS_MAX).collect() }
    }
}

/// `body` is what could be read of the answer; `None` if it broke off or was too large.
pub(super) fn of_answer(status: u16, retry_after: Option<&HeaderValue>, body: Option<&[u8]>) -> SendOutcome {
    let answer: Value = body.and_then(|body| serde_json::from_slice(body).ok()).unwrap_or_default();
    if (200..300).contains(&status) {
        return match answer["messages"][0]["id"].as_str() {
            Some(id) if !id.is_empty() => SendOutcome::Accepted { provider_id: id.to_owned() },
            _ => SendOutcome::Unknown { reason: format!("answer {status} without a message id") },
        };
    }
    let meta = error_of_meta(&answer);
    let passing = meta.as_ref().is_some_and(|error| classify(error.code).is_passing());
    if passing || status == 429 {
        let error = meta.unwrap_or_else(|| error_of_http(status));
        return SendOutcome::Deferred { error, retry_after_ms: retry_after.and_then(in_ms) };
    }
    match meta {
        Some(error) if status < 500 || error.code != CODE_UNKNOWN_ERROR => SendOutcome::Failed { error },
        None if status < 500 => SendOutcome::Failed { error: error_of_http(status) },
        Some(_) | None => SendOutcome::Unknown { reason: format!("answer {status} without a usable error") },
    }
}

pub(super) fn of_error(error: reqwest::Error) -> SendOutcome {
    let error = error.without_url();
    if error.is_connect() {
        let error =
            ApiError::new(ApiError::NOT_REACHED, &format!("could not connect: {}", root_cause(&error)));
        return SendOutcome::Deferred { error, retry_after_ms: None };
    }
    if error.is_builder() {
        return SendOutcome::Failed { error: ApiError::new(ApiError::NOT_REACHED, &root_cause(&error)) };
    }
    let reason = if error.is_timeout() {
        "no answer in time".to_owned()
    } else {
        format!("the connection broke: {}", root_cause(&error))
    };
    SendOutcome::Unknown { reason }
}

fn error_of_meta(answer: &Value) -> Option<ApiError> {
    let error = answer.get("error")?;
    let detail = error["error_data"]["details"].as_str().or_else(|| error["message"].as_str());
    Some(ApiError::new(error["code"].as_i64()?, detail.unwrap_or_default()))
}

fn error_of_http(status: u16) -> ApiError {
    ApiError::new(-i64::from(status), &format!("answer {status} without an error of Meta's"))
}

fn in_ms(retry_after: &HeaderValue) -> Option<u64> {
    let seconds: u64 = retry_after.to_str().ok()?.trim().parse().ok()?;
    Some(seconds.min(RETRY_AFTER_SECONDS_MAX) * 1000)
}

fn root_cause(error: &reqwest::Error) -> String {
    let mut cause: &dyn std::error::Error = error;
    while let Some(source) = cause.source() {
        cause = source;
    }
    cause.to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn graph(code: i64) -> Vec<u8> {
        let details = serde_json::json!({"details": "why"});
        serde_json::json!({"error": {"code": code, "message": "title", "error_data": details}})
            .to_string()
            .into_bytes()
    }

    fn failed(code: i64, detail: &str) -> SendOutcome {
        SendOutcome::Failed { error: ApiError { code, detail: detail.into() } }
    }

    fn deferred(code: i64, detail: &str, retry_after_ms: Option<u64>) -> SendOutcome {
        SendOutcome::Deferred { error: ApiError { code, detail: detail.into() }, retry_after_ms }
    }

    #[track_caller]
    fn assert_unknown(outcome: &SendOutcome) {
        assert!(matches!(outcome, SendOutcome::Unknown { .. }), "{outcome:?}");
    }

    #[test]
    fn an_answer_with_an_id_is_accepted() {
        let answer = br#"{"messaging_product":"whatsapp","contacts":[],"messages":[{"id":"wamid.A"}]}"#;
        let accepted = SendOutcome::Accepted { provider_id: "wamid.A".into() };
        assert_eq!(of_answer(200, None, Some(answer)), accepted);
    }

    #[test]
    fn a_success_that_cannot_be_read_is_unknown() {
        for body in
            [None, Some("".as_bytes()), Some(b"<html>"), Some(b"{}"), Some(br#"{"messages":[{"id":""}]}"#)]
        {
            assert_unknown(&of_answer(200, None, body));
        }
    }

    #[test]
    fn passing_errors_are_deferred_whatever_the_status() {
        for status in [400, 403, 500, 503] {
            for code in [2, 4, 80_007, 130_429, 131_000, 131_016, 131_048, 131_056, 131_057, 135_000] {
                assert_eq!(of_answer(status, None, Some(&graph(code))), deferred(code, "why", None));
            }
        }
    }

    #[test]
    fn too_many_requests_is_deferred_with_or_without_a_readable_error() {
        let seconds = HeaderValue::from_static("7");
        assert_eq!(of_answer(429, Some(&seconds), Some(&graph(100))), deferred(100, "why", Some(7000)));
        let http = "answer 429 without an error of Meta's";
        assert_eq!(of_answer(429, None, None), deferred(-429, http, None));
        let long = HeaderValue::from_static("999999999999");
        assert_eq!(of_answer(429, Some(&long), None), deferred(-429, http, Some(3_600_000)));
        let date = HeaderValue::from_static("Wed, 21 Oct 2026 07:28:00 GMT");
        assert_eq!(of_answer(429, Some(&date), None), deferred(-429, http, None));
    }

    #[test]
    fn lasting_errors_fail() {
        for (status, code) in [(401, 190), (400, 100), (400, 1), (403, 131_047), (500, 3), (500, 131_026)] {
            assert_eq!(of_answer(status, None, Some(&graph(code))), failed(code, "why"));
        }
        for status in [301, 400, 404, 413] {
            let detail = format!("answer {status} without an error of Meta's");
            assert_eq!(of_answer(status, None, Some(b"<html>")), failed(-i64::from(status), &detail));
        }
    }

    #[test]
    fn a_server_error_without_a_telling_code_is_unknown() {
        assert_unknown(&of_answer(500, None, Some(b"")));
        assert_unknown(&of_answer(504, None, None));
        assert_unknown(&of_answer(502, None, Some(br#"{"error":"bad gateway"}"#)));
        assert_unknown(&of_answer(500, None, Some(&graph(1))));
    }

    #[test]
    fn the_best_explanation_is_kept_and_cut() {
        let titled = br#"{"error":{"code":100,"message":"title","error_data":"{}"}}"#;
        assert_eq!(of_answer(400, None, Some(titled)), failed(100, "title"));
        let long = format!(r#"{{"error":{{"code":100,"message":"{}"}}}}"#, "\u{e9}".repeat(600));
        assert_eq!(of_answer(400, None, Some(long.as_bytes())), failed(100, &"\u{e9}".repeat(500)));
    }
}
