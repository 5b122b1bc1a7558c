//! The rows of the views, as they are stored: postcard, which does not describe itself, so the types of the API are
//! made from these and never stored. A change here is a new version of the view.

use schemas::api::views::{
    ContactConversation, Conversation, ConversationState, InboxItem, LastMessage, MessageState,
    MessageStatus, Named, ReceiptTime,
};
use schemas::event::{AgentDefined, ResponseKind};
use schemas::{
    AgentId, CampaignId, ChannelId, ContactId, ConversationId, DeliveryError, DeliveryStatus, DispositionId,
    MessageId, Position, Presence, Timestamp,
};
use serde::{Deserialize, Serialize};

/// An agent and their presence.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AgentRow {
    /// Who they are and what they may do.
    pub definition: AgentDefined,
    /// Whether they take conversations now.
    pub presence: Presence,
    /// Whether their live connection was lost a moment ago.
    pub is_lost: bool,
    /// Whether they have a live connection.
    pub is_connected: bool,
    /// Finished conversations that take their room until what is to be done after them is done, and their channels.
    pub after_work: Vec<(ConversationId, ChannelId)>,
}

impl AgentRow {
    /// Whether they take conversations now: online, and not just gone.
    pub fn is_available(&self) -> bool {
        self.presence == Presence::Online && !self.is_lost
    }
}

/// The last message of an open conversation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct LastMessageRow {
    pub(crate) preview: String,
    pub(crate) at: Timestamp,
    pub(crate) outbound: bool,
}

/// By when a customer is to be answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct DueRow {
    pub(crate) kind: ResponseKind,
    pub(crate) at: Timestamp,
    pub(crate) is_missed: bool,
}

/// An open conversation. It goes when the conversation is finished.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct OpenRow {
    pub(crate) contact: ContactId,
    pub(crate) contact_name: Option<String>,
    /// What somebody wrote that the contact is called; it is shown instead.
    pub(crate) written_name: Option<String>,
    pub(crate) channel: ChannelId,
    pub(crate) campaign: CampaignId,
    pub(crate) agent: Option<AgentId>,
    pub(crate) opened_at: Timestamp,
    pub(crate) taken_from: Option<AgentId>,
    pub(crate) assigned_at: Option<Timestamp>,
    pub(crate) queued_since: Option<Timestamp>,
    pub(crate) priority: u8,
    /// To whom it is offered, and until when.
    pub(crate) offered: Option<(AgentId, Timestamp)>,
    pub(crate) reserved_for: Option<AgentId>,
    pub(crate) waiting_since: Option<Timestamp>,
    pub(crate) due: Option<DueRow>,
    pub(crate) unread: u32,
    pub(crate) last_message: Option<LastMessageRow>,
    /// The last event it reflects; that event and earlier ones do not change it again.
    pub(crate) position: Position,
}

impl OpenRow {
    pub(crate) fn into_item(self, conversation: ConversationId) -> InboxItem {
        let (offered_to, offered_until) = self.offered.unzip();
        InboxItem {
            conversation,
            contact: self.contact,
            contact_name: self.written_name.or(self.contact_name),
            channel: self.channel,
            campaign: self.campaign,
            agent: self.agent,
            opened_at: self.opened_at,
            taken_from: self.taken_from,
            assigned_at: self.assigned_at,
            queued_since: self.queued_since,
            priority: self.priority,
            offered_to,
            offered_until,
            reserved_for: self.reserved_for,
            waiting_since: self.waiting_since,
            due_at: self.due.map(|due| due.at),
            is_first_response: self.due.is_some_and(|due| due.kind == ResponseKind::First),
            is_missed: self.due.is_some_and(|due| due.is_missed),
            unread: self.unread,
            last_message: self.last_message.map(|last| LastMessage {
                preview: last.preview,
                at: last.at,
                outbound: last.outbound,
            }),
        }
    }
}

