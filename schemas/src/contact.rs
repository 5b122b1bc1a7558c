//! What is known of a contact: the addresses they write from, and the fields of their profile.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::ids::{ClientId, FieldId};
use crate::masters::ChannelKind;

/// An address of a contact on a network. Whoever writes from it is that contact.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
pub struct Identity {
    /// Which network.
    pub network: ChannelKind,
    /// The address there, such as a phone number.
    pub address: String,
}

/// What the values of a field look like.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum FieldKind {
    /// Anything, at most 500 characters.
    #[default]
    Text,
    /// A number, such as `12` or `-3.5`.
    Number,
    /// A day, such as `2026-01-31`.
    Date,
    /// One of the choices.
    Choice,
}

/// A field of its own that a client has for its contacts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct FieldDefinition {
    /// Its id.
    pub id: FieldId,
    /// Its name on screens.
    pub label: String,
    /// What its values look like.
    #[serde(default)]
    pub kind: FieldKind,
    /// What can be chosen, when it is a choice; at most 100.
    #[serde(default)]
    pub choices: Vec<String>,
}

/// A field of a contact's profile.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub enum ContactField {
    /// What they are called.
    Name,
    /// Their e-mail address.
    Email,
    /// A phone number that is not one they write from.
    Phone,
    /// The number of their identity document.
    Document,
    /// A field that a client has declared.
    Own {
        /// Which client.
        client: ClientId,
        /// Which field.
        field: FieldId,
    },
}

/// What a field is from now on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FieldSet {
    /// Which field.
    pub field: ContactField,
    /// The value; nothing to empty it.
    pub value: Option<String>,
}
