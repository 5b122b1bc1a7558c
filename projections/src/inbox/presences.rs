//! How an agent was, from one time to another.

use std::ops::Range;

use schemas::event::PresenceChanged;
use schemas::{AgentId, Presence, Timestamp, WorkspaceId};

use super::Inbox;
use crate::error::ViewError;
use crate::keys::{self, WorkspaceKey};

const ROWS_AT_A_TIME: usize = 500;

impl Inbox {
    /// How an agent was during `range`, oldest first: from when on, and how. The first is from its begin; `None` when there
    /// are more than `most`.
    ///
    /// # Errors
    /// Faults of the view.
    pub fn presences(
        &self,
        workspace: &WorkspaceId,
        agent: &AgentId,
        range: Range<Timestamp>,
        most: usize,
    ) -> Result<Option<Vec<(Timestamp, Presence)>>, ViewError> {
        let key = WorkspaceKey::of(workspace);
        let (list, rows) = (keys::presences(key, agent), self.slot.get()?);
        let mut after = keys::presences_until(key, agent, range.end).to_vec();
        let mut found = Vec::new();
        loop {
            let read = rows.rows.scan(&list, Some(&after), false, ROWS_AT_A_TIME)?;
            let is_end = read.len() < ROWS_AT_A_TIME;
            for (row, value) in read {
                let changed: PresenceChanged = schemas::decode("presence", &value)?;
                if let Some(at) = keys::presence_time(&row).filter(|_| changed.agent == *agent) {
                    if at <= range.start {
                        found.push((range.start, changed.presence));
                        found.reverse();
                        return Ok(Some(found));
                    }
                    if found.len() == most {
                        return Ok(None);
                    }
                    if at < range.end {
                        found.push((at, changed.presence));
                    }
                }
                after = row;
            }
            if is_end {
                found.push((range.start, Presence::Offline));
                found.reverse();
                return Ok(Some(found));
            }
        }
    }
}
