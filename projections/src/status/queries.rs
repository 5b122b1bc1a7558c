//! What the status view answers.

use std::sync::Arc;

use schemas::api::views::MessageStatus;
use schemas::ConversationId;

use super::read;
use crate::error::{QueryError, ViewError};
use crate::keys::{self, WorkspaceKey};
use crate::rows::{MessageRow, STATUSES_PER_ROW, StatusRow};
use crate::store::Store;

/// The status view, to be asked. Clones share it.
#[derive(Debug, Clone)]
pub struct Statuses {
    store: Arc<Store>,
}

/// The statuses of one conversation's messages, read a row at a time as they are asked for.
pub(crate) struct OfConversation<'a> {
    store: &'a Store,
    workspace: WorkspaceKey,
    id: ConversationId,
    row: Option<(u32, StatusRow)>,
}

impl Statuses {
    pub(crate) fn new(store: Arc<Store>) -> Self {
        Self { store }
    }

    pub(crate) fn of_conversation(&self, workspace: WorkspaceKey, id: ConversationId) -> OfConversation<'_> {
        OfConversation { store: &self.store, workspace, id, row: None }
    }

    /// The frames that hold anything concerning the conversation's outbound messages, in no order.
    pub(crate) fn sequences(&self, workspace: WorkspaceKey, id: ConversationId) -> Result<Vec<u64>, QueryError> {
        let list = keys::statuses(workspace, id);
        let mut sequences = Vec::new();
        let mut from = list.to_vec();
        while let Some((key, row)) = self.store.scan(&list, &from, 1)?.into_iter().next() {
            let row: StatusRow = schemas::decode("status row", &row)?;
            sequences.extend(row.into_iter().flatten().flat_map(|message| message.sequences));
            from = key.to_vec();
            from.push(0);
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
            _ => &self.row.insert((chunk, read(self.store, self.workspace, self.id, chunk)?)).1,
        };
        Ok(row.get(place).and_then(Option::as_ref).map(MessageRow::message_status))
    }
}
