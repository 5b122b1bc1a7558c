//! Which events are lines of a conversation, and what line each of them is.

use schemas::Event;
use schemas::api::views::EntryBody;

/// The line that this event is, its delivery status left out; `None` for an event that is no line.
pub(crate) fn entry_body(event: &Event) -> Option<EntryBody> {
    let body = match event {
        Event::MessageReceived(e) => EntryBody::Inbound {
            message: e.message,
            provider_id: e.provider_id.clone(),
            content: e.content.clone(),
            written_at: e.written_at,
        },
        Event::MessageSubmitted(e) => EntryBody::Outbound {
            message: e.message,
            author: e.author.clone(),
            content: e.content.clone(),
            status: None,
        },
        Event::NoteAdded(e) => EntryBody::Note { text: e.text.clone(), note_kind: e.kind },
        Event::ConversationQueued(e) => {
            EntryBody::Queued { campaign: e.campaign.clone(), cause: e.cause, reserved: e.reserved.clone() }
        }
        Event::ConversationAssigned(e) => {
            EntryBody::Assigned { agent: e.agent.clone(), reason: e.reason.clone() }
        }
        Event::ConversationTransferred(e) => {
            EntryBody::Transferred { from: e.from.clone(), to: e.to.clone(), note: e.note.clone() }
        }
        Event::ConversationOverflowed(e) => EntryBody::Overflowed { from: e.from.clone(), to: e.to.clone() },
        Event::ConversationOffered(e) => {
            EntryBody::Offered { agent: e.agent.clone(), reason: e.reason.clone(), until: e.until }
        }
        Event::OfferEnded(e) => EntryBody::OfferEnded { agent: e.agent.clone(), cause: e.cause },
        Event::TransferOffered(e) => EntryBody::TransferOffered {
            from: e.from.clone(),
            to: e.to.clone(),
            note: e.note.clone(),
            until: e.until,
        },
        Event::TransferOfferEnded(e) => EntryBody::TransferOfferEnded { to: e.to.clone(), cause: e.cause },
        Event::ConversationTakenOver(e) => EntryBody::TakenOver { from: e.from.clone(), by: e.by.clone() },
        Event::ConversationGivenBack(e) => EntryBody::GivenBack { by: e.by.clone(), to: e.to.clone() },
        Event::AfterWorkEnded(e) => EntryBody::AfterWorkEnded { agent: e.agent.clone() },
        Event::NeedsSet(e) => EntryBody::NeedsSet { needs: e.needs.clone() },
        Event::ConversationReleased(e) => EntryBody::Released { agent: e.agent.clone() },
        Event::ConversationFinished(e) => EntryBody::Finished {
            disposition: e.disposition.clone(),
            sub_disposition: e.sub_disposition.clone(),
        },
        Event::ResponseAwaited(e) => EntryBody::ResponseAwaited { response: e.kind, due_at: e.due_at },
        Event::ResponseMissed(e) => {
            EntryBody::ResponseMissed { response: e.kind, due_at: e.due_at, agent: e.agent.clone() }
        }
        Event::InactivityWarned(e) => EntryBody::InactivityWarned { close_at: e.close_at },
        Event::InactivityPutOff(e) => EntryBody::InactivityPutOff { until: e.until },
        Event::ExclusiveAgentSet(e) => EntryBody::ExclusiveAgentSet { agent: e.agent.clone() },
        Event::ExclusiveAgentRemoved(e) => EntryBody::ExclusiveAgentRemoved { agent: e.agent.clone() },
        Event::AddressChanged(e) => EntryBody::AddressChanged { from: e.from.clone(), to: e.to.clone() },
        Event::ConversationMerged(e) => EntryBody::MergedInto { into: e.into },
        Event::ConversationJoined(e) => EntryBody::Joined { other: e.other },
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
        | Event::SendAttempted(_)
        | Event::SendAccepted(_)
        | Event::SendDeferred(_)
        | Event::SendUncertain(_)
        | Event::DeliveryUpdated(_)
        | Event::ReceiptParked(_)
        | Event::MessageResent(_)
        | Event::MessageSettled(_)
        | Event::ContactsMerged(_)
        | Event::IdentityChanged(_)
        | Event::ContactUpdated(_)
        | Event::ContactNoteAdded(_) => return None,
    };
    Some(body)
}
