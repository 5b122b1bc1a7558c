//! Contacts, as they are asked for, changed and answered.

use std::collections::BTreeMap;

use serde::{Deserialize, Deserializer, Serialize};
use utoipa::ToSchema;

use crate::command::Actor;
use crate::contact::{ContactField, FieldSet, Identity};
use crate::ids::{AgentId, CampaignId, ClientId, ContactId, FieldId};
use crate::position::Position;
use crate::time::Timestamp;

/// What a field becomes, in a request that changes some: left as it is, emptied, or set.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Patch {
    /// It was not named.
    #[default]
    Absent,
    /// It is emptied.
    Empty,
    /// It is this from now on.
    Set(String),
}

impl Patch {
    fn is_absent(&self) -> bool {
        *self == Self::Absent
    }

    fn value(self) -> Option<Option<String>> {
        match self {
            Self::Absent => None,
            Self::Empty => Some(None),
            Self::Set(value) => Some(Some(value)),
        }
    }
}

impl Serialize for Patch {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Absent | Self::Empty => serializer.serialize_none(),
            Self::Set(value) => serializer.serialize_some(value),
        }
    }
}

impl<'de> Deserialize<'de> for Patch {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(Option::<String>::deserialize(deserializer)?.map_or(Self::Empty, Self::Set))
    }
}

/// What is known of a contact from now on. What is left out stays as it is; `null` empties a field.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
pub struct UpdateContact {
    /// What they are called: at most 200 characters.
    #[serde(skip_serializing_if = "Patch::is_absent")]
    #[schema(value_type = Option<String>)]
    pub name: Patch,
    /// Their e-mail address: at most 254 characters.
    #[serde(skip_serializing_if = "Patch::is_absent")]
    #[schema(value_type = Option<String>)]
    pub email: Patch,
    /// A phone number that is not one they write from: 3 to 20 digits; spaces, `+`, `-`, `.` and brackets are left out.
    #[serde(skip_serializing_if = "Patch::is_absent")]
    #[schema(value_type = Option<String>)]
    pub phone: Patch,
    /// The number of their identity document: at most 64 characters.
    #[serde(skip_serializing_if = "Patch::is_absent")]
    #[schema(value_type = Option<String>)]
    pub document: Patch,
    /// The fields that clients have declared, by client and field; values as text, at most 500 characters.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    #[schema(value_type = BTreeMap<String, BTreeMap<String, Option<String>>>)]
    pub fields: BTreeMap<ClientId, BTreeMap<FieldId, Option<String>>>,
}

impl UpdateContact {
    /// What was named, in a fixed order.
    pub fn into_set(self) -> Vec<FieldSet> {
        let Self { name, email, phone, document, fields } = self;
        let fixed = [
            (ContactField::Name, name),
            (ContactField::Email, email),
            (ContactField::Phone, phone),
            (ContactField::Document, document),
        ];
        let mut set: Vec<FieldSet> = Vec::new();
        set.extend(
            fixed
                .into_iter()
                .filter_map(|(field, patch)| patch.value().map(|value| FieldSet { field, value })),
        );
        for (client, fields) in fields {
            set.extend(fields.into_iter().map(|(field, value)| {
                let field = ContactField::Own { client: client.clone(), field };
                FieldSet { field, value }
            }));
        }
        set
    }
}

/// Say that two contacts are one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct MergeContact {
    /// The other one; their id stands for this one from now on.
    pub contact: ContactId,
}

/// Write a note on a contact.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AddContactNote {
    /// The text: at most 4000 characters.
    pub text: String,
}

/// A contact.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Contact {
    /// Their id; another one that was asked for stands for them.
    pub id: ContactId,
    /// What they are called: as somebody wrote it, else as they call themselves.
    pub name: Option<String>,
    /// What they call themselves on the network.
    pub profile_name: Option<String>,
    /// Their e-mail address.
    pub email: Option<String>,
    /// A phone number that is not one they write from, in digits.
    pub phone: Option<String>,
    /// The number of their identity document.
    pub document: Option<String>,
    /// The fields that clients have declared; agents see those of the clients they work for.
    #[schema(value_type = BTreeMap<String, BTreeMap<String, String>>)]
    pub fields: BTreeMap<ClientId, BTreeMap<FieldId, String>>,
    /// The addresses they write from, the one known longest first.
    pub identities: Vec<Identity>,
    /// When their first conversation was opened.
    pub first_seen_at: Timestamp,
    /// When their last conversation was opened.
    pub last_opened_at: Timestamp,
}

/// One change of what is known of a contact.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ContactChange {
    /// Where it is in the log.
    pub position: Position,
    /// When.
    pub at: Timestamp,
    /// Who did it.
    #[schema(value_type = Object)]
    pub by: Actor,
    /// `name`, `email`, `phone`, `document`, `identity`, `merged`, or the id of a field of a client.
    pub field: String,
    /// The client whose field it is.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub client: Option<ClientId>,
    /// What it was.
    pub from: Option<String>,
    /// What it became.
    pub to: Option<String>,
}

/// A note on a contact.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ContactNote {
    /// Where it is in the log.
    pub position: Position,
    /// When it was written.
    pub at: Timestamp,
    /// Who wrote it.
    #[schema(value_type = Object)]
    pub by: Actor,
    /// The text.
    pub text: String,
}

/// The exclusive agent of a contact in a campaign.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ContactExclusiveAgent {
    /// In which campaign.
    pub campaign: CampaignId,
    /// Who.
    pub agent: AgentId,
    /// Until when; absent for ever.
    pub until: Option<Timestamp>,
}

/// The exclusive agents of a contact.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ContactExclusiveAgents {
    /// By campaign.
    pub items: Vec<ContactExclusiveAgent>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_left_out_stays_and_null_empties() {
        let body = r#"{"name":"Ana","email":null,"fields":{"acme":{"policy":"7","plan":null}}}"#;
        let set = serde_json::from_str::<UpdateContact>(body).unwrap().into_set();
        let own = |field: &str| ContactField::Own {
            client: ClientId::new("acme").unwrap(),
            field: FieldId::new(field).unwrap(),
        };
        let expected = [
            (ContactField::Name, Some("Ana")),
            (ContactField::Email, None),
            (own("plan"), None),
            (own("policy"), Some("7")),
        ];
        let expected = expected.map(|(field, value)| FieldSet { field, value: value.map(str::to_owned) });
        assert_eq!(set, expected);
    }
}
