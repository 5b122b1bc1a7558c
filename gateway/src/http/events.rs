//! Live push: what changes in the views, as server-sent events. Each carries its position as the id; a client that
//! gives the last one back misses nothing, and one that was away too long is told to read the views again.

mod listener;
mod places;

use std::convert::Infallible;
use std::sync::Arc;

use axum::Extension;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::IntoResponse;
use axum::response::sse::{Event, KeepAlive, Sse};
use futures_util::{Stream, StreamExt, future, stream};
use projections::{Change, Subscription, TooOld};
use schemas::Position;
use schemas::api::live::{LiveChange, LiveEvent, LiveId};
use serde::Deserialize;
use utoipa::IntoParams;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::auth::Caller;
use super::extract::{Query, position_header};
use super::problem::{Failure, Fault};
use crate::app::App;
use crate::limits::{KEEP_ALIVE_EVERY, UNHEARD_MAX};
use crate::reach::Reached;
use crate::tokens::Principal;
use listener::Listener;
use places::{Place, Places};

#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
struct EventsQuery {
    /// The id to resume after; `Last-Event-ID` counts before this.
    #[param(value_type = Option<String>)]
    after: Option<LiveId>,
}

pub(super) fn routes() -> OpenApiRouter<Arc<App>> {
    OpenApiRouter::new().routes(routes!(events)).layer(Extension(Arc::new(Places::default())))
}

/// Live events
///
/// Server-sent events. The first is `hello`, with the position from which on nothing is missed. Then `entry`,
/// `status`, `presence`, `connection`, `contact` and `configuration`, as below, each with its position as the id. Give the last id back, as
/// `Last-Event-ID` or `after`, to go on from there; when what came after it is not kept any more, `reload` comes
/// instead, with the position to go on from once the views have been read again. `reload` followed by the end of
/// the stream means that the client was too slow, or that a view has been built again.
///
/// While a view is being built, events that only it could tell are passed over, and the ids after that end in `~`:
/// who comes back with one is told to reload.
///
/// An agent hears of the conversations they have or just lost, those that wait in their campaigns or just stopped
/// to, agents of their campaigns who come and go, and that the configuration changed. A connector hears the
/// outbound messages of its channel, with the address they go to; those of WhatsApp channels are sent by atender
/// itself. Supervisors, administrators and auditors hear everything.
///
/// At most 10,000 streams, and 20 of one token.
#[utoipa::path(
    get,
    path = "/v1/events",
    tag = "live",
    params(
        EventsQuery,
        ("Last-Event-ID" = Option<String>, Header, description = "The id of the last event that was heard."),
    ),
    responses((
        status = 200,
        description = "The events, for as long as the client listens.",
        body = LiveEvent,
        content_type = "text/event-stream"
    ))
)]
async fn events(
    State(app): State<Arc<App>>,
    Extension(places): Extension<Arc<Places>>,
    caller: Caller,
    headers: HeaderMap,
    Query(query): Query<EventsQuery>,
) -> Result<impl IntoResponse, Failure> {
    let after = position_header(&headers, "last-event-id")?.or(query.after);
    let listener = Listener::of(&app, &caller.principal)?;
    let place = Place::take(places, caller.token.clone())?;
    let reached = match &caller.principal {
        Principal::Agent(agent) => Some(app.reach.arrive(agent.clone())),
        Principal::Administrator | Principal::Connector(_) => None,
    };
    let (first, subscription) = subscribe(&app, after)?;
    let stopping = app.stopping.clone();
    let stream = Live { app, caller, listener, subscription, unheard: 0, _place: place, _reached: reached };
    let events = stream::once(future::ready(first)).chain(stream.events());
    let events = events.take_until(stopping.cancelled_owned()).map(Ok::<_, Infallible>);
    let keep_alive = KeepAlive::new().interval(KEEP_ALIVE_EVERY).text("keep-alive");
    // Proxies that buffer would keep events back.
    Ok(([("x-accel-buffering", "no")], Sse::new(events).keep_alive(keep_alive)))
}

/// The first event, and what follows on it without a gap.
fn subscribe(app: &App, after: Option<LiveId>) -> Result<(Event, Subscription), Failure> {
    let feed = app.views.feed();
    let resumed = after.filter(|after| after.position.shard == app.log.shard() && !after.has_gaps);
    if let Some(LiveId { position: after, .. }) = resumed
        && let Ok(subscription) = feed.subscribe(Some(after))
    {
        return Ok((at("hello", after), subscription));
    }
    let now = app.views.applied();
    let first = if after.is_some() { "reload" } else { "hello" };
    match feed.subscribe(Some(now)) {
        Ok(subscription) => Ok((at(first, now), subscription)),
        Err(TooOld) => Err(Fault::ViewUnavailable.into()),
    }
}

/// An event that says nothing but where the client is.
fn at(kind: &'static str, position: Position) -> Event {
    let id = position.to_string();
    let data = format!("{{\"position\":\"{id}\"}}");
    Event::default().event(kind).id(id).data(data)
}

/// One client's stream.
struct Live {
    app: Arc<App>,
    caller: Caller,
    listener: Listener,
    subscription: Subscription,
    /// Changes since the last event that the client got.
    unheard: usize,
    _place: Place,
    _reached: Option<Reached>,
}

impl Live {
    fn events(self) -> impl Stream<Item = Event> {
        let batches = stream::unfold(Some(self), |live| async move { live?.batch().await });
        batches.flat_map(stream::iter)
    }

    /// The next events, and the stream after them unless it ends here.
    async fn batch(mut self) -> Option<(Vec<Event>, Option<Self>)> {
        let Ok(changes) = self.subscription.next().await else {
            let reload = at("reload", self.app.views.applied());
            return Some((vec![reload], None));
        };
        let revoked = self.caller.token.as_ref().is_some_and(|token| !self.app.tokens.is_valid(token));
        if changes.is_empty() || revoked {
            return None;
        }
        let mut events = Vec::new();
        for change in &changes {
            match self.hear(change) {
                Ok(event) => events.extend(event),
                Err(_) => return Some((events, None)),
            }
        }
        Some((events, Some(self)))
    }

    fn hear(&mut self, change: &Change) -> Result<Option<Event>, Failure> {
        if self.listener.is_about(change) {
            self.listener = Listener::of(&self.app, &self.caller.principal)?;
        }
        let id = change.id().to_string();
        self.unheard += 1;
        if self.listener.hears(&self.app, change)? {
            self.unheard = 0;
            let event = Event::default().event(kind(&change.live.change)).id(id);
            return Ok(Some(event.data(self.listener.data(change))));
        }
        if self.unheard < UNHEARD_MAX {
            return Ok(None);
        }
        self.unheard = 0;
        // No data: a client takes the id and has nothing to show.
        Ok(Some(Event::default().id(id)))
    }
}

fn kind(change: &LiveChange) -> &'static str {
    match change {
        LiveChange::Entry { .. } => "entry",
        LiveChange::Status { .. } => "status",
        LiveChange::Presence { .. } => "presence",
        LiveChange::Connection { .. } => "connection",
        LiveChange::Contact { .. } => "contact",
        LiveChange::Configuration { .. } => "configuration",
    }
}
