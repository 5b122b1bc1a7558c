//! The history view: for every conversation, open or finished, a header, its entries in chunks, and the list of
//! each contact's conversations. It also knows in which frames a conversation's entries are, for audits.

mod chunk;
mod queries;

use schemas::event::{ConversationOpened, ConversationTransferred};
use schemas::{AgentId, CampaignId, ChannelId, ConversationId, Event, Position, TransferTarget, encode};

use crate::error::ViewError;
use crate::hot::Hot;
use crate::keys::{self, WorkspaceKey};
use crate::recorded::Recorded;
use crate::rows::HeaderRow;
use crate::store::{Store, Value};
use chunk::Chunk;

pub use queries::History;

/// Rises when the rows change their meaning or their form.
pub(crate) const VERSION: u32 = 1;
pub(crate) const NAME: &str = "history";
const HOT_BYTES_MAX: usize = 64 * 1024 * 1024;

type ConversationKey = (WorkspaceKey, ConversationId);

/// A conversation that changed lately: its header, and the chunk that takes the next entry.
#[derive(Debug)]
struct HotConversation {
    header: Option<HeaderRow>,
    tail: Option<Chunk>,
}

/// Who has a conversation, or had it when it was finished, and where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Whereabouts {
    pub(crate) agent: Option<AgentId>,
    pub(crate) campaign: CampaignId,
    pub(crate) channel: ChannelId,
}

/// Writes the view, one event at a time.
#[derive(Debug)]
pub(crate) struct HistoryProjector {
    pub(crate) store: Store,
    hot: Hot<ConversationKey, HotConversation>,
}

impl HistoryProjector {
    pub(crate) fn new(store: Store) -> Self {
        Self { store, hot: Hot::new(HOT_BYTES_MAX) }
    }

    /// Takes one event in. Taking one in again changes nothing.
    pub(crate) fn apply(&mut self, r: &Recorded<'_>) -> Result<(), ViewError> {
        match r.event {
            Event::ConversationOpened(e) => self.open(r, e),
            Event::MessageReceived(e) => self.append(r, e.conversation, |_| {}),
            Event::ConversationQueued(e) => self.append(r, e.conversation, |header| {
                header.campaign = e.campaign.clone();
                header.agent = None;
                header.assigned_at = None;
            }),
            Event::ConversationAssigned(e) => self.append(r, e.conversation, |header| {
                header.agent = Some(e.agent.clone());
                header.assigned_at = Some(r.header.at);
            }),
            Event::ConversationTransferred(e) => self.append(r, e.conversation, |header| transfer(header, e)),
            // Who has it next, or where it waits, the event after this one says.
            Event::ConversationReleased(e) => self.append(r, e.conversation, |_| {}),
            Event::ConversationFinished(e) => self.append(r, e.conversation, |header| {
                header.agent = e.agent.clone();
                header.finished_at = Some(r.header.at);
                header.disposition = Some(e.disposition.clone());
                header.sub_disposition = e.sub_disposition.clone();
            }),
            Event::NoteAdded(e) => self.append(r, e.conversation, |_| {}),
            Event::ExclusiveAgentSet(e) => self.append_if_any(r, e.conversation),
            Event::ExclusiveAgentRemoved(e) => self.append_if_any(r, e.conversation),
            Event::MessageSubmitted(e) => self.append(r, e.conversation, |_| {}),
            // Masters and presence are rows of the inbox view, what becomes of a message one of the status view.
            Event::WorkspaceCreated(_)
            | Event::ClientDefined(_)
            | Event::ProjectDefined(_)
            | Event::CampaignDefined(_)
            | Event::ChannelDefined(_)
            | Event::DispositionDefined(_)
            | Event::AgentDefined(_)
            | Event::PresenceChanged(_)
            | Event::SendAttempted(_)
            | Event::SendAccepted(_)
            | Event::SendDeferred(_)
            | Event::SendUncertain(_)
            | Event::DeliveryUpdated(_)
            | Event::ReceiptParked(_)
            | Event::MessageResent(_)
            | Event::MessageSettled(_) => Ok(()),
        }
    }

    /// Where a conversation is, or was when it was finished.
    pub(crate) fn whereabouts(&self, key: ConversationKey) -> Result<Option<Whereabouts>, ViewError> {
        let of = |header: &HeaderRow| Whereabouts {
            agent: header.agent.clone(),
            campaign: header.campaign.clone(),
            channel: header.channel.clone(),
        };
        match self.hot.get(key) {
            Some(hot) => Ok(hot.header.as_ref().map(of)),
            None => Ok(header_row(self.store.get(&keys::header(key.0, key.1))?)?.as_ref().map(of)),
        }
    }

