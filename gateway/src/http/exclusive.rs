//! The agents who get every new conversation of a contact: set and removed from the contact, or from one of its
//! conversations.

use std::sync::Arc;

use axum::extract::State;
use schemas::api::Accepted;
use schemas::api::requests::{SetExclusiveAgent, SetExclusiveAgentHere};
use schemas::api::views::Conversation;
use schemas::{CampaignId, Command, ContactId, ConversationId};
use serde::Deserialize;
use utoipa::IntoParams;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::contacts::require_contact;
use super::extract::{Path, Query};
use super::order::{Done, Envelope, NoBody, Order};
use super::problem::{Failure, Fault};
use super::sight::Sight;
use crate::app::App;

pub(super) fn routes() -> OpenApiRouter<Arc<App>> {
    OpenApiRouter::new()
        .routes(routes!(set_exclusive_agent, remove_exclusive_agent))
        .routes(routes!(set_exclusive_agent_here, remove_exclusive_agent_here))
}

/// Set the exclusive agent
///
/// From now on each new conversation of the contact in the campaign goes to this agent; until `until`, or for as long
/// as the campaign says. Without `agent`, an agent sets themselves. Agents need the permission `may_set_exclusive`.
///
/// Refused with `expiry_not_ahead`, `agent_not_in_campaign`, `agent_does_not_attend`, `unknown_agent`, `unknown_campaign`,
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
    order.submit(&app, Command::SetExclusiveAgent { contact, campaign, agent, until: body.until }).await
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

/// Which campaign is meant.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
struct Where {
    /// In which campaign; needed when the caller could mean several on the conversation's channel.
    campaign: Option<CampaignId>,
}

/// Set the exclusive agent of a conversation's contact
///
/// As from the contact. `campaign` is needed when the caller could mean several on the conversation's channel: those
/// that an agent works in, or all that a supervisor may choose from.
///
/// Refused with `campaign_required`, `conversation_not_found`, `expiry_not_ahead`, `agent_not_in_campaign`,
/// `agent_does_not_attend`, `unknown_agent`, `unknown_campaign` or `forbidden`.
#[utoipa::path(
    put,
    path = "/v1/conversations/{id}/exclusive-agent",
    tag = "conversations",
    params(("id" = ConversationId, Path, description = "Which conversation.")),
    request_body = SetExclusiveAgentHere,
    responses((status = 200, description = "It is so from now on.", body = Accepted))
)]
async fn set_exclusive_agent_here(
    State(app): State<Arc<App>>,
    Path(conversation): Path<ConversationId>,
    Order(order, body): Order<SetExclusiveAgentHere>,
) -> Result<Done, Failure> {
    let agent = order.agent_or_self(body.agent)?;
    let checked = meant(&app, &order, conversation, body.campaign).map(|(contact, campaign)| {
        Command::SetExclusiveAgent { contact, campaign, agent, until: body.until }
    });
    order.submit_checked(&app, checked).await
}

/// Remove the exclusive agent of a conversation's contact
///
/// Refused with `campaign_required`, `conversation_not_found`, `no_exclusive_agent`, `unknown_campaign` or
/// `forbidden`.
#[utoipa::path(
    delete,
    path = "/v1/conversations/{id}/exclusive-agent",
    tag = "conversations",
    params(("id" = ConversationId, Path, description = "Which conversation."), Where),
    responses((status = 200, description = "There is none from now on.", body = Accepted))
)]
async fn remove_exclusive_agent_here(
    State(app): State<Arc<App>>,
    Path(conversation): Path<ConversationId>,
    Query(query): Query<Where>,
    Order(order, NoBody {}): Order<NoBody>,
) -> Result<Done, Failure> {
    let checked = meant(&app, &order, conversation, query.campaign)
        .map(|(contact, campaign)| Command::RemoveExclusiveAgent { contact, campaign });
    order.submit_checked(&app, checked).await
}

/// The conversation's contact, and the campaign that was named or is the only one that can be meant.
fn meant(
    app: &App,
    order: &Envelope,
    id: ConversationId,
    named: Option<CampaignId>,
) -> Result<(ContactId, CampaignId), Failure> {
    let sight = Sight::of(app, &order.caller.principal)?;
    let conversation = app.views.conversation(&app.workspace, id)?.ok_or(Fault::ConversationNotFound)?;
    sight.require_conversation(app, &conversation)?;
    let contact = conversation.contact;
    if let Some(campaign) = named {
        return Ok((contact, campaign));
    }
    let mut campaigns = campaigns_on_channel(app, &sight, &conversation)?;
    match (campaigns.pop(), campaigns.pop()) {
        (Some(only), None) => Ok((contact, only)),
        _ => Err(Failure::from(Fault::CampaignRequired).in_field("campaign")),
    }
}

fn campaigns_on_channel(
    app: &App,
    sight: &Sight,
    conversation: &Conversation,
) -> Result<Vec<CampaignId>, Failure> {
    let mut campaigns = app.views.inbox().campaigns(&app.workspace)?;
    campaigns.retain(|campaign| {
        let is_theirs = sight.own().is_none_or(|agent| agent.campaigns.contains(&campaign.campaign));
        is_theirs && campaign.channels.iter().any(|channel| channel.as_str() == conversation.channel.id)
    });
    Ok(campaigns.into_iter().map(|campaign| campaign.campaign).collect())
}
