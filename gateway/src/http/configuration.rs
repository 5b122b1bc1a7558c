//! The masters: clients, projects, campaigns, channels, dispositions, predefined texts, agents. Administrators define them, whoever
//! works here reads them. Defining one as it is already changes nothing.

mod shapes;

use std::sync::Arc;

use axum::extract::State;
use schemas::api::Accepted;
use schemas::api::requests::{
    DefineAgent, DefineCampaign, DefineChannel, DefineClient, DefineDisposition, DefineProject,
    DefineSettings, DefineText,
};
use schemas::{
    AgentId, CampaignId, ChannelId, ClientId, Command, DispositionId, ProjectId, TextId, Timestamp,
};
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::extract::Path;
use super::order::{Done, NoBody, Order};
use super::problem::{Failure, Fault};
use super::reading::{Answer, Reading};
use crate::app::App;

/// A master as it is.
#[derive(Serialize, ToSchema)]
struct Master<T> {
    /// Its id.
    id: String,
    /// How it was defined; what the request that defines it takes.
    definition: T,
}

/// A campaign as it is.
#[derive(Serialize, ToSchema)]
struct Campaign {
    /// Its id.
    id: String,
    /// How it was defined; what the request that defines it takes.
    definition: DefineCampaign,
    /// Whether it is open at the moment; absent when it has no business hours.
    #[serde(skip_serializing_if = "Option::is_none")]
    hours_now: Option<HoursNow>,
}

/// How a campaign that has business hours stands at the moment.
#[derive(Serialize, ToSchema)]
struct HoursNow {
    /// Whether it is open.
    is_open: bool,
    /// When it opens next.
    opens_at: Option<Timestamp>,
    /// When it closes, while it is open.
    closes_at: Option<Timestamp>,
}

/// An agent as they are.
#[derive(Serialize, ToSchema)]
struct Agent {
    /// Their id.
    id: String,
    /// `online`, `away` or `offline`.
    presence: &'static str,
    /// Why they are away, if they are.
    #[serde(skip_serializing_if = "Option::is_none")]
    away_reason: Option<String>,
    /// Whether they have a live connection.
    is_connected: bool,
    /// How they were defined; what the request that defines them takes.
    definition: DefineAgent,
}

/// All masters of a kind.
#[derive(Serialize, ToSchema)]
struct Masters<T> {
    /// In the order of their ids; at most 10,000.
    items: Vec<T>,
}

pub(super) fn routes() -> OpenApiRouter<Arc<App>> {
    OpenApiRouter::new()
        .routes(routes!(define_settings, show_settings))
        .routes(routes!(clients::list))
        .routes(routes!(clients::define, clients::show))
        .routes(routes!(projects::list))
        .routes(routes!(projects::define, projects::show))
        .routes(routes!(campaigns::list))
        .routes(routes!(campaigns::define, campaigns::show))
        .routes(routes!(channels::list))
        .routes(routes!(channels::define, channels::show))
        .routes(routes!(dispositions::list))
        .routes(routes!(dispositions::define, dispositions::show))
        .routes(routes!(texts::list))
        .routes(routes!(texts::define, texts::show, remove_text))
        .routes(routes!(agents::list))
        .routes(routes!(agents::define, agents::show))
}

/// Define the settings
///
/// What holds in the whole workspace: why agents may be away, and how long a lost live connection may take to come
/// back. For administrators.
///
/// Refused with `reserved_away_reason`, `grace_seconds`, `too_many`, `invalid_text` or `forbidden`.
#[utoipa::path(
    put,
    path = "/v1/settings",
    tag = "configuration",
    request_body = DefineSettings,
    responses((status = 200, description = "It is so from now on.", body = Accepted))
)]
async fn define_settings(
    State(app): State<Arc<App>>,
    Order(order, body): Order<DefineSettings>,
) -> Result<Done, Failure> {
    order.submit(&app, shapes::define_settings(body)).await
}

/// Remove a predefined text
///
/// For administrators. Messages that were sent with it stay as they are.
///
/// Refused with `unknown_text` or `forbidden`.
#[utoipa::path(
    delete,
    path = "/v1/texts/{id}",
    tag = "configuration",
    params(("id" = TextId, Path, description = "The text's id.")),
    responses((status = 200, description = "There is no such text any more.", body = Accepted))
)]
async fn remove_text(
    State(app): State<Arc<App>>,
    Path(id): Path<TextId>,
    Order(order, NoBody {}): Order<NoBody>,
) -> Result<Done, Failure> {
    order.submit(&app, Command::RemoveText(id)).await
}

/// Show the settings
///
/// For everybody but connectors.
#[utoipa::path(
    get,
    path = "/v1/settings",
    tag = "configuration",
    responses((status = 200, description = "As they are now.", body = DefineSettings))
)]
async fn show_settings(
    State(app): State<Arc<App>>,
    reading: Reading,
) -> Result<Answer<DefineSettings>, Failure> {
    let row = app.views.inbox().settings(&app.workspace)?;
    Ok(reading.answer(shapes::show_settings(row.unwrap_or_default())))
}

