//! What is the same everywhere: the token, the headers of commands and reads, the errors.

use std::fmt::Write;

use schemas::api::Problem;
use schemas::limits::IDEMPOTENCY_KEY_BYTES_MAX;
use schemas::{Position, Rejection};
use utoipa::openapi::header::HeaderBuilder;
use utoipa::openapi::path::{HttpMethod, Operation, Parameter, ParameterBuilder, ParameterIn};
use utoipa::openapi::response::ResponseBuilder;
use utoipa::openapi::schema::{Schema, Type};
use utoipa::openapi::security::{HttpAuthScheme, HttpBuilder, SecurityRequirement, SecurityScheme};
use utoipa::openapi::{Components, ContentBuilder, Object, ObjectBuilder, Ref, RefOr, Required, Response};
use utoipa::{PartialSchema, ToSchema};

use crate::http::problem::Fault;

const SCHEME: &str = "token";

/// The answers that every handler of a kind can give, each with what it means.
const ERRORS: [(u16, &str, &str); 11] = [
    (400, "MalformedRequest", "The body is not JSON, or could not be read."),
    (401, "Unauthenticated", "There is no valid token."),
    (403, "Forbidden", "The token's holder may not do or see this."),
    (404, "NotFound", "Something the path names does not exist."),
    (409, "Conflict", "It does not fit what has happened meanwhile."),
    (
        413,
        "BodyTooLarge",
        "The body is larger than this request may be: 64 KiB, 512 KiB for an inbound message.",
    ),
    (415, "UnsupportedMediaType", "The body is not said to be JSON."),
    (422, "Invalid", "The request breaks a rule, or a field or parameter of it is wrong; `field` names it."),
    (429, "TooManyStreams", "This token has as many live streams open as it may."),
    (500, "Internal", "Something is wrong inside atender; its log says what."),
    (
        503,
        "Unavailable",
        "Not now: too much to do, the log or a view is away, or the view is not as far as \
        `Atender-Min-Position`. Trying again is safe with the same `Idempotency-Key`.",
    ),
];

pub(super) fn describe_components(components: &mut Components) {
    for (status, name, description) in ERRORS {
        let content = ContentBuilder::new().schema(Some(Ref::from_schema_name(Problem::name()))).build();
        let mut response =
            ResponseBuilder::new().description(description).content("application/problem+json", content);
        if matches!(status, 429 | 503) {
            let header = HeaderBuilder::new()
                .schema(Some(Object::with_type(Type::Integer)))
                .description(Some("Seconds to wait before trying again."));
            response = response.header("Retry-After", header.build());
        }
        components.responses.insert(name.to_owned(), response.build().into());
    }
    let scheme = HttpBuilder::new().scheme(HttpAuthScheme::Bearer).bearer_format("atender_<id>_<secret>");
    let description = "The administrator's token, or one made with `POST /v1/tokens`: an agent's acts as that agent \
        only, a connector's reports for its channel only.";
    let scheme = SecurityScheme::Http(scheme.description(Some(description)).build());
    components.add_security_scheme(SCHEME, scheme);
    if let Some(RefOr::T(Schema::Object(problem))) = components.schemas.get_mut(Problem::name().as_ref())
        && let Some(RefOr::T(Schema::Object(code))) = problem.properties.get_mut("code")
    {
        code.description = Some(codes());
    }
}

/// Every code there is.
fn codes() -> String {
    let mut text =
        "The stable code that programs act on. Once given out it keeps its meaning; there may be new \
        ones. Of the API:"
            .to_owned();
    for fault in Fault::ALL {
        // A String takes whatever is written to it.
        let _ = write!(text, " `{}` ({})", fault.code(), fault.status().as_u16());
    }
    text.push_str(". Of the rules:");
    for code in Rejection::CODES {
        let _ = write!(text, " `{code}`");
    }
    text.push('.');
    text
}

