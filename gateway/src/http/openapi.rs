//! The OpenAPI document. Handlers describe what is theirs; what is the same everywhere (the token, the headers of
//! commands and reads, the errors) is added here, so that it cannot be forgotten.

mod common;
mod limits;

use std::sync::{Arc, OnceLock};

use axum::http::header::CONTENT_TYPE;
use axum::response::IntoResponse;
use schemas::api::Problem;
use utoipa::openapi::path::{HttpMethod, Operation, PathItem};
use utoipa::openapi::{Components, OpenApi};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::app::App;

#[derive(utoipa::OpenApi)]
#[openapi(
    info(
        title = "atender",
        description = "The messaging engine of a contact centre. Every action is an event in a durable log: an \
            answer to a command says that the log has it, and where. Reads are answered from views of the log; give \
            the `position` of a command's answer as `Atender-Min-Position` to read what it did. Errors are \
            `application/problem+json` with a stable `code` each. Unknown fields are refused; every text and list of a \
            request has a limit, which its schema states.",
        license(name = "MIT OR Apache-2.0", identifier = "MIT OR Apache-2.0"),
    ),
    servers((url = "/", description = "This server.")),
    tags(
        (name = "conversations", description = "What agents do with conversations."),
        (name = "reading", description = "Inbox, queues, history. An agent reads their own inbox, the queues of \
            their campaigns, the conversations they have, had, or could take from those queues, and past ones of a \
            contact with whom they have one open, as many as the client allows. Supervisors, administrators and \
            auditors read everything; connectors nothing."),
        (name = "live", description = "What changes, as it changes."),
        (name = "contacts", description = "Contacts and their exclusive agents."),
        (name = "agents", description = "Presence, and the time that was worked."),
        (name = "channels", description = "What connectors report."),
        (name = "configuration", description = "Settings, clients, projects, campaigns, channels, \
            dispositions, predefined texts, agents."),
        (name = "audit", description = "The log itself."),
        (name = "tokens", description = "Who may come in."),
        (name = "operation", description = "Whether it works."),
    ),
    components(schemas(Problem))
)]
struct Frame;

/// The document before any route is in it.
pub(super) fn frame() -> OpenApi {
    <Frame as utoipa::OpenApi>::openapi()
}

pub(super) fn routes() -> OpenApiRouter<Arc<App>> {
    OpenApiRouter::new().routes(routes!(show))
}

/// This document
///
/// The same as `schemas/openapi.json` of the source.
#[utoipa::path(
    get,
    operation_id = "openapi",
    path = "/v1/openapi.json",
    tag = "operation",
    responses((status = 200, description = "The OpenAPI document.", body = Object))
)]
async fn show() -> impl IntoResponse {
    static TEXT: OnceLock<String> = OnceLock::new();
    ([(CONTENT_TYPE, "application/json")], TEXT.get_or_init(document).as_str())
}

/// The document of the whole API, as JSON text that ends in a line feed.
///
/// # Panics
/// Never: the document is plain data.
pub fn document() -> String {
    let mut document = super::routes().into_openapi();
    let components = document.components.get_or_insert_with(Components::new);
    common::describe_components(components);
    limits::state(components);
    for (path, item) in &mut document.paths.paths {
        for (method, operation) in operations(item) {
            common::complete(path, &method, operation);
        }
    }
    let mut text = document.to_pretty_json().expect("a document of plain data");
    text.push('\n');
    text
}

fn operations(item: &mut PathItem) -> impl Iterator<Item = (HttpMethod, &mut Operation)> {
    [
        (HttpMethod::Get, &mut item.get),
        (HttpMethod::Put, &mut item.put),
        (HttpMethod::Post, &mut item.post),
        (HttpMethod::Patch, &mut item.patch),
        (HttpMethod::Delete, &mut item.delete),
    ]
    .into_iter()
    .filter_map(|(method, operation)| operation.as_mut().map(|operation| (method, operation)))
}
