//! The inbox view: a row for every open conversation, listed with its agent or in its campaign's queue, and the
//! masters with the agents' presence. A finished conversation leaves it.

mod lists;
mod masters;
mod presences;
mod queries;

use std::sync::Arc;

use rustc_hash::FxHashMap;
use schemas::event::{
    ContactUpdated, ContactsMerged, ConversationFinished, ConversationMerged, ConversationOpened,
    ConversationQueued, MessageReceived, MessageSubmitted,
};
use schemas::{
    AgentId, CampaignId, ChannelId, ContactField, ContactId, Content, ConversationId, Event, TransferTarget,
    encode,
};

use crate::error::ViewError;
use crate::hot::Hot;
use crate::keys::{self, MasterKind, WorkspaceKey};
use crate::recorded::Recorded;
use crate::rows::{DueRow, LastMessageRow, OpenRow};
use crate::store::{Store, Value};
use lists::{Counts, Place, places};

pub use lists::OpenCounts;
pub use queries::Inbox;
pub(crate) use queries::Rows;

/// Rises when the rows change their meaning or their form.
pub(crate) const VERSION: u32 = 1;
/// Older versions whose rows this program reads and writes as if they were of [`VERSION`].
pub(crate) const READABLE: &[u32] = &[];
pub(crate) const NAME: &str = "inbox";
/// About 600 bytes each in memory.
const HOT_ROWS_MAX: usize = 100_000;
const PREVIEW_CHARS: usize = 120;

type ConversationKey = (WorkspaceKey, ConversationId);

/// A conversation that changed lately, and what the store has of it.
#[derive(Debug)]
struct HotOpen {
    row: Option<OpenRow>,
    stored: Option<StoredOpen>,
}

#[derive(Debug)]
struct StoredOpen {
    places: [Option<Place>; 2],
    waits: bool,
}

/// Who has an open conversation, or where it waits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Seat {
    /// Who has it, or is offered it.
    pub(crate) agent: Option<AgentId>,
    /// Who is asked whether they take it over.
    pub(crate) asked: Option<AgentId>,
    pub(crate) campaign: CampaignId,
    pub(crate) channel: ChannelId,
    pub(crate) waits: bool,
}

/// Writes the view, one event at a time.
#[derive(Debug)]
pub(crate) struct InboxProjector {
    pub(crate) store: Store,
    counts: Arc<Counts>,
    hot: Hot<ConversationKey, HotOpen>,
    /// Which channels show delivery statuses, of those that were asked for: every message asks.
    status_shown: FxHashMap<(WorkspaceKey, ChannelId), bool>,
}

impl InboxProjector {
    /// Also counts the open conversations there are, so that it takes a while when they are many.
    pub(crate) fn new(store: Store) -> Result<Self, ViewError> {
        let counts = Arc::new(Counts::read(&store.reader())?);
        let (hot, status_shown) = (Hot::new(HOT_ROWS_MAX), FxHashMap::default());
        Ok(Self { store, counts, hot, status_shown })
    }

    pub(crate) fn rows(&self) -> Rows {
        Rows::new(self.store.reader(), Arc::clone(&self.counts))
    }

