//! Making, listing and revoking tokens: for the holder of the administrator's token only, since whoever makes an
//! agent's token can act as that agent.

use std::sync::Arc;

use axum::Json;
use axum::body::Bytes;
use axum::extract::State;
use axum::extract::rejection::BytesRejection;
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use axum::http::{HeaderMap, StatusCode};
use axum::response::IntoResponse;
use schemas::api::requests::CreateToken;
use schemas::{AgentId, ChannelId, Rejection, Timestamp};
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::auth::Caller;
use super::extract::{Path, json, unread_body};
use super::problem::{Failure, Fault};
use super::reading;
use crate::app::App;
use crate::tokens::{Principal, TokenId, TokensError};

/// A token that was just made.
#[derive(Serialize, ToSchema)]
struct TokenCreated {
    /// Its id, to revoke it with.
    #[schema(pattern = "^[0-9a-f]{16}$", example = "0123456789abcdef")]
    id: String,
    /// The token. It is shown this once, and kept nowhere.
    #[schema(example = "atender_0123456789abcdef_...")]
    token: String,
}

/// A token, without what is secret of it.
#[derive(Serialize, ToSchema)]
struct TokenListed {
    /// Its id, to revoke it with.
    #[schema(pattern = "^[0-9a-f]{16}$", example = "0123456789abcdef")]
    id: String,
    /// The agent it acts as, if it is an agent's.
    #[serde(skip_serializing_if = "Option::is_none")]
    agent: Option<AgentId>,
    /// The channel it reports for, if it is a connector's.
    #[serde(skip_serializing_if = "Option::is_none")]
    channel: Option<ChannelId>,
    /// When it was made.
    created_at: Timestamp,
}

/// All tokens.
#[derive(Serialize, ToSchema)]
struct TokenList {
    /// In the order of their ids.
    items: Vec<TokenListed>,
}

pub(super) fn routes() -> OpenApiRouter<Arc<App>> {
    OpenApiRouter::new().routes(routes!(create, list)).routes(routes!(revoke))
}

impl From<TokensError> for Failure {
    fn from(error: TokensError) -> Self {
        match error {
            TokensError::TooMany => Fault::TooManyTokens.into(),
            TokensError::Unavailable { .. } | TokensError::WeakAdminToken => {
                tracing::error!(%error, "a token could not be made or revoked");
                Fault::TokensUnavailable.into()
            }
        }
    }
}

/// Make a token
///
/// For an agent or for the connector of a channel, whichever is given; both must exist. With the administrator's
/// token only. Each request makes another token, so it takes no `Idempotency-Key`.
///
/// Refused with `unknown_agent`, `unknown_channel` or `too_many_tokens`.
#[utoipa::path(
    post,
    operation_id = "create_token",
    path = "/v1/tokens",
    tag = "tokens",
    request_body = CreateToken,
    responses((status = 201, description = "The token, shown this once.", body = TokenCreated))
)]
async fn create(
    State(app): State<Arc<App>>,
    caller: Caller,
    headers: HeaderMap,
    body: Result<Bytes, BytesRejection>,
) -> Result<impl IntoResponse, Failure> {
    caller.require_administrator()?;
    let body = body.map_err(|rejection| unread_body(&rejection))?;
    let principal = match json(headers.get(CONTENT_TYPE), &body)? {
        CreateToken { agent: Some(agent), channel: None } => {
            let known = reading::agent(&app, &agent).await?;
            known.ok_or_else(|| Rejection::UnknownAgent(agent.clone()))?;
            Principal::Agent(agent)
        }
        CreateToken { agent: None, channel: Some(channel) } => {
            let known = reading::channel(&app, &channel).await?;
            known.ok_or_else(|| Rejection::UnknownChannel(channel.clone()))?;
            Principal::Connector(channel)
        }
        CreateToken { .. } => {
            let title = "a token is for an agent or for a channel, and for one of the two";
            return Err(Failure::because(Fault::InvalidBody, title).in_field("agent"));
        }
    };
    let token = app.tokens.create(principal.clone()).await?;
    tracing::info!(token = %token.id, %principal, "a token was made");
    let created = TokenCreated { id: token.id.to_string(), token: token.text };
    Ok((StatusCode::CREATED, [(CACHE_CONTROL, "no-store")], Json(created)))
}

/// List the tokens
///
/// Their ids and whom they are for; never a secret. With the administrator's token only.
#[utoipa::path(
    get,
    operation_id = "list_tokens",
    path = "/v1/tokens",
    tag = "tokens",
    responses((status = 200, description = "All that are valid.", body = TokenList))
)]
async fn list(State(app): State<Arc<App>>, caller: Caller) -> Result<impl IntoResponse, Failure> {
    caller.require_administrator()?;
    let listed = app.tokens.list().into_iter().map(|(id, record)| {
        let (agent, channel) = match record.principal {
            Principal::Agent(agent) => (Some(agent), None),
            Principal::Connector(channel) => (None, Some(channel)),
            Principal::Administrator => (None, None),
        };
        TokenListed { id: id.to_string(), agent, channel, created_at: record.created_at }
    });
    Ok(([(CACHE_CONTROL, "no-store")], Json(TokenList { items: listed.collect() })))
}

/// Revoke a token
///
/// It is not valid any more, and its live streams end. With the administrator's token only.
#[utoipa::path(
    delete,
    operation_id = "revoke_token",
    path = "/v1/tokens/{id}",
    tag = "tokens",
    params(("id" = String, Path, description = "The token's id.", pattern = "^[0-9a-f]{16}$")),
    responses((status = 204, description = "It is revoked."))
)]
async fn revoke(
    State(app): State<Arc<App>>,
    caller: Caller,
    Path(id): Path<TokenId>,
) -> Result<impl IntoResponse, Failure> {
    caller.require_administrator()?;
    if !app.tokens.revoke(&id).await? {
        return Err(Fault::TokenNotFound.into());
    }
    tracing::info!(token = %id, "a token was revoked");
    Ok((StatusCode::NO_CONTENT, [(CACHE_CONTROL, "no-store")]))
}
