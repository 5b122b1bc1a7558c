//! The history view: a row for every conversation, open or finished, with its newest entries; the older ones in
//! chunks that are written once; and the list of each contact's conversations. It also knows in which frames a
//! conversation's entries are, for audits.

pub(crate) mod chunk;
mod queries;

use schemas::event::{ContactsMerged, ConversationOpened, ConversationTransferred};
use schemas::{AgentId, CampaignId, ChannelId, ConversationId, DecodeError, Event, TransferTarget, encode};

use crate::error::ViewError;
use crate::hot::Hot;
use crate::keys::{self, WorkspaceKey};
use crate::recorded::Recorded;
use crate::rows::HeaderRow;
use crate::store::{SCAN_ROWS_MAX, Store};
use chunk::Chunk;

pub use queries::History;

/// Rises when the rows change their meaning or their form.
pub(crate) const VERSION: u32 = 1;
/// Older versions whose rows this program reads and writes as if they were of [`VERSION`].
pub(crate) const READABLE: &[u32] = &[];
pub(crate) const NAME: &str = "history";
/// About 2 KiB each in memory.
const HOT_ROWS_MAX: usize = 100_000;
const HEADER_LENGTH_BYTES: usize = 4;

type ConversationKey = (WorkspaceKey, ConversationId);

/// A conversation that changed lately: its header, and the chunk that takes the next entry.
#[derive(Debug, Default)]
struct HotConversation {
    header: Option<HeaderRow>,
    tail: Chunk,
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
        Self { store, hot: Hot::new(HOT_ROWS_MAX) }
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
            Event::ConversationOverflowed(e) => {
                self.append(r, e.conversation, |header| header.campaign = e.to.clone())
            }
            Event::ConversationOffered(e) => self.append(r, e.conversation, |header| {
                header.agent = None;
                header.assigned_at = None;
            }),
            Event::ConversationTakenOver(e) => self.append(r, e.conversation, |header| {
                header.agent = Some(e.by.clone());
                header.assigned_at = Some(r.header.at);
            }),
            Event::ConversationGivenBack(e) => self.append(r, e.conversation, |header| {
                header.agent = Some(e.to.clone());
                header.assigned_at = Some(r.header.at);
            }),
            Event::TransferOffered(e) => self.append(r, e.conversation, |_| {}),
            Event::TransferOfferEnded(e) => self.append(r, e.conversation, |_| {}),
            Event::AfterWorkEnded(e) => self.append(r, e.conversation, |_| {}),
            Event::OfferEnded(e) => self.append(r, e.conversation, |_| {}),
            Event::NeedsSet(e) => self.append(r, e.conversation, |_| {}),
            Event::NoteAdded(e) => self.append(r, e.conversation, |_| {}),
            Event::ExclusiveAgentSet(e) => self.append_if_any(r, e.conversation),
            Event::ExclusiveAgentRemoved(e) => self.append_if_any(r, e.conversation),
            Event::MessageSubmitted(e) => self.append(r, e.conversation, |_| {}),
            Event::ResponseAwaited(e) => self.append(r, e.conversation, |_| {}),
            Event::ResponseMissed(e) => self.append(r, e.conversation, |_| {}),
            Event::InactivityWarned(e) => self.append(r, e.conversation, |_| {}),
            Event::InactivityPutOff(e) => self.append(r, e.conversation, |_| {}),
            Event::ContactsMerged(e) => self.merge_contacts(r, e),
            Event::ConversationMerged(e) => self.append(r, e.conversation, |header| {
                header.agent = e.agent.clone();
                header.finished_at = Some(r.header.at);
                header.merged_into = Some(e.into);
            }),
            Event::ConversationJoined(e) => self.append(r, e.conversation, |_| {}),
            Event::AddressChanged(e) => self.append(r, e.conversation, |_| {}),
            // Masters and presence are rows of the inbox view, what becomes of a message one of the status view.
            Event::WorkspaceCreated(_)
            | Event::ClientDefined(_)
            | Event::ProjectDefined(_)
            | Event::CampaignDefined(_)
            | Event::ChannelDefined(_)
            | Event::DispositionDefined(_)
            | Event::AgentDefined(_)
            | Event::PresenceChanged(_)
            | Event::QueueRouted(_)
            | Event::SettingsDefined(_)
            | Event::TextDefined(_)
            | Event::TextRemoved(_)
            | Event::AgentConnected(_)
            | Event::AgentDisconnected(_)
            | Event::SendAttempted(_)
            | Event::SendAccepted(_)
            | Event::SendDeferred(_)
            | Event::SendUncertain(_)
            | Event::DeliveryUpdated(_)
            | Event::ReceiptParked(_)
            | Event::MessageResent(_)
            | Event::MessageSettled(_)
            | Event::IdentityChanged(_)
            | Event::ContactUpdated(_)
            | Event::ContactNoteAdded(_) => Ok(()),
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
            None => Ok(load(&self.store, key)?.header.as_ref().map(of)),
        }
    }

    /// Hands all changed rows to the store, where queries see them with the next commit.
    pub(crate) fn flush(&mut self) -> Result<(), ViewError> {
        let store = &mut self.store;
        self.hot.flush(|key, hot| write(store, key, hot))
    }

    /// Hands so many changed rows to the store that there is room in memory.
    pub(crate) fn spill(&mut self) -> Result<(), ViewError> {
        let store = &mut self.store;
        self.hot.trim(|key, hot| write(store, key, hot))
    }

    fn open(&mut self, r: &Recorded<'_>, e: &ConversationOpened) -> Result<(), ViewError> {
        let Self { store, hot } = self;
        let hot = hot.change((r.workspace, e.conversation), || load(store, (r.workspace, e.conversation)))?;
        // One that is known may be another contact's by now.
        if hot.header.is_some() {
            return Ok(());
        }
        hot.header = Some(opened(r, e));
        let item = keys::contact_item(r.workspace, e.contact, r.header.at, e.conversation);
        Ok(store.put(&item, Vec::new())?)
    }

    /// All conversations of one contact are the other's from now on.
    fn merge_contacts(&mut self, r: &Recorded<'_>, e: &ContactsMerged) -> Result<(), ViewError> {
        let Self { store, hot } = self;
        store.put(&keys::alias(r.workspace, e.merged), e.contact.as_bytes().to_vec())?;
        let list = keys::contact(r.workspace, e.merged);
        loop {
            let found = store.scan(&list, None, false, SCAN_ROWS_MAX)?;
            if found.is_empty() {
                return Ok(());
            }
            for (item, value) in found {
                if let Some(moved) = keys::moved_contact_item(&item, e.contact) {
                    store.put(&moved, value)?;
                }
                store.delete(&item)?;
                let Some(id) = keys::conversation_of(&item) else { continue };
                let key = (r.workspace, id);
                let hot = hot.change(key, || load(store, key))?;
                if let Some(header) = &mut hot.header {
                    header.contact = e.contact;
                }
            }
        }
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
        let key = (r.workspace, id);
        let hot = hot.change(key, || load(store, key))?;
        let Some(header) = hot.header.as_mut().filter(|header| header.position < r.position) else {
            return Ok(());
        };
        change(header);
        header.version += 1;
        header.position = r.position;
        hot.tail.push(r);
        if hot.tail.is_full()
            && let Some(first) = hot.tail.first(r.position.shard)
        {
            let full = std::mem::take(&mut hot.tail);
            store.put(&keys::entries_chunk(r.workspace, id, first), full.bytes())?;
        }
        Ok(())
    }
}

