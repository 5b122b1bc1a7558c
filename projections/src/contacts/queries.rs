//! What the contacts view answers.

use std::sync::Arc;

use schemas::api::Page;
use schemas::api::contacts::{Contact, ContactChange, ContactExclusiveAgent, ContactNote};
use schemas::{CampaignId, ContactId, Position, ShardId, WorkspaceId, decode};

use super::rows::{ChangeRow, ExclusiveRow, NoteRow};
use super::search::{Query, Search};
use super::{alias, contact_row};
use crate::cursor::{self, List};
use crate::error::{QueryError, ViewError};
use crate::keys::{self, WorkspaceKey};
use crate::paging::{page_size, values};
use crate::slot::Slot;
use crate::store::Reader;

const ROWS_AT_A_TIME: usize = 100;

/// The contacts view, to be asked. Clones share it.
#[derive(Debug, Clone)]
pub struct Contacts {
    slot: Arc<Slot<Reader>>,
    shard: ShardId,
}

impl Contacts {
    pub(crate) fn new(slot: Arc<Slot<Reader>>, shard: ShardId) -> Self {
        Self { slot, shard }
    }

    /// The contact whom an id stands for; itself, unless it was merged.
    ///
    /// # Errors
    /// Faults of the view.
    pub fn resolve(&self, workspace: &WorkspaceId, id: ContactId) -> Result<ContactId, ViewError> {
        let row = self.slot.get()?.get(&keys::alias(WorkspaceKey::of(workspace), id))?;
        Ok(alias(row).unwrap_or(id))
    }

    /// The contact whom an id stands for; `None` if nobody ever wrote who is known by it.
    ///
    /// # Errors
    /// Faults of the view.
    pub fn contact(&self, workspace: &WorkspaceId, id: ContactId) -> Result<Option<Contact>, ViewError> {
        let id = self.resolve(workspace, id)?;
        let row = contact_row(self.slot.get()?.get(&keys::person(WorkspaceKey::of(workspace), id))?)?;
        Ok(row.filter(|row| row.conversations > 0).map(|row| row.into_contact(id)))
    }

    /// What a contact is called: as somebody wrote it, else as they call themselves.
    ///
    /// # Errors
    /// Faults of the view.
    pub fn name(&self, workspace: &WorkspaceId, id: ContactId) -> Result<Option<String>, ViewError> {
        let row = contact_row(self.slot.get()?.get(&keys::person(WorkspaceKey::of(workspace), id))?)?;
        Ok(row.and_then(|row| row.shown_name().map(str::to_owned)))
    }

    /// What was changed of a contact, newest first; at most 200 events a page, each with all that it changed.
    ///
    /// # Errors
    /// [`QueryError::Cursor`] for a cursor of another list, and faults of the view.
    pub fn changes(
        &self,
        workspace: &WorkspaceId,
        id: ContactId,
        cursor: Option<&str>,
        limit: usize,
    ) -> Result<Page<ContactChange>, QueryError> {
        let list = keys::contact_changes(WorkspaceKey::of(workspace), self.resolve(workspace, id)?);
        let page = self.rows(&list, List::Changes, cursor, limit, |position, value| {
            Ok(decode::<ChangeRow>("change of a contact", value)?.into_changes(position).collect::<Vec<_>>())
        })?;
        Ok(Page { items: page.items.into_iter().flatten().collect(), next: page.next })
    }

    /// The notes on a contact, newest first; at most 200 a page.
    ///
    /// # Errors
    /// [`QueryError::Cursor`] for a cursor of another list, and faults of the view.
    pub fn notes(
        &self,
        workspace: &WorkspaceId,
        id: ContactId,
        cursor: Option<&str>,
        limit: usize,
    ) -> Result<Page<ContactNote>, QueryError> {
        let list = keys::contact_notes(WorkspaceKey::of(workspace), self.resolve(workspace, id)?);
        self.rows(&list, List::Notes, cursor, limit, |position, value| {
            Ok(decode::<NoteRow>("note on a contact", value)?.into_note(position))
        })
    }

    /// The exclusive agents of a contact, by campaign.
    ///
    /// # Errors
    /// Faults of the view.
    pub fn exclusive_agents(
        &self,
        workspace: &WorkspaceId,
        id: ContactId,
    ) -> Result<Vec<ContactExclusiveAgent>, QueryError> {
        let list = keys::exclusive_agents(WorkspaceKey::of(workspace), self.resolve(workspace, id)?);
        let rows = self.slot.get()?;
        let mut agents = Vec::new();
        for row in values(&rows, &list, None, ROWS_AT_A_TIME) {
            let row: ExclusiveRow = decode("exclusive agent", &row?).map_err(ViewError::from)?;
            agents.push(row.into_answer());
        }
        agents.sort_by(|a, b| CampaignId::cmp(&a.campaign, &b.campaign));
        Ok(agents)
    }

    /// The contacts of whom `is_seen` says that they may be seen, and who have everything that is asked for. At most
    /// 200 a page; one may be short, or empty, and say where the next one begins.
    ///
    /// # Errors
    /// [`QueryError::Cursor`] for a cursor of another search, faults of the view, and those of `is_seen`.
    pub fn search<E: From<QueryError> + From<ViewError>>(
        &self,
        workspace: &WorkspaceId,
        query: &Query,
        cursor: Option<&str>,
        limit: usize,
        is_seen: impl FnMut(ContactId) -> Result<bool, E>,
    ) -> Result<Page<Contact>, E> {
        let rows = &*self.slot.get()?;
        let search = Search { rows, workspace: WorkspaceKey::of(workspace), query };
        search.page(cursor, limit, is_seen)
    }

    /// Rows whose keys end in a position, newest first.
    fn rows<T>(
        &self,
        list: &[u8],
        of: List,
        cursor: Option<&str>,
        limit: usize,
        read: impl Fn(Position, &[u8]) -> Result<T, ViewError>,
    ) -> Result<Page<T>, QueryError> {
        let limit = page_size(limit);
        let after = cursor.map(|cursor| cursor::decode(of, cursor)).transpose()?;
        let after = after.map(|end| [list, &end[..]].concat());
        let mut found = self.slot.get()?.scan(list, after.as_deref(), false, limit + 1)?;
        let has_more = found.len() > limit;
        found.truncate(limit);
        let last = found.last().map(|(key, _)| cursor::encode(of, key));
        let items = found.iter().map(|(key, value)| read(keys::position_of(self.shard, key), value));
        Ok(Page { items: items.collect::<Result<_, _>>()?, next: last.filter(|_| has_more) })
    }
}
