//! Two contacts are one: the row of one takes in the other's, and what was kept of the other is kept of the one.

use schemas::ContactId;
use schemas::event::ContactsMerged;

use super::rows::{ChangedField, ContactRow};
use super::{ContactsProjector, add_identity};
use crate::error::ViewError;
use crate::keys::{self, WorkspaceKey};
use crate::recorded::Recorded;
use crate::store::SCAN_ROWS_MAX;

impl ContactsProjector {
    pub(super) fn merge(&mut self, r: &Recorded<'_>, e: &ContactsMerged) -> Result<(), ViewError> {
        let workspace = r.workspace;
        // It was taken in before, and may have gone on to somebody else since.
        if self.resolve(workspace, e.merged)? != e.merged {
            return Ok(());
        }
        let contact = self.resolve(workspace, e.contact)?;
        let other = self.hot((workspace, e.merged))?.row.take().unwrap_or_default();
        let was_somebody = other.conversations > 0;
        let ids: Vec<ContactId> = other.ids.iter().copied().chain([e.merged]).collect();
        for id in &ids {
            self.store.put(&keys::alias(workspace, *id), contact.as_bytes().to_vec())?;
        }
        let mut changes = Vec::new();
        self.change(r, contact, |row| {
            let is_known = row.conversations > 0;
            take_in(row, other);
            row.ids.extend(ids);
            if let Some(identity) = &e.identity
                && !row.identities.contains(identity)
            {
                add_identity(row, identity);
                // Of somebody new, all addresses are.
                if is_known {
                    changes.push((ChangedField::Identity, None, Some(identity.address.clone())));
                }
            }
            if was_somebody {
                changes.push((ChangedField::Merged, None, Some(e.merged.to_string())));
            }
        })?;
        self.record(r, contact, changes)?;
        self.move_exclusive_agents(workspace, e.merged, contact)?;
        let (from, to) =
            (keys::contact_changes(workspace, e.merged), keys::contact_changes(workspace, contact));
        self.move_rows(&from, &to)?;
        let (from, to) = (keys::contact_notes(workspace, e.merged), keys::contact_notes(workspace, contact));
        self.move_rows(&from, &to)
    }

    /// What is under one key is under the other from now on.
    fn move_rows(&mut self, from: &[u8], to: &[u8]) -> Result<(), ViewError> {
        loop {
            let found = self.store.scan(from, None, false, SCAN_ROWS_MAX)?;
            if found.is_empty() {
                return Ok(());
            }
            for (key, value) in found {
                self.store.put(&[to, &key[from.len()..]].concat(), value)?;
                self.store.delete(&key)?;
            }
        }
    }

    /// The contact's own stay.
    fn move_exclusive_agents(
        &mut self,
        workspace: WorkspaceKey,
        merged: ContactId,
        contact: ContactId,
    ) -> Result<(), ViewError> {
        let (from, to) =
            (keys::exclusive_agents(workspace, merged), keys::exclusive_agents(workspace, contact));
        loop {
            let found = self.store.scan(&from, None, false, SCAN_ROWS_MAX)?;
            if found.is_empty() {
                return Ok(());
            }
            for (key, value) in found {
                let own = [&to, &key[from.len()..]].concat();
                if self.store.get(&own)?.is_none() {
                    self.store.put(&own, value)?;
                }
                self.store.delete(&key)?;
            }
        }
    }
}

/// What somebody wrote of the one stays; where nobody did, it is what is known of the other.
fn take_in(row: &mut ContactRow, other: ContactRow) {
    let is_first =
        row.conversations == 0 || (other.conversations > 0 && other.first_seen_at < row.first_seen_at);
    if is_first {
        row.first_seen_at = other.first_seen_at;
    }
    row.last_opened_at = row.last_opened_at.max(other.last_opened_at);
    row.conversations = row.conversations.saturating_add(other.conversations);
    row.name = row.name.take().or(other.name);
    row.profile_name = row.profile_name.take().or(other.profile_name);
    row.email = row.email.take().or(other.email);
    row.phone = row.phone.take().or(other.phone);
    row.document = row.document.take().or(other.document);
    for (field, value) in other.fields {
        row.fields.entry(field).or_insert(value);
    }
    for identity in &other.identities {
        add_identity(row, identity);
    }
}