pub(super) fn complete(path: &str, method: &HttpMethod, operation: &mut Operation) {
    if !path.starts_with("/v1/") || path == "/v1/openapi.json" {
        operation.security = Some(Vec::new());
        if path.starts_with("/webhooks/") {
            let is_post = *method == HttpMethod::Post;
            add_errors(operation, |status| match status {
                400 | 401 | 413 => is_post,
                403 => !is_post,
                422 | 503 => true,
                _ => false,
            });
        }
        return;
    }
    operation.security = Some(vec![SecurityRequirement::new(SCHEME, Vec::<String>::new())]);
    let reads = *method == HttpMethod::Get;
    let is_command = operation.responses.responses.get("200").is_some_and(answers_accepted);
    let has_body = operation.request_body.is_some();
    let is_stream = path == "/v1/events";
    let has_parameters = operation.parameters.is_some();
    add_errors(operation, |status| match status {
        400 | 413 | 415 => has_body,
        404 => path.contains('{'),
        409 => is_command,
        422 => has_body || has_parameters,
        429 => is_stream,
        _ => true,
    });
    let is_of_views =
        reads && !is_stream && !path.starts_with("/v1/tokens") && !path.starts_with("/v1/dead-letters");
    if is_command && !path.ends_with("/inbound") {
        add_parameter(operation, idempotency_key());
    }
    if is_of_views {
        add_parameter(operation, min_position());
        add_stale_header(operation);
    }
    if is_command || is_of_views {
        add_position_header(operation);
    }
}

fn add_errors(operation: &mut Operation, applies: impl Fn(u16) -> bool) {
    let responses = &mut operation.responses.responses;
    for (status, name, _) in ERRORS {
        if applies(status) && !responses.contains_key(&status.to_string()) {
            responses.insert(status.to_string(), RefOr::Ref(Ref::from_response_name(name)));
        }
    }
}

fn answers_accepted(response: &RefOr<Response>) -> bool {
    let RefOr::T(response) = response else {
        return false;
    };
    response.content.values().any(|content| {
        matches!(content, RefOr::T(content)
            if matches!(&content.schema, Some(RefOr::Ref(schema)) if schema.ref_location.ends_with("/Accepted")))
    })
}

fn add_parameter(operation: &mut Operation, parameter: Parameter) {
    operation.parameters.get_or_insert_with(Vec::new).push(RefOr::T(parameter));
}

fn idempotency_key() -> Parameter {
    let schema = ObjectBuilder::new()
        .schema_type(Type::String)
        .min_length(Some(1))
        .max_length(Some(IDEMPOTENCY_KEY_BYTES_MAX))
        .pattern(Some("^[!-~]+$"));
    ParameterBuilder::new()
        .name("Idempotency-Key")
        .parameter_in(ParameterIn::Header)
        .required(Required::False)
        .schema(Some(schema.build()))
        .description(Some(
            "Chosen by the client, one for each thing it wants done: asking again with the same key has no second \
             effect and gets the same answer, for at least 8 days. The same key for another request is refused.",
        ))
        .build()
}

fn min_position() -> Parameter {
    ParameterBuilder::new()
        .name("Atender-Min-Position")
        .parameter_in(ParameterIn::Header)
        .required(Required::False)
        .schema(Some(Position::schema()))
        .description(Some(
            "Answer when the views have come as far as this; 503 `stale_view` if they have not within 2 seconds.",
        ))
        .build()
}

fn add_position_header(operation: &mut Operation) {
    let header = HeaderBuilder::new().schema(Some(Position::schema()));
    let header = header.description(Some("The position in the log that the answer rests on.")).build();
    if let Some(RefOr::T(response)) = operation.responses.responses.get_mut("200") {
        response.headers.insert("Atender-Position".to_owned(), header.into());
    }
}

fn add_stale_header(operation: &mut Operation) {
    let header = HeaderBuilder::new().schema(Some(u64::schema()));
    let text = "Set while the log is not heard: for so many seconds the answer may lack what others wrote.";
    let header = header.description(Some(text)).build();
    if let Some(RefOr::T(response)) = operation.responses.responses.get_mut("200") {
        response.headers.insert("Atender-Stale-Seconds".to_owned(), header.into());
    }
}
