//! Masters and presence: the last definition counts, whole.

use schemas::event::{AgentDefined, PresenceChanged};
use schemas::{AgentId, Presence, encode};
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::InboxProjector;
use crate::error::ViewError;
use crate::keys::{self, MasterKind, WorkspaceKey};
use crate::recorded::Recorded;
use crate::rows::AgentRow;
use crate::store::Store;

impl InboxProjector {
    pub(super) fn define(
        &self,
        r: &Recorded<'_>,
        kind: MasterKind,
        id: &str,
        master: &impl Serialize,
    ) -> Result<(), ViewError> {
        let mut row = Vec::with_capacity(128);
        encode(master, &mut row);
        self.store.put(&keys::master(r.workspace, kind, id), row)?;
        Ok(())
    }

    pub(super) fn define_agent(&self, r: &Recorded<'_>, e: &AgentDefined) -> Result<(), ViewError> {
        let before = self.agent(r.workspace, &e.agent)?;
        let presence = before.map_or(Presence::Offline, |before| before.presence);
        self.define(r, MasterKind::Agent, e.agent.as_str(), &AgentRow { definition: e.clone(), presence })
    }

    pub(super) fn change_presence(&self, r: &Recorded<'_>, e: &PresenceChanged) -> Result<(), ViewError> {
        match self.agent(r.workspace, &e.agent)? {
            Some(row) => {
                let row = AgentRow { presence: e.presence.clone(), ..row };
                self.define(r, MasterKind::Agent, e.agent.as_str(), &row)
            }
            None => Ok(()),
        }
    }

    fn agent(&self, workspace: WorkspaceKey, agent: &AgentId) -> Result<Option<AgentRow>, ViewError> {
        read(&self.store, workspace, MasterKind::Agent, agent.as_str())
    }
}

pub(super) fn read<T: DeserializeOwned>(
    store: &Store,
    workspace: WorkspaceKey,
    kind: MasterKind,
    id: &str,
) -> Result<Option<T>, ViewError> {
    let row = store.get(&keys::master(workspace, kind, id))?;
    Ok(row.map(|row| schemas::decode("master", &row)).transpose()?)
}

/// All masters of a kind, by id; the engine allows at most 10,000.
pub(super) fn read_all<T: DeserializeOwned>(
    store: &Store,
    workspace: WorkspaceKey,
    kind: MasterKind,
) -> Result<Vec<T>, ViewError> {
    let prefix = keys::masters(workspace, kind);
    let rows = store.scan(&prefix, &prefix, schemas::limits::MASTERS_PER_KIND_MAX)?;
    rows.iter().map(|(_, row)| Ok(schemas::decode("master", row)?)).collect()
}