/// A conversation, open or finished.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct HeaderRow {
    pub(crate) contact: ContactId,
    pub(crate) contact_name: Option<String>,
    pub(crate) channel: ChannelId,
    pub(crate) campaign: CampaignId,
    /// Who has it, or had it when it was finished.
    pub(crate) agent: Option<AgentId>,
    pub(crate) opened_at: Timestamp,
    pub(crate) assigned_at: Option<Timestamp>,
    pub(crate) finished_at: Option<Timestamp>,
    pub(crate) disposition: Option<DispositionId>,
    pub(crate) sub_disposition: Option<DispositionId>,
    /// The conversation in which it goes on, if it ended by that.
    pub(crate) merged_into: Option<ConversationId>,
    /// How many entries it has.
    pub(crate) version: u64,
    /// The frame in which it was opened.
    pub(crate) opened_in: u64,
    /// The last event it reflects; that event and earlier ones do not change it again.
    pub(crate) position: Position,
}

/// The masters that a conversation's header names.
pub(crate) struct Names {
    pub(crate) channel: Named,
    pub(crate) campaign: Named,
    pub(crate) project: Named,
    pub(crate) client: Named,
}

impl HeaderRow {
    fn state(&self) -> ConversationState {
        match (&self.finished_at, &self.agent) {
            (Some(_), _) => ConversationState::Finished,
            (None, Some(_)) => ConversationState::Assigned,
            (None, None) => ConversationState::Waiting,
        }
    }

    pub(crate) fn into_conversation(self, id: ConversationId, names: Names) -> Conversation {
        let state = self.state();
        Conversation {
            id,
            contact: self.contact,
            contact_name: self.contact_name,
            channel: names.channel,
            campaign: names.campaign,
            project: names.project,
            client: names.client,
            agent: self.agent,
            state,
            opened_at: self.opened_at,
            assigned_at: self.assigned_at,
            finished_at: self.finished_at,
            disposition: self.disposition,
            sub_disposition: self.sub_disposition,
            merged_into: self.merged_into,
            version: self.version,
            position: self.position,
        }
    }

    pub(crate) fn into_contact_conversation(self, conversation: ConversationId) -> ContactConversation {
        let state = self.state();
        ContactConversation {
            conversation,
            channel: self.channel,
            campaign: self.campaign,
            state,
            agent: self.agent,
            opened_at: self.opened_at,
            finished_at: self.finished_at,
            disposition: self.disposition,
            merged_into: self.merged_into,
        }
    }
}

/// How many outbound messages of a conversation share a status row. Few, because receipts come for the last ones.
pub(crate) const STATUSES_PER_ROW: u32 = 8;

/// The statuses of up to [`STATUSES_PER_ROW`] outbound messages, by ordinal.
pub(crate) type StatusRow = Vec<Option<MessageRow>>;

/// The status of one outbound message.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct MessageRow {
    pub(crate) message: MessageId,
    pub(crate) status: DeliveryStatus,
    /// Whether the network has it is not known.
    pub(crate) uncertain: bool,
    pub(crate) attempts: u16,
    /// When each status was first reported, in the order of the lattice; since it was last sent again.
    pub(crate) receipts: Vec<(DeliveryStatus, Timestamp)>,
    pub(crate) error: Option<DeliveryError>,
    pub(crate) retry_at: Option<Timestamp>,
    pub(crate) provider_id: Option<String>,
    /// The frames that hold its events, ascending.
    pub(crate) sequences: Vec<u64>,
    /// The last event it reflects; that event and earlier ones do not change it again.
    pub(crate) position: Position,
}

impl MessageRow {
    pub(crate) fn message_status(&self) -> MessageStatus {
        let status = match self.status {
            DeliveryStatus::Pending if self.uncertain => MessageState::Uncertain,
            DeliveryStatus::Pending => MessageState::Pending,
            DeliveryStatus::Sent => MessageState::Sent,
            DeliveryStatus::Delivered => MessageState::Delivered,
            DeliveryStatus::Read => MessageState::Read,
            DeliveryStatus::Played => MessageState::Played,
            DeliveryStatus::Failed => MessageState::Failed,
        };
        let receipts = self.receipts.iter().map(|&(status, at)| ReceiptTime { status, at });
        MessageStatus {
            status,
            attempts: self.attempts,
            receipts: receipts.collect(),
            error: self.error.clone(),
            retry_at: self.retry_at,
        }
    }
}
