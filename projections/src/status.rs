//! The status view: how far each outbound message has come, 8 messages of a conversation a row, and in which
//! frames everything concerning them is, for audits.

mod queries;

use schemas::api::views::MessageStatus;
use schemas::event::DeliveryUpdated;
use schemas::{ConversationId, DeliveryStatus, Event, MessageId, encode};

use crate::error::ViewError;
use crate::hot::Hot;
use crate::keys::{self, WorkspaceKey};
use crate::recorded::Recorded;
use crate::rows::{MessageRow, STATUSES_PER_ROW, StatusRow};
use crate::store::{Store, Value};

pub use queries::Statuses;

/// Rises when the rows change their meaning or their form.
pub(crate) const VERSION: u32 = 1;
/// Older versions whose rows this program reads and writes as if they were of [`VERSION`].
pub(crate) const READABLE: &[u32] = &[];
pub(crate) const NAME: &str = "status";
/// About 1.5 KiB each in memory.
const HOT_ROWS_MAX: usize = 100_000;

/// An outbound message: its conversation, and its number among the outbound messages there.
pub(crate) type Ordinal = (ConversationId, u32);
type RowKey = (WorkspaceKey, ConversationId, u32);

/// Writes the view, one event at a time.
#[derive(Debug)]
pub(crate) struct StatusProjector {
    pub(crate) store: Store,
    hot: Hot<RowKey, StatusRow>,
}

impl StatusProjector {
    pub(crate) fn new(store: Store) -> Self {
        Self { store, hot: Hot::new(HOT_ROWS_MAX) }
    }

    /// Takes one event in. Taking one in again changes nothing.
    pub(crate) fn apply(&mut self, r: &Recorded<'_>) -> Result<(), ViewError> {
        match r.event {
            Event::MessageSubmitted(e) => self.change(r, (e.conversation, e.ordinal), e.message, |_| {}),
            Event::SendAttempted(e) => self.change(r, (e.conversation, e.ordinal), e.message, |row| {
                row.attempts = e.attempt;
                row.retry_at = None;
            }),
            Event::SendAccepted(e) => self.change(r, (e.conversation, e.ordinal), e.message, |row| {
                row.provider_id = Some(e.provider_id.clone());
                row.uncertain = false;
                row.retry_at = None;
                if row.status == DeliveryStatus::Pending {
                    row.error = None;
                }
            }),
            Event::SendDeferred(e) => self.change(r, (e.conversation, e.ordinal), e.message, |row| {
                row.uncertain = false;
                row.error = Some(e.error.clone());
                row.retry_at = Some(e.retry_at);
            }),
            Event::SendUncertain(e) => {
                self.change(r, (e.conversation, e.ordinal), e.message, |row| row.uncertain = true)
            }
            Event::DeliveryUpdated(e) => {
                self.change(r, (e.conversation, e.ordinal), e.message, |row| heard(row, e))
            }
            Event::MessageResent(e) => self.change(r, (e.conversation, e.ordinal), e.message, |row| {
                row.status = DeliveryStatus::Pending;
                row.uncertain = false;
                row.receipts.clear();
                row.error = None;
                row.retry_at = None;
                row.provider_id = None;
            }),
            Event::MessageSettled(e) => self.change(r, (e.conversation, e.ordinal), e.message, |row| {
                row.status = e.status;
                row.uncertain = false;
            }),
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
            | Event::ConversationOpened(_)
            | Event::MessageReceived(_)
            | Event::ConversationQueued(_)
            | Event::ConversationAssigned(_)
            | Event::ConversationTransferred(_)
            | Event::ConversationFinished(_)
            | Event::ConversationReleased(_)
            | Event::ConversationOverflowed(_)
            | Event::NeedsSet(_)
            | Event::AfterWorkEnded(_)
            | Event::TransferOffered(_)
            | Event::TransferOfferEnded(_)
            | Event::ConversationTakenOver(_)
            | Event::ConversationGivenBack(_)
            | Event::ConversationOffered(_)
            | Event::OfferEnded(_)
            | Event::NoteAdded(_)
            | Event::ExclusiveAgentSet(_)
            | Event::ExclusiveAgentRemoved(_)
            | Event::ResponseAwaited(_)
            | Event::ResponseMissed(_)
            | Event::InactivityWarned(_)
            | Event::InactivityPutOff(_)
            | Event::ContactsMerged(_)
            | Event::IdentityChanged(_)
            | Event::AddressChanged(_)
            | Event::ConversationMerged(_)
            | Event::ConversationJoined(_)
            | Event::ContactUpdated(_)
            | Event::ContactNoteAdded(_)
            // It is for no message yet; what comes of it is another event.
            | Event::ReceiptParked(_) => Ok(()),
        }
    }

