//! Why the engine says no. Business rules only; faults of disk or network are other errors.
//! Codes are public: once given out they keep their meaning and are never used again.

use serde::{Deserialize, Serialize};

/// What kind of no it is; the gateway maps each to one HTTP status.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum RejectionKind {
    /// The thing named does not exist.
    NotFound,
    /// The actor may not do this.
    Forbidden,
    /// It does not fit what has happened meanwhile.
    Conflict,
    /// The request itself asks for something the rules do not allow.
    Invalid,
    /// There is no place for it now; later there may be.
    Overloaded,
}

macro_rules! rejections {
    ($($name:ident $(($($type:ty),+))? : $kind:ident $code:literal $text:literal $remedy:literal;)*) => {
        /// One rule that a command broke.
        #[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
        #[allow(missing_docs, reason = "each variant is documented by its text in the table")]
        pub enum Rejection {
            $(#[error($text)] $name $(($($type),+))?,)*
        }

        impl Rejection {
            /// Every code, in the order of the table.
            pub const CODES: &'static [&'static str] = &[$($code,)*];

            /// The stable code that programs act on.
            pub const fn code(&self) -> &'static str {
                match self {
                    $(rejections!(@pattern $name $(($($type),+))?) => $code,)*
                }
            }

            /// What kind of no it is.
            pub const fn kind(&self) -> RejectionKind {
                match self {
                    $(rejections!(@pattern $name $(($($type),+))?) => RejectionKind::$kind,)*
                }
            }

            /// What a person can do about it.
            pub const fn remedy(&self) -> &'static str {
                match self {
                    $(rejections!(@pattern $name $(($($type),+))?) => $remedy,)*
                }
            }
        }
    };
    (@pattern $name:ident) => { Rejection::$name };
    (@pattern $name:ident ($($type:ty),+)) => { Rejection::$name(..) };
}

use crate::ids::{
    AgentId, CampaignId, ChannelId, ClientId, ContactId, ConversationId, DispositionId, FieldId, ProjectId,
};
use crate::ids::{MessageId, ReasonId, Shortcut, SkillId, TextId, WorkspaceId};
use crate::masters::ChannelKind;
use crate::timing::Weekday;

