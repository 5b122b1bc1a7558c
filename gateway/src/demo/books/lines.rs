//! The lines of a conversation as the log has them, in a form that can be compared with what the API shows.

use schemas::Event;
use schemas::Position;
use schemas::api::views::{Entry, EntryBody};
use schemas::frame::CommitHeader;

/// A line: where it is, and a hash of what it says apart from delivery status.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Line {
    pub(super) position: Position,
    hash: [u8; 8],
}

impl Line {
    /// The line that the API shows as this entry.
    pub(super) fn of(entry: &Entry) -> Self {
        let mut entry = entry.clone();
        if let EntryBody::Outbound { status, .. } = &mut entry.body {
            *status = None;
        }
        let text = serde_json::to_vec(&entry).unwrap_or_default();
        let mut hash = [0; 8];
        hash.copy_from_slice(&blake3::hash(&text).as_bytes()[..8]);
        Self { position: entry.position, hash }
    }
}

/// The line that an event is; nothing for one that no screen shows as a line.
pub(super) fn line(header: &CommitHeader, position: Position, event: &Event) -> Option<Line> {
    let body = body(event)?;
    Some(Line::of(&Entry { position, at: header.at, by: header.actor.clone(), body }))
}

fn body(event: &Event) -> Option<EntryBody> {
    Some(match event.clone() {
        Event::MessageReceived(e) => EntryBody::Inbound {
            message: e.message,
            provider_id: e.provider_id,
            content: e.content,
            written_at: e.written_at,
        },
        Event::MessageSubmitted(e) => {
            EntryBody::Outbound { message: e.message, author: e.author, content: e.content, status: None }
        }
        Event::NoteAdded(e) => EntryBody::Note { text: e.text, note_kind: e.kind },
        Event::ConversationQueued(e) => {
            EntryBody::Queued { campaign: e.campaign, cause: e.cause, reserved: e.reserved }
        }
        Event::ConversationAssigned(e) => EntryBody::Assigned { agent: e.agent, reason: e.reason },
        Event::ConversationTransferred(e) => EntryBody::Transferred { from: e.from, to: e.to, note: e.note },
        Event::ConversationOverflowed(e) => EntryBody::Overflowed { from: e.from, to: e.to },
        Event::ConversationOffered(e) => {
            EntryBody::Offered { agent: e.agent, reason: e.reason, until: e.until }
        }
        Event::OfferEnded(e) => EntryBody::OfferEnded { agent: e.agent, cause: e.cause },
        Event::TransferOffered(e) => {
            EntryBody::TransferOffered { from: e.from, to: e.to, note: e.note, until: e.until }
        }
        Event::TransferOfferEnded(e) => EntryBody::TransferOfferEnded { to: e.to, cause: e.cause },
        Event::ConversationTakenOver(e) => EntryBody::TakenOver { from: e.from, by: e.by },
        Event::ConversationGivenBack(e) => EntryBody::GivenBack { by: e.by, to: e.to },
        Event::AfterWorkEnded(e) => EntryBody::AfterWorkEnded { agent: e.agent },
        Event::NeedsSet(e) => EntryBody::NeedsSet { needs: e.needs },
        Event::ConversationReleased(e) => EntryBody::Released { agent: e.agent },
        Event::ConversationFinished(e) => {
            EntryBody::Finished { disposition: e.disposition, sub_disposition: e.sub_disposition }
        }
        Event::ResponseAwaited(e) => EntryBody::ResponseAwaited { response: e.kind, due_at: e.due_at },
        Event::ResponseMissed(e) => {
            EntryBody::ResponseMissed { response: e.kind, due_at: e.due_at, agent: e.agent }
        }
        Event::InactivityWarned(e) => EntryBody::InactivityWarned { close_at: e.close_at },
        Event::InactivityPutOff(e) => EntryBody::InactivityPutOff { until: e.until },
        Event::ExclusiveAgentSet(e) => EntryBody::ExclusiveAgentSet { agent: e.agent },
        Event::ExclusiveAgentRemoved(e) => EntryBody::ExclusiveAgentRemoved { agent: e.agent },
        Event::AddressChanged(e) => EntryBody::AddressChanged { from: e.from, to: e.to },
        Event::ConversationMerged(e) => EntryBody::MergedInto { into: e.into },
        Event::ConversationJoined(e) => EntryBody::Joined { other: e.other },
        _ => return None,
    })
}
