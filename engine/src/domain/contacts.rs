//! Contacts: which ids stand for which contact, and what is written down about them. Their profiles are rows of a view;
//! decisions need none of them.

pub(super) mod fields;
pub(super) mod identity;
pub(super) mod merge;

use schemas::event::{ContactNoteAdded, ContactUpdated, Event};
use schemas::limits::{FIELDS_AT_ONCE_MAX, NOTE_CHARS_MAX};
use schemas::{Actor, ContactField, ContactId, ConversationId, FieldSet, Rejection, Role};

use super::permission::{require_text, role};
use super::state::{Conversation, Workspace};
use fields::checked;

type Decision = Result<Vec<Event>, Rejection>;

pub(super) fn update(ws: &Workspace, contact: ContactId, set: &[FieldSet], actor: &Actor) -> Decision {
    require_attends(ws, actor)?;
    if set.is_empty() {
        return Err(Rejection::NothingToUpdate);
    }
    if set.len() > FIELDS_AT_ONCE_MAX {
        return Err(Rejection::TooMany("fields".to_owned()));
    }
    let contact = ws.resolve(contact);
    let set = set.iter().map(|wanted| {
        if let ContactField::Own { client, .. } = &wanted.field {
            require_works_for(ws, actor, client)?;
        }
        checked(ws, wanted)
    });
    let set = set.collect::<Result<Vec<_>, _>>()?;
    let conversations = ws.open_of(contact).into_iter().map(|(id, _)| id).collect();
    Ok(vec![ContactUpdated { contact, set, conversations }.into()])
}

pub(super) fn add_note(ws: &Workspace, contact: ContactId, text: &str, actor: &Actor) -> Decision {
    require_attends(ws, actor)?;
    require_text("note", text, NOTE_CHARS_MAX)?;
    let contact = ws.resolve(contact);
    let conversations = ws.open_of(contact).into_iter().map(|(id, _)| id).collect();
    Ok(vec![ContactNoteAdded { contact, text: text.to_owned(), conversations }.into()])
}

/// Whoever attends conversations may write down something about a contact. Whether they see this one, the gateway says:
/// it takes finished conversations to know.
fn require_attends(ws: &Workspace, actor: &Actor) -> Result<(), Rejection> {
    match role(ws, actor) {
        Some(Role::Agent | Role::Supervisor | Role::Administrator) => Ok(()),
        Some(Role::Auditor) | None => Err(Rejection::Forbidden),
    }
}

/// Agents change the fields of the clients they work for.
fn require_works_for(ws: &Workspace, actor: &Actor, client: &schemas::ClientId) -> Result<(), Rejection> {
    let Actor::Agent(id) = actor else {
        return Ok(());
    };
    if role(ws, actor).is_some_and(Role::supervises) {
        return Ok(());
    }
    let campaigns = ws.agents.get(id).map(|agent| &agent.definition.campaigns).into_iter().flatten();
    let projects = campaigns.filter_map(|campaign| ws.projects.get(&ws.campaigns.get(campaign)?.project));
    let works_for = projects.map(|project| &project.client).any(|own| own == client);
    if works_for { Ok(()) } else { Err(Rejection::Forbidden) }
}

impl Workspace {
    /// The contact whom an id stands for: itself, unless it was merged.
    pub fn resolve(&self, id: ContactId) -> ContactId {
        let mut contact = id;
        while let Some(next) = self.aliases.get(&contact) {
            contact = *next;
        }
        contact
    }

    /// Every id that stands for another contact.
    pub fn aliases(&self) -> impl Iterator<Item = (&ContactId, &ContactId)> {
        self.aliases.iter()
    }

    /// The open conversations of a contact, by channel.
    pub(super) fn open_of(&self, contact: ContactId) -> Vec<(ConversationId, &Conversation)> {
        let open = self.channels.keys().filter_map(|channel| self.open.get(&(contact, channel.clone())));
        open.filter_map(|id| self.conversations.get(id).map(|found| (*id, found))).collect()
    }
}
