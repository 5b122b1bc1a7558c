//! The contacts view: a row for every contact with what is known of them, what was changed and noted by whom, their
//! exclusive agents, and the terms that they are found by. An id that was merged leads to the contact it stands for.

pub(crate) mod fold;
pub mod limits;
mod merge;
mod queries;
pub(crate) mod rows;
mod search;
pub(crate) mod terms;

use schemas::event::{
    ContactNoteAdded, ContactUpdated, ConversationOpened, ExclusiveAgentRemoved, ExclusiveAgentSet,
    IdentityChanged,
};
use schemas::{ContactId, Event, Identity, encode};

use crate::error::ViewError;
use crate::hot::Hot;
use crate::keys::{self, WorkspaceKey};
use crate::recorded::Recorded;
use crate::store::{Store, Value};
use rows::{ChangeRow, ChangedField, ContactRow, ExclusiveRow, NoteRow};
use terms::Terms;

pub use queries::Contacts;
pub use search::{BadQuery, Query};

/// Rises when the rows change their meaning or their form.
pub(crate) const VERSION: u32 = 2;
/// Older versions whose rows this program reads and writes as if they were of [`VERSION`].
pub(crate) const READABLE: &[u32] = &[];
pub(crate) const NAME: &str = "contacts";
/// About 1 KiB each in memory.
const HOT_ROWS_MAX: usize = 50_000;
/// Addresses of one contact that are kept; the oldest goes when there are more.
const IDENTITIES_MAX: usize = 50;

type ContactKey = (WorkspaceKey, ContactId);

/// A contact that changed lately, and the terms that the store has of them.
#[derive(Debug, Default)]
struct HotContact {
    row: Option<ContactRow>,
    stored: Option<Terms>,
}

/// Writes the view, one event at a time.
#[derive(Debug)]
pub(crate) struct ContactsProjector {
    pub(crate) store: Store,
    hot: Hot<ContactKey, HotContact>,
}

impl ContactsProjector {
    pub(crate) fn new(store: Store) -> Self {
        Self { store, hot: Hot::new(HOT_ROWS_MAX) }
    }

    /// Takes one event in. Taking one in again changes nothing.
    pub(crate) fn apply(&mut self, r: &Recorded<'_>) -> Result<(), ViewError> {
        match r.event {
            Event::ConversationOpened(e) => self.change(r, e.contact, |row| opened(row, r, e)).map(drop),
            Event::ContactsMerged(e) => self.merge(r, e),
            Event::IdentityChanged(e) => self.change_identity(r, e),
            Event::ContactUpdated(e) => self.update(r, e),
            Event::ContactNoteAdded(e) => self.add_note(r, e),
            Event::ExclusiveAgentSet(e) => self.set_exclusive(r, e),
            Event::ExclusiveAgentRemoved(e) => self.remove_exclusive(r, e),
            // They say nothing about who a contact is.
            Event::WorkspaceCreated(_)
            | Event::ClientDefined(_)
            | Event::ProjectDefined(_)
            | Event::CampaignDefined(_)
            | Event::ChannelDefined(_)
            | Event::DispositionDefined(_)
            | Event::AgentDefined(_)
            | Event::PresenceChanged(_)
            | Event::QueueRouted(_)
            | Event::SettingsDefined(_)
            | Event::AgentConnected(_)
            | Event::AgentDisconnected(_)
            | Event::MessageReceived(_)
            | Event::ConversationQueued(_)
            | Event::ConversationAssigned(_)
            | Event::ConversationTransferred(_)
            | Event::ConversationFinished(_)
            | Event::ConversationReleased(_)
            | Event::ConversationOverflowed(_)
            | Event::ConversationOffered(_)
            | Event::OfferEnded(_)
            | Event::ConversationTakenOver(_)
            | Event::ConversationGivenBack(_)
            | Event::AfterWorkEnded(_)
            | Event::NeedsSet(_)
            | Event::NoteAdded(_)
            | Event::MessageSubmitted(_)
            | Event::SendAttempted(_)
            | Event::SendAccepted(_)
            | Event::SendDeferred(_)
            | Event::SendUncertain(_)
            | Event::DeliveryUpdated(_)
            | Event::ReceiptParked(_)
            | Event::MessageResent(_)
            | Event::MessageSettled(_)
            | Event::TextDefined(_)
            | Event::TextRemoved(_)
            | Event::TransferOffered(_)
            | Event::TransferOfferEnded(_)
            | Event::ResponseAwaited(_)
            | Event::ResponseMissed(_)
            | Event::InactivityWarned(_)
            | Event::InactivityPutOff(_)
            | Event::AddressChanged(_)
            | Event::ConversationMerged(_)
            | Event::ConversationJoined(_) => Ok(()),
        }
    }

    /// Hands all changed rows to the store, where queries see them with the next commit.
    pub(crate) fn flush(&mut self) -> Result<(), ViewError> {
        let store = &mut self.store;
        self.hot.flush(|key, hot| write(store, key, hot))
    }

    /// Hands so many changed rows to the store that there is room in memory.
    pub(crate) fn spill(&mut self) -> Result<(), ViewError> {
        let store = &mut self.store;
        self.hot.trim(|key, hot| write(store, key, hot))
    }

    /// The contact whom an id stands for.
    fn resolve(&self, workspace: WorkspaceKey, id: ContactId) -> Result<ContactId, ViewError> {
        // Whoever has a row stands for themselves, and most have one.
        let is_hot = self.hot.get((workspace, id)).is_some_and(|hot| hot.row.is_some());
        if is_hot {
            return Ok(id);
        }
        Ok(alias(self.store.get(&keys::alias(workspace, id))?).unwrap_or(id))
    }

