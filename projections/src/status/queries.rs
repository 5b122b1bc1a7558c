//! What the status view answers.

use std::sync::Arc;

use schemas::ConversationId;
use schemas::api::views::MessageStatus;

use super::status_row;
use crate::error::{QueryError, ViewError};
use crate::keys::{self, WorkspaceKey};
use crate::paging::values;
use crate::rows::{MessageRow, STATUSES_PER_ROW, StatusRow};
use crate::slot::Slot;
use crate::store::Reader;

const ROWS_AT_A_TIME: usize = 8;

/// The status view, to be asked. Clones share it.
#[derive(Debug, Clone)]
pub struct Statuses {
    slot: Arc<Slot<Reader>>,
}

/// The statuses of one conversation's messages, read a row at a time as they are asked for.
pub(crate) struct OfConversation<'a> {
    slot: &'a Slot<Reader>,
    /// From the first that is asked for.
    rows: Option<Arc<Reader>>,
    workspace: WorkspaceKey,
    id: ConversationId,
    row: Option<(u32, StatusRow)>,
}

impl Statuses {
    pub(crate) fn new(slot: Arc<Slot<Reader>>) -> Self {
        Self { slot }
    }

    pub(crate) fn of_conversation(&self, workspace: WorkspaceKey, id: ConversationId) -> OfConversation<'_> {
        OfConversation { slot: &self.slot, rows: None, workspace, id, row: None }
    }

    /// The frames that hold anything concerning the conversation's outbound messages, in no order.
    pub(crate) fn sequences(
        &self,
        workspace: WorkspaceKey,
        id: ConversationId,
    ) -> Result<Vec<u64>, QueryError> {
        let mut sequences = Vec::new();
        for row in values(&*self.slot.get()?, &keys::statuses(workspace, id), None, ROWS_AT_A_TIME) {
            let row = status_row(Some(row?))?;
            sequences.extend(row.into_iter().flatten().flat_map(|message| message.sequences));
        }
        Ok(sequences)
    }
}

impl OfConversation<'_> {
    /// The status of the message with this ordinal.
    pub(crate) fn status(&mut self, ordinal: u32) -> Result<Option<MessageStatus>, ViewError> {
        let (chunk, place) = (ordinal / STATUSES_PER_ROW, (ordinal % STATUSES_PER_ROW) as usize);
        let row = match &self.row {
            Some((number, row)) if *number == chunk => row,
            _ => {
                let key = keys::status_chunk(self.workspace, self.id, chunk);
                let rows = match self.rows.take() {
                    Some(rows) => rows,
                    None => self.slot.get()?,
                };
                let row = status_row(self.rows.insert(rows).get(&key)?)?;
                &self.row.insert((chunk, row)).1
            }
        };
        Ok(row.get(place).and_then(Option::as_ref).map(MessageRow::message_status))
    }
}
