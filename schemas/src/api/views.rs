//! What the views answer.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::command::Actor;
use crate::content::{Content, TransferTarget};
use crate::delivery::{DeliveryError, DeliveryStatus};
use crate::event::{AssignReason, Author, NoteKind, OfferEnd, QueueCause, Reservation, ResponseKind};
use crate::ids::{
    AgentId, CampaignId, ChannelId, ContactId, ConversationId, DispositionId, MessageId, Shortcut, TextId,
};
use crate::position::Position;
use crate::routing::Needs;
use crate::time::Timestamp;

/// Where a conversation stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ConversationState {
    /// In the campaign's queue.
    Waiting,
    /// With an agent.
    Assigned,
    /// Over.
    Finished,
}

/// The last message of a conversation, for lists.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct LastMessage {
    /// Its first characters.
    pub preview: String,
    /// When it came into the log.
    pub at: Timestamp,
    /// Whether we sent it.
    pub outbound: bool,
}

/// An open conversation in an agent's inbox or a campaign's queue.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct InboxItem {
    /// Which conversation.
    pub conversation: ConversationId,
    /// With whom.
    pub contact: ContactId,
    /// What the contact calls themselves.
    pub contact_name: Option<String>,
    /// On which channel.
    pub channel: ChannelId,
    /// In which campaign.
    pub campaign: CampaignId,
    /// Who has it; absent while it waits.
    pub agent: Option<AgentId>,
    /// When it was opened.
    pub opened_at: Timestamp,
    /// From whom the supervisor who has it took it over.
    pub taken_from: Option<AgentId>,
    /// When the agent got it.
    pub assigned_at: Option<Timestamp>,
    /// Since when it waits for an agent.
    pub queued_since: Option<Timestamp>,
    /// How urgent it is while it waits: 0 to 9, the highest first.
    pub priority: u8,
    /// The agent it is offered to, who has not accepted it yet; while somebody has it, whom they offered to transfer it.
    pub offered_to: Option<AgentId>,
    /// When that offer ends by itself.
    pub offered_until: Option<Timestamp>,
    /// The exclusive agent it is kept for while it waits.
    pub reserved_for: Option<AgentId>,
    /// Since when the contact waits for an answer: their first message after the last of an agent.
    pub waiting_since: Option<Timestamp>,
    /// By when they are to be answered, if the campaign says so.
    pub due_at: Option<Timestamp>,
    /// Whether that will be the first answer of a person in the conversation.
    pub is_first_response: bool,
    /// Whether it did not come in time.
    pub is_missed: bool,
    /// The contact's messages since the last of an agent.
    pub unread: u32,
    /// The last message.
    pub last_message: Option<LastMessage>,
}

/// A master, as it is named on screens.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Named {
    /// Its id.
    pub id: String,
    /// Its name.
    pub name: String,
}

/// A conversation's header.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Conversation {
    /// Its id.
    pub id: ConversationId,
    /// With whom.
    pub contact: ContactId,
    /// What the contact calls themselves.
    pub contact_name: Option<String>,
    /// On which channel.
    pub channel: Named,
    /// In which campaign.
    pub campaign: Named,
    /// Of which project.
    pub project: Named,
    /// Of which client.
    pub client: Named,
    /// Who has it, or had it when it was finished.
    pub agent: Option<AgentId>,
    /// Where it stands.
    pub state: ConversationState,
    /// When it was opened.
    pub opened_at: Timestamp,
    /// When the agent got it.
    pub assigned_at: Option<Timestamp>,
    /// When it was finished.
    pub finished_at: Option<Timestamp>,
    /// What it was finished with.
    pub disposition: Option<DispositionId>,
    /// What it was finished with, second level.
    pub sub_disposition: Option<DispositionId>,
    /// The conversation in which it goes on, if it ended because two contacts turned out to be one.
    pub merged_into: Option<ConversationId>,
    /// How many entries it has; grows by one with each.
    pub version: u64,
    /// The position of the last of them.
    pub position: Position,
}

/// One line of a conversation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Entry {
    /// Where it is in the log.
    pub position: Position,
    /// When it came into the log.
    pub at: Timestamp,
    /// Who did it.
    #[schema(value_type = Object)]
    pub by: Actor,
    /// What it is.
    #[serde(flatten)]
    pub body: EntryBody,
}