    /// Hands all changed rows to the store, where queries see them.
    pub(crate) fn flush(&mut self) -> Result<(), ViewError> {
        let store = &mut self.store;
        self.hot.flush(|(workspace, id), hot| {
            let mut bytes = 0;
            if let Some(header) = &hot.header {
                let mut row = Vec::with_capacity(192);
                encode(header, &mut row);
                bytes += row.len();
                store.put(&keys::header(workspace, id), row)?;
            }
            if let Some(tail) = &hot.tail {
                bytes += tail.bytes.len();
                store.put(&keys::entries_chunk(workspace, id, tail.first), &tail.bytes[..])?;
            }
            Ok(bytes)
        })
    }

    fn open(&mut self, r: &Recorded<'_>, e: &ConversationOpened) -> Result<(), ViewError> {
        let Self { store, hot } = self;
        let hot = hot.change((r.workspace, e.conversation), || load(store, r, e.conversation))?;
        if hot.header.is_none() {
            hot.header = Some(opened(r, e));
        }
        let item = keys::contact_item(r.workspace, e.contact, r.header.at, e.conversation);
        Ok(store.put(&item, Vec::new())?)
    }

    fn append_if_any(&mut self, r: &Recorded<'_>, id: Option<ConversationId>) -> Result<(), ViewError> {
        id.map_or(Ok(()), |id| self.append(r, id, |_| {}))
    }

    /// One more entry, unless it is there already.
    fn append(
        &mut self,
        r: &Recorded<'_>,
        id: ConversationId,
        change: impl FnOnce(&mut HeaderRow),
    ) -> Result<(), ViewError> {
        let Self { store, hot } = self;
        let hot = hot.change((r.workspace, id), || load(store, r, id))?;
        if let Some(header) = hot.header.as_mut().filter(|header| header.position < r.position) {
            change(header);
            header.version += 1;
            header.position = r.position;
        }
        match &mut hot.tail {
            Some(tail) if r.position <= tail.last => {}
            Some(tail) if tail.is_full() => {
                let full = std::mem::replace(tail, Chunk::begin(r));
                store.put(&keys::entries_chunk(r.workspace, id, full.first), full.bytes)?;
            }
            Some(tail) => tail.push(r),
            None => hot.tail = Some(Chunk::begin(r)),
        }
        Ok(())
    }
}

fn opened(r: &Recorded<'_>, e: &ConversationOpened) -> HeaderRow {
    HeaderRow {
        contact: e.contact,
        contact_name: e.profile_name.clone(),
        channel: e.channel.clone(),
        campaign: e.campaign.clone(),
        agent: None,
        opened_at: r.header.at,
        assigned_at: None,
        finished_at: None,
        disposition: None,
        sub_disposition: None,
        version: 0,
        opened_in: r.position.sequence,
        position: r.position,
    }
}

fn transfer(header: &mut HeaderRow, e: &ConversationTransferred) {
    match &e.to {
        TransferTarget::Campaign(campaign) => header.campaign = campaign.clone(),
        TransferTarget::Agent(_) => {}
    }
}

fn load(store: &Store, r: &Recorded<'_>, id: ConversationId) -> Result<HotConversation, ViewError> {
    let header = header_row(store.get(&keys::header(r.workspace, id))?)?;
    // Both were committed together, so without a header there is no chunk.
    let tail = if header.is_some() { tail(store, r, id)? } else { None };
    Ok(HotConversation { header, tail })
}

/// The chunk that holds this position, or takes the entry that has it: the last that does not begin after it.
fn tail(store: &Store, r: &Recorded<'_>, id: ConversationId) -> Result<Option<Chunk>, ViewError> {
    let behind = Position { index: r.position.index + 1, ..r.position };
    let after = keys::entries_chunk(r.workspace, id, behind);
    let found = store.scan(&keys::entries(r.workspace, id), Some(&after), false, 1)?;
    match found.first() {
        Some((_, bytes)) => Ok(Chunk::read(r.position.shard, bytes.to_vec())?),
        None => Ok(None),
    }
}

fn header_row(row: Option<Value>) -> Result<Option<HeaderRow>, ViewError> {
    Ok(row.map(|row| schemas::decode("header row", &row)).transpose()?)
}