    /// Takes one event in. Taking one in again changes nothing.
    pub(crate) fn apply(&mut self, r: &Recorded<'_>) -> Result<(), ViewError> {
        match r.event {
            Event::WorkspaceCreated(e) => self.define(r, MasterKind::Workspace, "", e),
            Event::ClientDefined(e) => self.define(r, MasterKind::Client, e.client.as_str(), e),
            Event::ProjectDefined(e) => self.define(r, MasterKind::Project, e.project.as_str(), e),
            Event::CampaignDefined(e) => self.define(r, MasterKind::Campaign, e.campaign.as_str(), e),
            Event::ChannelDefined(e) => self.define_channel(r, e),
            Event::DispositionDefined(e) => {
                self.define(r, MasterKind::Disposition, e.disposition.as_str(), e)
            }
            Event::TextDefined(e) => self.define_text(r, e),
            Event::TextRemoved(e) => self.remove_text(r.workspace, &e.text),
            Event::AgentDefined(e) => self.define_agent(r, e),
            Event::PresenceChanged(e) => self.change_presence(r, e),
            Event::SettingsDefined(e) => self.define(r, MasterKind::Settings, "", e),
            Event::AgentConnected(e) => self.change_agent(r, &e.agent, |row| {
                row.is_connected = true;
                row.is_lost = false;
            }),
            Event::AgentDisconnected(e) => self.change_agent(r, &e.agent, |row| {
                row.is_connected = false;
                row.is_lost = e.until.is_some();
            }),
            Event::AfterWorkEnded(e) => self.change_agent(r, &e.agent, |row| {
                row.after_work.retain(|(conversation, _)| *conversation != e.conversation);
            }),
            Event::ConversationOpened(e) => self.open(r, e),
            Event::MessageReceived(e) => self.change(r, e.conversation, |row| received(row, r, e)),
            Event::ConversationQueued(e) => self.change(r, e.conversation, |row| queued(row, e)),
            Event::ConversationAssigned(e) => self.change(r, e.conversation, |row| {
                held(row, r, &e.agent);
            }),
            Event::ConversationTakenOver(e) => self.change(r, e.conversation, |row| {
                held(row, r, &e.by);
                row.taken_from = Some(e.from.clone());
            }),
            Event::ConversationGivenBack(e) => self.change(r, e.conversation, |row| held(row, r, &e.to)),
            Event::ConversationOffered(e) => self.change(r, e.conversation, |row| {
                row.agent = None;
                row.taken_from = None;
                row.assigned_at = None;
                row.queued_since = Some(e.since);
                row.offered = Some((e.agent.clone(), e.until));
                row.reserved_for = None;
            }),
            Event::TransferOffered(e) => self.change(r, e.conversation, |row| {
                row.offered = Some((e.to.clone(), e.until));
            }),
            Event::TransferOfferEnded(e) => self.change(r, e.conversation, |row| row.offered = None),
            // After the next four, another event says who has it or where it waits.
            Event::OfferEnded(e) => self.change(r, e.conversation, |row| row.offered = None),
            Event::ConversationOverflowed(e) => {
                self.change(r, e.conversation, |row| row.campaign = e.to.clone())
            }
            Event::ConversationTransferred(e) => self.change(r, e.conversation, |row| match &e.to {
                TransferTarget::Campaign(campaign) => row.campaign = campaign.clone(),
                TransferTarget::Agent(_) => {}
            }),
            Event::ConversationReleased(_) => Ok(()),
            Event::ConversationFinished(e) => self.finish(r, e),
            Event::MessageSubmitted(e) => self.change(r, e.conversation, |row| submitted(row, r, e)),
            Event::ResponseAwaited(e) => self.change(r, e.conversation, |row| {
                row.due = e.due_at.map(|at| DueRow { kind: e.kind, at, is_missed: false });
            }),
            Event::ResponseMissed(e) => self.change(r, e.conversation, |row| {
                row.due = Some(DueRow { kind: e.kind, at: e.due_at, is_missed: true });
            }),
            Event::ContactsMerged(e) => self.merge_contacts(r, e),
            Event::ContactUpdated(e) => self.update_contact(r, e),
            Event::ConversationMerged(e) => self.merge_into(r, e),
            // They change nothing that a list shows.
            Event::QueueRouted(_)
            | Event::NeedsSet(_)
            | Event::InactivityWarned(_)
            | Event::InactivityPutOff(_)
            | Event::NoteAdded(_)
            | Event::ExclusiveAgentSet(_)
            | Event::ExclusiveAgentRemoved(_)
            | Event::SendAttempted(_)
            | Event::SendAccepted(_)
            | Event::SendDeferred(_)
            | Event::SendUncertain(_)
            | Event::DeliveryUpdated(_)
            | Event::ReceiptParked(_)
            | Event::MessageResent(_)
            | Event::MessageSettled(_)
            | Event::IdentityChanged(_)
            | Event::AddressChanged(_)
            | Event::ConversationJoined(_)
            | Event::ContactNoteAdded(_) => Ok(()),
        }
    }

    /// Who has a conversation now, or where it waits; `None` when it is not open.
    pub(crate) fn seat(&self, key: ConversationKey) -> Result<Option<Seat>, ViewError> {
        let of = |row: &OpenRow| Seat {
            agent: row.agent.clone().or_else(|| offered_to(row)),
            asked: row.agent.as_ref().and_then(|_| offered_to(row)),
            campaign: row.campaign.clone(),
            channel: row.channel.clone(),
            waits: waits(row),
        };
        match self.hot.get(key) {
            Some(hot) => Ok(hot.row.as_ref().map(of)),
            None => Ok(open_row(self.store.get(&keys::open_conversation(key.0, key.1))?)?.as_ref().map(of)),
        }
    }

