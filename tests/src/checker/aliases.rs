//! Which contacts turned out to be which, by the log; for the rules that have to know.

use std::collections::HashMap;

use schemas::event::ContactsMerged;
use schemas::{ContactId, Position};

#[derive(Debug, Default)]
pub(super) struct Aliases(HashMap<ContactId, (ContactId, Position)>);

impl Aliases {
    pub(super) fn merge(&mut self, merged: &ContactsMerged, at: Position) {
        self.0.insert(merged.merged, (merged.contact, at));
    }

    /// Whom the id stands for, and since when, if it stands for another.
    pub(super) fn stands_for(&self, id: ContactId) -> Option<(ContactId, Position)> {
        self.0.get(&id).copied()
    }

    /// The contact who goes on.
    pub(super) fn resolve(&self, id: ContactId) -> ContactId {
        let mut contact = id;
        // A log that is wrong may go round in circles.
        for _ in 0..=self.0.len() {
            let Some((next, _)) = self.stands_for(contact) else { break };
            contact = next;
        }
        contact
    }
}
