//! The rows of the view, as they are stored. A change here is a new version of the view.

use std::collections::BTreeMap;

use schemas::api::contacts::{Contact, ContactChange, ContactExclusiveAgent, ContactNote};
use schemas::{
    Actor, AgentId, CampaignId, ClientId, ContactField, ContactId, FieldId, Identity, Position, Timestamp,
};
use serde::{Deserialize, Serialize};

/// What is known of a contact.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct ContactRow {
    pub(crate) name: Option<String>,
    pub(crate) profile_name: Option<String>,
    pub(crate) email: Option<String>,
    pub(crate) phone: Option<String>,
    pub(crate) document: Option<String>,
    pub(crate) fields: BTreeMap<(ClientId, FieldId), String>,
    pub(crate) identities: Vec<Identity>,
    /// The other ids that stand for them.
    pub(crate) ids: Vec<ContactId>,
    pub(crate) first_seen_at: Timestamp,
    pub(crate) last_opened_at: Timestamp,
    /// How many conversations they opened; nobody is shown who opened none.
    pub(crate) conversations: u32,
    /// The last event it reflects; that event and earlier ones do not change it again.
    pub(crate) position: Option<Position>,
}

impl ContactRow {
    /// Has a field be this; gives what it was.
    pub(crate) fn set(&mut self, field: &ContactField, value: Option<String>) -> Option<String> {
        let place = match field {
            ContactField::Name => &mut self.name,
            ContactField::Email => &mut self.email,
            ContactField::Phone => &mut self.phone,
            ContactField::Document => &mut self.document,
            ContactField::Own { client, field } => {
                let key = (client.clone(), field.clone());
                return match value {
                    Some(value) => self.fields.insert(key, value),
                    None => self.fields.remove(&key),
                };
            }
        };
        std::mem::replace(place, value)
    }

    /// What they are called.
    pub(crate) fn shown_name(&self) -> Option<&str> {
        self.name.as_deref().or(self.profile_name.as_deref())
    }

    pub(crate) fn into_contact(self, id: ContactId) -> Contact {
        let name = self.shown_name().map(str::to_owned);
        let mut fields: BTreeMap<ClientId, BTreeMap<FieldId, String>> = BTreeMap::new();
        for ((client, field), value) in self.fields {
            fields.entry(client).or_default().insert(field, value);
        }
        Contact {
            id,
            name,
            profile_name: self.profile_name,
            email: self.email,
            phone: self.phone,
            document: self.document,
            fields,
            identities: self.identities,
            first_seen_at: self.first_seen_at,
            last_opened_at: self.last_opened_at,
        }
    }
}

/// What changed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum ChangedField {
    /// A field of the profile.
    Profile(ContactField),
    /// An address they write from.
    Identity,
    /// Somebody else turned out to be them.
    Merged,
}

/// What one event changed: each field with what it was and what it became.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct ChangeRow {
    pub(crate) at: Timestamp,
    pub(crate) by: Actor,
    pub(crate) changes: Vec<(ChangedField, Option<String>, Option<String>)>,
}

impl ChangeRow {
    pub(crate) fn into_changes(self, position: Position) -> impl Iterator<Item = ContactChange> {
        let Self { at, by, changes } = self;
        changes.into_iter().map(move |(field, from, to)| {
            let (field, client) = match field {
                ChangedField::Profile(ContactField::Name) => ("name".to_owned(), None),
                ChangedField::Profile(ContactField::Email) => ("email".to_owned(), None),
                ChangedField::Profile(ContactField::Phone) => ("phone".to_owned(), None),
                ChangedField::Profile(ContactField::Document) => ("document".to_owned(), None),
                ChangedField::Profile(ContactField::Own { client, field }) => {
                    (field.to_string(), Some(client))
                }
                ChangedField::Identity => ("identity".to_owned(), None),
                ChangedField::Merged => ("merged".to_owned(), None),
            };
            ContactChange { position, at, by: by.clone(), field, client, from, to }
        })
    }
}

/// A note.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct NoteRow {
    pub(crate) at: Timestamp,
    pub(crate) by: Actor,
    pub(crate) text: String,
}

impl NoteRow {
    pub(crate) fn into_note(self, position: Position) -> ContactNote {
        ContactNote { position, at: self.at, by: self.by, text: self.text }
    }
}

/// The exclusive agent in a campaign.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct ExclusiveRow {
    pub(crate) campaign: CampaignId,
    pub(crate) agent: AgentId,
    pub(crate) until: Option<Timestamp>,
}

impl ExclusiveRow {
    pub(crate) fn into_answer(self) -> ContactExclusiveAgent {
        let Self { campaign, agent, until } = self;
        ContactExclusiveAgent { campaign, agent, until }
    }
}