    fn hot(&mut self, key: ContactKey) -> Result<&mut HotContact, ViewError> {
        let store = &self.store;
        self.hot.change(key, || {
            let row = contact_row(store.get(&keys::person(key.0, key.1))?)?;
            let stored = row.as_ref().map(Terms::of);
            Ok(HotContact { row, stored })
        })
    }

    /// Changes the contact whom an id stands for, unless they reflect the event already; says who that is if so.
    fn change(
        &mut self,
        r: &Recorded<'_>,
        id: ContactId,
        change: impl FnOnce(&mut ContactRow),
    ) -> Result<Option<ContactId>, ViewError> {
        let contact = self.resolve(r.workspace, id)?;
        let hot = self.hot((r.workspace, contact))?;
        let row = hot.row.get_or_insert_with(ContactRow::default);
        if row.position.is_some_and(|position| position >= r.position) {
            return Ok(None);
        }
        change(row);
        row.position = Some(r.position);
        Ok(Some(contact))
    }

    fn change_identity(&mut self, r: &Recorded<'_>, e: &IdentityChanged) -> Result<(), ViewError> {
        let changed = self.change(r, e.contact, |row| {
            row.identities.retain(|known| *known != e.from);
            add_identity(row, &e.to);
        })?;
        let Some(contact) = changed else { return Ok(()) };
        let (from, to) = (Some(e.from.address.clone()), Some(e.to.address.clone()));
        self.record(r, contact, vec![(ChangedField::Identity, from, to)])
    }

    fn update(&mut self, r: &Recorded<'_>, e: &ContactUpdated) -> Result<(), ViewError> {
        let mut changes = Vec::new();
        let changed = self.change(r, e.contact, |row| {
            for set in &e.set {
                let before = row.set(&set.field, set.value.clone());
                if before != set.value {
                    changes.push((ChangedField::Profile(set.field.clone()), before, set.value.clone()));
                }
            }
        })?;
        let Some(contact) = changed else { return Ok(()) };
        self.record(r, contact, changes)
    }

    fn add_note(&mut self, r: &Recorded<'_>, e: &ContactNoteAdded) -> Result<(), ViewError> {
        let contact = self.resolve(r.workspace, e.contact)?;
        let note = NoteRow { at: r.header.at, by: r.header.actor.clone(), text: e.text.clone() };
        let key = keys::contact_note(r.workspace, contact, r.position);
        Ok(self.store.put(&key, encoded(&note))?)
    }

    fn record(
        &mut self,
        r: &Recorded<'_>,
        contact: ContactId,
        changes: Vec<(ChangedField, Option<String>, Option<String>)>,
    ) -> Result<(), ViewError> {
        if changes.is_empty() {
            return Ok(());
        }
        let row = ChangeRow { at: r.header.at, by: r.header.actor.clone(), changes };
        let key = keys::contact_change(r.workspace, contact, r.position);
        Ok(self.store.put(&key, encoded(&row))?)
    }

    fn set_exclusive(&mut self, r: &Recorded<'_>, e: &ExclusiveAgentSet) -> Result<(), ViewError> {
        let contact = self.resolve(r.workspace, e.contact)?;
        let row = ExclusiveRow { campaign: e.campaign.clone(), agent: e.agent.clone(), until: e.until };
        let key = keys::exclusive_agent(r.workspace, contact, &e.campaign);
        Ok(self.store.put(&key, encoded(&row))?)
    }

    fn remove_exclusive(&mut self, r: &Recorded<'_>, e: &ExclusiveAgentRemoved) -> Result<(), ViewError> {
        let contact = self.resolve(r.workspace, e.contact)?;
        Ok(self.store.delete(&keys::exclusive_agent(r.workspace, contact, &e.campaign))?)
    }
}

fn opened(row: &mut ContactRow, r: &Recorded<'_>, e: &ConversationOpened) {
    if row.conversations == 0 {
        row.first_seen_at = r.header.at;
    }
    row.conversations = row.conversations.saturating_add(1);
    row.last_opened_at = r.header.at;
    add_identity(row, &Identity { network: e.network, address: e.identity.clone() });
    if let Some(name) = &e.profile_name {
        row.profile_name = Some(name.clone());
    }
}

fn add_identity(row: &mut ContactRow, identity: &Identity) {
    if !row.identities.contains(identity) {
        row.identities.push(identity.clone());
        if row.identities.len() > IDENTITIES_MAX {
            row.identities.remove(0);
        }
    }
}

fn write(store: &mut Store, (workspace, id): ContactKey, hot: &mut HotContact) -> Result<(), ViewError> {
    let now = hot.row.as_ref().map(Terms::of).unwrap_or_default();
    let was_stored = hot.stored.is_some();
    let before = hot.stored.take().unwrap_or_default();
    for term in before.keys() {
        if !now.has(term) {
            store.delete(&keys::term(workspace, term, id))?;
        }
    }
    for term in now.keys() {
        if before.signature() != now.signature() || !before.has(term) {
            store.put(&keys::term(workspace, term, id), now.signature().to_be_bytes().to_vec())?;
        }
    }
    let key = keys::person(workspace, id);
    match &hot.row {
        Some(row) => store.put(&key, encoded(row))?,
        None if was_stored => store.delete(&key)?,
        None => {}
    }
    hot.stored = hot.row.is_some().then_some(now);
    Ok(())
}

fn encoded(row: &impl serde::Serialize) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(128);
    encode(row, &mut bytes);
    bytes
}

fn contact_row(row: Option<Value>) -> Result<Option<ContactRow>, ViewError> {
    Ok(row.map(|row| schemas::decode("contact", &row)).transpose()?)
}

/// The contact that the row of a merged id leads to.
fn alias(row: Option<Value>) -> Option<ContactId> {
    row.and_then(|row| row.first_chunk().map(|id| ContactId::from_bytes(*id)))
}
