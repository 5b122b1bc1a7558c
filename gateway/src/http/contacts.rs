//! Contacts: their conversations, and the agents who get every new one of them.

use std::sync::Arc;

use axum::extract::State;
use schemas::api::requests::SetExclusiveAgent;
use schemas::api::views::ContactConversation;
use schemas::api::{Accepted, Page};
use schemas::{CampaignId, Command, ContactId, Rejection};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::extract::{PageQuery, Path, Query};
use super::order::{Done, NoBody, Order};
use super::problem::{Failure, Fault};
use super::reading::{Answer, Reading, catch_up};
use super::sight::conversations_of_contact;
use crate::app::App;

pub(super) fn routes() -> OpenApiRouter<Arc<App>> {
    OpenApiRouter::new()
        .routes(routes!(conversations))
        .routes(routes!(set_exclusive_agent, remove_exclusive_agent))
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

/// Set the exclusive agent
///
/// From now on each new conversation of the contact in the campaign goes to this agent. Without `agent`, an agent
/// sets themselves.
///
/// Refused with `agent_not_in_campaign`, `agent_does_not_attend`, `unknown_agent`, `unknown_campaign`,
/// `contact_not_found` or `forbidden`.
#[utoipa::path(
    put,
    path = "/v1/contacts/{id}/exclusive-agents/{campaign}",
    tag = "contacts",
    params(
        ("id" = ContactId, Path, description = "Which contact."),
        ("campaign" = CampaignId, Path, description = "In which campaign."),
    ),
    request_body = SetExclusiveAgent,
    responses((status = 200, description = "It is so from now on.", body = Accepted))
)]
async fn set_exclusive_agent(
    State(app): State<Arc<App>>,
    Path((contact, campaign)): Path<(ContactId, CampaignId)>,
    Order(order, body): Order<SetExclusiveAgent>,
) -> Result<Done, Failure> {
    let agent = order.agent_or_self(body.agent)?;
    require_contact(&app, contact).await?;
    order.submit(&app, Command::SetExclusiveAgent { contact, campaign, agent }).await
}

/// Remove the exclusive agent
///
/// Refused with `no_exclusive_agent`, `unknown_campaign` or `forbidden`.
#[utoipa::path(
    delete,
    path = "/v1/contacts/{id}/exclusive-agents/{campaign}",
    tag = "contacts",
    params(
        ("id" = ContactId, Path, description = "Which contact."),
        ("campaign" = CampaignId, Path, description = "In which campaign."),
    ),
    responses((status = 200, description = "There is none from now on.", body = Accepted))
)]
async fn remove_exclusive_agent(
    State(app): State<Arc<App>>,
    Path((contact, campaign)): Path<(ContactId, CampaignId)>,
    Order(order, NoBody {}): Order<NoBody>,
) -> Result<Done, Failure> {
    order.submit(&app, Command::RemoveExclusiveAgent { contact, campaign }).await
}

/// The engine keeps no table of contacts, so it would take any id; the views know who ever wrote.
async fn require_contact(app: &App, contact: ContactId) -> Result<(), Failure> {
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
