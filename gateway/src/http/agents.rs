//! The presence of agents.

use std::sync::Arc;

use axum::extract::State;
use schemas::api::Accepted;
use schemas::api::requests::ChangePresence;
use schemas::{AgentId, Command, Presence};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::extract::Path;
use super::order::{Done, Order};
use super::problem::Failure;
use crate::app::App;

pub(super) fn routes() -> OpenApiRouter<Arc<App>> {
    OpenApiRouter::new().routes(routes!(change_presence))
}

/// Come, go, or pause
///
/// An agent who goes offline loses their conversations, which are assigned again; one who is away keeps them and
/// gets no new ones. Agents change their own presence, supervisors anybody's.
///
/// Refused with `unknown_away_reason`, `unknown_agent` or `forbidden`.
#[utoipa::path(
    put,
    path = "/v1/agents/{id}/presence",
    tag = "agents",
    params(("id" = AgentId, Path, description = "Which agent.")),
    request_body = ChangePresence,
    responses((status = 200, description = "It is so from now on.", body = Accepted))
)]
async fn change_presence(
    State(app): State<Arc<App>>,
    Path(agent): Path<AgentId>,
    Order(order, body): Order<ChangePresence>,
) -> Result<Done, Failure> {
    let presence = match body {
        ChangePresence::Online => Presence::Online,
        ChangePresence::Away { reason } => Presence::Away { reason },
        ChangePresence::Offline => Presence::Offline,
    };
    order.submit(&app, Command::ChangePresence { agent, presence }).await
}