    /// The status of a message that has just changed.
    pub(crate) fn current(&self, workspace: WorkspaceKey, (id, ordinal): Ordinal) -> Option<MessageStatus> {
        let row = self.hot.get((workspace, id, ordinal / STATUSES_PER_ROW))?;
        let message = row.get((ordinal % STATUSES_PER_ROW) as usize)?;
        message.as_ref().map(MessageRow::message_status)
    }

    /// Hands all changed rows to the store, where queries see them with the next commit.
    pub(crate) fn flush(&mut self) -> Result<(), ViewError> {
        let store = &mut self.store;
        self.hot.flush(|key, row| write(store, key, row))
    }

    /// Hands so many changed rows to the store that there is room in memory.
    pub(crate) fn spill(&mut self) -> Result<(), ViewError> {
        let store = &mut self.store;
        self.hot.trim(|key, row| write(store, key, row))
    }

    fn change(
        &mut self,
        r: &Recorded<'_>,
        (id, ordinal): Ordinal,
        message: MessageId,
        change: impl FnOnce(&mut MessageRow),
    ) -> Result<(), ViewError> {
        let (chunk, place) = (ordinal / STATUSES_PER_ROW, (ordinal % STATUSES_PER_ROW) as usize);
        let store = &self.store;
        let key = keys::status_chunk(r.workspace, id, chunk);
        let row = self.hot.change((r.workspace, id, chunk), || status_row(store.get(&key)?))?;
        if row.len() <= place {
            row.resize(place + 1, None);
        }
        match &mut row[place] {
            Some(known) if r.position <= known.position => {}
            Some(known) => {
                change(known);
                known.position = r.position;
                if known.sequences.last() != Some(&r.position.sequence) {
                    known.sequences.push(r.position.sequence);
                }
            }
            unknown => change(unknown.insert(submitted(r, message))),
        }
        Ok(())
    }
}

fn write(store: &mut Store, (workspace, id, chunk): RowKey, row: &StatusRow) -> Result<(), ViewError> {
    let mut bytes = Vec::with_capacity(row.len() * 128);
    encode(row, &mut bytes);
    Ok(store.put(&keys::status_chunk(workspace, id, chunk), bytes)?)
}

fn submitted(r: &Recorded<'_>, message: MessageId) -> MessageRow {
    MessageRow {
        message,
        status: DeliveryStatus::Pending,
        uncertain: false,
        attempts: 0,
        receipts: Vec::new(),
        error: None,
        retry_at: None,
        provider_id: None,
        sequences: vec![r.position.sequence],
        position: r.position,
    }
}

fn heard(row: &mut MessageRow, e: &DeliveryUpdated) {
    row.status = e.status;
    // A receipt above the status is of a send before the message was sent again, and says nothing about this one.
    if e.receipt > e.status {
        return;
    }
    row.uncertain = false;
    row.retry_at = None;
    row.provider_id = e.provider_id.clone().or(row.provider_id.take());
    if e.receipt == DeliveryStatus::Failed || e.error.is_some() {
        row.error = e.error.clone();
    }
    if let Err(place) = row.receipts.binary_search_by_key(&e.receipt, |(status, _)| *status) {
        row.receipts.insert(place, (e.receipt, e.reported_at));
    }
}

fn status_row(row: Option<Value>) -> Result<StatusRow, ViewError> {
    let row = row.map(|row| schemas::decode("status row", &row)).transpose()?;
    Ok(row.unwrap_or_default())
}
