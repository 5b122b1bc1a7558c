//! Masters and presence: the last definition counts, whole.

use schemas::event::{AgentDefined, ChannelDefined, PresenceChanged, TextDefined};
use schemas::{AgentId, CampaignId, ChannelId, Presence, Shortcut, TextId, encode};
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::InboxProjector;
use crate::error::ViewError;
use crate::keys::{self, MasterKind, WorkspaceKey};
use crate::paging::values;
use crate::recorded::Recorded;
use crate::rows::AgentRow;
use crate::store::{Reader, Value};

const ROWS_AT_A_TIME: usize = 500;

impl InboxProjector {
    pub(super) fn define(
        &mut self,
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

    pub(super) fn define_channel(&mut self, r: &Recorded<'_>, e: &ChannelDefined) -> Result<(), ViewError> {
        self.status_shown.remove(&(r.workspace, e.channel.clone()));
        self.define(r, MasterKind::Channel, e.channel.as_str(), e)
    }

    pub(super) fn define_text(&mut self, r: &Recorded<'_>, e: &TextDefined) -> Result<(), ViewError> {
        self.remove_text(r.workspace, &e.text)?;
        if let Some(shortcut) = &e.shortcut {
            self.define(r, MasterKind::Shortcut, &shortcut_id(&e.campaign, shortcut), &e.text)?;
        }
        self.define(r, MasterKind::Text, e.text.as_str(), e)
    }

    pub(super) fn remove_text(&mut self, workspace: WorkspaceKey, text: &TextId) -> Result<(), ViewError> {
        let key = keys::master(workspace, MasterKind::Text, text.as_str());
        let Some(before) = master_row::<TextDefined>(self.store.get(&key)?)? else {
            return Ok(());
        };
        if let Some(shortcut) = &before.shortcut {
            let id = shortcut_id(&before.campaign, shortcut);
            self.store.delete(&keys::master(workspace, MasterKind::Shortcut, &id))?;
        }
        self.store.delete(&key)?;
        Ok(())
    }

    pub(super) fn define_agent(&mut self, r: &Recorded<'_>, e: &AgentDefined) -> Result<(), ViewError> {
        let row = match self.agent(r.workspace, &e.agent)? {
            Some(before) => AgentRow { definition: e.clone(), ..before },
            None => AgentRow {
                definition: e.clone(),
                presence: Presence::Offline,
                is_lost: false,
                is_connected: false,
                after_work: Vec::new(),
            },
        };
        self.define(r, MasterKind::Agent, e.agent.as_str(), &row)
    }

    /// Also keeps how they were from then on, for the time they worked.
    pub(super) fn change_presence(&mut self, r: &Recorded<'_>, e: &PresenceChanged) -> Result<(), ViewError> {
        let mut row = Vec::with_capacity(64);
        encode(e, &mut row);
        self.store.put(&keys::presence(r.workspace, &e.agent, r.header.at, r.position), row)?;
        self.change_agent(r, &e.agent, |row| changed_presence(row, e))
    }

    pub(super) fn change_agent(
        &mut self,
        r: &Recorded<'_>,
        agent: &AgentId,
        change: impl FnOnce(&mut AgentRow),
    ) -> Result<(), ViewError> {
        match self.agent(r.workspace, agent)? {
            Some(mut row) => {
                change(&mut row);
                self.define(r, MasterKind::Agent, agent.as_str(), &row)
            }
            None => Ok(()),
        }
    }

    /// Whether agents see delivery statuses on this channel.
    pub(crate) fn shows_status(
        &mut self,
        workspace: WorkspaceKey,
        channel: &ChannelId,
    ) -> Result<bool, ViewError> {
        let known = (workspace, channel.clone());
        if let Some(is_shown) = self.status_shown.get(&known) {
            return Ok(*is_shown);
        }
        let key = keys::master(workspace, MasterKind::Channel, channel.as_str());
        let row: Option<ChannelDefined> = master_row(self.store.get(&key)?)?;
        let is_shown = row.is_some_and(|row| row.show_status);
        self.status_shown.insert(known, is_shown);
        Ok(is_shown)
    }

    fn agent(&self, workspace: WorkspaceKey, agent: &AgentId) -> Result<Option<AgentRow>, ViewError> {
        let key = keys::master(workspace, MasterKind::Agent, agent.as_str());
        master_row(self.store.get(&key)?)
    }
}

pub(super) fn read<T: DeserializeOwned>(
    rows: &Reader,
    workspace: WorkspaceKey,
    kind: MasterKind,
    id: &str,
) -> Result<Option<T>, ViewError> {
    master_row(rows.get(&keys::master(workspace, kind, id))?)
}

/// All masters of a kind, by id; the engine allows at most 10,000.
pub(super) fn read_all<T: DeserializeOwned>(
    rows: &Reader,
    workspace: WorkspaceKey,
    kind: MasterKind,
) -> Result<Vec<T>, ViewError> {
    let rows = values(rows, &keys::masters(workspace, kind), None, ROWS_AT_A_TIME);
    rows.map(|row| Ok(schemas::decode("master", &row?)?)).collect()
}

/// The id of the row that says which text has a shortcut in a campaign.
pub(super) fn shortcut_id(campaign: &CampaignId, shortcut: &Shortcut) -> String {
    format!("{campaign}/{shortcut}")
}

fn master_row<T: DeserializeOwned>(row: Option<Value>) -> Result<Option<T>, ViewError> {
    Ok(row.map(|row| schemas::decode("master", &row)).transpose()?)
}

/// As an agent is after this.
fn changed_presence(row: &mut AgentRow, e: &PresenceChanged) {
    row.presence = e.presence.clone();
    row.is_lost = false;
    if e.presence == Presence::Offline {
        row.after_work.clear();
    }
}
