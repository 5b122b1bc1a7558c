//! Contacts: finding one, what is known of them and by whom it was written, notes, and their conversations.

use std::collections::HashSet;
use std::sync::Arc;

use axum::extract::State;
use schemas::api::contacts::{
    AddContactNote, Contact, ContactChange, ContactExclusiveAgents, ContactNote, MergeContact, UpdateContact,
};
use schemas::api::views::ContactConversation;
use schemas::api::{Accepted, Page};
use schemas::{ClientId, Command, ContactId, Rejection};
use serde::Deserialize;
use utoipa::IntoParams;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::extract::{PageQuery, Path, Query, page_rows};
use super::order::{Done, Envelope, Order};
use super::problem::{Failure, Fault};
use super::reading::{Answer, Reading, catch_up};
use super::sight::{Sight, clients_seen, conversations_of_contact};
use crate::app::App;

pub(super) fn routes() -> OpenApiRouter<Arc<App>> {
    OpenApiRouter::new()
        .routes(routes!(search))
        .routes(routes!(show, update))
        .routes(routes!(changes))
        .routes(routes!(notes, add_note))
        .routes(routes!(merge))
        .routes(routes!(exclusive_agents))
        .routes(routes!(conversations))
}

/// What is searched for, and which page of what is found.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
struct SearchQuery {
    /// Words and numbers that names, e-mail addresses, documents and phone numbers begin with; at most 8, in at most 100
    /// characters.
    q: String,
    /// `next` of the page before; absent for the first.
    cursor: Option<String>,
    /// Rows of a page, from 1 to 200; 50 if absent.
    #[param(minimum = 1, maximum = 200, default = 50)]
    limit: Option<usize>,
}

/// Find contacts
///
/// By name, e-mail address, document and phone: everything that is asked for begins a word of theirs, whatever the case
/// and the accents. A phone number is found from its beginning, with or without the country's code and however it is
/// written, and by its last digits. An agent finds those whose conversations they see. A page may have fewer rows than
/// asked for, or none, and a `next`: that much was looked through.
///
/// Refused with `invalid_parameter` or `invalid_cursor`.
#[utoipa::path(
    get,
    operation_id = "search_contacts",
    path = "/v1/contacts",
    tag = "contacts",
    params(SearchQuery),
    responses((status = 200, description = "A page of them, by the word that was found.", body = Page<Contact>))
)]
async fn search(
    State(app): State<Arc<App>>,
    reading: Reading,
    Query(asked): Query<SearchQuery>,
) -> Result<Answer<Page<Contact>>, Failure> {
    let rows = page_rows(asked.limit)?;
    let query = projections::Query::parse(&asked.q)
        .map_err(|bad| Failure::because(Fault::InvalidParameter, bad.to_string()).in_field("q"))?;
    let is_seen = |contact| reading.sight.sees_contact(&app, contact);
    let contacts = app.views.contacts();
    let mut page = contacts.search(&app.workspace, &query, asked.cursor.as_deref(), rows, is_seen)?;
    let clients = clients_seen(&app, &reading.sight)?;
    page.items.iter_mut().for_each(|contact| hide(contact, clients.as_ref()));
    Ok(reading.answer(page))
}

/// Agents see the fields of the clients they work for.
fn hide(contact: &mut Contact, clients: Option<&HashSet<ClientId>>) {
    if let Some(clients) = clients {
        contact.fields.retain(|client, _| clients.contains(client));
    }
}

/// Show a contact
///
/// What is known of them. Agents see those whose conversations they see. An id that stands for another contact since
/// they turned out to be one shows that one.
///
/// Refused with `contact_not_found` or `forbidden`.
#[utoipa::path(
    get,
    operation_id = "show_contact",
    path = "/v1/contacts/{id}",
    tag = "contacts",
    params(("id" = ContactId, Path, description = "Which contact.")),
    responses((status = 200, description = "As they are now.", body = Contact))
)]
async fn show(
    State(app): State<Arc<App>>,
    Path(id): Path<ContactId>,
    reading: Reading,
) -> Result<Answer<Contact>, Failure> {
    let mut contact = seen(&app, &reading.sight, id)?;
    hide(&mut contact, clients_seen(&app, &reading.sight)?.as_ref());
    Ok(reading.answer(contact))
}

fn seen(app: &App, sight: &Sight, id: ContactId) -> Result<Contact, Failure> {
    let contact = app.views.contacts().contact(&app.workspace, id)?.ok_or_else(|| not_found(id))?;
    sight.require_contact(app, contact.id)?;
    Ok(contact)
}

/// Change what is known of a contact
///
/// What is left out stays as it is, `null` empties a field. The fields of `fields` are those that clients declare in
/// their `contact_fields`; agents change those of the clients they work for, of contacts whose conversations they see.
///
/// Refused with `nothing_to_update`, `invalid_text`, `invalid_email`, `invalid_phone`, `unknown_client`,
/// `unknown_contact_field`, `invalid_contact_field`, `too_many`, `contact_not_found` or `forbidden`.
#[utoipa::path(
    patch,
    operation_id = "update_contact",
    path = "/v1/contacts/{id}",
    tag = "contacts",
    params(("id" = ContactId, Path, description = "Which contact.")),
    request_body = UpdateContact,
    responses((status = 200, description = "It is so from now on.", body = Accepted))
)]
async fn update(
    State(app): State<Arc<App>>,
    Path(contact): Path<ContactId>,
    Order(order, body): Order<UpdateContact>,
) -> Result<Done, Failure> {
    let allowed = may_write(&app, &order, contact).await;
    let checked = allowed.map(|()| Command::UpdateContact { contact, set: body.into_set() });
    order.submit_checked(&app, checked).await.map_err(|failure| match failure.code() {
        "unknown_client" => failure.in_field("fields"),
        _ => failure,
    })
}