fn write(
    store: &mut Store,
    (workspace, id): ConversationKey,
    hot: &HotConversation,
) -> Result<(), ViewError> {
    match &hot.header {
        Some(header) => {
            Ok(store.put(&keys::header(workspace, id), conversation_row(header, hot.tail.bytes()))?)
        }
        None => Ok(()),
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
        merged_into: None,
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

fn load(store: &Store, (workspace, id): ConversationKey) -> Result<HotConversation, ViewError> {
    let Some(row) = store.get(&keys::header(workspace, id))? else { return Ok(HotConversation::default()) };
    let (header, tail) = split_row(&row)?;
    Ok(HotConversation { header: Some(header), tail: Chunk::read(tail)? })
}

/// The row of a conversation: its header with its length before it, and its newest entries.
fn conversation_row(header: &HeaderRow, tail: &[u8]) -> Vec<u8> {
    let mut row = Vec::with_capacity(256 + tail.len());
    row.extend_from_slice(&[0; HEADER_LENGTH_BYTES]);
    encode(header, &mut row);
    let length = (row.len() - HEADER_LENGTH_BYTES) as u32;
    row[..HEADER_LENGTH_BYTES].copy_from_slice(&length.to_be_bytes());
    row.extend_from_slice(tail);
    row
}

pub(crate) fn split_row(row: &[u8]) -> Result<(HeaderRow, &[u8]), DecodeError> {
    let cut = || DecodeError::Malformed { what: "conversation row", reason: "cut short".to_owned() };
    let (length, rest) = row.split_first_chunk::<HEADER_LENGTH_BYTES>().ok_or_else(cut)?;
    let (header, tail) = rest.split_at_checked(u32::from_be_bytes(*length) as usize).ok_or_else(cut)?;
    Ok((schemas::decode("conversation header", header)?, tail))
}
