//! One event as a line for a person to read.

use std::io::{self, Write};

use schemas::event::{AssignReason, Author, Event, NoteKind, OfferEnd, ResponseKind, SystemCause};
use schemas::frame::CommitHeader;
use schemas::{Actor, Content, DeliveryError, Needs, Position, TransferTarget};

pub(super) fn print(
    out: &mut impl Write,
    position: Position,
    header: &CommitHeader,
    event: &Event,
) -> io::Result<()> {
    let actor = match &header.actor {
        Actor::System => "system".to_owned(),
        Actor::Administrator => "administrator".to_owned(),
        Actor::Agent(id) => format!("agent {id}"),
        Actor::Channel(id) => format!("channel {id}"),
    };
    writeln!(out, "{}  {position:<12}  {actor:<20}  {}", header.at, describe(event))
}

fn describe(event: &Event) -> String {
    match event {
        Event::ConversationOpened(e) => {
            let name = e.profile_name.as_deref().unwrap_or("unnamed");
            format!("opened by {name} ({}) on {} for campaign {}", e.identity, e.channel, e.campaign)
        }
        Event::MessageReceived(e) => format!("in   {} (written {})", content(&e.content), e.written_at),
        Event::ConversationQueued(e) => match &e.reserved {
            Some(kept) => format!("waits in campaign {} for exclusive agent {}", e.campaign, kept.agent),
            None => format!("waits in the queue of campaign {}", e.campaign),
        },
        Event::ConversationAssigned(e) => format!("assigned to {}: {}", e.agent, reason(&e.reason)),
        Event::ConversationTransferred(e) => {
            let to = match &e.to {
                TransferTarget::Agent(agent) => format!("agent {agent}"),
                TransferTarget::Campaign(campaign) => format!("campaign {campaign}"),
            };
            format!("transferred to {to}: {}", quoted(&e.note))
        }
        Event::ConversationReleased(e) => format!("released: {} went offline", e.agent),
        Event::ConversationFinished(e) => match &e.sub_disposition {
            Some(sub) => format!("finished as {} / {sub}", e.disposition),
            None => format!("finished as {}", e.disposition),
        },
        Event::ConversationOverflowed(e) => {
            format!("waited too long in campaign {} and goes to {}", e.from, e.to)
        }
        Event::ConversationOffered(e) => {
            format!("offered to {} until {}: {}", e.agent, e.until, reason(&e.reason))
        }
        Event::OfferEnded(e) => format!("offer {} {}", how(e.cause), e.agent),
        Event::TransferOffered(e) => {
            format!("transfer offered by {} to {} until {}: {}", e.from, e.to, e.until, quoted(&e.note))
        }
        Event::TransferOfferEnded(e) => format!("offered transfer {} {}", how(e.cause), e.to),
        Event::ConversationTakenOver(e) => format!("taken over by {} from {}", e.by, e.from),
        Event::ConversationGivenBack(e) => format!("given back to {} by {}", e.to, e.by),
        Event::AfterWorkEnded(e) => format!("{} is done after it", e.agent),
        Event::NeedsSet(e) => format!("needs {}", needs(&e.needs)),
        Event::NoteAdded(e) => match e.kind {
            NoteKind::Note => format!("note {}", quoted(&e.text)),
            NoteKind::Coaching => format!("coaching {}", quoted(&e.text)),
        },
        Event::ExclusiveAgentSet(e) => format!("exclusive agent in campaign {} is {}", e.campaign, e.agent),
        Event::ExclusiveAgentRemoved(e) => format!("no exclusive agent in campaign {} any more", e.campaign),
        Event::MessageSubmitted(e) => {
            format!("out  {} ({} by {})", content(&e.content), e.message, author(&e.author))
        }
        Event::ResponseAwaited(e) => match e.due_at {
            Some(due_at) => format!("{} answer due by {due_at}", which(e.kind)),
            None => format!("{} answer due at no time any more", which(e.kind)),
        },
        Event::ResponseMissed(e) => format!("{} answer did not come by {}", which(e.kind), e.due_at),
        Event::InactivityWarned(e) => format!("customer silent: closed at {} if they stay so", e.close_at),
        Event::InactivityPutOff(e) => match e.until {
            Some(until) => format!("customer silent: put off until {until}"),
            None => "customer silent: put off for ever".to_owned(),
        },
        Event::SendAttempted(e) => format!("     {} attempt {}", e.message, e.attempt),
        Event::SendAccepted(e) => format!("     {} accepted as {}", e.message, e.provider_id),
        Event::SendDeferred(e) => {
            format!("     {} put off until {}: {}", e.message, e.retry_at, failure(&e.error))
        }
        Event::SendUncertain(e) => format!("     {} uncertain: the network may have it or not", e.message),
        Event::DeliveryUpdated(e) => {
            let why = e.error.as_ref().map(|error| format!(": {}", failure(error))).unwrap_or_default();
            let (receipt, status) = (word(e.receipt), word(e.status));
            format!("     {} receipt {receipt}, status {status}{why}", e.message)
        }
        Event::AddressChanged(e) => {
            format!("answers go to {} instead of {}", e.to.escape_debug(), e.from.escape_debug())
        }
        Event::ConversationMerged(e) => format!("over: goes on in {}", e.into),
        Event::ConversationJoined(e) => format!("goes on for {} too", e.other),
        Event::MessageResent(e) => format!("     {} sent again", e.message),
        Event::MessageSettled(e) => format!("     {} settled as {}", e.message, word(e.status)),
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
        | Event::ReceiptParked(_)
        | Event::ContactsMerged(_)
        | Event::IdentityChanged(_)
        | Event::ContactUpdated(_)
        | Event::ContactNoteAdded(_) => event.name().to_owned(),
    }
}