rejections! {
    UnknownWorkspace(WorkspaceId): NotFound "unknown_workspace"
        "workspace {0} does not exist" "check the workspace's id";
    UnknownClient(ClientId): Invalid "unknown_client"
        "client {0} does not exist" "define the client first";
    UnknownProject(ProjectId): Invalid "unknown_project"
        "project {0} does not exist" "define the project first";
    UnknownCampaign(CampaignId): Invalid "unknown_campaign"
        "campaign {0} does not exist" "define the campaign first, or check its id";
    UnknownChannel(ChannelId): Invalid "unknown_channel"
        "channel {0} does not exist" "define the channel first, or check its id";
    UnknownDisposition(DispositionId): Invalid "unknown_disposition"
        "disposition {0} does not exist" "define the disposition first, or check its id";
    UnknownAgent(AgentId): Invalid "unknown_agent"
        "agent {0} does not exist" "define the agent first, or check their id";
    ReservedDisposition(DispositionId): Invalid "reserved_disposition"
        "disposition {0} is kept for transfers" "choose another id";
    DispositionTooDeep(DispositionId): Invalid "disposition_too_deep"
        "disposition {0} is itself a sub-disposition, and there are two levels" "choose a top-level parent";
    DispositionHasChildren(DispositionId): Invalid "disposition_has_children"
        "disposition {0} has sub-dispositions and cannot become one" "leave it at the top level";
    NotTopDisposition(DispositionId): Invalid "not_top_disposition"
        "disposition {0} is a sub-disposition" "list its parent; its sub-dispositions come with it";
    UnknownText(TextId): NotFound "unknown_text"
        "text {0} does not exist" "check its id";
    ShortcutTaken(Shortcut, TextId): Conflict "shortcut_taken"
        "text {1} of the campaign has shortcut {0} already" "choose another shortcut";
    TextBrace: Invalid "text_brace"
        "a brace in the text begins or ends no field" "write {{ or }} for a brace";
    UnknownTextField(String): Invalid "unknown_text_field"
        "`{0}` is no field of a text"
        "use contact.name, agent.name, campaign.name, project.name or client.name";
    AddressTaken(ChannelId): Conflict "address_taken"
        "channel {0} has this address already" "use that channel, or another address";
    ChannelKindFixed(ChannelId): Conflict "channel_kind_fixed"
        "channel {0} is of another kind, and that cannot be changed" "define a new channel";
    UnknownAwayReason(String): Invalid "unknown_away_reason"
        "`{0}` is not one of the workspace's reasons for being away" "choose one of GET /v1/settings";
    ReservedAwayReason(ReasonId): Invalid "reserved_away_reason"
        "reason {0} is kept for agents who do not answer offers" "choose another id";
    GraceOutOfRange(u32): Invalid "grace_seconds"
        "a grace time of {0} seconds is longer than an hour" "choose a shorter one";
    TooMany(String): Invalid "too_many"
        "too many {0}" "remove some";
    InvalidText(String): Invalid "invalid_text"
        "{0} is empty or too long" "shorten it, or fill it in";
    Forbidden: Forbidden "forbidden"
        "the actor's role does not allow this" "ask a supervisor or an administrator";
    ConversationNotOpen(ConversationId): Conflict "conversation_not_open"
        "conversation {0} is not open" "it is finished; the contact's next message opens a new one";
    NotAssignedAgent(ConversationId): Conflict "not_assigned_agent"
        "conversation {0} is not assigned to the actor" "take it from the queue, or have it given to you";
    AlreadyAssigned(ConversationId, AgentId): Conflict "already_assigned"
        "conversation {0} is assigned to agent {1}" "ask a supervisor to give it to you";
    ReservedForExclusiveAgent(ConversationId, AgentId): Conflict "reserved_for_exclusive_agent"
        "conversation {0} is kept for exclusive agent {1}" "wait until the reservation ends, or ask a supervisor";
    AgentOffline(AgentId): Conflict "agent_not_online"
        "agent {0} is not online" "choose an agent who is online";
    AgentNotInCampaign(AgentId, CampaignId): Invalid "agent_not_in_campaign"
        "agent {0} does not work in campaign {1}" "choose an agent of the campaign";
    AgentNotOnChannel(AgentId, ChannelId): Invalid "agent_not_on_channel"
        "agent {0} does not handle channel {1}" "choose an agent who handles the channel";
    AgentFull(AgentId, u16): Conflict "agent_full"
        "agent {0} holds as many conversations as they may, {1}" "wait until they finish one, or choose another";
    AgentFullOnKind(AgentId, ChannelKind, u16): Conflict "agent_full_on_kind"
        "agent {0} holds as many conversations on {1} as they may, {2}"
        "wait until they finish one, or choose another";
    SkillLevel(SkillId): Invalid "skill_level"
        "the level of skill {0} is not between 1 and 10" "choose one of those";
    PriorityTooHigh(u8): Invalid "priority_too_high"
        "priority {0} is above 9" "choose 0 to 9";
    OverflowOutOfRange(u32): Invalid "overflow_seconds"
        "an overflow after {0} seconds is not between 1 second and a week" "choose another time";
    OverflowToItself(CampaignId): Invalid "overflow_to_itself"
        "campaign {0} cannot overflow into itself" "choose another campaign";
    NotOffered(ConversationId): Conflict "not_offered"
        "conversation {0} is not offered to the actor" "it went to somebody else, or the offer has ended";
    OfferedToAnother(ConversationId, AgentId): Conflict "offered_to_another"
        "conversation {0} is offered to agent {1}" "wait until they answer, or ask a supervisor";
    OfferOutOfRange(u16): Invalid "offer_seconds"
        "an offer of {0} seconds is not between 1 second and 10 minutes" "choose another time";
    NotAttending(AgentId): Invalid "agent_does_not_attend"
        "agent {0} is an auditor and attends no conversations" "choose an agent or a supervisor";
    EmptyMessage: Invalid "empty_message"
        "the message is empty" "write something";
    MessageTooLong(usize): Invalid "message_too_long"
        "the message is longer than {0} characters" "split it";
    ContentNotSendable: Invalid "content_not_sendable"
        "only text can be sent" "send a text";
    ContentTooLarge(usize): Invalid "content_too_large"
        "the content is larger than {0} bytes" "send less";
    NoteRequired: Invalid "note_required"
        "a transfer needs a note with its reason" "write why, for the next agent";
    TransferToSelf(AgentId): Invalid "transfer_to_self"
        "agent {0} has this conversation already" "choose another agent";
    TransferToSameCampaign(CampaignId): Invalid "transfer_to_same_campaign"
        "the conversation is in campaign {0} already" "choose another campaign";
    CampaignNotOnChannel(CampaignId, ChannelId): Invalid "campaign_not_on_channel"
        "campaign {0} does not work on channel {1}" "choose a campaign of the same channel";
    OnlyOneCampaign(ChannelId): Invalid "only_one_campaign"
        "channel {0} has only one campaign" "transfer to an agent instead";
    DispositionNotAllowed(DispositionId, CampaignId): Invalid "disposition_not_allowed"
        "disposition {0} cannot be used in campaign {1}" "choose one of the campaign's dispositions";
    SubDispositionRequired(DispositionId): Invalid "sub_disposition_required"
        "disposition {0} needs a sub-disposition" "choose one of its sub-dispositions";
    SubDispositionUnexpected(DispositionId): Invalid "sub_disposition_unexpected"
        "disposition {0} has no sub-dispositions" "leave the sub-disposition out";
    NotASubDisposition(DispositionId, DispositionId): Invalid "not_a_sub_disposition"
        "disposition {0} is not a sub-disposition of {1}" "choose one of its sub-dispositions";
    ExpiryNotAhead: Invalid "expiry_not_ahead"
        "the end of the exclusivity is not in the future" "choose a later time";
    NobodyTakesOver: Invalid "nobody_takes_over"
        "the administrator's token is nobody who could have a conversation" "use the token of a supervisor";
    AttendedByNobody(ConversationId): Conflict "attended_by_nobody"
        "conversation {0} has no agent to take it over from" "assign it instead";
    TransferOfferedAlready(ConversationId, AgentId): Conflict "transfer_offered_already"
        "agent {1} is asked already whether they take conversation {0} over" "wait for their answer, or withdraw it";
    NoTransferOffered(ConversationId): Conflict "no_transfer_offered"
        "nobody is asked whether they take conversation {0} over" "nothing to withdraw";
    TakenOverAlready(ConversationId, AgentId): Conflict "taken_over_already"
        "conversation {0} was taken over by supervisor {1}" "ask them to give it back";
    NotTakenOver(ConversationId): Conflict "not_taken_over"
        "conversation {0} was not taken over" "nothing to give back";
    NobodyToGiveBackTo(ConversationId, AgentId): Conflict "nobody_to_give_back_to"
        "conversation {0} cannot be given back to agent {1}, who does not attend it any more" "transfer it";
    AfterWorkOutOfRange(u32): Invalid "after_work_seconds"
        "{0} seconds after a conversation are more than an hour" "choose a shorter time";
    InactivityOutOfRange(u32): Invalid "inactivity_seconds"
        "{0} seconds of inactivity are not between 1 second and a week" "choose another time";
    InactivityWarning: Invalid "inactivity_warning"
        "a warning of inactivity needs both warn_after_seconds and warn_text" "give both, or leave both out";
    ServiceLevelOutOfRange(u32): Invalid "service_level_seconds"
        "a service level of {0} seconds is not between 1 second and a week" "choose another time";
    UnknownTimeZone(String): Invalid "unknown_time_zone"
        "`{0}` is not a time zone" "take its name from the IANA time zone database, such as Europe/Madrid";
    NotATimeOfDay(String): Invalid "not_a_time_of_day"
        "`{0}` is not a time of day" "write it as 09:00, at latest 24:00";
    HoursEndFirst(String, String): Invalid "hours_end_first"
        "business hours from {0} to {1} end before they begin"
        "choose a later end; hours past midnight are two entries";
    HoursOverlap(Weekday): Invalid "hours_overlap"
        "business hours overlap on {0}" "leave each hour in one entry";
    NeverOpen: Invalid "never_open"
        "business hours without any day never begin" "give at least one day and its hours, or leave them out";
    NotADay(String): Invalid "not_a_day"
        "`{0}` is not a day" "write it as 2026-12-25";
    NoAfterWork(AgentId, ConversationId): Conflict "no_after_work"
        "agent {0} has nothing to do after conversation {1} any more" "nothing to end";
    NoExclusiveAgent(ContactId, CampaignId): NotFound "no_exclusive_agent"
        "contact {0} has no exclusive agent in campaign {1}" "nothing to remove";
    ChannelWithoutCampaign(ChannelId): Conflict "channel_without_campaign"
        "no campaign works on channel {0}" "add the channel to a campaign";
    UnknownMessage(MessageId): NotFound "unknown_message"
        "message {0} is not an outbound message of the last days" "check its id";
    ReceiptWithoutMessage: Invalid "receipt_without_message"
        "a receipt names a message or a provider's id, and at least one is missing" "give one of them";
    NotAReceiptStatus: Invalid "not_a_receipt_status"
        "this status cannot be reported" "report sent, delivered, read, played or failed";
    TooManyParkedReceipts: Overloaded "too_many_parked_receipts"
        "too many receipts wait for messages that are not known" "check that receipts go to the right channel";
    MessageNotPending(MessageId): Conflict "message_not_pending"
        "message {0} is not waiting to be sent" "nothing to do";
    AttemptNotOpen(MessageId, u16): Conflict "attempt_not_open"
        "attempt {1} for message {0} is not under way" "nothing to do";
    MessageNotResendable(MessageId): Conflict "message_not_resendable"
        "message {0} has neither failed nor is its sending uncertain" "wait for its receipts";
    MessageNotUncertain(MessageId): Conflict "message_not_uncertain"
        "what became of message {0} is known" "nothing to settle";
    InvalidEmail: Invalid "invalid_email"
        "this is not an e-mail address" "give one as in ana@example.com, at most 254 characters";
    InvalidPhone: Invalid "invalid_phone"
        "this is not a phone number" "give 3 to 20 digits, with the country's code";
    UnknownContactField(ClientId, FieldId): Invalid "unknown_contact_field"
        "client {0} has no field {1} for contacts" "declare it in the client's contact_fields, or check its id";
    InvalidContactField(FieldId): Invalid "invalid_contact_field"
        "the value of field {0} is not of its kind" "give a text, number, day or choice as the client declares it";
    DuplicateContactField(FieldId): Invalid "duplicate_contact_field"
        "field {0} is named twice" "name it once";
    ContactFieldChoices(FieldId): Invalid "contact_field_choices"
        "the choices of field {0} do not fit its kind" "give 1 to 100 different ones to a choice, and none to others";
    NothingToUpdate: Invalid "nothing_to_update"
        "no field is named" "name at least one";
    SameIdentity: Invalid "same_identity"
        "the address is the same as before" "nothing to change";
    KeyReused: Invalid "idempotency_key_reused"
        "this Idempotency-Key was used for another request" "use a new key for a new request";
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_two_rejections_share_a_code() {
        let mut codes = Rejection::CODES.to_vec();
        codes.sort_unstable();
        codes.dedup();
        assert_eq!(codes.len(), Rejection::CODES.len());
    }
}
