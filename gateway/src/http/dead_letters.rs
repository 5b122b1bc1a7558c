//! The dead letters, for administrators: what could not be taken in, and taking it in by hand.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use schemas::api::Page;
use schemas::api::views::{DeadLetter, DeliveredLetters};
use serde::Deserialize;
use utoipa::IntoParams;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::auth::Caller;
use super::extract::{Path, Query, page_rows};
use super::problem::{Failure, Fault};
use crate::app::App;
use crate::dead_letters::{DeadLettersError, Letter};
use crate::ingest;

const PREVIEW_CHARS: usize = 200;

pub(super) fn routes() -> OpenApiRouter<Arc<App>> {
    OpenApiRouter::new().routes(routes!(list)).routes(routes!(deliver_one)).routes(routes!(deliver_all))
}

impl From<DeadLettersError> for Failure {
    fn from(error: DeadLettersError) -> Self {
        tracing::error!(error = &error as &dyn std::error::Error, "the dead letters cannot be used");
        let fault = match &error {
            DeadLettersError::Unavailable { .. } => Fault::Overloaded,
            DeadLettersError::TooLarge { .. } => Fault::BodyTooLarge,
        };
        Self::because(fault, error.to_string())
    }
}

/// Which letters.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
struct Listing {
    /// `next` of the page before.
    #[serde(default)]
    cursor: Option<String>,
    /// How many, from 1 to 200; 50 if absent.
    #[serde(default)]
    limit: Option<usize>,
}

/// List the dead letters
///
/// Updates of webhooks that could not be taken in, oldest first, each with the reason. With the administrator's
/// token only.
#[utoipa::path(
    get,
    path = "/v1/dead-letters",
    tag = "operation",
    params(Listing),
    responses((status = 200, description = "A page of them.", body = Page<DeadLetter>))
)]
async fn list(
    State(app): State<Arc<App>>,
    caller: Caller,
    Query(listing): Query<Listing>,
) -> Result<Json<Page<DeadLetter>>, Failure> {
    caller.require_administrator()?;
    let limit = page_rows(listing.limit)?;
    let after = match listing.cursor.as_deref() {
        None | Some("") => 0,
        Some(cursor) => cursor.parse().map_err(|_| Fault::InvalidCursor)?,
    };
    let (letters, more) = app.dead_letters.list(after, limit).await?;
    let next = letters.last().filter(|_| more).map(|letter| letter.sequence.to_string());
    Ok(Json(Page { items: letters.iter().map(row).collect(), next }))
}

/// Deliver a dead letter
///
/// Takes it in as if it came now; it may have been taken in before, which does nothing twice. `failed` says why it
/// stays. With the administrator's token only.
#[utoipa::path(
    post,
    path = "/v1/dead-letters/{sequence}/deliver",
    tag = "operation",
    params(("sequence" = u64, Path, description = "The letter's number.")),
    responses((status = 200, description = "What came of it.", body = DeliveredLetters))
)]
async fn deliver_one(
    State(app): State<Arc<App>>,
    caller: Caller,
    Path(sequence): Path<u64>,
) -> Result<Json<DeliveredLetters>, Failure> {
    caller.require_administrator()?;
    let delivered = ingest::deliver(&app, sequence).await?;
    delivered.map(Json).ok_or_else(|| Failure::because(Fault::PathNotFound, "there is no such dead letter"))
}

/// Deliver all dead letters
///
/// Oldest first, for at most 20 seconds; ask again for the rest. `failed` says which stay and why. With the
/// administrator's token only.
#[utoipa::path(
    post,
    path = "/v1/dead-letters/deliver",
    tag = "operation",
    responses((status = 200, description = "What came of them.", body = DeliveredLetters))
)]
async fn deliver_all(State(app): State<Arc<App>>, caller: Caller) -> Result<Json<DeliveredLetters>, Failure> {
    caller.require_administrator()?;
    Ok(Json(ingest::deliver_all(&app).await?))
}

fn row(letter: &Letter) -> DeadLetter {
    let update = letter.updates().ok().and_then(|updates| updates.into_iter().next());
    let (phone_number_id, raw) =
        update.map_or((None, String::new()), |update| (update.phone_number_id, update.raw));
    DeadLetter {
        sequence: letter.sequence,
        received_at: letter.received_at,
        phone_number_id,
        reason: letter.reason.clone(),
        preview: raw.chars().take(PREVIEW_CHARS).collect(),
    }
}
