//! What is known of contacts, folded from the log, against what the API shows of them and finds.

use std::collections::{BTreeMap, HashMap};

use futures_util::{StreamExt, stream};
use schemas::api::contacts::{Contact, ContactNote};
use schemas::event::ContactsMerged;
use schemas::{ContactField, ContactId, Event, FieldSet, Position};

use super::Check;
use super::reader::{READS_AT_ONCE, Read, Reader};

/// What somebody wrote down of a contact.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
struct Known {
    name: Option<String>,
    document: Option<String>,
    /// In the order in which they were written.
    notes: BTreeMap<Position, String>,
}

/// What the API shows of a contact.
#[derive(Debug)]
struct Shown {
    contact: Contact,
    notes: BTreeMap<Position, String>,
    /// Who is found by the document.
    found: Vec<ContactId>,
}

/// Everybody who wrote.
#[derive(Debug, Default)]
pub(super) struct ContactBook {
    known: BTreeMap<ContactId, Known>,
    /// Ids of contacts who turned out to be others.
    merged: HashMap<ContactId, ContactId>,
}

impl ContactBook {
    pub(super) fn take(&mut self, at: Position, event: &Event) {
        match event {
            Event::ConversationOpened(e) => {
                self.known.entry(self.resolve(e.contact)).or_default();
            }
            Event::ContactUpdated(e) => e.set.iter().for_each(|set| self.set(e.contact, set)),
            Event::ContactNoteAdded(e) => {
                let known = self.known.entry(self.resolve(e.contact)).or_default();
                known.notes.insert(at, e.text.clone());
            }
            Event::ContactsMerged(e) => self.merge(e),
            _ => {}
        }
    }

    /// The contact whom an id stands for.
    pub(super) fn resolve(&self, id: ContactId) -> ContactId {
        self.merged.get(&id).map_or(id, |contact| self.resolve(*contact))
    }

    fn set(&mut self, contact: ContactId, FieldSet { field, value }: &FieldSet) {
        let known = self.known.entry(self.resolve(contact)).or_default();
        match field {
            ContactField::Name => known.name.clone_from(value),
            ContactField::Document => known.document.clone_from(value),
            // Agents of the demo write down no more than that.
            ContactField::Email | ContactField::Phone | ContactField::Own { .. } => {}
        }
    }

    /// What was written of the one stays; where nothing was, it is what is known of the other.
    fn merge(&mut self, e: &ContactsMerged) {
        let other = self.known.remove(&e.merged).unwrap_or_default();
        self.merged.insert(e.merged, e.contact);
        let known = self.known.entry(self.resolve(e.contact)).or_default();
        known.name = known.name.take().or(other.name);
        known.document = known.document.take().or(other.document);
        known.notes.extend(other.notes);
    }

    /// Everybody is shown as they are known, under each of their ids, and found.
    pub(super) async fn check(&self, reader: &Reader<'_>) -> Check {
        let rule = "the API shows and finds every contact as written down, whoever they turned out to be";
        let mut check = Check::new(rule, "contacts");
        let ids = self.known.keys().chain(self.merged.keys()).copied();
        let reads = ids.map(|id| async move { (id, self.read(reader, id).await) });
        let mut reads = stream::iter(reads).buffer_unordered(READS_AT_ONCE);
        while let Some((id, read)) = reads.next().await {
            match read {
                Ok(shown) => self.compare(&mut check, id, &shown),
                Err(error) => check.problem(|| format!("contact {id} cannot be read: {error}")),
            }
        }
        check
    }

    async fn read(&self, reader: &Reader<'_>, id: ContactId) -> Read<Shown> {
        let contact = reader.get(&format!("/v1/contacts/{id}")).await?;
        let notes: Vec<ContactNote> = reader.all(&format!("/v1/contacts/{id}/notes?limit=100")).await?;
        let notes = notes.into_iter().map(|note| (note.position, note.text)).collect();
        let document = self.known.get(&self.resolve(id)).and_then(|known| known.document.as_ref());
        let found: Vec<Contact> = match document {
            Some(document) => reader.all(&format!("/v1/contacts?q={document}&limit=100")).await?,
            None => Vec::new(),
        };
        Ok(Shown { contact, notes, found: found.iter().map(|contact| contact.id).collect() })
    }

    fn compare(&self, check: &mut Check, id: ContactId, Shown { contact, notes, found }: &Shown) {
        check.looked_at += 1;
        let who = self.resolve(id);
        let known = self.known.get(&who).cloned().unwrap_or_default();
        check.require(contact.id == who, || format!("{id} is shown as {}, and is {who}", contact.id));
        let right = known.name.as_ref().is_none_or(|name| contact.name.as_ref() == Some(name))
            && contact.document == known.document
            && *notes == known.notes;
        check.require(right, || format!("{contact:?} with {notes:?} should be {known:?}"));
        let is_found = known.document.is_none() || *found == [who];
        check.require(is_found, || format!("by {:?} not {who} is found, but {found:?}", known.document));
    }
}

#[cfg(test)]
mod tests;
