//! Whether it lives, whether it is ready, and what it measures. Open to whoever reaches the port: atender listens on
//! loopback unless it is told otherwise, and then a proxy decides who sees these.

use std::sync::Arc;

use async_nats::connection::State as Connection;
use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::http::header::{CONTENT_TYPE, RETRY_AFTER};
use axum::response::{IntoResponse, Response};
use projections::ViewHealth;
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::problem::RETRY_AFTER_SECONDS;
use crate::app::App;

/// With more frames than this before it, a view is too old to be asked.
const READY_LAG_FRAMES_MAX: u64 = 1_000;

/// Whether requests can be answered.
#[derive(Debug, Serialize, ToSchema)]
struct Readiness {
    /// Whether they can.
    ready: bool,
    /// Why not, if not.
    reasons: Vec<String>,
    /// How far the views are.
    views: Vec<ViewReadiness>,
}

/// How far a view is.
#[derive(Debug, Serialize, ToSchema)]
struct ViewReadiness {
    /// `inbox`, `history` or `status`.
    name: &'static str,
    /// The last frame of the log that it reflects.
    frame: u64,
    /// How many frames it has before it.
    frames_behind: u64,
}

pub(super) fn routes() -> OpenApiRouter<Arc<App>> {
    OpenApiRouter::new().routes(routes!(healthz)).routes(routes!(readyz)).routes(routes!(metrics))
}

/// Whether the process lives
#[utoipa::path(
    get,
    path = "/healthz",
    tag = "operation",
    responses((status = 200, description = "It does.", body = String, content_type = "text/plain"))
)]
async fn healthz() -> &'static str {
    "ok\n"
}

/// Whether it is ready
///
/// Commands can be written, the views can be asked and are not far behind the log, and NATS is connected.
#[utoipa::path(
    get,
    path = "/readyz",
    tag = "operation",
    responses(
        (status = 200, description = "It is.", body = Readiness),
        (status = 503, description = "It is not, and says why.", body = Readiness)
    )
)]
async fn readyz(State(app): State<Arc<App>>) -> Response {
    let connected = app.client.connection_state() == Connection::Connected;
    let trouble = app.engine.health().borrow().trouble.clone();
    let readiness = readiness(app.writer_failed.is_cancelled(), connected, trouble, &app.views.health());
    if readiness.ready {
        return Json(readiness).into_response();
    }
    (StatusCode::SERVICE_UNAVAILABLE, [(RETRY_AFTER, RETRY_AFTER_SECONDS.to_string())], Json(readiness))
        .into_response()
}

fn readiness(
    writer_failed: bool,
    connected: bool,
    trouble: Option<String>,
    views: &[ViewHealth],
) -> Readiness {
    let mut reasons = Vec::new();
    if writer_failed {
        reasons
            .push("the writer has ended: nothing can be written until atender is started again".to_owned());
    }
    if !connected {
        reasons.push("NATS is not connected".to_owned());
    }
    reasons.extend(trouble.map(|trouble| format!("commands do not get through: {trouble}")));
    for view in views {
        match &view.failed {
            Some(reason) => reasons.push(format!("view {} has stopped: {reason}", view.name)),
            None if !view.is_served || view.head_lag > READY_LAG_FRAMES_MAX => {
                reasons.push(format!("view {} is being built: {} frames to go", view.name, view.head_lag));
            }
            None => {}
        }
    }
    let far = |view: &ViewHealth| ViewReadiness {
        name: view.name,
        frame: view.checkpoint,
        frames_behind: view.head_lag,
    };
    Readiness { ready: reasons.is_empty(), reasons, views: views.iter().map(far).collect() }
}

/// What it measures
///
/// In the text format of Prometheus. It names paths and codes, and no contact, agent or conversation.
#[utoipa::path(
    get,
    path = "/metrics",
    tag = "operation",
    responses((status = 200, description = "The metrics.", body = String, content_type = "text/plain"))
)]
async fn metrics(State(app): State<Arc<App>>) -> impl IntoResponse {
    ([(CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")], app.metrics.render())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn view(head_lag: u64, failed: Option<&str>) -> ViewHealth {
        let failed = failed.map(str::to_owned);
        ViewHealth { name: "inbox", checkpoint: 7, head_lag, is_served: true, building: None, failed }
    }

    #[test]
    fn it_is_ready_when_nothing_is_in_the_way() {
        let readiness = readiness(false, true, None, &[view(0, None), view(READY_LAG_FRAMES_MAX, None)]);
        assert!(readiness.ready && readiness.reasons.is_empty());
        assert_eq!(readiness.views[0].frame, 7);
    }

    #[test]
    fn whatever_is_in_the_way_is_named() {
        for (readiness, word) in [
            (readiness(true, true, None, &[]), "writer"),
            (readiness(false, false, None, &[]), "NATS"),
            (readiness(false, true, Some("disk full".to_owned()), &[]), "disk full"),
            (readiness(false, true, None, &[view(0, Some("disk full"))]), "disk full"),
            (readiness(false, true, None, &[view(READY_LAG_FRAMES_MAX + 1, None)]), "1001 frames"),
            (readiness(false, true, None, &[ViewHealth { is_served: false, ..view(3, None) }]), "3 frames"),
        ] {
            assert!(!readiness.ready);
            assert!(readiness.reasons[0].contains(word), "{:?}", readiness.reasons);
        }
    }
}
