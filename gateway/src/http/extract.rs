//! What a request carries, read strictly: the parameters in its path and behind the `?`, positions in headers, and
//! JSON bodies. What does not fit is answered with its name.

mod body;

use std::error::Error;
use std::str::FromStr;

use axum::extract::path::ErrorKind;
use axum::extract::rejection::{PathRejection, QueryRejection};
use axum::extract::{FromRequestParts, MatchedPath, path};
use axum::http::HeaderMap;
use axum::http::request::Parts;
use schemas::PositionError;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde::de::value::Error as QueryError;
use utoipa::IntoParams;

use super::problem::{Failure, Fault};
use crate::limits::{PAGE_ROWS_DEFAULT, PAGE_ROWS_MAX};
pub use body::{json, unread_body};

/// The parameters in the path.
pub struct Path<T>(pub T);

impl<T: DeserializeOwned + Send, S: Send + Sync> FromRequestParts<S> for Path<T> {
    type Rejection = Failure;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Failure> {
        let path = path::Path::<T>::from_request_parts(parts, state).await;
        path.map(|path::Path(value)| Self(value)).map_err(|error| wrong_path(&error, parts))
    }
}

fn wrong_path(error: &PathRejection, parts: &Parts) -> Failure {
    let PathRejection::FailedToDeserializePathParams(inner) = error else {
        tracing::error!(%error, "a path was not read");
        return Fault::Internal.into();
    };
    match inner.kind() {
        ErrorKind::DeserializeError { key, message, .. } => {
            Failure::because(Fault::InvalidParameter, message.clone()).in_field(key.clone())
        }
        ErrorKind::Message(message) => {
            let failure = Failure::because(Fault::InvalidParameter, message.clone());
            match only_parameter(parts) {
                Some(name) => failure.in_field(name),
                None => failure,
            }
        }
        ErrorKind::InvalidUtf8InPathParam { key } => {
            Failure::because(Fault::InvalidParameter, "the path is not UTF-8").in_field(key.clone())
        }
        other => Failure::because(Fault::InvalidParameter, other.to_string()),
    }
}

/// The name of the path's parameter when there is one only; serde does not tell it then.
fn only_parameter(parts: &Parts) -> Option<String> {
    let path = parts.extensions.get::<MatchedPath>()?.as_str();
    let mut names = path.split('/').filter_map(|part| part.strip_prefix('{')?.strip_suffix('}'));
    let name = names.next()?;
    names.next().is_none().then(|| name.to_owned())
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

/// A header that holds a position or the like, if it is there.
///
/// # Errors
/// 422 when it holds something else.
pub fn position_header<T: FromStr<Err = PositionError>>(
    headers: &HeaderMap,
    name: &'static str,
) -> Result<Option<T>, Failure> {
    let Some(value) = headers.get(name) else {
        return Ok(None);
    };
    let text = String::from_utf8_lossy(value.as_bytes());
    let position: Result<T, PositionError> = text.parse();
    position
        .map(Some)
        .map_err(|error| Failure::because(Fault::InvalidParameter, error.to_string()).in_field(name))
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

#[cfg(test)]
mod tests {
    use axum::http::Request;
    use schemas::Position;

    use super::*;

    #[tokio::test]
    async fn a_wrong_parameter_is_named() {
        for (query, field) in [("limit=ten", "limit"), ("colour=red", "colour"), ("limit=-1", "limit")] {
            let (mut parts, ()) = Request::get(format!("/v1/inbox?{query}")).body(()).unwrap().into_parts();
            let read = Query::<PageQuery>::from_request_parts(&mut parts, &()).await;
            let failure = read.map(|_| ()).unwrap_err();
            assert_eq!((failure.status().as_u16(), failure.field()), (422, Some(field)), "{failure:?}");
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
        let read = |headers, name| position_header::<Position>(headers, name);
        assert!(read(&headers, "x-at").is_ok_and(|position| position.is_some()));
        assert!(read(&headers, "x-other").is_ok_and(|position| position.is_none()));
        let bad: HeaderMap = [("x-at".parse().unwrap(), "12".parse().unwrap())].into_iter().collect();
        assert_eq!(read(&bad, "x-at").unwrap_err().status().as_u16(), 422);
    }
}
