//! What agents read: inboxes and queues, the headers of conversations, and their lines.

use std::sync::Arc;
use std::time::Duration;

use axum::extract::State;
use engine::clock;
use projections::StatusShown;
use schemas::api::Page;
use schemas::api::views::{Conversation, ConversationState, Entry, InboxItem};
use schemas::{AgentId, CampaignId, ConversationId};
use serde::Deserialize;
use utoipa::IntoParams;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::extract::{PageQuery, Path, Query, page_rows};
use super::problem::{Failure, Fault};
use super::reading::{Answer, Reading};
use crate::app::App;
use crate::tokens::Principal;

/// Whose inbox, or which queue.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
struct InboxQuery {
    /// The agent whose conversations are listed; absent for oneself.
    agent: Option<AgentId>,
    /// The campaign whose waiting conversations are listed instead.
    queue: Option<CampaignId>,
    /// `next` of the page before; absent for the first.
    cursor: Option<String>,
    /// Rows of a page, from 1 to 200; 50 if absent.
    #[param(minimum = 1, maximum = 200, default = 50)]
    limit: Option<usize>,
}

pub(super) fn routes() -> OpenApiRouter<Arc<App>> {
    OpenApiRouter::new().routes(routes!(inbox)).routes(routes!(conversation)).routes(routes!(messages))
}

/// An inbox or a queue
///
/// The conversations an agent has: first those whose contact waits for an answer, longest first, then the others by
/// their last message, newest first. Or, with `queue`, those that wait in a campaign, longest first. An agent reads
/// their own inbox and the queues of the campaigns they work in.
#[utoipa::path(
    get,
    path = "/v1/inbox",
    tag = "reading",
    params(InboxQuery),
    responses((status = 200, description = "A page of it.", body = Page<InboxItem>))
)]
async fn inbox(
    State(app): State<Arc<App>>,
    Query(query): Query<InboxQuery>,
    reading: Reading,
) -> Result<Answer<Page<InboxItem>>, Failure> {
    let (cursor, rows) = (query.cursor.as_deref(), page_rows(query.limit)?);
    let (views, workspace) = (app.views.inbox(), &app.workspace);
    let page = match (query.agent, query.queue, &reading.principal) {
        (None, Some(campaign), _) => {
            reading.sight.require_queue(&campaign)?;
            views.queue_of_campaign(workspace, &campaign, cursor, rows)?
        }
        (Some(agent), None, _) => {
            reading.sight.require_inbox(&agent)?;
            views.of_agent(workspace, &agent, cursor, rows)?
        }
        (None, None, Principal::Agent(me)) => views.of_agent(workspace, me, cursor, rows)?,
        (None, None, Principal::Administrator | Principal::Connector(_)) | (Some(_), Some(_), _) => {
            let title =
                "an inbox is an agent's or a campaign's queue: give `agent` or `queue`, and one of the two";
            return Err(Failure::because(Fault::InvalidParameter, title).in_field("agent"));
        }
    };
    Ok(reading.answer(page))
}

/// The header of a conversation
#[utoipa::path(
    get,
    path = "/v1/conversations/{id}",
    tag = "reading",
    params(("id" = ConversationId, Path, description = "Which conversation.")),
    responses((status = 200, description = "The header.", body = Conversation))
)]
async fn conversation(
    State(app): State<Arc<App>>,
    Path(id): Path<ConversationId>,
    reading: Reading,
) -> Result<Answer<Conversation>, Failure> {
    let header = find(&app, &reading, id)?;
    Ok(reading.answer(header))
}

/// The lines of a conversation
///
/// Newest first: messages with their delivery status, notes, and what happened to it. Agents see those of the hours
/// that the campaign's `hours_shown` says, while the conversation is open, and statuses where the channel's
/// `show_status` is on; auditors and administrators see all. A page may end early when its lines are long.
#[utoipa::path(
    get,
    path = "/v1/conversations/{id}/messages",
    tag = "reading",
    params(("id" = ConversationId, Path, description = "Which conversation."), PageQuery),
    responses((status = 200, description = "A page of them.", body = Page<Entry>))
)]
async fn messages(
    State(app): State<Arc<App>>,
    Path(id): Path<ConversationId>,
    Query(query): Query<PageQuery>,
    reading: Reading,
) -> Result<Answer<Page<Entry>>, Failure> {
    let header = find(&app, &reading, id)?;
    let shown = if reading.sight.audits() { StatusShown::Always } else { StatusShown::AsTheChannelSays };
    let (cursor, rows) = (query.cursor.as_deref(), query.rows()?);
    let mut page = app.views.messages(&app.workspace, id, cursor, rows, shown)?;
    if reading.sight.own().is_some() && header.state != ConversationState::Finished {
        keep_shown_hours(&app, &header, &mut page)?;
    }
    Ok(reading.answer(page))
}

pub(super) fn find(app: &App, reading: &Reading, id: ConversationId) -> Result<Conversation, Failure> {
    let header = app.views.conversation(&app.workspace, id)?;
    let not_found =
        || Failure::because(Fault::ConversationNotFound, format!("there is no conversation {id}"));
    let header = header.ok_or_else(not_found)?;
    reading.sight.require_conversation(app, &header)?;
    Ok(header)
}

/// Leaves out what is older than the campaign shows.
fn keep_shown_hours(app: &App, header: &Conversation, page: &mut Page<Entry>) -> Result<(), Failure> {
    let Ok(campaign) = CampaignId::new(&header.campaign.id) else {
        return Ok(());
    };
    let Some(campaign) = app.views.inbox().campaign(&app.workspace, &campaign)? else {
        return Ok(());
    };
    let shown = Duration::from_secs(3600 * u64::from(campaign.hours_shown));
    let (now, before) = (clock::now(), page.items.len());
    page.items.retain(|entry| now.since(entry.at) <= shown);
    if page.items.len() < before {
        page.next = None;
    }
    Ok(())
}
