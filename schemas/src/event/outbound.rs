//! An outbound message from the agent's send to the last receipt. `ordinal` counts the outbound messages of the
//! conversation from 0, so that views can keep their statuses side by side.

use serde::{Deserialize, Serialize};

use crate::content::Content;
use crate::delivery::{DeliveryError, DeliveryStatus};
use crate::ids::{AgentId, ChannelId, ConversationId, MessageId};
use crate::position::Position;
use crate::time::Timestamp;

/// Who wrote a message to a customer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Author {
    /// An agent, or a supervisor who has the conversation.
    Agent(AgentId),
    /// atender itself.
    System(SystemCause),
}

impl Author {
    /// The person who wrote it.
    pub fn agent(&self) -> Option<&AgentId> {
        match self {
            Self::Agent(agent) => Some(agent),
            Self::System(_) => None,
        }
    }
}

/// Why atender itself wrote to a customer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SystemCause {
    /// They wrote outside the campaign's business hours.
    OutOfHours,
    /// They have not answered for a time.
    InactivityWarning,
    /// They have not answered, and the conversation is closed.
    InactivityClosed,
}

/// An agent sent a message, or atender itself; the network does not have it yet.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MessageSubmitted {
    /// In which conversation.
    pub conversation: ConversationId,
    /// Its id.
    pub message: MessageId,
    /// Its number among the outbound messages of the conversation, from 0.
    pub ordinal: u32,
    /// Through which channel.
    pub channel: ChannelId,
    /// The contact's address on the network.
    pub to: String,
    /// Who wrote it.
    pub author: Author,
    /// What it says.
    pub content: Content,
}

/// The network is about to be called. Until what comes of it is known, nobody else calls for this message.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SendAttempted {
    /// In which conversation.
    pub conversation: ConversationId,
    /// Which message.
    pub message: MessageId,
    /// Its number in the conversation.
    pub ordinal: u32,
    /// The number of the attempt, from 1, counted on when the message is sent again.
    pub attempt: u16,
}

/// The network took the message and named it. That it was sent is for a receipt to say.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SendAccepted {
    /// In which conversation.
    pub conversation: ConversationId,
    /// Which message.
    pub message: MessageId,
    /// Its number in the conversation.
    pub ordinal: u32,
    /// Which attempt.
    pub attempt: u16,
    /// The network's id for the message.
    pub provider_id: String,
}

/// The network refused for a reason that passes; the message is tried again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SendDeferred {
    /// In which conversation.
    pub conversation: ConversationId,
    /// Which message.
    pub message: MessageId,
    /// Its number in the conversation.
    pub ordinal: u32,
    /// Which attempt.
    pub attempt: u16,
    /// The reason.
    pub error: DeliveryError,
    /// When it is tried again.
    pub retry_at: Timestamp,
}

/// Whether the network took the message is not known, and calling again could send it twice. A receipt that
/// carries the message's id settles it, or a person does.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SendUncertain {
    /// In which conversation.
    pub conversation: ConversationId,
    /// Which message.
    pub message: MessageId,
    /// Its number in the conversation.
    pub ordinal: u32,
    /// Which attempt.
    pub attempt: u16,
}

/// Something was heard of a message: a receipt, or the final refusal of the network.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeliveryUpdated {
    /// In which conversation.
    pub conversation: ConversationId,
    /// Which message.
    pub message: MessageId,
    /// Its number in the conversation.
    pub ordinal: u32,
    /// What was heard.
    pub receipt: DeliveryStatus,
    /// When it was so, by the provider's clock.
    pub reported_at: Timestamp,
    /// The network's id for the message, if it was given.
    pub provider_id: Option<String>,
    /// Why it failed, if it did.
    pub error: Option<DeliveryError>,
    /// The message's status from now on; never lower than before.
    pub status: DeliveryStatus,
}

/// A receipt for a message not known here (yet); it is used when the network's id for a message is learned.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReceiptParked {
    /// On which channel.
    pub channel: ChannelId,
    /// The network's id for the message.
    pub provider_id: String,
    /// What was heard.
    pub receipt: DeliveryStatus,
    /// When it was so, by the provider's clock.
    pub reported_at: Timestamp,
    /// Why it failed, if it did.
    pub error: Option<DeliveryError>,
}

/// A failed or uncertain message is to be sent again, by the decision of a person.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MessageResent {
    /// In which conversation.
    pub conversation: ConversationId,
    /// Which message.
    pub message: MessageId,
    /// Its number in the conversation.
    pub ordinal: u32,
    /// Where its [`MessageSubmitted`] is in the log.
    pub submitted: Position,
}

/// A person said what became of an uncertain message.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MessageSettled {
    /// In which conversation.
    pub conversation: ConversationId,
    /// Which message.
    pub message: MessageId,
    /// Its number in the conversation.
    pub ordinal: u32,
    /// The message's status from now on: sent or failed.
    pub status: DeliveryStatus,
}