    /// Hands all changed rows to the store, where queries see them with the next commit.
    pub(crate) fn flush(&mut self) -> Result<(), ViewError> {
        let Self { store, counts, hot, .. } = self;
        hot.flush(|key, open| write(store, counts, key, open))
    }

    /// Hands so many changed rows to the store that there is room in memory.
    pub(crate) fn spill(&mut self) -> Result<(), ViewError> {
        let Self { store, counts, hot, .. } = self;
        hot.trim(|key, open| write(store, counts, key, open))
    }

    fn open(&mut self, r: &Recorded<'_>, e: &ConversationOpened) -> Result<(), ViewError> {
        let written_name = self.written_name(r.workspace, e.contact)?;
        let hot = self.hot((r.workspace, e.conversation))?;
        if hot.row.is_none() {
            hot.row = Some(OpenRow { written_name, ..opened(r, e) });
        }
        Ok(())
    }

    fn finish(&mut self, r: &Recorded<'_>, e: &ConversationFinished) -> Result<(), ViewError> {
        let row = self.hot((r.workspace, e.conversation))?.row.take();
        match (row, &e.agent, e.after_work_until) {
            (Some(row), Some(agent), Some(_)) => self.change_agent(r, agent, |agent| {
                agent.after_work.retain(|(conversation, _)| *conversation != e.conversation);
                agent.after_work.push((e.conversation, row.channel));
            }),
            _ => Ok(()),
        }
    }

    /// What somebody wrote that a contact is called.
    fn written_name(&self, workspace: WorkspaceKey, contact: ContactId) -> Result<Option<String>, ViewError> {
        Ok(name_of(self.store.get(&keys::written_name(workspace, contact))?))
    }

    fn update_contact(&mut self, r: &Recorded<'_>, e: &ContactUpdated) -> Result<(), ViewError> {
        let Some(set) = e.set.iter().rfind(|set| set.field == ContactField::Name) else { return Ok(()) };
        let key = keys::written_name(r.workspace, e.contact);
        match &set.value {
            Some(name) => self.store.put(&key, name.as_bytes().to_vec())?,
            None => self.store.delete(&key)?,
        }
        e.conversations
            .iter()
            .try_for_each(|id| self.change(r, *id, |row| row.written_name.clone_from(&set.value)))
    }

    /// The one who goes on keeps what they are called, and else gets what the other is.
    fn merge_contacts(&mut self, r: &Recorded<'_>, e: &ContactsMerged) -> Result<(), ViewError> {
        let mut name = self.written_name(r.workspace, e.contact)?;
        if let Some(other) = self.written_name(r.workspace, e.merged)? {
            self.store.delete(&keys::written_name(r.workspace, e.merged))?;
            let key = keys::written_name(r.workspace, e.contact);
            let kept = name.get_or_insert(other);
            self.store.put(&key, kept.as_bytes().to_vec())?;
        }
        e.conversations.iter().try_for_each(|id| {
            self.change(r, *id, |row| {
                row.contact = e.contact;
                row.written_name.clone_from(&name);
            })
        })
    }

    /// Whoever waited for an answer in the one that ends waits in the one that goes on.
    fn merge_into(&mut self, r: &Recorded<'_>, e: &ConversationMerged) -> Result<(), ViewError> {
        let Some(ended) = self.hot((r.workspace, e.conversation))?.row.take() else { return Ok(()) };
        self.change(r, e.into, |row| {
            row.unread = row.unread.saturating_add(ended.unread);
            row.waiting_since = [row.waiting_since, ended.waiting_since].into_iter().flatten().min();
            let at = |last: &Option<LastMessageRow>| last.as_ref().map(|last| last.at);
            if at(&ended.last_message) > at(&row.last_message) {
                row.last_message = ended.last_message;
            }
        })
    }

    fn change(
        &mut self,
        r: &Recorded<'_>,
        id: ConversationId,
        change: impl FnOnce(&mut OpenRow),
    ) -> Result<(), ViewError> {
        let row = &mut self.hot((r.workspace, id))?.row;
        if let Some(row) = row.as_mut().filter(|row| row.position < r.position) {
            change(row);
            row.position = r.position;
        }
        Ok(())
    }

