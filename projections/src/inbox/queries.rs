//! What the inbox view answers.

use std::sync::Arc;

use schemas::api::Page;
use schemas::api::views::{InboxItem, Named};
use schemas::event::{
    CampaignDefined, ChannelDefined, ClientDefined, DispositionDefined, ProjectDefined, SettingsDefined,
    TextDefined, WorkspaceCreated,
};
use schemas::{
    AgentId, CampaignId, ChannelId, ClientId, ContactId, ConversationId, DispositionId, ProjectId, Shortcut,
    TextId, WorkspaceId,
};

use super::lists::{Counts, OpenCounts, places};
use super::masters::{read as read_master, read_all, shortcut_id};
use super::{name_of, open_row};
use crate::cursor::List;
use crate::error::{QueryError, ViewError};
use crate::keys::{self, MasterKind, WorkspaceKey};
use crate::paging::page;
use crate::rows::{AgentRow, Names, OpenRow};
use crate::slot::Slot;
use crate::store::Reader;

/// The inbox view, to be asked. Clones share it.
#[derive(Debug, Clone)]
pub struct Inbox {
    pub(super) slot: Arc<Slot<Rows>>,
}

/// The rows that are served, for one answer.
#[derive(Debug)]
pub(crate) struct Rows {
    pub(super) rows: Reader,
    counts: Arc<Counts>,
}