/// The three requests of each kind of master. They differ in nothing but names; what is written, and how a row is
/// shown, is in `shapes`.
macro_rules! masters {
    ($(
        $module:ident $one:literal: $id:ty, $body:ty => $shown:ty, $write:ident, $show:ident, $find:ident,
            refused $refused:literal;
    )*) => {$(
        mod $module {
            use super::*;

            #[utoipa::path(
                put,
                operation_id = concat!("define_", $one),
                path = concat!("/v1/", stringify!($module), "/{id}"),
                tag = "configuration",
                summary = concat!("Define the ", $one),
                description = concat!("Makes the ", $one, " be as the body says, new or not. For administrators.\n\n\
                    Refused with ", $refused, ". `field` says where."),
                params(("id" = $id, Path, description = concat!("The ", $one, "'s id."))),
                request_body = $body,
                responses((status = 200, description = "It is so from now on.", body = Accepted))
            )]
            pub(super) async fn define(
                State(app): State<Arc<App>>,
                Path(id): Path<$id>,
                Order(order, body): Order<$body>,
            ) -> Result<Done, Failure> {
                order.submit(&app, shapes::$write(id, body)).await
            }

            #[utoipa::path(
                get,
                operation_id = concat!("show_", $one),
                path = concat!("/v1/", stringify!($module), "/{id}"),
                tag = "configuration",
                summary = concat!("Show the ", $one),
                description = "For everybody but connectors.",
                params(("id" = $id, Path, description = concat!("The ", $one, "'s id."))),
                responses((status = 200, description = "As it is now.", body = $shown))
            )]
            pub(super) async fn show(
                State(app): State<Arc<App>>,
                Path(id): Path<$id>,
                reading: Reading,
            ) -> Result<Answer<$shown>, Failure> {
                let row = app.views.inbox().$find(&app.workspace, &id)?;
                Ok(reading.answer(shapes::$show(row.ok_or(Fault::MasterNotFound)?)))
            }

            #[utoipa::path(
                get,
                operation_id = concat!("list_", stringify!($module)),
                path = concat!("/v1/", stringify!($module)),
                tag = "configuration",
                summary = concat!("List the ", stringify!($module)),
                description = "For everybody but connectors.",
                responses((status = 200, description = "All of them.", body = Masters<$shown>))
            )]
            pub(super) async fn list(
                State(app): State<Arc<App>>,
                reading: Reading,
            ) -> Result<Answer<Masters<$shown>>, Failure> {
                let rows = app.views.inbox().$module(&app.workspace)?;
                Ok(reading.answer(Masters { items: rows.into_iter().map(shapes::$show).collect() }))
            }
        }
    )*};
}

masters! {
    clients "client": ClientId, DefineClient => Master<DefineClient>,
        define_client, show_client, client,
        refused "`duplicate_contact_field`, `contact_field_choices`, `too_many`, `invalid_text` or `forbidden`";
    projects "project": ProjectId, DefineProject => Master<DefineProject>,
        define_project, show_project, project,
        refused "`unknown_client`, `too_many`, `invalid_text` or `forbidden`";
    campaigns "campaign": CampaignId, DefineCampaign => Campaign,
        define_campaign, show_campaign, campaign,
        refused "`unknown_project`, `unknown_channel`, `unknown_disposition`, `not_top_disposition`, \
            `after_work_seconds`, `too_many`, `invalid_text` or `forbidden`; for its routing with `skill_level`, \
            `priority_too_high`, `offer_seconds`, `overflow_seconds`, `overflow_to_itself`, `unknown_campaign` or \
            `campaign_not_on_channel`; for its rule on inactivity with `inactivity_seconds`, `inactivity_warning`, \
            `disposition_not_allowed`, `sub_disposition_required`, `sub_disposition_unexpected` or \
            `not_a_sub_disposition`; for its service level with `service_level_seconds`; for its business hours with \
            `unknown_time_zone`, `not_a_time_of_day`, `hours_end_first`, `hours_overlap`, `never_open` or `not_a_day`";
    channels "channel": ChannelId, DefineChannel => Master<DefineChannel>,
        define_channel, show_channel, channel,
        refused "`address_taken`, `channel_kind_fixed`, `too_many`, `invalid_text` or `forbidden`";
    dispositions "disposition": DispositionId, DefineDisposition => Master<DefineDisposition>,
        define_disposition, show_disposition, disposition,
        refused "`reserved_disposition`, `unknown_disposition`, `disposition_too_deep`, `disposition_has_children`, \
            `too_many`, `invalid_text` or `forbidden`";
    texts "text": TextId, DefineText => Master<DefineText>,
        define_text, show_text, text,
        refused "`text_brace`, `unknown_text_field`, `unknown_campaign`, `shortcut_taken`, `too_many`, `invalid_text` or \
            `forbidden`";
    agents "agent": AgentId, DefineAgent => Agent,
        define_agent, show_agent, agent,
        refused "`unknown_campaign`, `unknown_channel`, `skill_level`, `too_many`, `invalid_text` or `forbidden`";
}
