//! What the history view answers.

use std::sync::Arc;

use schemas::api::Page;
use schemas::api::views::{ContactConversation, Entry};
use schemas::{ContactId, ConversationId, Position, ShardId, WorkspaceId};

use super::chunk::stored;
use super::split_row;
use crate::cursor::{self, BadCursor, List};
use crate::error::{QueryError, ViewError};
use crate::keys::{self, WorkspaceKey};
use crate::paging::{PAGE_BYTES_MAX, page, page_size, values};
use crate::rows::HeaderRow;
use crate::slot::Slot;
use crate::store::Reader;

const CHUNKS_AT_A_TIME: usize = 4;

/// The history view, to be asked. Clones share it.
#[derive(Debug, Clone)]
pub struct History {
    slot: Arc<Slot<Reader>>,
    shard: ShardId,
}

/// Entries newest first, each with its ordinal among the outbound messages if it is one.
pub(crate) struct Entries {
    pub(crate) items: Vec<(Entry, Option<u32>)>,
    pub(crate) next: Option<String>,
}

impl History {
    pub(crate) fn new(slot: Arc<Slot<Reader>>, shard: ShardId) -> Self {
        Self { slot, shard }
    }

    pub(crate) fn header(
        &self,
        workspace: WorkspaceKey,
        id: ConversationId,
    ) -> Result<Option<HeaderRow>, ViewError> {
        header(&*self.slot.get()?, workspace, id)
    }

    /// The conversations of a contact, newest first; at most 200 a page.
    ///
    /// # Errors
    /// [`QueryError::Cursor`] for a cursor of another list, and faults of the view.
    pub fn contact_conversations(
        &self,
        workspace: &WorkspaceId,
        contact: ContactId,
        cursor: Option<&str>,
        limit: usize,
    ) -> Result<Page<ContactConversation>, QueryError> {
        let workspace = WorkspaceKey::of(workspace);
        let rows = &*self.slot.get()?;
        let list = keys::contact(workspace, resolve(rows, workspace, contact)?);
        page(rows, List::Contact, &list, cursor, limit, |_, id| {
            let header = header(rows, workspace, id)?;
            Ok(header.map(|header| header.into_contact_conversation(id)))
        })
    }

    /// The entries of a conversation before the cursor, newest first; at most 200, and about 1 MiB.
    pub(crate) fn entries(
        &self,
        workspace: WorkspaceKey,
        id: ConversationId,
        cursor: Option<&str>,
        limit: usize,
    ) -> Result<Entries, QueryError> {
        let limit = page_size(limit);
        let before = cursor.map(|cursor| self.position(cursor)).transpose()?;
        let (mut items, mut bytes) = (Vec::new(), 0);
        for chunk in self.chunks(&*self.slot.get()?, workspace, id, before)? {
            let chunk = chunk?;
            let entries: Vec<_> = stored(&chunk).collect::<Result<_, _>>()?;
            let entries = entries.into_iter().rev();
            for entry in entries.skip_while(|entry| before.is_some_and(|b| entry.position(self.shard) >= b)) {
                bytes += entry.bytes();
                if items.len() == limit || (bytes > PAGE_BYTES_MAX && !items.is_empty()) {
                    let next = items.last().map(|(entry, _): &(Entry, _)| cursor_of(entry.position));
                    return Ok(Entries { items, next });
                }
                items.push(entry.entry(self.shard)?);
            }
        }
        Ok(Entries { items, next: None })
    }

    /// The frames that hold the conversation's entries, in no order.
    pub(crate) fn sequences(
        &self,
        workspace: WorkspaceKey,
        id: ConversationId,
    ) -> Result<Vec<u64>, QueryError> {
        let rows = &*self.slot.get()?;
        let header = header(rows, workspace, id)?;
        let mut sequences: Vec<u64> = header.into_iter().map(|header| header.opened_in).collect();
        for chunk in self.chunks(rows, workspace, id, None)? {
            for entry in stored(&chunk?) {
                sequences.push(entry?.position(self.shard).sequence);
            }
        }
        Ok(sequences)
    }

    /// The chunks of a conversation, newest first; with a position, without those that begin at it or after it.
    fn chunks<'a>(
        &self,
        rows: &'a Reader,
        workspace: WorkspaceKey,
        id: ConversationId,
        before: Option<Position>,
    ) -> Result<impl Iterator<Item = Result<Vec<u8>, QueryError>> + use<'a>, QueryError> {
        let newest = match rows.get(&keys::header(workspace, id))? {
            Some(row) => split_row(&row)?.1.to_vec(),
            None => Vec::new(),
        };
        let first = stored(&newest).next().transpose()?.map(|stored| stored.position(self.shard));
        // Older than those in the row: they may have come into a chunk since it was read.
        let before = before.into_iter().chain(first).min();
        let after = before.map(|before| keys::entries_chunk(workspace, id, before));
        let list = keys::entries(workspace, id);
        let older = values(rows, &list, after.as_ref().map(|after| &after[..]), CHUNKS_AT_A_TIME);
        let older = older.map(|chunk| Ok(chunk?.to_vec()));
        Ok(std::iter::once(Ok(newest)).chain(older))
    }

    fn position(&self, cursor: &str) -> Result<Position, BadCursor> {
        let end = cursor::decode(List::Messages, cursor)?;
        let (sequence, index) = end.split_at(8);
        let sequence = sequence.iter().fold(0, |number, byte| number << 8 | u64::from(*byte));
        let index = index.iter().fold(0, |number, byte| number << 8 | u32::from(*byte));
        Ok(Position { shard: self.shard, sequence, index })
    }
}

/// The contact whom an id stands for, which may have gone on to another since.
fn resolve(rows: &Reader, workspace: WorkspaceKey, id: ContactId) -> Result<ContactId, ViewError> {
    let mut contact = id;
    while let Some(row) = rows.get(&keys::alias(workspace, contact))? {
        match row.first_chunk() {
            Some(next) => contact = ContactId::from_bytes(*next),
            None => break,
        }
    }
    Ok(contact)
}

fn header(
    rows: &Reader,
    workspace: WorkspaceKey,
    id: ConversationId,
) -> Result<Option<HeaderRow>, ViewError> {
    let row = rows.get(&keys::header(workspace, id))?;
    Ok(row.map(|row| split_row(&row).map(|(header, _)| header)).transpose()?)
}

fn cursor_of(position: Position) -> String {
    let mut key = position.sequence.to_be_bytes().to_vec();
    key.extend_from_slice(&position.index.to_be_bytes());
    cursor::encode(List::Messages, &key)
}