macro_rules! masters {
    ($($(#[$doc:meta])* $one:ident($id:ty) $(#[$docs:meta])* $all:ident -> $row:ty: $kind:ident;)*) => {
        impl Inbox {$(
            $(#[$doc])*
            ///
            /// # Errors
            /// Faults of the view.
            pub fn $one(&self, workspace: &WorkspaceId, id: &$id) -> Result<Option<$row>, ViewError> {
                read_master(&self.slot.get()?.rows, WorkspaceKey::of(workspace), MasterKind::$kind, id.as_str())
            }

            $(#[$docs])*
            ///
            /// # Errors
            /// Faults of the view.
            pub fn $all(&self, workspace: &WorkspaceId) -> Result<Vec<$row>, ViewError> {
                read_all(&self.slot.get()?.rows, WorkspaceKey::of(workspace), MasterKind::$kind)
            }
        )*}
    };
}

masters! {
    /// A client.
    client(ClientId)
    /// All clients, by id.
    clients -> ClientDefined: Client;
    /// A project.
    project(ProjectId)
    /// All projects, by id.
    projects -> ProjectDefined: Project;
    /// A campaign.
    campaign(CampaignId)
    /// All campaigns, by id.
    campaigns -> CampaignDefined: Campaign;
    /// A channel.
    channel(ChannelId)
    /// All channels, by id.
    channels -> ChannelDefined: Channel;
    /// A disposition or sub-disposition.
    disposition(DispositionId)
    /// All dispositions and sub-dispositions, by id.
    dispositions -> DispositionDefined: Disposition;
    /// A predefined text.
    text(TextId)
    /// All predefined texts, by id.
    texts -> TextDefined: Text;
    /// An agent and their presence.
    agent(AgentId)
    /// All agents and their presence, by id.
    agents -> AgentRow: Agent;
}

impl Inbox {
    pub(crate) fn new(slot: Arc<Slot<Rows>>) -> Self {
        Self { slot }
    }

    /// The workspace itself; `None` if it was never created.
    ///
    /// # Errors
    /// Faults of the view.
    pub fn workspace(&self, workspace: &WorkspaceId) -> Result<Option<WorkspaceCreated>, ViewError> {
        read_master(&self.slot.get()?.rows, WorkspaceKey::of(workspace), MasterKind::Workspace, "")
    }

    /// What holds in the whole workspace; `None` while nobody has said anything.
    ///
    /// # Errors
    /// Faults of the view.
    pub fn settings(&self, workspace: &WorkspaceId) -> Result<Option<SettingsDefined>, ViewError> {
        read_master(&self.slot.get()?.rows, WorkspaceKey::of(workspace), MasterKind::Settings, "")
    }

    /// The predefined text with this shortcut in a campaign.
    ///
    /// # Errors
    /// Faults of the view.
    pub fn text_of_shortcut(
        &self,
        workspace: &WorkspaceId,
        campaign: &CampaignId,
        shortcut: &Shortcut,
    ) -> Result<Option<TextDefined>, ViewError> {
        let (Rows { rows, .. }, key) = (&*self.slot.get()?, WorkspaceKey::of(workspace));
        let id: Option<TextId> =
            read_master(rows, key, MasterKind::Shortcut, &shortcut_id(campaign, shortcut))?;
        id.map_or(Ok(None), |id| read_master(rows, key, MasterKind::Text, id.as_str()))
    }

    /// An open conversation; `None` when it is not open.
    ///
    /// # Errors
    /// Faults of the view.
    pub fn open_conversation(
        &self,
        workspace: &WorkspaceId,
        id: ConversationId,
    ) -> Result<Option<InboxItem>, ViewError> {
        let key = keys::open_conversation(WorkspaceKey::of(workspace), id);
        let row = open_row(self.slot.get()?.rows.get(&key)?)?;
        Ok(row.map(|row| row.into_item(id)))
    }

    /// The conversations an agent is offered, asked to take over, or has: first the offers, the one that ends soonest first, then those
    /// whose contact waits for an answer, longest first, then the others by their last message, newest first. At most 200 a page.
    ///
    /// # Errors
    /// [`QueryError::Cursor`] for a cursor of another list, and faults of the view.
    pub fn of_agent(
        &self,
        workspace: &WorkspaceId,
        agent: &AgentId,
        cursor: Option<&str>,
        limit: usize,
    ) -> Result<Page<InboxItem>, QueryError> {
        let workspace = WorkspaceKey::of(workspace);
        let list = keys::agent_list(workspace, agent);
        let listed = |row: &OpenRow| {
            row.agent.as_ref() == Some(agent) || row.offered.as_ref().is_some_and(|(to, _)| to == agent)
        };
        let Rows { rows, .. } = &*self.slot.get()?;
        page(rows, List::Agent, &list, cursor, limit, |key, id| item(rows, workspace, key, id, listed))
    }

    /// The channels of all conversations that take an agent's room: what they have, are offered, or have just finished.
    ///
    /// # Errors
    /// Faults of the view.
    pub fn channels_of_agent(
        &self,
        workspace: &WorkspaceId,
        agent: &AgentRow,
    ) -> Result<Vec<ChannelId>, QueryError> {
        let mut channels: Vec<ChannelId> =
            agent.after_work.iter().map(|(_, channel)| channel.clone()).collect();
        let mut cursor = None;
        loop {
            let page = self.of_agent(workspace, &agent.definition.agent, cursor.as_deref(), usize::MAX)?;
            channels.extend(page.items.into_iter().map(|row| row.channel));
            match page.next {
                Some(next) => cursor = Some(next),
                None => return Ok(channels),
            }
        }
    }

    /// The conversations that wait in a campaign's queue, longest first. At most 200 a page.
    ///
    /// # Errors
    /// As [`Inbox::of_agent`].
    pub fn queue_of_campaign(
        &self,
        workspace: &WorkspaceId,
        campaign: &CampaignId,
        cursor: Option<&str>,
        limit: usize,
    ) -> Result<Page<InboxItem>, QueryError> {
        let workspace = WorkspaceKey::of(workspace);
        let list = keys::queue(workspace, campaign);
        let listed = |row: &OpenRow| row.agent.is_none() && row.campaign == *campaign;
        let Rows { rows, .. } = &*self.slot.get()?;
        page(rows, List::Queue, &list, cursor, limit, |key, id| item(rows, workspace, key, id, listed))
    }

    /// How many conversations are open, in all workspaces.
    ///
    /// # Errors
    /// The view is being built, or has failed.
    pub fn counts(&self) -> Result<OpenCounts, ViewError> {
        Ok(self.slot.get()?.counts.get())
    }

    /// What the masters that a conversation belongs to are called; an id stands for a name that is not known.
    pub(crate) fn names(
        &self,
        workspace: WorkspaceKey,
        channel: &ChannelId,
        campaign: &CampaignId,
    ) -> Result<Names, ViewError> {
        let Rows { rows, .. } = &*self.slot.get()?;
        let channel_row: Option<ChannelDefined> =
            read_master(rows, workspace, MasterKind::Channel, channel.as_str())?;
        let campaign_row: Option<CampaignDefined> =
            read_master(rows, workspace, MasterKind::Campaign, campaign.as_str())?;
        let project_id = campaign_row.as_ref().map_or("", |row| row.project.as_str());
        let project_row: Option<ProjectDefined> =
            read_master(rows, workspace, MasterKind::Project, project_id)?;
        let client_id = project_row.as_ref().map_or("", |row| row.client.as_str());
        let client_row: Option<ClientDefined> = read_master(rows, workspace, MasterKind::Client, client_id)?;
        Ok(Names {
            channel: named(channel.as_str(), channel_row.map(|row| row.name)),
            campaign: named(campaign.as_str(), campaign_row.as_ref().map(|row| row.name.clone())),
            project: named(project_id, project_row.as_ref().map(|row| row.name.clone())),
            client: named(client_id, client_row.map(|row| row.name)),
        })
    }

    /// What somebody wrote that a contact is called.
    pub(crate) fn written_name(
        &self,
        workspace: WorkspaceKey,
        contact: ContactId,
    ) -> Result<Option<String>, ViewError> {
        Ok(name_of(self.slot.get()?.rows.get(&keys::written_name(workspace, contact))?))
    }

    pub(crate) fn shows_status(
        &self,
        workspace: WorkspaceKey,
        channel: &ChannelId,
    ) -> Result<bool, ViewError> {
        let row: Option<ChannelDefined> =
            read_master(&self.slot.get()?.rows, workspace, MasterKind::Channel, channel.as_str())?;
        Ok(row.is_some_and(|row| row.show_status))
    }
}

impl Rows {
    pub(super) fn new(rows: Reader, counts: Arc<Counts>) -> Self {
        Self { rows, counts }
    }

    #[cfg(test)]
    pub(crate) fn reader(&self) -> &Reader {
        &self.rows
    }
}

/// The row that a list's key leads to, unless it has moved since the key was read.
fn item(
    rows: &Reader,
    workspace: WorkspaceKey,
    key: &[u8],
    id: ConversationId,
    listed: impl Fn(&OpenRow) -> bool,
) -> Result<Option<InboxItem>, QueryError> {
    let row = open_row(rows.get(&keys::open_conversation(workspace, id))?)?;
    let is_listed = |row: &OpenRow| {
        listed(row) && places((workspace, id), row).iter().flatten().any(|place| place.as_slice() == key)
    };
    let row = row.filter(is_listed);
    Ok(row.map(|row| row.into_item(id)))
}

fn named(id: &str, name: Option<String>) -> Named {
    Named { id: id.to_owned(), name: name.unwrap_or_else(|| id.to_owned()) }
}
