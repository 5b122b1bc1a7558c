//! What a request carries, read strictly: path and query parameters, and JSON bodies. What does not fit is answered
//! with the name of the field.

use std::error::Error;

use axum::extract::path::ErrorKind;
use axum::extract::rejection::{BytesRejection, PathRejection, QueryRejection};
use axum::extract::{FromRequestParts, path};
use axum::http::header::CONTENT_TYPE;
use axum::http::request::Parts;
use axum::http::{HeaderMap, StatusCode};
use schemas::Position;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde::de::value::Error as QueryError;
use utoipa::IntoParams;

use super::problem::{Failure, Fault};

/// Rows of a page when nothing is asked for.
pub const PAGE_ROWS_DEFAULT: usize = 50;
/// Most rows of a page.
pub const PAGE_ROWS_MAX: usize = 200;

/// The parameters in the path.
pub struct Path<T>(pub T);

impl<T: DeserializeOwned + Send, S: Send + Sync> FromRequestParts<S> for Path<T> {
    type Rejection = Failure;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Failure> {
        let path = path::Path::<T>::from_request_parts(parts, state).await;
        path.map(|path::Path(value)| Self(value)).map_err(|error| wrong_path(&error))
    }
}

fn wrong_path(error: &PathRejection) -> Failure {
    let PathRejection::FailedToDeserializePathParams(inner) = error else {
        tracing::error!(%error, "a path was not read");
        return Fault::Internal.into();
    };
    match inner.kind() {
        ErrorKind::DeserializeError { key, message, .. } => {
            Failure::because(Fault::InvalidParameter, message.clone()).in_field(key.clone())
        }
        ErrorKind::Message(message) => Failure::because(Fault::InvalidParameter, message.clone()),
        ErrorKind::InvalidUtf8InPathParam { key } => {
            Failure::because(Fault::InvalidParameter, "the path is not UTF-8").in_field(key.clone())
        }
        other => Failure::because(Fault::InvalidParameter, other.to_string()),
    }
}

/// The parameters behind the `?`.
pub struct Query<T>(pub T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequestParts<S> for Query<T> {
    type Rejection = Failure;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, Failure> {
        let query = axum::extract::Query::<T>::try_from_uri(&parts.uri);
        query.map(|axum::extract::Query(value)| Self(value)).map_err(|error| wrong_query(&error))
    }
}

fn wrong_query(error: &QueryRejection) -> Failure {
    let mut cause = error.source();
    while let Some(inner) = cause {
        if let Some(inner) = inner.downcast_ref::<serde_path_to_error::Error<QueryError>>() {
            return wrong_value(Fault::InvalidParameter, inner.path(), &inner.inner().to_string());
        }
        cause = inner.source();
    }
    Failure::because(Fault::InvalidParameter, error.body_text())
}

/// Which page of a list, and how much of it.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct PageQuery {
    /// `next` of the page before; absent for the first.
    pub cursor: Option<String>,
    /// Rows of a page, from 1 to 200; 50 if absent.
    #[param(minimum = 1, maximum = 200, default = 50)]
    pub limit: Option<usize>,
}

impl PageQuery {
    /// How many rows the page has.
    ///
    /// # Errors
    /// As [`page_rows`].
    pub fn rows(&self) -> Result<usize, Failure> {
        page_rows(self.limit)
    }
}

/// How many rows a page has, from 1 to [`PAGE_ROWS_MAX`].
///
/// # Errors
/// 422 for anything else.
pub fn page_rows(limit: Option<usize>) -> Result<usize, Failure> {
    match limit {
        None => Ok(PAGE_ROWS_DEFAULT),
        Some(rows @ 1..=PAGE_ROWS_MAX) => Ok(rows),
        Some(_) => {
            let title = format!("limit is from 1 to {PAGE_ROWS_MAX}");
            Err(Failure::because(Fault::InvalidParameter, title).in_field("limit"))
        }
    }
}

/// A header that holds a position, if it is there.
///
/// # Errors
/// 422 when it holds something else.
pub fn position_header(headers: &HeaderMap, name: &'static str) -> Result<Option<Position>, Failure> {
    let Some(value) = headers.get(name) else { return Ok(None) };
    let text = String::from_utf8_lossy(value.as_bytes());
    let position = text.parse::<Position>();
    position.map(Some).map_err(|error| {
        Failure::because(Fault::InvalidParameter, error.to_string()).in_field(name)
    })
}

