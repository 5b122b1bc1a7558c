//! What can be chosen for a conversation, before it is tried: where it can be transferred to, each with why not, and
//! the dispositions it can be finished with.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::extract::State;
use engine::domain::{Load, require_campaign_takes, require_takes};
use schemas::api::views::{
    Conversation, ConversationState, DispositionChoice, Named, TransferChoice, TransferTargets, WhyNot,
};
use schemas::event::{CampaignDefined, DispositionDefined};
use schemas::{AgentId, CampaignId, ChannelId, ChannelKind, ConversationId, Rejection};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::extract::Path;
use super::inbox::find;
use super::problem::{Failure, Fault};
use super::reading::{Answer, Reading};
use crate::app::App;

pub(super) fn routes() -> OpenApiRouter<Arc<App>> {
    OpenApiRouter::new().routes(routes!(transfer_targets)).routes(routes!(dispositions))
}

/// Where a conversation can be transferred to
///
/// The agents of its campaign but the one who has it, and the campaigns on its channel but its own; with `why_not`
/// those that cannot take it now, with the code that a transfer would be refused with. What is shown is as of the
/// views: somebody may be faster.
///
/// Refused with `conversation_not_open` once it is finished.
#[utoipa::path(
    get,
    path = "/v1/conversations/{id}/transfer-targets",
    tag = "reading",
    params(("id" = ConversationId, Path, description = "Which conversation.")),
    responses((status = 200, description = "All that could be meant.", body = TransferTargets))
)]
async fn transfer_targets(
    State(app): State<Arc<App>>,
    Path(id): Path<ConversationId>,
    reading: Reading,
) -> Result<Answer<TransferTargets>, Failure> {
    let conversation = open(&app, &reading, id)?;
    let place = Place::of(&app, &conversation)?;
    let targets =
        TransferTargets { agents: agents(&app, &conversation, &place)?, campaigns: campaigns(&place) };
    Ok(reading.answer(targets))
}

/// The dispositions a conversation can be finished with
///
/// Those of its campaign, in the campaign's order. One that has sub-dispositions needs one of them.
///
/// Refused with `conversation_not_open` once it is finished.
#[utoipa::path(
    get,
    path = "/v1/conversations/{id}/dispositions",
    tag = "reading",
    params(("id" = ConversationId, Path, description = "Which conversation.")),
    responses((status = 200, description = "All of them.", body = Vec<DispositionChoice>))
)]
async fn dispositions(
    State(app): State<Arc<App>>,
    Path(id): Path<ConversationId>,
    reading: Reading,
) -> Result<Answer<Vec<DispositionChoice>>, Failure> {
    let conversation = open(&app, &reading, id)?;
    let place = Place::of(&app, &conversation)?;
    let all = app.views.inbox().dispositions(&app.workspace)?;
    let listed = place.campaign.dispositions.iter().filter_map(|id| {
        all.iter().find(|disposition| disposition.disposition == *id && disposition.parent.is_none())
    });
    let choices = listed.map(|disposition| DispositionChoice {
        id: disposition.disposition.to_string(),
        name: disposition.name.clone(),
        sub_dispositions: subs(&all, disposition),
    });
    Ok(reading.answer(choices.collect()))
}

fn subs(all: &[DispositionDefined], of: &DispositionDefined) -> Vec<Named> {
    let subs = all.iter().filter(|sub| sub.parent.as_ref() == Some(&of.disposition));
    subs.map(|sub| Named { id: sub.disposition.to_string(), name: sub.name.clone() }).collect()
}

fn open(app: &App, reading: &Reading, id: ConversationId) -> Result<Conversation, Failure> {
    let conversation = find(app, reading, id)?;
    if conversation.state == ConversationState::Finished {
        return Err(Rejection::ConversationNotOpen(id).into());
    }
    Ok(conversation)
}

/// Where a conversation is.
struct Place {
    campaign: CampaignDefined,
    channel: ChannelId,
    kinds: BTreeMap<ChannelId, ChannelKind>,
    all: Vec<CampaignDefined>,
}

impl Place {
    fn of(app: &App, conversation: &Conversation) -> Result<Self, Failure> {
        let inbox = app.views.inbox();
        let all = inbox.campaigns(&app.workspace)?;
        let campaign = all.iter().find(|campaign| campaign.campaign.as_str() == conversation.campaign.id);
        let channels = inbox.channels(&app.workspace)?;
        let channel = channels.iter().find(|channel| channel.channel.as_str() == conversation.channel.id);
        let (Some(campaign), Some(channel)) = (campaign.cloned(), channel) else {
            return Err(Fault::MasterNotFound.into());
        };
        let channel = channel.channel.clone();
        let kinds = channels.into_iter().map(|channel| (channel.channel, channel.kind)).collect();
        Ok(Self { campaign, channel, kinds, all })
    }

    fn kind(&self, channel: &ChannelId) -> ChannelKind {
        self.kinds.get(channel).copied().unwrap_or(ChannelKind::Webchat)
    }
}

fn agents(
    app: &App,
    conversation: &Conversation,
    place: &Place,
) -> Result<Vec<TransferChoice<AgentId>>, Failure> {
    let Place { campaign, channel, .. } = place;
    let mut choices = Vec::new();
    for row in app.views.inbox().agents(&app.workspace)? {
        let definition = &row.definition;
        let has_it = conversation.agent.as_ref() == Some(&definition.agent);
        if has_it || !definition.campaigns.contains(&campaign.campaign) {
            continue;
        }
        let taken = app.views.inbox().channels_of_agent(&app.workspace, &row)?;
        let load = taken.iter().fold(Load::default(), |load, channel| load.plus(place.kind(channel)));
        let wanted = (&campaign.campaign, channel, place.kind(channel));
        let takes = require_takes(definition, row.is_available(), load, wanted);
        choices.push(choice(definition.agent.clone(), &definition.name, takes));
    }
    Ok(choices)
}

fn campaigns(place: &Place) -> Vec<TransferChoice<CampaignId>> {
    let Place { campaign: from, channel, all, .. } = place;
    let others =
        all.iter().filter(|other| other.campaign != from.campaign && other.channels.contains(channel));
    let choices = others.map(|other| {
        let takes = require_campaign_takes(other, all.iter(), &from.campaign, channel);
        choice(other.campaign.clone(), &other.name, takes)
    });
    choices.collect()
}

fn choice<T>(id: T, name: &str, takes: Result<(), Rejection>) -> TransferChoice<T> {
    let why_not = takes
        .err()
        .map(|rejection| WhyNot { code: rejection.code().to_owned(), title: rejection.to_string() });
    TransferChoice { id, name: name.to_owned(), why_not }
}
