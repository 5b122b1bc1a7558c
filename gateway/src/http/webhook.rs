//! Where Meta calls: the check when the callback is registered, and the webhooks themselves. Nothing of a webhook
//! is read before its signature holds, and none is answered 200 before all of it is durable.

use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::rejection::BytesRejection;
use axum::extract::{DefaultBodyLimit, State};
use axum::http::HeaderMap;
use axum::http::header::X_CONTENT_TYPE_OPTIONS;
use axum::response::IntoResponse;
use engine::clock;
use metrics::counter;
use schemas::Rejection;
use serde::Deserialize;
use subtle::ConstantTimeEq;
use utoipa::IntoParams;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::extract::{Query, unread_body};
use super::problem::{Failure, Fault};
use crate::app::App;
use crate::ingest::{self, TryLater};
use crate::limits::WEBHOOK_BYTES_MAX;
use crate::whatsapp::webhook::{self, ParseError};
use crate::whatsapp::{Secrets, signature};

pub(super) fn routes() -> OpenApiRouter<Arc<App>> {
    OpenApiRouter::new().routes(routes!(verify, receive)).layer(DefaultBodyLimit::max(WEBHOOK_BYTES_MAX))
}

/// What Meta asks when the callback is registered.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct Verification {
    /// Always `subscribe`.
    #[serde(rename = "hub.mode")]
    mode: String,
    /// What is to be answered.
    #[serde(rename = "hub.challenge")]
    challenge: String,
    /// The token that was given to Meta.
    #[serde(rename = "hub.verify_token")]
    verify_token: String,
}

/// Register the callback
///
/// Meta asks this each time the callback's URL or token is set. It carries no bearer token and no signature.
#[utoipa::path(
    get,
    path = "/webhooks/whatsapp",
    tag = "channels",
    params(Verification),
    security(()),
    responses((status = 200, description = "The challenge.", body = String, content_type = "text/plain"))
)]
async fn verify(
    State(app): State<Arc<App>>,
    Query(asked): Query<Verification>,
) -> Result<impl IntoResponse, Failure> {
    if asked.mode == "subscribe" && is_verify_token(&app.whatsapp, &asked.verify_token) {
        Ok(([(X_CONTENT_TYPE_OPTIONS, "nosniff")], asked.challenge))
    } else {
        tracing::warn!("somebody tried to register the WhatsApp callback with a wrong token");
        Err(Rejection::Forbidden.into())
    }
}

/// Receive a webhook
///
/// For all numbers; `X-Hub-Signature-256` stands for a token. Answered when every update of it is in the log, or
/// among the dead letters when it cannot be taken in, such as a message to a number that no channel has. After 503
/// the same webhook is sent again, and what was stored of it is recognised. Up to 3 MiB.
#[utoipa::path(
    post,
    path = "/webhooks/whatsapp",
    tag = "channels",
    params(("X-Hub-Signature-256" = String, Header, description = "`sha256=` and the HMAC of the body, in hex.")),
    security(()),
    request_body(content = Object, description = "As Meta documents it."),
    responses((status = 200, description = "Everything in it is durable."))
)]
async fn receive(
    State(app): State<Arc<App>>,
    headers: HeaderMap,
    body: Result<Bytes, BytesRejection>,
) -> Result<(), Failure> {
    let received_at = clock::now();
    let body = body.map_err(|rejection| unread_body(&rejection))?;
    let claimed = headers.get(signature::HEADER_NAME).and_then(|value| value.to_str().ok());
    signature::verify(&app.whatsapp.app_secrets, claimed, &body).map_err(|error| {
        counter!("atender_webhook_signatures_refused_total").increment(1);
        tracing::warn!(%error, "a webhook is refused");
        Failure::because(Fault::Unauthenticated, error.to_string()).in_field("X-Hub-Signature-256")
    })?;
    let updates = webhook::parse(&body).map_err(unreadable)?;
    Ok(ingest::receive(&app, &updates, received_at).await?)
}

fn unreadable(error: ParseError) -> Failure {
    let fault = match error {
        ParseError::TooLarge { .. } => Fault::BodyTooLarge,
        ParseError::NotJson | ParseError::NotWhatsApp => Fault::MalformedJson,
    };
    Failure::because(fault, error.to_string())
}

impl From<TryLater> for Failure {
    fn from(error: TryLater) -> Self {
        let fault = match error {
            TryLater::DeadLetters(error) => return error.into(),
            TryLater::Log(_) => Fault::LogUnavailable,
            TryLater::Behind(_) => Fault::StaleView,
            TryLater::View(_) => Fault::ViewUnavailable,
        };
        tracing::warn!(error = &error as &dyn std::error::Error, "an update could not be stored");
        Self::because(fault, error.to_string())
    }
}

/// In constant time; hashed first, so that not even the length can be found out.
fn is_verify_token(secrets: &Secrets, given: &str) -> bool {
    let Some(token) = secrets.verify_token.as_ref().filter(|token| !token.is_empty()) else {
        return false;
    };
    let [token, given] = [token.as_str(), given].map(|text| *blake3::hash(text.as_bytes()).as_bytes());
    token.ct_eq(&given).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_verify_token_registers_the_callback() {
        let secrets = |token: Option<&str>| Secrets::new(vec![], token.map(str::to_owned));
        assert!(is_verify_token(&secrets(Some("let-me-in")), "let-me-in"));
        assert!(!is_verify_token(&secrets(Some("let-me-in")), "let-me-in "));
        assert!(!is_verify_token(&secrets(Some("let-me-in")), ""));
        assert!(!is_verify_token(&secrets(Some("")), ""));
        assert!(!is_verify_token(&secrets(None), ""));
    }
}