/// Reads a JSON body. An empty one counts as `{}`, so that a request whose fields are all optional needs none.
///
/// # Errors
/// 415 when it is not said to be JSON, 400 when it is not, 422 when it is not a `T`.
pub fn json<T: DeserializeOwned>(headers: &HeaderMap, body: &[u8]) -> Result<T, Failure> {
    if !body.is_empty() && !is_json(headers) {
        return Err(Fault::UnsupportedMediaType.into());
    }
    let body = if body.is_empty() { b"{}" } else { body };
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

fn is_json(headers: &HeaderMap) -> bool {
    let value = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let mime = value.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    mime == "application/json" || (mime.starts_with("application/") && mime.ends_with("+json"))
}

/// What serde says, with the field it is about: where it stopped, or the one that is missing there.
fn wrong_value(fault: Fault, path: &serde_path_to_error::Path, message: &str) -> Failure {
    let at = path.iter().next().map(|_| path.to_string());
    let missing = message.strip_prefix("missing field `").and_then(|rest| rest.split('`').next());
    let failure = Failure::because(fault, message.to_owned());
    match (at, missing) {
        (Some(at), Some(missing)) => failure.in_field(format!("{at}.{missing}")),
        (None, Some(missing)) => failure.in_field(missing.to_owned()),
        (Some(at), None) => failure.in_field(at),
        (None, None) => failure,
    }
}

/// Why a body could not be read at all.
pub fn unread_body(rejection: &BytesRejection) -> Failure {
    if rejection.status() == StatusCode::PAYLOAD_TOO_LARGE {
        Fault::BodyTooLarge.into()
    } else {
        Fault::MalformedBody.into()
    }
}

#[cfg(test)]
mod tests {
    use axum::http::Request;
    use axum::response::IntoResponse;
    use schemas::api::Problem;
    use schemas::api::requests::{ChangePresence, DefineCampaign, SendMessage, Transfer};

    use super::*;

    fn headers(content_type: &'static str) -> HeaderMap {
        [(CONTENT_TYPE, content_type.parse().unwrap())].into_iter().collect()
    }

    async fn problem(failure: Failure) -> Problem {
        let body = failure.into_response().into_body();
        serde_json::from_slice(&axum::body::to_bytes(body, 10_000).await.unwrap()).unwrap()
    }

    #[track_caller]
    fn refused<T: DeserializeOwned>(body: &str) -> Failure {
        match json::<T>(&headers("application/json"), body.as_bytes()) {
            Ok(_) => panic!("{body} was taken"),
            Err(failure) => failure,
        }
    }

    #[tokio::test]
    async fn a_wrong_body_names_its_field() {
        let campaign = r#"{"project":"help","name":"Sales","channels":["wa","WA"],"dispositions":[]}"#;
        for (failure, status, field) in [
            (refused::<SendMessage>("{"), 400, None),
            (refused::<SendMessage>(r#"{"text":"a"} x"#), 400, None),
            (refused::<SendMessage>(r#"{"text":5}"#), 422, Some("text")),
            (refused::<SendMessage>(r#"{"text":"a","colour":"red"}"#), 422, Some("colour")),
            (refused::<SendMessage>(""), 422, Some("text")),
            (refused::<SendMessage>("[]"), 422, None),
            (refused::<Transfer>(r#"{"agent":"ana"}"#), 422, Some("note")),
            (refused::<DefineCampaign>(campaign), 422, Some("channels[1]")),
        ] {
            let problem = problem(failure).await;
            assert_eq!((problem.status, problem.field.as_deref()), (status, field), "{}", problem.title);
        }
    }

    #[test]
    fn presence_is_read_strictly() {
        let read = |body: &str| json::<ChangePresence>(&headers("application/json"), body.as_bytes());
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
            let result = json::<SendMessage>(&headers(content_type), br#"{"text":"a"}"#);
            assert_eq!(result.is_ok(), good, "{content_type:?}");
        }
        let failure = json::<SendMessage>(&HeaderMap::new(), br#"{"text":"a"}"#).map(|_| ()).unwrap_err();
        assert_eq!(failure.status().as_u16(), 415);
    }

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Filter {
        #[allow(dead_code, reason = "only read in")]
        limit: Option<usize>,
    }

    #[tokio::test]
    async fn a_wrong_parameter_is_named() {
        for (query, field) in [("limit=ten", "limit"), ("colour=red", "colour"), ("limit=-1", "limit")] {
            let (mut parts, ()) = Request::get(format!("/v1/inbox?{query}")).body(()).unwrap().into_parts();
            let read = Query::<Filter>::from_request_parts(&mut parts, &()).await;
            let problem = problem(read.map(|_| ()).unwrap_err()).await;
            assert_eq!((problem.status, problem.field.as_deref()), (422, Some(field)), "{}", problem.title);
        }
    }

    #[test]
    fn a_page_has_between_1_and_200_rows() {
        assert_eq!(page_rows(None).ok(), Some(PAGE_ROWS_DEFAULT));
        assert_eq!(page_rows(Some(200)).ok(), Some(200));
        assert!(page_rows(Some(0)).is_err() && page_rows(Some(201)).is_err());
    }

    #[test]
    fn a_position_header_holds_a_position_or_is_refused() {
        let headers: HeaderMap = [("x-at".parse().unwrap(), "0-12-3".parse().unwrap())].into_iter().collect();
        assert!(position_header(&headers, "x-at").is_ok_and(|position| position.is_some()));
        assert!(position_header(&headers, "x-other").is_ok_and(|position| position.is_none()));
        let bad: HeaderMap = [("x-at".parse().unwrap(), "12".parse().unwrap())].into_iter().collect();
        assert_eq!(position_header(&bad, "x-at").unwrap_err().status().as_u16(), 422);
    }
}
