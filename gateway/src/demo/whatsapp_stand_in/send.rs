//! `POST /{version}/{phone_number_id}/messages`, with the fault that is due.

use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::{ConnectInfo, DefaultBodyLimit, Path, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use axum::{Json, Router};
use serde_json::{Value, json};

use super::connection::ConnectionHandle;
use super::shape::{self, GraphError, TextMessage};
use super::statuses::SentMessage;
use super::{Fault, Shared};
use crate::whatsapp::is_business_scoped_user_id;

const REQUEST_BYTES_MAX: usize = 64 * 1024;

pub(super) fn router(shared: Arc<Shared>) -> Router {
    Router::new()
        .route("/{version}/{phone_number_id}/messages", post(messages))
        .fallback(|| async { GraphError::bad_request(2500, "no such path").into_response() })
        .layer(DefaultBodyLimit::max(REQUEST_BYTES_MAX))
        .with_state(shared)
}

impl IntoResponse for GraphError {
    fn into_response(self) -> Response {
        let status = StatusCode::from_u16(self.http_status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        (status, Json(self.body())).into_response()
    }
}

async fn messages(
    State(shared): State<Arc<Shared>>,
    ConnectInfo(connection): ConnectInfo<ConnectionHandle>,
    Path((version, phone_number_id)): Path<(String, String)>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let request = String::from_utf8_lossy(&body);
    let message = match check(&shared, &version, &phone_number_id, &headers, &request) {
        Ok(message) => message,
        Err(error) => return error.into_response(),
    };
    let fault = shared.faults().take(&message.to);
    match fault {
        Some(Fault::GraphError { http_status, code }) => {
            let details = "a fault the stand-in was told to have".to_owned();
            GraphError { http_status, code, subcode: None, details }.into_response()
        }
        Some(Fault::Http500NoBody) => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
        Some(Fault::Timeout(time)) => {
            let unseen = accept(&shared, &phone_number_id, &message, &request).await;
            shared.hold(time).await;
            connection.close_unanswered();
            Json(unseen).into_response()
        }
        Some(Fault::AcceptThenDrop) => {
            let unseen = accept(&shared, &phone_number_id, &message, &request).await;
            connection.close_unanswered();
            Json(unseen).into_response()
        }
        Some(Fault::Delay(time)) => {
            shared.hold(time).await;
            Json(accept(&shared, &phone_number_id, &message, &request).await).into_response()
        }
        None => Json(accept(&shared, &phone_number_id, &message, &request).await).into_response(),
    }
}

fn check(
    shared: &Shared,
    version: &str,
    phone_number_id: &str,
    headers: &HeaderMap,
    request: &str,
) -> Result<TextMessage, GraphError> {
    let given = headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
    if given.and_then(|value| value.strip_prefix("Bearer ")) != Some(&shared.options.access_token) {
        let details = "the access token is missing or wrong".to_owned();
        return Err(GraphError { http_status: 401, code: 190, subcode: None, details });
    }
    let is_version = version
        .strip_prefix('v')
        .and_then(|numbers| numbers.split_once('.'))
        .is_some_and(|(major, minor)| major.parse::<u32>().is_ok() && minor.parse::<u32>().is_ok());
    if !is_version {
        return Err(GraphError::bad_request(2500, "no such version"));
    }
    if !shared.options.phone_number_ids.iter().any(|id| id == phone_number_id) {
        let details = format!("no object with the id {phone_number_id} can be used with this token");
        return Err(GraphError { http_status: 400, code: 100, subcode: Some(33), details });
    }
    shape::check(request)
}

async fn accept(shared: &Arc<Shared>, phone_number_id: &str, message: &TextMessage, request: &str) -> Value {
    let now_ms = shared.now_ms();
    let wamid = shared.ledger().accept(phone_number_id, message, request, now_ms);
    let by_user_id = is_business_scoped_user_id(&message.to);
    let recipient = if by_user_id {
        message.to.clone()
    } else {
        message.to.chars().filter(char::is_ascii_digit).collect()
    };
    let contact = if by_user_id {
        json!({"input": message.to, "user_id": recipient})
    } else {
        json!({"input": message.to, "wa_id": recipient})
    };
    let sent = SentMessage {
        phone_number_id: phone_number_id.to_owned(),
        wamid: wamid.clone(),
        recipient,
        callback_data: message.callback_data.clone(),
        accepted_at_ms: now_ms,
    };
    shared.deliverer.report(sent).await;
    json!({"messaging_product": "whatsapp", "contacts": [contact], "messages": [{"id": wamid}]})
}
