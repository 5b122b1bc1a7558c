//! JSON bodies, read strictly: what does not fit is answered with the name of the field.

use axum::extract::rejection::BytesRejection;
use axum::http::{HeaderValue, StatusCode};
use serde::de::DeserializeOwned;

use super::wrong_value;
use crate::http::connections::is_too_slow;
use crate::http::problem::{Failure, Fault};

/// Reads a JSON body. An empty one counts as `{}`, so that a request whose fields are all optional needs none.
///
/// # Errors
/// 415 when it is not said to be JSON, 400 when it is not, 422 when it is not a `T`.
pub fn json<T: DeserializeOwned>(content_type: Option<&HeaderValue>, body: &[u8]) -> Result<T, Failure> {
    if !body.is_empty() && !is_json(content_type) {
        return Err(Fault::UnsupportedMediaType.into());
    }
    let body = if body.is_empty() { b"{}" } else { body };
    // serde would take the fields by their order from a list.
    if body.trim_ascii_start().first() == Some(&b'[') {
        return Err(Failure::because(Fault::InvalidBody, "the body is a list, and an object was expected"));
    }
    if let Ok(value) = serde_json::from_slice(body) {
        return Ok(value);
    }
    // Only a wrong one is read for where it is wrong.
    let mut deserializer = serde_json::Deserializer::from_slice(body);
    let value = serde_path_to_error::deserialize(&mut deserializer).map_err(|error| {
        let inner = error.inner();
        if inner.is_data() {
            wrong_value(Fault::InvalidBody, error.path(), &inner.to_string())
        } else {
            Failure::because(Fault::MalformedJson, format!("the body is not JSON: {inner}"))
        }
    })?;
    deserializer
        .end()
        .map_err(|error| Failure::because(Fault::MalformedJson, format!("the body is not JSON: {error}")))?;
    Ok(value)
}

fn is_json(content_type: Option<&HeaderValue>) -> bool {
    let value = content_type.and_then(|value| value.to_str().ok()).unwrap_or_default();
    let mime = value.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    mime == "application/json" || (mime.starts_with("application/") && mime.ends_with("+json"))
}

/// Why a body could not be read at all.
pub fn unread_body(rejection: &BytesRejection) -> Failure {
    if rejection.status() == StatusCode::PAYLOAD_TOO_LARGE {
        Fault::BodyTooLarge.into()
    } else if is_too_slow(rejection) {
        Fault::BodyTooSlow.into()
    } else {
        Fault::MalformedBody.into()
    }
}

#[cfg(test)]
mod tests {
    use schemas::api::requests::{ChangePresence, DefineCampaign, Finish, SendMessage, Transfer};

    use super::*;

    const JSON: HeaderValue = HeaderValue::from_static("application/json");

    #[track_caller]
    fn refused<T: DeserializeOwned>(body: &str) -> Failure {
        match json::<T>(Some(&JSON), body.as_bytes()) {
            Ok(_) => panic!("{body} was taken"),
            Err(failure) => failure,
        }
    }

    #[test]
    fn a_wrong_body_names_its_field() {
        let campaign = r#"{"project":"help","name":"Sales","channels":["wa","WA"],"dispositions":[]}"#;
        for (failure, status, field) in [
            (refused::<SendMessage>("{"), 400, None),
            (refused::<SendMessage>(r#"{"text":"a"} x"#), 400, None),
            (refused::<SendMessage>(r#"{"text":5}"#), 422, Some("text")),
            (refused::<SendMessage>(r#"{"text":"a","colour":"red"}"#), 422, Some("colour")),
            (refused::<Finish>(""), 422, Some("disposition")),
            (refused::<SendMessage>("[]"), 422, None),
            (refused::<Transfer>(r#"{"agent":"ana"}"#), 422, Some("note")),
            (refused::<DefineCampaign>(campaign), 422, Some("channels[1]")),
        ] {
            assert_eq!((failure.status().as_u16(), failure.field()), (status, field), "{failure:?}");
        }
    }

    #[test]
    fn presence_is_read_strictly() {
        let read = |body: &str| json::<ChangePresence>(Some(&JSON), body.as_bytes());
        assert_eq!(read(r#"{"presence":"online"}"#).ok(), Some(ChangePresence::Online));
        assert!(read(r#"{"presence":"away"}"#).is_err());
        assert!(read(r#"{"presence":"asleep"}"#).is_err());
    }

    #[test]
    fn a_body_says_what_it_is() {
        for (content_type, good) in [
            ("application/json", true),
            ("Application/JSON; charset=utf-8", true),
            ("application/merge-patch+json", true),
            ("text/plain", false),
            ("", false),
        ] {
            let result =
                json::<SendMessage>(Some(&HeaderValue::from_static(content_type)), br#"{"text":"a"}"#);
            assert_eq!(result.is_ok(), good, "{content_type:?}");
        }
        let failure = json::<SendMessage>(None, br#"{"text":"a"}"#).map(|_| ()).unwrap_err();
        assert_eq!(failure.status().as_u16(), 415);
    }
}
