//! Questions whose answers take more than one view.

use schemas::api::Page;
use schemas::api::views::{Conversation, Entry, EntryBody};
use schemas::{ConversationId, WorkspaceId};

use crate::error::QueryError;
use crate::keys::WorkspaceKey;
use crate::views::Views;

/// Which delivery statuses an answer has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StatusShown {
    /// Those that the channel shows to agents.
    AsTheChannelSays,
    /// All: for supervisors and auditors.
    Always,
}

impl Views {
    /// A conversation's header, with the names of its masters; `None` if there never was such a conversation.
    ///
    /// # Errors
    /// Faults of the views.
    pub fn conversation(
        &self,
        workspace: &WorkspaceId,
        id: ConversationId,
    ) -> Result<Option<Conversation>, QueryError> {
        let workspace = WorkspaceKey::of(workspace);
        let Some(mut header) = self.history().header(workspace, id)? else { return Ok(None) };
        if let Some(name) = self.inbox().written_name(workspace, header.contact)? {
            header.contact_name = Some(name);
        }
        let names = self.inbox().names(workspace, &header.channel, &header.campaign)?;
        Ok(Some(header.into_conversation(id, names)))
    }

    /// The entries of a conversation, newest first, outbound messages with their delivery status. At most 200 a
    /// page, and about 1 MiB. Empty for a conversation that there never was.
    ///
    /// # Errors
    /// [`QueryError::Cursor`] for a cursor of another list, and faults of the views.
    pub fn messages(
        &self,
        workspace: &WorkspaceId,
        id: ConversationId,
        cursor: Option<&str>,
        limit: usize,
        shown: StatusShown,
    ) -> Result<Page<Entry>, QueryError> {
        let workspace = WorkspaceKey::of(workspace);
        let entries = self.history().entries(workspace, id, cursor, limit)?;
        let is_shown = match shown {
            StatusShown::Always => true,
            StatusShown::AsTheChannelSays => match self.history().header(workspace, id)? {
                Some(header) => self.inbox().shows_status(workspace, &header.channel)?,
                None => false,
            },
        };
        let mut statuses = self.status().of_conversation(workspace, id);
        let mut items = Vec::with_capacity(entries.items.len());
        for (mut entry, ordinal) in entries.items {
            if let (EntryBody::Outbound { status, .. }, Some(ordinal), true) =
                (&mut entry.body, ordinal, is_shown)
            {
                *status = statuses.status(ordinal)?;
            }
            items.push(entry);
        }
        Ok(Page { items, next: entries.next })
    }

    /// The frames that hold everything that happened in a conversation and to its messages, ascending, each once.
    ///
    /// # Errors
    /// Faults of the views.
    pub fn audit_sequences(
        &self,
        workspace: &WorkspaceId,
        id: ConversationId,
    ) -> Result<Vec<u64>, QueryError> {
        let workspace = WorkspaceKey::of(workspace);
        let mut sequences = self.history().sequences(workspace, id)?;
        sequences.extend(self.status().sequences(workspace, id)?);
        sequences.sort_unstable();
        sequences.dedup();
        Ok(sequences)
    }
}