/// What one line of a conversation is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum EntryBody {
    /// The contact wrote.
    Inbound {
        /// The message's id.
        message: MessageId,
        /// The provider's id for it.
        provider_id: String,
        /// What it says.
        #[schema(value_type = Object)]
        content: Content,
        /// When it was written, by the provider's clock.
        written_at: Timestamp,
    },
    /// We wrote.
    Outbound {
        /// The message's id.
        message: MessageId,
        /// Who wrote it: `{"agent": "ana"}`, or atender itself: `{"system": "out_of_hours"}`,
        /// `inactivity_warning` or `inactivity_closed`.
        #[schema(value_type = Object)]
        author: Author,
        /// What it says.
        #[schema(value_type = Object)]
        content: Content,
        /// Its delivery status; absent when the channel does not show it.
        #[serde(skip_serializing_if = "Option::is_none", default)]
        status: Option<MessageStatus>,
    },
    /// A note.
    Note {
        /// The text.
        text: String,
        /// For whom.
        note_kind: NoteKind,
    },
    /// It waits.
    Queued {
        /// In which campaign's queue.
        campaign: CampaignId,
        /// Why.
        #[schema(value_type = String)]
        cause: QueueCause,
        /// Kept for an exclusive agent.
        #[schema(value_type = Object)]
        reserved: Option<Reservation>,
    },
    /// It has an agent.
    Assigned {
        /// Whom.
        agent: AgentId,
        /// Why.
        #[schema(value_type = Object)]
        reason: AssignReason,
    },
    /// It was transferred.
    Transferred {
        /// Who had it.
        from: Option<AgentId>,
        /// Where to.
        #[schema(value_type = Object)]
        to: TransferTarget,
        /// Why.
        note: String,
    },
    /// It waited too long in a campaign and went to another.
    Overflowed {
        /// Where it waited.
        from: CampaignId,
        /// Where it went.
        to: CampaignId,
    },
    /// It is kept for an agent until they accept it.
    Offered {
        /// For whom.
        agent: AgentId,
        /// Why for them.
        #[schema(value_type = Object)]
        reason: AssignReason,
        /// When the offer ends by itself.
        until: Timestamp,
    },
    /// An offer came to nothing.
    OfferEnded {
        /// Whose.
        agent: AgentId,
        /// Why: `declined`, `timed_out` or `withdrawn`.
        #[schema(value_type = String)]
        cause: OfferEnd,
    },
    /// It was said what an agent must be able to do to get it, and how urgent it is.
    NeedsSet {
        /// From then on.
        needs: Needs,
    },
    /// Its agent went offline.
    Released {
        /// Who had it.
        agent: AgentId,
    },
    /// It is over.
    Finished {
        /// The disposition.
        disposition: DispositionId,
        /// The sub-disposition.
        sub_disposition: Option<DispositionId>,
    },
    /// An agent is asked whether they take it over.
    TransferOffered {
        /// Who has it.
        from: AgentId,
        /// Who is asked.
        to: AgentId,
        /// Why.
        note: String,
        /// When the question ends by itself.
        until: Timestamp,
    },
    /// They do not; its agent goes on.
    TransferOfferEnded {
        /// Who was asked.
        to: AgentId,
        /// Why: `declined`, `timed_out` or `withdrawn`.
        #[schema(value_type = String)]
        cause: OfferEnd,
    },
    /// A supervisor has it instead of its agent.
    TakenOver {
        /// Who had it.
        from: AgentId,
        /// Who has it.
        by: AgentId,
    },
    /// The agent from whom it was taken over has it again.
    GivenBack {
        /// Who had it.
        by: AgentId,
        /// Who has it.
        to: AgentId,
    },
    /// What its agent had to do after it is done, or the time for it is over.
    AfterWorkEnded {
        /// Who had it.
        agent: AgentId,
    },
    /// The customer is to be answered by a time, or by none any more.
    ResponseAwaited {
        /// Which answer.
        response: ResponseKind,
        /// By when.
        due_at: Option<Timestamp>,
    },
    /// The time for an answer passed without one.
    ResponseMissed {
        /// Which answer.
        response: ResponseKind,
        /// By when it should have come.
        due_at: Timestamp,
        /// Who had the conversation, if anybody did.
        agent: Option<AgentId>,
    },
    /// The customer was told that the conversation will be closed if they go on saying nothing.
    InactivityWarned {
        /// When.
        close_at: Timestamp,
    },
    /// The customer was to be warned, or the conversation closed, but the campaign says something else meanwhile.
    InactivityPutOff {
        /// Until when; absent for ever.
        until: Option<Timestamp>,
    },
    /// The contact has an exclusive agent from now on.
    ExclusiveAgentSet {
        /// Whom.
        agent: AgentId,
    },
    /// The contact has no exclusive agent any more.
    ExclusiveAgentRemoved {
        /// Who it was.
        agent: AgentId,
    },
    /// What is sent goes to another address of the contact.
    AddressChanged {
        /// Where it went.
        from: String,
        /// Where it goes.
        to: String,
    },
    /// It is over, and goes on in another one: two contacts turned out to be one.
    MergedInto {
        /// In which one.
        into: ConversationId,
    },
    /// It goes on for another one too, which is over.
    Joined {
        /// Which one.
        other: ConversationId,
    },
}

/// Where a conversation can be transferred to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct TransferTargets {
    /// The agents of its campaign, by id.
    pub agents: Vec<TransferChoice<AgentId>>,
    /// The other campaigns on its channel, by id.
    pub campaigns: Vec<TransferChoice<CampaignId>>,
}

/// Somebody, or a campaign, that a conversation can be transferred to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct TransferChoice<T> {
    /// Its id.
    pub id: T,
    /// Its name.
    pub name: String,
    /// Why it cannot take the conversation now; absent when it can.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub why_not: Option<WhyNot>,
}

