//! Everything that can have happened. Each event is a struct frozen once released, known by a type number and a
//! version; the table at the end is the only place where numbers are given out. Numbers are never used again.

mod configuration;
mod contact;
mod conversation;
mod outbound;
mod timing;

pub use configuration::{
    AgentConnected, AgentDefined, AgentDisconnected, CampaignDefined, ChannelDefined, ClientDefined,
    DispositionDefined, PresenceChanged, ProjectDefined, QueueRouted, SettingsDefined, TextDefined,
    TextRemoved, WorkspaceCreated,
};
pub use contact::{
    AddressChanged, ContactNoteAdded, ContactUpdated, ContactsMerged, ConversationJoined, ConversationMerged,
    IdentityChanged,
};
pub use conversation::{
    AfterWorkEnded, AssignReason, ConversationAssigned, ConversationFinished, ConversationGivenBack,
    ConversationOffered, ConversationOpened, ConversationOverflowed, ConversationQueued,
    ConversationReleased, ConversationTakenOver, ConversationTransferred, ExclusiveAgentRemoved,
    ExclusiveAgentSet, MessageReceived, NeedsSet, NoteAdded, NoteKind, OfferEnd, OfferEnded, OverflowAt,
    QueueCause, Reservation, TransferOfferEnded, TransferOffered,
};
pub use outbound::{
    Author, DeliveryUpdated, MessageResent, MessageSettled, MessageSubmitted, ReceiptParked, SendAccepted,
    SendAttempted, SendDeferred, SendUncertain, SystemCause,
};
pub use timing::{InactivityPutOff, InactivityWarned, ResponseAwaited, ResponseKind, ResponseMissed};

use crate::codec::{DecodeError, decode, encode};
use crate::ids::ConversationId;
use crate::upcast::upcast;

macro_rules! events {
    ($($number:literal v $version:literal $name:ident;)*) => {
        /// One thing that has happened.
        #[derive(Debug, Clone, PartialEq, Eq)]
        #[allow(missing_docs, reason = "each variant is its struct, documented there")]
        pub enum Event {
            $($name($name),)*
        }

        impl Event {
            /// Every type number with its current version and name, in order.
            pub const TABLE: &'static [(u16, u8, &'static str)] =
                &[$(($number, $version, stringify!($name)),)*];

            /// The event's type number and the version its payload is written in.
            pub const fn number_and_version(&self) -> (u16, u8) {
                match self {
                    $(Self::$name(_) => ($number, $version),)*
                }
            }

            /// The event's name, such as `ConversationAssigned`.
            pub const fn name(&self) -> &'static str {
                match self {
                    $(Self::$name(_) => stringify!($name),)*
                }
            }

            /// Appends the payload to `out`.
            pub fn encode(&self, out: &mut Vec<u8>) {
                match self {
                    $(Self::$name(event) => encode(event, out),)*
                }
            }

            /// Reads a payload of this type and version, through the upcasters when the version is an old one.
            ///
            /// # Errors
            /// [`DecodeError::UnknownEvent`] for a type or version of a newer program, the other variants for
            /// bytes that are not such a payload.
            pub fn decode(number: u16, version: u8, payload: &[u8]) -> Result<Self, DecodeError> {
                match (number, version) {
                    $(($number, $version) => Ok(Self::$name(decode(stringify!($name), payload)?)),)*
                    _ => upcast(number, version, payload),
                }
            }

            /// The event as JSON shows it to auditors, without its name.
            ///
            /// # Errors
            /// Only what the serializer itself reports.
            pub fn serialize_payload<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                match self {
                    $(Self::$name(event) => serde::Serialize::serialize(event, serializer),)*
                }
            }
        }

        $(impl From<$name> for Event {
            fn from(event: $name) -> Self {
                Self::$name(event)
            }
        })*
    };
}

