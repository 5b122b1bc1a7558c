//! Each listener, an administrator, heard every change once and in order, from its first hello to its end. Only who
//! was told to read the views again may have missed what those then showed.

use std::collections::BTreeSet;

use schemas::{Event, Position};

use super::{Evidence, Findings};
use crate::record::{Listened, Word};

pub(super) fn check(evidence: &Evidence) -> Findings {
    let changes = evidence.log.events().filter(|happened| is_pushed(happened.event));
    let changes: BTreeSet<Position> = changes.map(|happened| happened.position).collect();
    evidence.records.listened.iter().flat_map(|listened| check_one(listened, &changes)).collect()
}

fn check_one(listened: &Listened, changes: &BTreeSet<Position>) -> Findings {
    let name = &listened.listener;
    let (mut findings, mut after) = (Findings::new(), None::<Position>);
    let mut missed = |after: Position, until: Position, is_heard: bool| {
        let between = changes.range(after..=until).filter(|change| **change != after);
        between.filter(|change| !is_heard || **change != until).for_each(|change| {
            findings.push(format!("{name} missed {change}, between {after} and {until}"));
        });
    };
    let mut wrong = Findings::new();
    for word in &listened.words {
        after = match (*word, after) {
            (Word::Hello(position), None) => Some(position),
            // To a listener who goes on, a hello says nothing new: what it would skip is missed.
            (Word::Hello(_), last) => last,
            (Word::Reload(position), last) => last.max(Some(position)),
            (Word::Change(position), None) => {
                wrong.push(format!("{name} heard {position} before any hello"));
                Some(position)
            }
            (Word::Change(position), Some(last)) if position <= last => {
                wrong.push(format!("{name} heard {position} again, after {last}"));
                Some(last)
            }
            (Word::Change(position), Some(last)) => {
                if !changes.contains(&position) {
                    wrong.push(format!("{name} heard {position}, which the log does not have"));
                }
                missed(last, position, true);
                Some(position)
            }
        };
    }
    if let (Some(last), Some(until)) = (after, listened.until)
        && last < until
    {
        missed(last, until, false);
    }
    findings.extend(wrong);
    findings
}

/// Whether an administrator hears of it: all but what has no line of its own.
fn is_pushed(event: &Event) -> bool {
    match event {
        Event::WorkspaceCreated(_)
        | Event::ConversationOpened(_)
        | Event::QueueRouted(_)
        | Event::ReceiptParked(_) => false,
        Event::ExclusiveAgentSet(e) => e.conversation.is_some(),
        Event::ExclusiveAgentRemoved(e) => e.conversation.is_some(),
        Event::ClientDefined(_)
        | Event::ProjectDefined(_)
        | Event::CampaignDefined(_)
        | Event::ChannelDefined(_)
        | Event::DispositionDefined(_)
        | Event::AgentDefined(_)
        | Event::PresenceChanged(_)
        | Event::MessageReceived(_)
        | Event::ConversationQueued(_)
        | Event::ConversationAssigned(_)
        | Event::ConversationTransferred(_)
        | Event::ConversationFinished(_)
        | Event::ConversationReleased(_)
        | Event::SettingsDefined(_)
        | Event::TextDefined(_)
        | Event::TextRemoved(_)
        | Event::AgentConnected(_)
        | Event::AgentDisconnected(_)
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
        | Event::MessageSubmitted(_)
        | Event::SendAttempted(_)
        | Event::SendAccepted(_)
        | Event::SendDeferred(_)
        | Event::SendUncertain(_)
        | Event::DeliveryUpdated(_)
        | Event::MessageResent(_)
        | Event::MessageSettled(_)
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
        | Event::ContactNoteAdded(_) => true,
    }
}
