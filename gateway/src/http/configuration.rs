//! The masters: clients, projects, campaigns, channels, dispositions, agents. Administrators define them, whoever
//! works here reads them. Defining one as it is already changes nothing.

use std::sync::Arc;

use axum::extract::State;
use schemas::api::Accepted;
use schemas::api::requests::{
    DefineAgent, DefineCampaign, DefineChannel, DefineClient, DefineDisposition, DefineProject,
};
use schemas::event::{
    AgentDefined, CampaignDefined, ChannelDefined, ClientDefined, DispositionDefined, ProjectDefined,
};
use schemas::{
    AgentId, CampaignId, ChannelId, ClientId, Command, DispositionId, ExclusiveWait, Presence, ProjectId,
};
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::extract::Path;
use super::order::{Done, Order};
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
        .routes(routes!(agents::list))
        .routes(routes!(agents::define, agents::show))
}

/// The three requests of each kind of master. They differ in nothing but names; what is written, and how a row is
/// shown, is in the functions below.
macro_rules! masters {
    ($($module:ident $one:literal: $id:ty, $body:ty => $shown:ty, $write:path, $show:path, $find:ident;)*) => {$(
        mod $module {
            use super::*;

            #[utoipa::path(
                put,
                operation_id = concat!("define_", $one),
                path = concat!("/v1/", stringify!($module), "/{id}"),
                tag = "configuration",
                summary = concat!("Define the ", $one),
                description = concat!("Makes the ", $one, " be as the body says, new or not. For administrators. \
                    Refused with codes that name what is wrong, such as `unknown_client` or `address_taken`; \
                    `field` says where."),
                params(("id" = $id, Path, description = concat!("The ", $one, "'s id."))),
                request_body = $body,
                responses((status = 200, description = "It is so from now on.", body = Accepted))
            )]
            pub(super) async fn define(
                State(app): State<Arc<App>>,
                Path(id): Path<$id>,
                Order(order, body): Order<$body>,
            ) -> Result<Done, Failure> {
                order.submit(&app, $write(id, body)).await
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
                Ok(reading.answer($show(row.ok_or(Fault::MasterNotFound)?)))
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
                Ok(reading.answer(Masters { items: rows.into_iter().map($show).collect() }))
            }
        }
    )*};
}

masters! {
    clients "client": ClientId, DefineClient => Master<DefineClient>, define_client, show_client, client;
    projects "project": ProjectId, DefineProject => Master<DefineProject>, define_project, show_project, project;
    campaigns "campaign": CampaignId, DefineCampaign => Master<DefineCampaign>, define_campaign, show_campaign,
        campaign;
    channels "channel": ChannelId, DefineChannel => Master<DefineChannel>, define_channel, show_channel, channel;
    dispositions "disposition": DispositionId, DefineDisposition => Master<DefineDisposition>, define_disposition,
        show_disposition, disposition;
    agents "agent": AgentId, DefineAgent => Agent, define_agent, show_agent, agent;
}

fn define_client(client: ClientId, body: DefineClient) -> Command {
    let DefineClient { name, history_conversations } = body;
    Command::DefineClient(ClientDefined { client, name, history_conversations })
}

fn show_client(row: ClientDefined) -> Master<DefineClient> {
    let ClientDefined { client, name, history_conversations } = row;
    Master { id: client.to_string(), definition: DefineClient { name, history_conversations } }
}

fn define_project(project: ProjectId, body: DefineProject) -> Command {
    let DefineProject { client, name } = body;
    Command::DefineProject(ProjectDefined { project, client, name })
}

fn show_project(row: ProjectDefined) -> Master<DefineProject> {
    let ProjectDefined { project, client, name } = row;
    Master { id: project.to_string(), definition: DefineProject { client, name } }
}

fn define_campaign(campaign: CampaignId, body: DefineCampaign) -> Command {
    Command::DefineCampaign(CampaignDefined {
        campaign,
        project: body.project,
        name: body.name,
        channels: body.channels,
        dispositions: body.dispositions,
        hours_shown: body.hours_shown,
        external_resources: body.external_resources,
        exclusive_wait: body.exclusive_wait_seconds.map_or(ExclusiveWait::Forever, ExclusiveWait::Seconds),
    })
}

fn show_campaign(row: CampaignDefined) -> Master<DefineCampaign> {
    let definition = DefineCampaign {
        project: row.project,
        name: row.name,
        channels: row.channels,
        dispositions: row.dispositions,
        hours_shown: row.hours_shown,
        external_resources: row.external_resources,
        exclusive_wait_seconds: match row.exclusive_wait {
            ExclusiveWait::Seconds(seconds) => Some(seconds),
            ExclusiveWait::Forever => None,
        },
    };
    Master { id: row.campaign.to_string(), definition }
}

fn define_channel(channel: ChannelId, body: DefineChannel) -> Command {
    let DefineChannel { kind, address, name, entry_campaign, show_status } = body;
    Command::DefineChannel(ChannelDefined { channel, kind, address, name, entry_campaign, show_status })
}

fn show_channel(row: ChannelDefined) -> Master<DefineChannel> {
    let ChannelDefined { channel, kind, address, name, entry_campaign, show_status } = row;
    let definition = DefineChannel { kind, address, name, entry_campaign, show_status };
    Master { id: channel.to_string(), definition }
}

fn define_disposition(disposition: DispositionId, body: DefineDisposition) -> Command {
    let DefineDisposition { name, parent } = body;
    Command::DefineDisposition(DispositionDefined { disposition, name, parent })
}

fn show_disposition(row: DispositionDefined) -> Master<DefineDisposition> {
    let DispositionDefined { disposition, name, parent } = row;
    Master { id: disposition.to_string(), definition: DefineDisposition { name, parent } }
}

fn define_agent(agent: AgentId, body: DefineAgent) -> Command {
    let DefineAgent { name, role, campaigns, channels, capacity } = body;
    Command::DefineAgent(AgentDefined { agent, name, role, campaigns, channels, capacity })
}

fn show_agent(row: projections::AgentRow) -> Agent {
    let AgentDefined { agent, name, role, campaigns, channels, capacity } = row.definition;
    let (presence, away_reason) = match row.presence {
        Presence::Online => ("online", None),
        Presence::Away { reason } => ("away", Some(reason)),
        Presence::Offline => ("offline", None),
    };
    let definition = DefineAgent { name, role, campaigns, channels, capacity };
    Agent { id: agent.to_string(), presence, away_reason, definition }
}
