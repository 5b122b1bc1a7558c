//! What crosses the HTTP API: requests, what the views answer, and what live push sends.
//! JSON names are the Rust names; unknown fields in requests are refused.

pub mod contacts;
pub mod live;
pub mod requests;
pub mod views;

use serde::{Deserialize, Serialize};
use utoipa::openapi::schema::{ObjectBuilder, Type};
use utoipa::openapi::{RefOr, Schema};
use utoipa::{PartialSchema, ToSchema};

use crate::ids::{
    AgentId, CampaignId, ChannelId, ClientId, CommandId, ContactId, ConversationId, DispositionId, FieldId,
    MessageId, ProjectId, ReasonId, Shortcut, TextId, WorkspaceId,
};
use crate::limits::NAME_ID_BYTES_MAX;
use crate::position::Position;
use crate::time::Timestamp;

/// One page of a list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Page<T> {
    /// The rows.
    pub items: Vec<T>,
    /// Give this as `cursor` for the next page; absent on the last.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub next: Option<String>,
}

/// The answer to an accepted command.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Accepted {
    /// Where it is in the log. Give it as `Atender-Min-Position` to read what this command did.
    pub position: Position,
    /// The message it brought or sent, if it did.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub message: Option<MessageId>,
    /// The conversation it concerns, if it concerns one.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub conversation: Option<ConversationId>,
    /// Whether anything changed; false when things were so already.
    pub changed: bool,
    /// Whether this command had been accepted before; nothing was done twice.
    pub repeated: bool,
}

/// An error as `application/problem+json` (RFC 9457), with a stable code.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Problem {
    /// `urn:atender:problem:` and the code.
    #[serde(rename = "type")]
    pub kind: String,
    /// What happened.
    pub title: String,
    /// The HTTP status.
    pub status: u16,
    /// The stable code that programs act on.
    pub code: String,
    /// What to do about it.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub remedy: Option<String>,
    /// The field of the request that is wrong, if it is one.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub field: Option<String>,
}

fn text_schema(pattern: Option<&str>, example: &str, description: &str) -> RefOr<Schema> {
    let object = ObjectBuilder::new()
        .schema_type(Type::String)
        .pattern(pattern)
        .examples([example])
        .description(Some(description));
    RefOr::T(Schema::Object(object.build()))
}

macro_rules! text_schemas {
    ($($name:ident: $pattern:expr, $example:literal, $description:literal;)*) => {$(
        impl PartialSchema for $name {
            fn schema() -> RefOr<Schema> {
                let pattern: Option<String> = $pattern;
                text_schema(pattern.as_deref(), $example, $description)
            }
        }
        impl ToSchema for $name {}
    )*};
}

fn name() -> Option<String> {
    Some(format!("^[a-z0-9][a-z0-9._-]{{0,{}}}$", NAME_ID_BYTES_MAX - 1))
}

fn hex() -> Option<String> {
    Some("^[0-9a-f]{32}$".to_owned())
}

text_schemas! {
    WorkspaceId: name(), "default", "A workspace.";
    ClientId: name(), "acme", "A client.";
    ProjectId: name(), "support", "A project.";
    FieldId: name(), "policy", "A field of a contact's profile.";
    ReasonId: name(), "lunch", "A reason for being away.";
    CampaignId: name(), "sales", "A campaign.";
    ChannelId: name(), "wa-main", "A channel.";
    DispositionId: name(), "solved", "A disposition.";
    AgentId: name(), "ana", "An agent.";
    TextId: name(), "greeting", "A predefined text.";
    Shortcut: name(), "hello", "What an agent types for a predefined text, without the slash.";
    ContactId: hex(), "0f0e0d0c0b0a09080706050403020100", "A contact.";
    ConversationId: hex(), "0f0e0d0c0b0a09080706050403020100", "A conversation.";
    MessageId: hex(), "0f0e0d0c0b0a09080706050403020100", "A message.";
    CommandId: hex(), "0f0e0d0c0b0a09080706050403020100", "A command.";
    Position: Some("^[0-9]+-[0-9]+-[0-9]+$".to_owned()), "0-1234-5", "A place in the log: shard, sequence, index.";
    Timestamp: None, "2026-01-31T09:30:00.000Z", "A time, RFC 3339.";
}
