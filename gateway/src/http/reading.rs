//! What every read shares: a minimum position that is waited for, the position that the answer rests on, and what
//! the caller may see.

use std::sync::Arc;
use std::time::Duration;

use axum::Json;
use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::http::{HeaderName, HeaderValue};
use axum::response::{IntoResponse, Response};
use projections::AgentRow;
use schemas::event::ChannelDefined;
use schemas::{AgentId, ChannelId, Position};
use serde::Serialize;

use super::auth::Caller;
use super::extract::position_header;
use super::order::set_position;
use super::problem::{Failure, Fault};
use super::sight::Sight;
use crate::app::App;
use crate::limits::STALE_AFTER;
use crate::tokens::Principal;

/// Set while the log is away: for so many seconds the answer may lack what others wrote.
const STALE_HEADER: HeaderName = HeaderName::from_static("atender-stale-seconds");
const MIN_POSITION: &str = "atender-min-position";

/// A request that reads from the views.
pub(super) struct Reading {
    /// Who asks.
    pub(super) principal: Principal,
    /// What they may see.
    pub(super) sight: Sight,
    /// How far the views were before anything was read.
    at: Position,
    /// How long nothing had been heard from the log.
    unheard_for: Duration,
}

impl FromRequestParts<Arc<App>> for Reading {
    type Rejection = Failure;

    async fn from_request_parts(parts: &mut Parts, app: &Arc<App>) -> Result<Self, Failure> {
        let Caller { principal, .. } = Caller::from_request_parts(parts, app).await?;
        if let Some(min) = position_header::<Position>(&parts.headers, MIN_POSITION)? {
            if min.shard != app.log.shard() {
                let title = format!("{min} is a position of another shard");
                return Err(Failure::because(Fault::InvalidParameter, title).in_field("Atender-Min-Position"));
            }
            wait_for(app, min).await?;
        }
        let at = app.views.applied();
        let sight = Sight::of(app, &principal)?;
        Ok(Self { principal, sight, at, unheard_for: app.views.unheard_for() })
    }
}

impl Reading {
    /// The answer, and how far the views were.
    pub(super) fn answer<T: Serialize>(&self, body: T) -> Answer<T> {
        Answer { body, at: self.at, unheard_for: self.unheard_for }
    }
}

/// What was read.
pub(super) struct Answer<T> {
    body: T,
    at: Position,
    unheard_for: Duration,
}

impl<T: Serialize> IntoResponse for Answer<T> {
    fn into_response(self) -> Response {
        let mut response = Json(self.body).into_response();
        set_position(&mut response, self.at);
        if let Some(seconds) = stale_seconds(self.unheard_for) {
            response.headers_mut().insert(STALE_HEADER, HeaderValue::from(seconds));
        }
        response
    }
}

/// For how long an answer may be out of date; nothing while the log is heard.
fn stale_seconds(unheard_for: Duration) -> Option<u64> {
    (unheard_for >= STALE_AFTER).then_some(unheard_for.as_secs())
}

async fn wait_for(app: &App, position: Position) -> Result<(), Failure> {
    let waited = app.views.wait_for(position, STALE_AFTER).await;
    waited.map_err(|stale| Failure::from(Fault::StaleView).at(stale.reached))
}

/// Waits until the views have all that the log had when this was asked: before something is said not to exist.
pub(super) async fn catch_up(app: &App) -> Result<(), Failure> {
    let head = Position { shard: app.log.shard(), sequence: app.log.head().await?, index: 0 };
    wait_for(app, head).await
}

/// The channel, also if it was defined a moment ago.
///
/// # Errors
/// Faults of the log and the views.
pub(super) async fn channel(app: &App, id: &ChannelId) -> Result<Option<ChannelDefined>, Failure> {
    let find = || app.views.inbox().channel(&app.workspace, id);
    if let Some(channel) = find()? {
        return Ok(Some(channel));
    }
    catch_up(app).await?;
    Ok(find()?)
}

/// The agent, also if they were defined a moment ago.
///
/// # Errors
/// Faults of the log and the views.
pub(super) async fn agent(app: &App, id: &AgentId) -> Result<Option<AgentRow>, Failure> {
    let find = || app.views.inbox().agent(&app.workspace, id);
    if let Some(agent) = find()? {
        return Ok(Some(agent));
    }
    catch_up(app).await?;
    Ok(find()?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_says_how_old_it_may_be_once_the_log_is_silent() {
        let told = |millis| stale_seconds(Duration::from_millis(millis));
        assert_eq!([0, 1_999, 2_000, 61_500].map(told), [None, None, Some(2), Some(61)]);
    }
}