fn how(ended: OfferEnd) -> &'static str {
    match ended {
        OfferEnd::Declined => "declined by",
        OfferEnd::TimedOut => "not answered by",
        OfferEnd::Withdrawn => "withdrawn from",
    }
}

fn author(author: &Author) -> String {
    match author {
        Author::Agent(agent) => agent.to_string(),
        Author::System(SystemCause::OutOfHours) => "atender: out of hours".to_owned(),
        Author::System(SystemCause::InactivityWarning) => "atender: inactivity warning".to_owned(),
        Author::System(SystemCause::InactivityClosed) => "atender: closed for inactivity".to_owned(),
    }
}

fn which(kind: ResponseKind) -> &'static str {
    match kind {
        ResponseKind::First => "first",
        ResponseKind::Next => "next",
    }
}

fn word(status: schemas::DeliveryStatus) -> String {
    format!("{status:?}").to_lowercase()
}

fn failure(error: &DeliveryError) -> String {
    format!("{} {}", error.code, error.detail.escape_debug())
}

fn content(content: &Content) -> String {
    match content {
        Content::Text(text) => quoted(text),
        Content::Unsupported { kind, raw } => format!("[{}, {} bytes kept]", kind.escape_debug(), raw.len()),
    }
}

/// What customers write must not be able to steer the terminal.
fn quoted(text: &str) -> String {
    format!("\"{}\"", text.escape_debug())
}

fn needs(needs: &Needs) -> String {
    let skills = needs.skills.iter().map(|(skill, level)| format!("{skill} {level}"));
    let priority = needs.priority.iter().map(|priority| format!("priority {priority}"));
    let all: Vec<String> = skills.chain(priority).collect();
    if all.is_empty() { "nothing beyond the campaign's".to_owned() } else { all.join(", ") }
}

fn reason(reason: &AssignReason) -> String {
    match reason {
        AssignReason::Exclusive => "exclusive agent".to_owned(),
        AssignReason::MostRoom { with_room, load, capacity, .. } => {
            format!("most room of {with_room}, held {load} of {capacity}")
        }
        AssignReason::LongestIdle { with_room, idle_since } => {
            format!("idle longest of {with_room}, since {idle_since}")
        }
        AssignReason::RoundRobin { with_room, after: Some(after) } => {
            format!("next of {with_room} after {after}")
        }
        AssignReason::RoundRobin { with_room, after: None } => format!("first of {with_room}"),
        AssignReason::WaitedLongest { waiting_since, priority, load, capacity } => {
            format!("waited longest of priority {priority}, since {waiting_since}; held {load} of {capacity}")
        }
        AssignReason::Accepted => "offer accepted".to_owned(),
        AssignReason::Picked => "taken from the queue".to_owned(),
        AssignReason::Given => "given by a supervisor".to_owned(),
        AssignReason::Transferred => "transferred".to_owned(),
    }
}
