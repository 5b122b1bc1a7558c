//! What a request carries, read by the extractors of the API: a value within its limits, or an answer of 4xx.

use axum::Router;
use axum::body::Body;
use axum::extract::FromRequestParts;
use axum::http::{HeaderValue, Request, StatusCode, Uri};
use axum::routing::get;
use futures_util::FutureExt;
use gateway::http::extract::{PageQuery, Path, Query, json};
use gateway::http::problem::Failure;
use gateway::limits::PAGE_ROWS_MAX;
use schemas::api::requests::*;
use schemas::{AgentId, ConversationId};
use serde::Serialize;
use serde::de::DeserializeOwned;
use tower_service::Service;

/// A body as each of the requests.
pub(crate) fn request_body(body: &[u8]) {
    reads_as_written::<DefineClient>(body);
    reads_as_written::<DefineProject>(body);
    reads_as_written::<DefineCampaign>(body);
    reads_as_written::<DefineChannel>(body);
    reads_as_written::<DefineDisposition>(body);
    reads_as_written::<DefineAgent>(body);
    reads_as_written::<ChangePresence>(body);
    reads_as_written::<ReceiveMessage>(body);
    reads_as_written::<RecordReceipt>(body);
    reads_as_written::<Assign>(body);
    reads_as_written::<SendMessage>(body);
    reads_as_written::<Transfer>(body);
    reads_as_written::<Finish>(body);
    reads_as_written::<AddNote>(body);
    reads_as_written::<SetExclusiveAgent>(body);
    reads_as_written::<Settle>(body);
    reads_as_written::<CreateToken>(body);
}

fn reads_as_written<T: DeserializeOwned + Serialize + PartialEq + std::fmt::Debug>(body: &[u8]) {
    let content_type = HeaderValue::from_static("application/json");
    match json::<T>(Some(&content_type), body) {
        Ok(request) => {
            let written = serde_json::to_vec(&request).expect("a request is plain data");
            assert_eq!(json::<T>(Some(&content_type), &written).ok(), Some(request));
        }
        Err(failure) => refuses(&failure),
    }
}

#[track_caller]
fn refuses(failure: &Failure) {
    assert!(failure.status().is_client_error(), "{failure:?}");
}

/// What stands behind the `?` of a list.
pub(crate) fn query(bytes: &[u8]) {
    let Some(uri) = uri("/v1/queue?", bytes) else { return };
    let (mut parts, ()) = Request::builder().uri(uri).body(()).expect("a good URI").into_parts();
    let read = Query::<PageQuery>::from_request_parts(&mut parts, &()).now_or_never();
    match read.expect("nothing to wait for").and_then(|Query(page)| page.rows()) {
        Ok(rows) => assert!((1..=PAGE_ROWS_MAX).contains(&rows), "a page of {rows} rows"),
        Err(failure) => refuses(&failure),
    }
}

/// What stands in the path, through a router.
pub(crate) fn path(bytes: &[u8]) {
    let Some(uri) = uri("/v1/", bytes) else { return };
    let mut router: Router = Router::new()
        .route("/v1/conversations/{id}", get(async |Path(_): Path<ConversationId>| {}))
        .route("/v1/agents/{id}", get(async |Path(_): Path<AgentId>| {}))
        .route(
            "/v1/agents/{agent}/conversations/{id}",
            get(async |Path(_): Path<(AgentId, ConversationId)>| {}),
        );
    let request = Request::builder().uri(uri).body(Body::empty()).expect("a good URI");
    let answer = router.call(request).now_or_never().expect("nothing to wait for");
    let status = answer.expect("a router always answers").status();
    assert!(status == StatusCode::OK || status.is_client_error(), "{status}");
}

fn uri(front: &str, bytes: &[u8]) -> Option<Uri> {
    Uri::try_from([front.as_bytes(), bytes].concat()).ok()
}