/// Why a transfer would be refused.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct WhyNot {
    /// The code it would be refused with.
    pub code: String,
    /// The reason, for a person.
    pub title: String,
}

/// A predefined text, as it would be sent in a conversation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct TextChoice {
    /// Which text.
    pub id: TextId,
    /// Its name on screens.
    pub name: String,
    /// What is typed for it, without the slash.
    pub shortcut: Option<Shortcut>,
    /// What it says, its fields filled in.
    pub text: Option<String>,
    /// The first field for which nothing is known; then there is no `text`.
    pub missing: Option<String>,
}

/// A disposition that a conversation can be finished with.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct DispositionChoice {
    /// Its id.
    pub id: String,
    /// Its name.
    pub name: String,
    /// Its sub-dispositions, by id; one of them is needed when there are any.
    pub sub_dispositions: Vec<Named>,
}

/// How far an outbound message has come, in words.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum MessageState {
    /// Recorded, and not yet known to be sent.
    Pending,
    /// Whether it was sent is not known; a receipt or a person will say.
    Uncertain,
    /// Taken by the network.
    Sent,
    /// On the customer's device.
    Delivered,
    /// Seen by the customer.
    Read,
    /// Listened to by the customer.
    Played,
    /// It will not arrive.
    Failed,
}

/// How far an outbound message has come, with its times.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct MessageStatus {
    /// The status now.
    pub status: MessageState,
    /// How many times the network was called for it.
    pub attempts: u16,
    /// When each was reported, by the provider's clock, in the order of the lattice.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub receipts: Vec<ReceiptTime>,
    /// Why it failed, or why it was put off last.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub error: Option<DeliveryError>,
    /// When it is tried again, if it was put off.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub retry_at: Option<Timestamp>,
}

/// When a status was reported.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ReceiptTime {
    /// Which status.
    pub status: DeliveryStatus,
    /// When it was so, by the provider's clock.
    pub at: Timestamp,
}

/// A conversation in the list of a contact's.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ContactConversation {
    /// Its id.
    pub conversation: ConversationId,
    /// On which channel.
    pub channel: ChannelId,
    /// In which campaign.
    pub campaign: CampaignId,
    /// Where it stands.
    pub state: ConversationState,
    /// Who has it, or had it.
    pub agent: Option<AgentId>,
    /// When it was opened.
    pub opened_at: Timestamp,
    /// When it was finished.
    pub finished_at: Option<Timestamp>,
    /// What it was finished with.
    pub disposition: Option<DispositionId>,
    /// The conversation in which it goes on, if it ended because two contacts turned out to be one.
    pub merged_into: Option<ConversationId>,
}

/// One event of a conversation, for auditors.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct AuditEvent {
    /// Where it is in the log.
    pub position: Position,
    /// When it was decided.
    pub at: Timestamp,
    /// Who did it.
    #[schema(value_type = Object)]
    pub actor: Actor,
    /// The command that caused it.
    pub command: crate::ids::CommandId,
    /// The event's name.
    pub event: String,
    /// The event.
    #[schema(value_type = Object)]
    pub payload: serde_json::Value,
    /// The BLAKE3 hash of the frame that holds it.
    pub frame_hash: String,
    /// The BLAKE3 hash of the frame before.
    pub previous_hash: String,
}

/// An update of a webhook that could not be taken in and is kept as received.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct DeadLetter {
    /// Its number; give it to deliver it.
    pub sequence: u64,
    /// When it came.
    pub received_at: Timestamp,
    /// The business number it was for, if it said so.
    pub phone_number_id: Option<String>,
    /// Why it was not taken in.
    pub reason: String,
    /// Its first characters.
    pub preview: String,
}

/// What came of taking in dead letters by hand.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct DeliveredLetters {
    /// How many were taken in, and are dead letters no more.
    pub delivered: u64,
    /// Those that still cannot be taken in; they stay.
    pub failed: Vec<FailedLetter>,
}

/// A dead letter that still cannot be taken in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct FailedLetter {
    /// Its number.
    pub sequence: u64,
    /// Why.
    pub reason: String,
}

/// How an agent was for some time.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct PresenceInterval {
    /// `online`, `away` or `offline`.
    pub presence: String,
    /// Why they were away, if they were.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub reason: Option<String>,
    /// From when on.
    pub from: Timestamp,
    /// Until when, without it.
    pub to: Timestamp,
}

/// How long an agent worked, and was away for what reasons. It follows from what happened, not from how they are now.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct WorkedTime {
    /// From when on.
    pub from: Timestamp,
    /// Until when; the present, if a later time was asked for.
    pub to: Timestamp,
    /// How many seconds they were online.
    pub online_seconds: u64,
    /// How many seconds they were away, by reason.
    pub away_seconds: BTreeMap<String, u64>,
    /// How many seconds they were offline.
    pub offline_seconds: u64,
    /// How they were, oldest first; at most 5,000.
    pub intervals: Vec<PresenceInterval>,
}