async fn may_write(app: &App, order: &Envelope, contact: ContactId) -> Result<(), Failure> {
    let sight = Sight::of(app, &order.caller.principal)?;
    require_contact(app, contact).await?;
    sight.require_contact(app, contact)
}

/// What was changed of a contact
///
/// Who changed what, from what to what and when, newest first; also the addresses they write from, and that somebody
/// else turned out to be them. A page has all that so many requests changed.
///
/// Refused with `contact_not_found`, `invalid_cursor` or `forbidden`.
#[utoipa::path(
    get,
    operation_id = "list_contact_changes",
    path = "/v1/contacts/{id}/changes",
    tag = "contacts",
    params(("id" = ContactId, Path, description = "Which contact."), PageQuery),
    responses((status = 200, description = "A page of them.", body = Page<ContactChange>))
)]
async fn changes(
    State(app): State<Arc<App>>,
    Path(id): Path<ContactId>,
    Query(query): Query<PageQuery>,
    reading: Reading,
) -> Result<Answer<Page<ContactChange>>, Failure> {
    let contact = seen(&app, &reading.sight, id)?;
    let (cursor, rows) = (query.cursor.as_deref(), query.rows()?);
    let mut page = app.views.contacts().changes(&app.workspace, contact.id, cursor, rows)?;
    if let Some(clients) = clients_seen(&app, &reading.sight)? {
        page.items.retain(|change| change.client.as_ref().is_none_or(|client| clients.contains(client)));
    }
    Ok(reading.answer(page))
}

/// The notes on a contact
///
/// Newest first. Whoever sees the contact reads them; the customer never does.
///
/// Refused with `contact_not_found`, `invalid_cursor` or `forbidden`.
#[utoipa::path(
    get,
    operation_id = "list_contact_notes",
    path = "/v1/contacts/{id}/notes",
    tag = "contacts",
    params(("id" = ContactId, Path, description = "Which contact."), PageQuery),
    responses((status = 200, description = "A page of them.", body = Page<ContactNote>))
)]
async fn notes(
    State(app): State<Arc<App>>,
    Path(id): Path<ContactId>,
    Query(query): Query<PageQuery>,
    reading: Reading,
) -> Result<Answer<Page<ContactNote>>, Failure> {
    let contact = seen(&app, &reading.sight, id)?;
    let (cursor, rows) = (query.cursor.as_deref(), query.rows()?);
    Ok(reading.answer(app.views.contacts().notes(&app.workspace, contact.id, cursor, rows)?))
}

/// Write a note on a contact
///
/// For whoever attends them next; it stays when the conversation is over. At most 4000 characters.
///
/// Refused with `invalid_text`, `contact_not_found` or `forbidden`.
#[utoipa::path(
    post,
    operation_id = "add_contact_note",
    path = "/v1/contacts/{id}/notes",
    tag = "contacts",
    params(("id" = ContactId, Path, description = "On which contact.")),
    request_body = AddContactNote,
    responses((status = 200, description = "The note is in the log.", body = Accepted))
)]
async fn add_note(
    State(app): State<Arc<App>>,
    Path(contact): Path<ContactId>,
    Order(order, body): Order<AddContactNote>,
) -> Result<Done, Failure> {
    let allowed = may_write(&app, &order, contact).await;
    let checked = allowed.map(|()| Command::AddContactNote { contact, text: body.text });
    order.submit_checked(&app, checked).await.map_err(|failure| match failure.code() {
        // The engine names the note; this request calls its text so.
        "invalid_text" => failure.in_field("text"),
        _ => failure,
    })
}

/// Merge two contacts
///
/// They are one from now on: the contact in the path, whom the other's id stands for. All that was the other's is theirs;
/// what somebody wrote of them stays, and where nobody did, what is known of the other counts. Where both have a
/// conversation on a channel, one goes on and shows the other. There is no way back. For supervisors.
///
/// Refused with `contact_not_found` or `forbidden`.
#[utoipa::path(
    post,
    operation_id = "merge_contacts",
    path = "/v1/contacts/{id}/merge",
    tag = "contacts",
    params(("id" = ContactId, Path, description = "Who goes on.")),
    request_body = MergeContact,
    responses((status = 200, description = "They are one from now on.", body = Accepted))
)]
async fn merge(
    State(app): State<Arc<App>>,
    Path(contact): Path<ContactId>,
    Order(order, body): Order<MergeContact>,
) -> Result<Done, Failure> {
    require_contact(&app, contact).await?;
    require_contact(&app, body.contact).await.map_err(|failure| failure.in_field("contact"))?;
    order.submit(&app, Command::MergeContacts { contact, other: body.contact }).await
}

/// The exclusive agents of a contact
///
/// By campaign: who gets each new conversation of the contact there, and until when.
///
/// Refused with `contact_not_found` or `forbidden`.
#[utoipa::path(
    get,
    operation_id = "list_exclusive_agents",
    path = "/v1/contacts/{id}/exclusive-agents",
    tag = "contacts",
    params(("id" = ContactId, Path, description = "Which contact.")),
    responses((status = 200, description = "All of them.", body = ContactExclusiveAgents))
)]
async fn exclusive_agents(
    State(app): State<Arc<App>>,
    Path(id): Path<ContactId>,
    reading: Reading,
) -> Result<Answer<ContactExclusiveAgents>, Failure> {
    let contact = seen(&app, &reading.sight, id)?;
    let items = app.views.contacts().exclusive_agents(&app.workspace, contact.id)?;
    Ok(reading.answer(ContactExclusiveAgents { items }))
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
