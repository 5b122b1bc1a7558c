//! A conversation from first message to finish, and the exclusive agents that decide where new ones go.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::content::{Content, TransferTarget};
use crate::ids::{AgentId, CampaignId, ChannelId, ContactId, ConversationId, DispositionId, MessageId};
use crate::masters::ChannelKind;
use crate::routing::Needs;
use crate::time::Timestamp;

/// A contact without an open conversation on this channel wrote.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ConversationOpened {
    /// Its id.
    pub conversation: ConversationId,
    /// Who wrote.
    pub contact: ContactId,
    /// The contact's address on the network, to answer to.
    pub identity: String,
    /// Which network.
    pub network: ChannelKind,
    /// What the contact calls themselves on the network.
    pub profile_name: Option<String>,
    /// The channel written to.
    pub channel: ChannelId,
    /// The campaign that gets it.
    pub campaign: CampaignId,
}

/// The contact wrote.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MessageReceived {
    /// The open conversation it belongs to.
    pub conversation: ConversationId,
    /// Its id.
    pub message: MessageId,
    /// The provider's id for it.
    pub provider_id: String,
    /// What it says.
    pub content: Content,
    /// When it was written, by the provider's clock.
    pub written_at: Timestamp,
}

/// Why a conversation waits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum QueueCause {
    /// It is new and nobody had room.
    Opened,
    /// It was transferred to the campaign and nobody had room.
    Transferred,
    /// Its agent went offline and nobody had room.
    Released,
    /// The wait for the exclusive agent is over, or they are exclusive no more.
    ExclusiveWaitOver,
    /// It waited too long in another campaign, and nobody had room.
    Overflowed,
    /// It needs somebody else from now on, or is more or less urgent.
    NeedsSet,
    /// The agent it was offered to did not accept it, and nobody else had room.
    NotAccepted,
    /// The campaign is closed at this time.
    OutsideHours,
}

/// The exclusive agent a waiting conversation is kept for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reservation {
    /// For whom.
    pub agent: AgentId,
    /// When the wait ends and the conversation becomes anybody's; never if absent.
    pub until: Option<Timestamp>,
}

/// A conversation waits in its campaign's queue.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ConversationQueued {
    /// Which conversation.
    pub conversation: ConversationId,
    /// In the queue of which campaign.
    pub campaign: CampaignId,
    /// Why.
    pub cause: QueueCause,
    /// Since when it counts as waiting, which is its place among those of its priority.
    pub since: Timestamp,
    /// 0 to 9; the highest is first.
    pub priority: u8,
    /// Kept for an exclusive agent, if there is one.
    pub reserved: Option<Reservation>,
    /// When it goes to another campaign, if nobody has taken it.
    pub overflow: Option<OverflowAt>,
    /// When the campaign opens next, if it has business hours: what waits then is routed again.
    pub opens_at: Option<Timestamp>,
}

/// Where a conversation goes that waits too long.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OverflowAt {
    /// When.
    pub at: Timestamp,
    /// Where to.
    pub campaign: CampaignId,
}

/// A conversation waited too long in a campaign and goes to another. The event after it says who has it or where it
/// waits.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ConversationOverflowed {
    /// Which conversation.
    pub conversation: ConversationId,
    /// Where it waited.
    pub from: CampaignId,
    /// Where it goes.
    pub to: CampaignId,
}

/// It was said what an agent must be able to do to get a conversation, and how urgent it is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NeedsSet {
    /// Which conversation.
    pub conversation: ConversationId,
    /// From now on.
    pub needs: Needs,
}

/// Why this agent got the conversation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AssignReason {
    /// They are the contact's exclusive agent in the campaign.
    Exclusive,
    /// They had the most room, ties to the one idle longest.
    MostRoom {
        /// How many agents of the campaign had room.
        with_room: u32,
        /// The conversations the chosen one held before.
        load: u16,
        /// The conversations they may hold.
        capacity: u16,
        /// Since when they had been given none.
        idle_since: Timestamp,
    },
    /// They were given none for longest.
    LongestIdle {
        /// How many agents of the campaign had room.
        with_room: u32,
        /// Since when they had been given none.
        idle_since: Timestamp,
    },
    /// They are next in the order of ids.
    RoundRobin {
        /// How many agents of the campaign had room.
        with_room: u32,
        /// Who was given the one before.
        after: Option<AgentId>,
    },
    /// They had room again, and this one waited longest among the most urgent of those they can take.
    WaitedLongest {
        /// Since when it waited.
        waiting_since: Timestamp,
        /// How urgent it is.
        priority: u8,
        /// The conversations they held before.
        load: u16,
        /// The conversations they may hold.
        capacity: u16,
    },
    /// They accepted the offer that was made them.
    Accepted,
    /// They took it from the queue.
    Picked,
    /// A supervisor gave it to them.
    Given,
    /// It was transferred to them.
    Transferred,
}