    fn hot(&mut self, key: ConversationKey) -> Result<&mut HotOpen, ViewError> {
        let store = &self.store;
        self.hot.change(key, || {
            let row = open_row(store.get(&keys::open_conversation(key.0, key.1))?)?;
            let stored = row.as_ref().map(|row| StoredOpen { places: places(key, row), waits: waits(row) });
            Ok(HotOpen { row, stored })
        })
    }
}

fn write(
    store: &mut Store,
    counts: &Counts,
    key: ConversationKey,
    hot: &mut HotOpen,
) -> Result<(), ViewError> {
    let now = hot.row.as_ref().map(|row| StoredOpen { places: places(key, row), waits: waits(row) });
    let places_of =
        |stored: &Option<StoredOpen>| stored.as_ref().map(|stored| stored.places).unwrap_or_default();
    let (before, after) = (places_of(&hot.stored), places_of(&now));
    for gone in before.iter().flatten().filter(|place| !after.contains(&Some(**place))) {
        store.delete(gone)?;
    }
    for new in after.iter().flatten().filter(|place| !before.contains(&Some(**place))) {
        store.put(new, Vec::new())?;
    }
    let row_key = keys::open_conversation(key.0, key.1);
    match &hot.row {
        Some(row) => {
            let mut value = Vec::with_capacity(256);
            encode(row, &mut value);
            store.put(&row_key, value)?;
        }
        None if hot.stored.is_some() => store.delete(&row_key)?,
        None => {}
    }
    let waits = |stored: &Option<StoredOpen>| stored.as_ref().map(|stored| stored.waits);
    counts.moved(waits(&hot.stored), waits(&now));
    hot.stored = now;
    Ok(())
}

fn open_row(row: Option<Value>) -> Result<Option<OpenRow>, ViewError> {
    Ok(row.map(|row| schemas::decode("open conversation", &row)).transpose()?)
}

fn offered_to(row: &OpenRow) -> Option<AgentId> {
    row.offered.as_ref().map(|(agent, _)| agent.clone())
}

fn name_of(row: Option<Value>) -> Option<String> {
    row.map(|name| String::from_utf8_lossy(&name).into_owned())
}

fn waits(row: &OpenRow) -> bool {
    row.agent.is_none()
}

fn opened(r: &Recorded<'_>, e: &ConversationOpened) -> OpenRow {
    OpenRow {
        contact: e.contact,
        contact_name: e.profile_name.clone(),
        written_name: None,
        channel: e.channel.clone(),
        campaign: e.campaign.clone(),
        agent: None,
        taken_from: None,
        opened_at: r.header.at,
        assigned_at: None,
        queued_since: None,
        priority: 0,
        offered: None,
        reserved_for: None,
        waiting_since: None,
        due: None,
        unread: 0,
        last_message: None,
        position: r.position,
    }
}

fn received(row: &mut OpenRow, r: &Recorded<'_>, e: &MessageReceived) {
    row.unread = row.unread.saturating_add(1);
    row.waiting_since.get_or_insert(r.header.at);
    row.last_message = Some(last_message(r, &e.content, false));
}

fn submitted(row: &mut OpenRow, r: &Recorded<'_>, e: &MessageSubmitted) {
    // What atender itself says is no answer.
    if e.author.agent().is_some() {
        row.unread = 0;
        row.waiting_since = None;
        row.due = None;
    }
    row.last_message = Some(last_message(r, &e.content, true));
}

fn last_message(r: &Recorded<'_>, content: &Content, outbound: bool) -> LastMessageRow {
    LastMessageRow { preview: preview(content), at: r.header.at, outbound }
}

/// As [`Content::preview`], without going through a text that is short enough.
fn preview(content: &Content) -> String {
    match content {
        Content::Text(text) if text.len() <= PREVIEW_CHARS => text.clone(),
        Content::Text(_) | Content::Unsupported { .. } => content.preview(PREVIEW_CHARS),
    }
}

fn held(row: &mut OpenRow, r: &Recorded<'_>, agent: &AgentId) {
    row.agent = Some(agent.clone());
    row.taken_from = None;
    row.assigned_at = Some(r.header.at);
    row.queued_since = None;
    row.offered = None;
    row.reserved_for = None;
}

fn queued(row: &mut OpenRow, e: &ConversationQueued) {
    row.taken_from = None;
    row.campaign = e.campaign.clone();
    row.agent = None;
    row.assigned_at = None;
    row.queued_since = Some(e.since);
    row.priority = e.priority;
    row.offered = None;
    row.reserved_for = e.reserved.as_ref().map(|reservation| reservation.agent.clone());
}
