//! Contacts: their conversations.

use std::sync::Arc;

use axum::extract::State;
use schemas::api::Page;
use schemas::api::views::ContactConversation;
use schemas::{ContactId, Rejection};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::extract::{PageQuery, Path, Query};
use super::problem::{Failure, Fault};
use super::reading::{Answer, Reading, catch_up};
use super::sight::conversations_of_contact;
use crate::app::App;

pub(super) fn routes() -> OpenApiRouter<Arc<App>> {
    OpenApiRouter::new().routes(routes!(conversations))
}

/// The conversations of a contact
///
/// Newest first. An agent gets one page: their own, those that wait in their campaigns, and, while they have one
/// open with the contact, as many past ones with the same client as the client's `history_conversations` says.
#[utoipa::path(
    get,
    path = "/v1/contacts/{id}/conversations",
    tag = "reading",
    params(("id" = ContactId, Path, description = "Which contact."), PageQuery),
    responses((status = 200, description = "A page of them.", body = Page<ContactConversation>))
)]
async fn conversations(
    State(app): State<Arc<App>>,
    Path(contact): Path<ContactId>,
    Query(query): Query<PageQuery>,
    reading: Reading,
) -> Result<Answer<Page<ContactConversation>>, Failure> {
    let (cursor, rows) = (query.cursor.as_deref(), query.rows()?);
    let page = app.views.history().contact_conversations(&app.workspace, contact, cursor, rows)?;
    if page.items.is_empty() && cursor.is_none() {
        return Err(not_found(contact));
    }
    let Some(agent) = reading.sight.own() else {
        return Ok(reading.answer(page));
    };
    let mut items = conversations_of_contact(&app, agent, contact)?;
    if items.is_empty() {
        return Err(Rejection::Forbidden.into());
    }
    items.truncate(rows);
    Ok(reading.answer(Page { items, next: None }))
}

/// The engine keeps no table of contacts, so it would take any id; the views know who ever wrote.
pub(super) async fn require_contact(app: &App, contact: ContactId) -> Result<(), Failure> {
    let wrote = || app.views.history().contact_conversations(&app.workspace, contact, None, 1);
    if !wrote()?.items.is_empty() {
        return Ok(());
    }
    catch_up(app).await?;
    if wrote()?.items.is_empty() { Err(not_found(contact)) } else { Ok(()) }
}

fn not_found(contact: ContactId) -> Failure {
    Failure::because(Fault::ContactNotFound, format!("there is no contact {contact}"))
}
