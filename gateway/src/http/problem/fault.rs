//! The gateway's own refusals, each with its status, its code and what to do about it. The engine's rules have
//! theirs in `schemas::rejection`; no code is in both.

use axum::http::StatusCode;

macro_rules! faults {
    ($($name:ident $status:ident $code:literal $title:literal $remedy:literal;)*) => {
        /// What the gateway itself refuses, before or beside the rules of the engine.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        #[allow(missing_docs, reason = "each variant is documented by its text in the table")]
        pub enum Fault { $($name,)* }

        impl Fault {
            /// Every one, in the order of the table.
            pub const ALL: &'static [Self] = &[$(Self::$name,)*];

            /// The HTTP status it is answered with.
            pub const fn status(self) -> StatusCode {
                match self { $(Self::$name => StatusCode::$status,)* }
            }

            /// The stable code that programs act on.
            pub const fn code(self) -> &'static str {
                match self { $(Self::$name => $code,)* }
            }

            /// What happened.
            pub const fn title(self) -> &'static str {
                match self { $(Self::$name => $title,)* }
            }

            /// What to do about it.
            pub const fn remedy(self) -> &'static str {
                match self { $(Self::$name => $remedy,)* }
            }
        }
    };
}

faults! {
    MalformedJson BAD_REQUEST "malformed_json"
        "the body is not JSON" "send one JSON object";
    MalformedBody BAD_REQUEST "malformed_body"
        "the body could not be read" "send the request again";
    InvalidBody UNPROCESSABLE_ENTITY "invalid_body"
        "the body is not what this request takes" "see the request's schema in /v1/openapi.json";
    InvalidParameter UNPROCESSABLE_ENTITY "invalid_parameter"
        "a parameter of the request is wrong" "see the request's parameters in /v1/openapi.json";
    InvalidCursor UNPROCESSABLE_ENTITY "invalid_cursor"
        "the cursor is not one of this list" "give `next` of the page before, unchanged, or begin without a cursor";
    InvalidKey UNPROCESSABLE_ENTITY "invalid_idempotency_key"
        "the Idempotency-Key is not 1 to 128 visible ASCII characters, given once" "use a UUID";
    Unauthenticated UNAUTHORIZED "unauthenticated"
        "this needs a valid token" "send `Authorization: Bearer` with a token that has not been revoked";
    PathNotFound NOT_FOUND "path_not_found"
        "there is nothing at this path" "see /v1/openapi.json for the paths there are";
    MethodNotAllowed METHOD_NOT_ALLOWED "method_not_allowed"
        "this path does not take this method" "see /v1/openapi.json for the methods it takes";
    UnknownShortcut UNPROCESSABLE_ENTITY "unknown_shortcut"
        "no predefined text has this shortcut" "see GET /v1/conversations/{id}/texts";
    TextFieldEmpty UNPROCESSABLE_ENTITY "text_field_empty"
        "nothing is known for a field of the text" "fill it in, or give the text another word for it: {contact.name|you}";
    MasterNotFound NOT_FOUND "master_not_found"
        "there is no such thing in the configuration" "check its id, or define it first";
    ConversationNotFound NOT_FOUND "conversation_not_found"
        "there is no such conversation" "check its id";
    CampaignRequired UNPROCESSABLE_ENTITY "campaign_required"
        "several campaigns could be meant" "name one in `campaign`";
    ContactNotFound NOT_FOUND "contact_not_found"
        "there is no such contact" "check its id";
    TokenNotFound NOT_FOUND "token_not_found"
        "there is no such token" "check its id; it may have been revoked already";
    TooManyTokens UNPROCESSABLE_ENTITY "too_many_tokens"
        "there are as many tokens as there may be" "revoke those that are not used";
    BodyTooLarge PAYLOAD_TOO_LARGE "body_too_large"
        "the body is larger than this request may be" "send less";
    BodyTooSlow REQUEST_TIMEOUT "body_too_slow"
        "the body took too long to arrive" "send the request again; for a command with the same Idempotency-Key";
    UnsupportedMediaType UNSUPPORTED_MEDIA_TYPE "unsupported_media_type"
        "the body is not said to be JSON" "send `Content-Type: application/json`";
    TooManyStreamsOfToken TOO_MANY_REQUESTS "too_many_streams_of_token"
        "this token has as many live streams open as it may" "close one, or share one between tabs";
    TooManyStreams SERVICE_UNAVAILABLE "too_many_streams"
        "as many live streams are open as there may be" "try again later";
    TooManyConnections SERVICE_UNAVAILABLE "too_many_connections"
        "as many connections are open as there may be" "try again later, and keep connections open between requests";
    Overloaded SERVICE_UNAVAILABLE "overloaded"
        "there is too much to do at the moment" "try again later; the same Idempotency-Key is safe";
    LogUnavailable SERVICE_UNAVAILABLE "log_unavailable"
        "the log cannot be reached, or did not answer in time; the command may still take effect"
        "try again with the same Idempotency-Key";
    LogDamaged INTERNAL_SERVER_ERROR "log_damaged"
        "the log is damaged" "keep it as it is, and compare it with its copies";
    TokensUnavailable SERVICE_UNAVAILABLE "tokens_unavailable"
        "the store of tokens cannot be reached" "try again later";
    StaleView SERVICE_UNAVAILABLE "stale_view"
        "the views have not come as far as Atender-Min-Position" "try again; Atender-Position says how far they are";
    ViewUnavailable SERVICE_UNAVAILABLE "view_unavailable"
        "this view is being rebuilt, or has stopped" "try again later; /readyz says what is wrong";
    TimedOut SERVICE_UNAVAILABLE "timed_out"
        "the request took too long and was given up" "try again; for a command with the same Idempotency-Key";
    Internal INTERNAL_SERVER_ERROR "internal"
        "something is wrong inside atender" "look at its log; it names the request";
}
