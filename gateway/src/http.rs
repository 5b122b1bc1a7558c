//! The HTTP API: who may ask, what is asked in which form, and what is answered. Handlers turn requests into
//! commands and queries; rules are the engine's, rows are the views'.

mod agents;
mod audit;
pub mod auth;
mod channels;
mod choices;
mod configuration;
mod connections;
mod contacts;
mod conversations;
mod dead_letters;
mod events;
mod exclusive;
pub mod extract;
mod guard;
mod health;
mod inbox;
mod openapi;
pub mod order;
pub mod problem;
mod reading;
mod sight;
mod texts;
mod tokens;
mod webhook;
mod worked_time;

use std::sync::Arc;

use axum::Router;
use axum::middleware::from_fn_with_state;
use tokio::net::TcpListener;
use utoipa_axum::router::OpenApiRouter;

use crate::app::App;
pub use connections::ConnectionLimits;
pub use openapi::document as openapi_document;

/// Answers requests until the app is told to stop, and then those that are in work.
///
/// # Errors
/// None at present: a listener that fails is asked again.
pub async fn serve(listener: TcpListener, app: Arc<App>) -> std::io::Result<()> {
    serve_within(ConnectionLimits::default(), listener, app).await;
    Ok(())
}

/// As [`serve`], with other limits on connections.
pub async fn serve_within(limits: ConnectionLimits, listener: TcpListener, app: Arc<App>) {
    let stopping = app.stopping.clone();
    connections::serve(listener, router(app), limits, stopping).await;
}

/// All routes, behind their guard.
pub fn router(app: Arc<App>) -> Router {
    let (routes, _) = routes().split_for_parts();
    routes
        .fallback(guard::path_not_found)
        .method_not_allowed_fallback(guard::method_not_allowed)
        // One layer for everything: each costs every request a box and a copy of what is behind it.
        .layer(from_fn_with_state(Arc::new(guard::Guard::default()), guard::guard))
        .with_state(app)
}

fn routes() -> OpenApiRouter<Arc<App>> {
    OpenApiRouter::with_openapi(openapi::frame())
        .merge(webhook::routes())
        .merge(channels::routes())
        .merge(inbox::routes())
        .merge(conversations::routes())
        .merge(choices::routes())
        .merge(texts::routes())
        .merge(contacts::routes())
        .merge(exclusive::routes())
        .merge(agents::routes())
        .merge(worked_time::routes())
        .merge(events::routes())
        .merge(audit::routes())
        .merge(configuration::routes())
        .merge(tokens::routes())
        .merge(dead_letters::routes())
        .merge(openapi::routes())
        .merge(health::routes())
}
