//! Predefined texts, as messages: which there are for a conversation, and what they say in it.

use std::sync::Arc;

use axum::extract::State;
use schemas::api::views::{InboxItem, TextChoice};
use schemas::event::TextDefined;
use schemas::text::{TextError, TextField, fill};
use schemas::{CampaignId, ClientId, Content, ConversationId, ProjectId, Rejection, Shortcut};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::extract::Path;
use super::inbox::find;
use super::problem::{Failure, Fault};
use super::reading::{Answer, Reading, catch_up};
use crate::app::App;
use crate::tokens::Principal;

pub(super) fn routes() -> OpenApiRouter<Arc<App>> {
    OpenApiRouter::new().routes(routes!(texts))
}

/// The predefined texts of a conversation
///
/// Those of its campaign, by id, each as it would be sent now by who asks; `missing` names the field for which nothing is
/// known, and such a text cannot be sent.
///
/// Refused with `conversation_not_open` once it is finished.
#[utoipa::path(
    get,
    path = "/v1/conversations/{id}/texts",
    tag = "reading",
    params(("id" = ConversationId, Path, description = "Which conversation.")),
    responses((status = 200, description = "All of them.", body = Vec<TextChoice>))
)]
async fn texts(
    State(app): State<Arc<App>>,
    Path(id): Path<ConversationId>,
    reading: Reading,
) -> Result<Answer<Vec<TextChoice>>, Failure> {
    find(&app, &reading, id)?;
    let row = app.views.inbox().open_conversation(&app.workspace, id)?;
    let names = Names::of(&app, &reading.principal, &row.ok_or(Rejection::ConversationNotOpen(id))?)?;
    let all = app.views.inbox().texts(&app.workspace)?.into_iter();
    let own = all.filter(|text| text.campaign == names.campaign);
    Ok(reading.answer(own.map(|text| choice(&names, text)).collect()))
}

fn choice(names: &Names, text: TextDefined) -> TextChoice {
    let (filled, missing) = match fill(&text.body, |field| names.get(field)) {
        Ok(filled) => (Some(filled), None),
        Err(TextError::Empty(field)) => (None, Some(field.to_string())),
        // The engine takes no such text.
        Err(TextError::Brace | TextError::UnknownField(_)) => (None, None),
    };
    TextChoice { id: text.text, name: text.name, shortcut: text.shortcut, text: filled, missing }
}

/// What the text with this shortcut says in the conversation.
///
/// # Errors
/// `unknown_shortcut`, `text_field_empty`, `not_assigned_agent`, `conversation_not_open`, and faults of the log and the
/// views.
pub(super) async fn of_shortcut(
    app: &App,
    sender: &Principal,
    id: ConversationId,
    shortcut: &Shortcut,
) -> Result<Content, Failure> {
    if let Ok(found) = find_text(app, sender, id, shortcut) {
        return filled(app, sender, found);
    }
    // It may have been defined, or the conversation have become theirs, a moment ago.
    catch_up(app).await?;
    filled(app, sender, find_text(app, sender, id, shortcut)?)
}

/// Only for who has the conversation: what a text says in it is nobody else's business.
fn find_text(
    app: &App,
    sender: &Principal,
    id: ConversationId,
    shortcut: &Shortcut,
) -> Result<(InboxItem, TextDefined), Failure> {
    let row = app.views.inbox().open_conversation(&app.workspace, id)?;
    let row = row.ok_or(Rejection::ConversationNotOpen(id))?;
    if !matches!(sender, Principal::Agent(agent) if row.agent.as_ref() == Some(agent)) {
        return Err(Rejection::NotAssignedAgent(id).into());
    }
    match app.views.inbox().text_of_shortcut(&app.workspace, &row.campaign, shortcut)? {
        Some(text) => Ok((row, text)),
        None => {
            let title = format!("the campaign has no text with shortcut {shortcut}");
            Err(Failure::because(Fault::UnknownShortcut, title).in_field("shortcut"))
        }
    }
}

fn filled(app: &App, sender: &Principal, (row, text): (InboxItem, TextDefined)) -> Result<Content, Failure> {
    let names = Names::of(app, sender, &row)?;
    let filled = fill(&text.body, |field| names.get(field));
    let filled = filled
        .map_err(|error| Failure::because(Fault::TextFieldEmpty, error.to_string()).in_field("shortcut"))?;
    Ok(Content::Text(filled))
}

/// What the fields of a text are filled with.
struct Names {
    campaign: CampaignId,
    contact: Option<String>,
    agent: Option<String>,
    campaign_name: Option<String>,
    project: Option<String>,
    client: Option<String>,
}

impl Names {
    fn of(app: &App, sender: &Principal, row: &InboxItem) -> Result<Self, Failure> {
        let (inbox, workspace) = (app.views.inbox(), &app.workspace);
        let agent = match sender {
            Principal::Agent(id) => inbox.agent(workspace, id)?.map(|row| row.definition.name),
            Principal::Administrator | Principal::Connector(_) => None,
        };
        let campaign = inbox.campaign(workspace, &row.campaign)?;
        let project = |id: &ProjectId| inbox.project(workspace, id);
        let project = campaign.as_ref().map(|campaign| project(&campaign.project)).transpose()?.flatten();
        let client = |id: &ClientId| inbox.client(workspace, id);
        let client = project.as_ref().map(|project| client(&project.client)).transpose()?.flatten();
        Ok(Self {
            campaign: row.campaign.clone(),
            contact: row.contact_name.clone(),
            agent,
            campaign_name: campaign.map(|campaign| campaign.name),
            project: project.map(|project| project.name),
            client: client.map(|client| client.name),
        })
    }

    fn get(&self, field: TextField) -> Option<String> {
        let value = match field {
            TextField::ContactName => &self.contact,
            TextField::AgentName => &self.agent,
            TextField::CampaignName => &self.campaign_name,
            TextField::ProjectName => &self.project,
            TextField::ClientName => &self.client,
        };
        value.clone()
    }
}
