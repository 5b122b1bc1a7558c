//! The HTTP API: who may ask, what is asked in which form, and what is answered. Handlers turn requests into
//! commands and queries; rules are the engine's, rows are the views'.

mod agents;
mod audit;
pub mod auth;
mod channels;
mod configuration;
mod contacts;
mod conversations;
mod dead_letters;
mod events;
pub mod extract;
mod guard;
mod health;
mod inbox;
mod openapi;
pub mod order;
pub mod problem;
mod reading;
mod sight;
mod tokens;
mod webhook;

use std::sync::Arc;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::middleware::from_fn_with_state;
use axum::serve::ListenerExt;
use tokio::net::TcpListener;
use tower_http::trace::TraceLayer;
use utoipa_axum::router::OpenApiRouter;

use crate::app::App;
pub use guard::{REQUEST_WITHIN, REQUESTS_MAX};
pub use openapi::document as openapi_document;

/// Largest body of a request, in bytes; inbound messages and webhooks have limits of their own.
pub const BODY_BYTES_MAX: usize = 64 * 1024;

/// Answers requests until the app is told to stop, and then those that are in work.
///
/// # Errors
/// Those of the listener.
pub async fn serve(listener: TcpListener, app: Arc<App>) -> std::io::Result<()> {
    let stopping = app.stopping.clone();
    // Small writes are what live push is made of; none may wait for the acknowledgement of the one before.
    let listener = listener.tap_io(|connection| {
        if let Err(error) = connection.set_nodelay(true) {
            tracing::debug!(%error, "a connection delays its writes");
        }
    });
    axum::serve(listener, router(app)).with_graceful_shutdown(stopping.cancelled_owned()).await
}

/// All routes, behind their guard.
pub fn router(app: Arc<App>) -> Router {
    let (routes, _) = routes().split_for_parts();
    routes
        .fallback(guard::path_not_found)
        .method_not_allowed_fallback(guard::method_not_allowed)
        .layer(DefaultBodyLimit::max(BODY_BYTES_MAX))
        .layer(from_fn_with_state(guard::Guard::default(), guard::guard))
        // What goes wrong is logged where it does.
        .layer(TraceLayer::new_for_http().make_span_with(guard::span).on_failure(()))
        .with_state(app)
}

fn routes() -> OpenApiRouter<Arc<App>> {
    OpenApiRouter::with_openapi(openapi::frame())
        .merge(webhook::routes())
        .merge(channels::routes())
        .merge(inbox::routes())
        .merge(conversations::routes())
        .merge(contacts::routes())
        .merge(agents::routes())
        .merge(events::routes())
        .merge(audit::routes())
        .merge(configuration::routes())
        .merge(tokens::routes())
        .merge(dead_letters::routes())
        .merge(openapi::routes())
        .merge(health::routes())
}