events! {
     1 v 1 WorkspaceCreated;
     2 v 1 ClientDefined;
     3 v 1 ProjectDefined;
     4 v 1 CampaignDefined;
     5 v 1 ChannelDefined;
     6 v 1 DispositionDefined;
     7 v 1 AgentDefined;
     8 v 1 PresenceChanged;
     9 v 1 QueueRouted;
    10 v 1 SettingsDefined;
    11 v 1 AgentConnected;
    12 v 1 AgentDisconnected;
    13 v 1 TextDefined;
    14 v 1 TextRemoved;
    20 v 1 ConversationOpened;
    21 v 1 MessageReceived;
    22 v 1 ConversationQueued;
    23 v 1 ConversationAssigned;
    24 v 1 ConversationTransferred;
    25 v 1 ConversationFinished;
    26 v 1 ConversationReleased;
    27 v 1 NoteAdded;
    28 v 1 ExclusiveAgentSet;
    29 v 1 ExclusiveAgentRemoved;
    30 v 1 ConversationOverflowed;
    31 v 1 NeedsSet;
    32 v 1 ConversationOffered;
    33 v 1 OfferEnded;
    34 v 1 AfterWorkEnded;
    35 v 1 ConversationTakenOver;
    36 v 1 ConversationGivenBack;
    37 v 1 TransferOffered;
    38 v 1 TransferOfferEnded;
    40 v 1 MessageSubmitted;
    41 v 1 SendAttempted;
    42 v 1 SendAccepted;
    43 v 1 SendDeferred;
    44 v 1 SendUncertain;
    45 v 1 DeliveryUpdated;
    46 v 1 ReceiptParked;
    47 v 1 MessageResent;
    48 v 1 MessageSettled;
    60 v 1 ContactsMerged;
    61 v 1 IdentityChanged;
    62 v 1 AddressChanged;
    63 v 1 ConversationMerged;
    64 v 1 ConversationJoined;
    65 v 1 ContactUpdated;
    66 v 1 ContactNoteAdded;
    70 v 1 ResponseAwaited;
    71 v 1 ResponseMissed;
    72 v 1 InactivityWarned;
    73 v 1 InactivityPutOff;
}

impl Event {
    /// The conversation this event belongs to, if it belongs to one.
    pub fn conversation(&self) -> Option<ConversationId> {
        match self {
            Self::WorkspaceCreated(_)
            | Self::ClientDefined(_)
            | Self::ProjectDefined(_)
            | Self::CampaignDefined(_)
            | Self::ChannelDefined(_)
            | Self::DispositionDefined(_)
            | Self::AgentDefined(_)
            | Self::PresenceChanged(_)
            | Self::QueueRouted(_)
            | Self::SettingsDefined(_)
            | Self::TextDefined(_)
            | Self::TextRemoved(_)
            | Self::AgentConnected(_)
            | Self::AgentDisconnected(_)
            | Self::ReceiptParked(_)
            | Self::ContactsMerged(_)
            | Self::IdentityChanged(_)
            | Self::ContactUpdated(_)
            | Self::ContactNoteAdded(_) => None,
            Self::ConversationOpened(e) => Some(e.conversation),
            Self::MessageReceived(e) => Some(e.conversation),
            Self::ConversationQueued(e) => Some(e.conversation),
            Self::ConversationAssigned(e) => Some(e.conversation),
            Self::ConversationTransferred(e) => Some(e.conversation),
            Self::ConversationFinished(e) => Some(e.conversation),
            Self::ConversationReleased(e) => Some(e.conversation),
            Self::NoteAdded(e) => Some(e.conversation),
            Self::ExclusiveAgentSet(e) => e.conversation,
            Self::ExclusiveAgentRemoved(e) => e.conversation,
            Self::ConversationOverflowed(e) => Some(e.conversation),
            Self::NeedsSet(e) => Some(e.conversation),
            Self::ConversationOffered(e) => Some(e.conversation),
            Self::OfferEnded(e) => Some(e.conversation),
            Self::AfterWorkEnded(e) => Some(e.conversation),
            Self::ConversationTakenOver(e) => Some(e.conversation),
            Self::TransferOffered(e) => Some(e.conversation),
            Self::TransferOfferEnded(e) => Some(e.conversation),
            Self::ConversationGivenBack(e) => Some(e.conversation),
            Self::MessageSubmitted(e) => Some(e.conversation),
            Self::SendAttempted(e) => Some(e.conversation),
            Self::SendAccepted(e) => Some(e.conversation),
            Self::SendDeferred(e) => Some(e.conversation),
            Self::SendUncertain(e) => Some(e.conversation),
            Self::DeliveryUpdated(e) => Some(e.conversation),
            Self::MessageResent(e) => Some(e.conversation),
            Self::MessageSettled(e) => Some(e.conversation),
            Self::AddressChanged(e) => Some(e.conversation),
            Self::ConversationMerged(e) => Some(e.conversation),
            Self::ConversationJoined(e) => Some(e.conversation),
            Self::ResponseAwaited(e) => Some(e.conversation),
            Self::ResponseMissed(e) => Some(e.conversation),
            Self::InactivityWarned(e) => Some(e.conversation),
            Self::InactivityPutOff(e) => Some(e.conversation),
        }
    }
}