/// A conversation has an agent from now on, and no other.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ConversationAssigned {
    /// Which conversation.
    pub conversation: ConversationId,
    /// To whom.
    pub agent: AgentId,
    /// Why.
    pub reason: AssignReason,
}

/// A conversation is kept for an agent until they accept it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ConversationOffered {
    /// Which conversation.
    pub conversation: ConversationId,
    /// To whom.
    pub agent: AgentId,
    /// Why to them.
    pub reason: AssignReason,
    /// Since when it counts as waiting, should it come to nothing.
    pub since: Timestamp,
    /// When the offer ends by itself.
    pub until: Timestamp,
}

/// Why an offer came to nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OfferEnd {
    /// The agent does not want it.
    Declined,
    /// The agent did not answer in time.
    TimedOut,
    /// The agent is not online any more, cannot take it any more, or is asked no more.
    Withdrawn,
}

/// An agent lost an offer. The event after it says who has the conversation or where it waits.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OfferEnded {
    /// Which conversation.
    pub conversation: ConversationId,
    /// Whose offer.
    pub agent: AgentId,
    /// Why.
    pub cause: OfferEnd,
}

/// An agent is asked whether they take a conversation over. Its agent has it until they accept, and it takes the room
/// of both. The question ends with whatever else happens to the conversation's agent or place.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TransferOffered {
    /// Which conversation.
    pub conversation: ConversationId,
    /// Who has it.
    pub from: AgentId,
    /// Who is asked.
    pub to: AgentId,
    /// Why, for them to read.
    pub note: String,
    /// When the question ends by itself.
    pub until: Timestamp,
}

/// An agent does not take a conversation over; its agent goes on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TransferOfferEnded {
    /// Which conversation.
    pub conversation: ConversationId,
    /// Who was asked.
    pub to: AgentId,
    /// Why.
    pub cause: OfferEnd,
}

/// A supervisor has a conversation instead of its agent, until they give it back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ConversationTakenOver {
    /// Which conversation.
    pub conversation: ConversationId,
    /// Who had it, and has no room for another instead.
    pub from: AgentId,
    /// Who has it.
    pub by: AgentId,
}

/// The agent from whom a conversation was taken over has it again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ConversationGivenBack {
    /// Which conversation.
    pub conversation: ConversationId,
    /// Who had it meanwhile.
    pub by: AgentId,
    /// Who has it.
    pub to: AgentId,
}

/// A conversation was transferred. The event after it says who has it or where it waits.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ConversationTransferred {
    /// Which conversation.
    pub conversation: ConversationId,
    /// Who had it.
    pub from: Option<AgentId>,
    /// Where to.
    pub to: TransferTarget,
    /// Why, for the next agent to read.
    pub note: String,
    /// Always the fixed disposition *Transfer*.
    pub disposition: DispositionId,
}

/// A conversation is over; the contact's next message opens a new one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ConversationFinished {
    /// Which conversation.
    pub conversation: ConversationId,
    /// Who had it.
    pub agent: Option<AgentId>,
    /// The disposition.
    pub disposition: DispositionId,
    /// The sub-disposition, when the disposition has any.
    pub sub_disposition: Option<DispositionId>,
    /// Until when it takes its agent's room all the same, for what is to be done after it.
    pub after_work_until: Option<Timestamp>,
}

/// An agent has done what was to be done after a conversation, or the time for it is over.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AfterWorkEnded {
    /// Which conversation, finished before.
    pub conversation: ConversationId,
    /// Who had it.
    pub agent: AgentId,
}

/// Who is meant to read a note. No customer ever does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum NoteKind {
    /// Whoever has the conversation next.
    #[default]
    Note,
    /// The agent who has it, from a supervisor who watches.
    Coaching,
}

/// A conversation lost its agent, who went offline. The event after it says who has it or where it waits.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ConversationReleased {
    /// Which conversation.
    pub conversation: ConversationId,
    /// Who had it.
    pub agent: AgentId,
}

/// A note was written on a conversation; the customer never sees it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NoteAdded {
    /// On which conversation.
    pub conversation: ConversationId,
    /// The text.
    pub text: String,
    /// For whom.
    pub kind: NoteKind,
}

/// New conversations of this contact in this campaign go to this agent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ExclusiveAgentSet {
    /// Which contact.
    pub contact: ContactId,
    /// In which campaign.
    pub campaign: CampaignId,
    /// To whom.
    pub agent: AgentId,
    /// Until when; for ever if absent.
    pub until: Option<Timestamp>,
    /// The contact's open conversation in the campaign, if there is one.
    pub conversation: Option<ConversationId>,
}

/// This contact has no exclusive agent in this campaign any more.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ExclusiveAgentRemoved {
    /// Which contact.
    pub contact: ContactId,
    /// In which campaign.
    pub campaign: CampaignId,
    /// Who it was.
    pub agent: AgentId,
    /// The contact's open conversation in the campaign, if there is one.
    pub conversation: Option<ConversationId>,
}
