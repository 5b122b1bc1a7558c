//! A change: what live push sends when an event has taken effect in all views, and whom it concerns.

use std::sync::OnceLock;

use schemas::api::live::{LiveChange, LiveEvent, LiveId};
use schemas::api::views::EntryBody;
use schemas::{
    AgentId, CampaignId, ChannelId, ContactId, Content, ConversationId, Event, MessageId, Position, Presence,
    WorkspaceId,
};

use crate::history::Whereabouts;
use crate::inbox::Seat;

/// Whom a change concerns. Who may hear of it is for the gateway to decide, by these.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Audience {
    /// Who has the conversation, or had it when it was finished.
    pub agent: Option<AgentId>,
    /// Who had it before the event; they hear that they lost it.
    pub agent_before: Option<AgentId>,
    /// Who is, or was before the event, asked whether they take it over.
    pub asked: [Option<AgentId>; 2],
    /// The campaign whose queue it waits in.
    pub waiting: Option<CampaignId>,
    /// The campaign whose queue it waited in before the event.
    pub waiting_before: Option<CampaignId>,
    /// The conversation's campaign.
    pub campaign: Option<CampaignId>,
    /// The conversation's channel. Absent, as all the others, for what concerns the whole workspace: presence
    /// and configuration.
    pub channel: Option<ChannelId>,
    /// Whether agents may see delivery statuses on the channel.
    pub status_shown: bool,
    /// Who has an open conversation with the contact whom it is about.
    pub agents: Vec<AgentId>,
    /// The campaigns in whose queues one waits.
    pub queues: Vec<CampaignId>,
}

/// One change of the views.
#[derive(Debug)]
pub struct Change {
    /// Where the event that caused it is in the log.
    pub position: Position,
    /// In which workspace.
    pub workspace: WorkspaceId,
    /// What is pushed.
    pub live: LiveEvent,
    /// Whom it concerns.
    pub audience: Audience,
    /// Something before it was passed over, or it does not say all: a view is not here that would have to.
    pub has_gaps: bool,
    json: OnceLock<String>,
}

impl Change {
    pub(crate) fn new(
        workspace: WorkspaceId,
        position: Position,
        change: LiveChange,
        audience: Audience,
    ) -> Self {
        let (live, json) = (LiveEvent { position, change }, OnceLock::new());
        Self { position, workspace, live, audience, has_gaps: false, json }
    }

    pub(crate) fn with_gaps(self, has_gaps: bool) -> Self {
        Self { has_gaps, ..self }
    }

    /// The id to give it.
    pub fn id(&self) -> LiveId {
        LiveId { position: self.position, has_gaps: self.has_gaps }
    }

    /// What is pushed, as JSON; made once, however many hear it.
    ///
    /// # Panics
    /// Never: plain data always becomes JSON.
    pub fn json(&self) -> &str {
        self.json.get_or_init(|| serde_json::to_string(&self.live).expect("plain data always becomes JSON"))
    }

    /// About how much memory it takes, in bytes, its JSON included.
    pub(crate) fn bytes(&self) -> usize {
        const BASE: usize = 1_024;
        let LiveChange::Entry { entry, .. } = &self.live.change else { return BASE };
        let text = match &entry.body {
            EntryBody::Inbound { content, .. } | EntryBody::Outbound { content, .. } => {
                Content::bytes(content)
            }
            EntryBody::Note { text, .. }
            | EntryBody::Transferred { note: text, .. }
            | EntryBody::TransferOffered { note: text, .. } => text.len(),
            EntryBody::Queued { .. }
            | EntryBody::Assigned { .. }
            | EntryBody::Offered { .. }
            | EntryBody::OfferEnded { .. }
            | EntryBody::AfterWorkEnded { .. }
            | EntryBody::TransferOfferEnded { .. }
            | EntryBody::TakenOver { .. }
            | EntryBody::GivenBack { .. }
            | EntryBody::Overflowed { .. }
            | EntryBody::NeedsSet { .. }
            | EntryBody::Released { .. }
            | EntryBody::Finished { .. }
            | EntryBody::ResponseAwaited { .. }
            | EntryBody::ResponseMissed { .. }
            | EntryBody::InactivityWarned { .. }
            | EntryBody::InactivityPutOff { .. }
            | EntryBody::ExclusiveAgentSet { .. }
            | EntryBody::ExclusiveAgentRemoved { .. }
            | EntryBody::AddressChanged { .. }
            | EntryBody::MergedInto { .. }
            | EntryBody::Joined { .. } => 0,
        };
        BASE + 2 * text
    }
}

/// What kind of change an event is to those who watch.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Subject {
    /// A line of a conversation.
    Line(ConversationId),
    /// An outbound message and its ordinal.
    Status(ConversationId, MessageId, u32),
    /// A contact; it concerns those who have these conversations.
    Contact(LiveChange, Vec<ConversationId>),
    /// Something of the whole workspace.
    Workspace(LiveChange),
    /// Nothing that anybody watches.
    Nothing,
}

pub(crate) fn subject(event: &Event) -> Subject {
    match event {
        Event::MessageReceived(e) => Subject::Line(e.conversation),
        Event::ConversationQueued(e) => Subject::Line(e.conversation),
        Event::ConversationAssigned(e) => Subject::Line(e.conversation),
        Event::ConversationTransferred(e) => Subject::Line(e.conversation),
        Event::ConversationFinished(e) => Subject::Line(e.conversation),
        Event::ConversationReleased(e) => Subject::Line(e.conversation),
        Event::ConversationTakenOver(e) => Subject::Line(e.conversation),
        Event::TransferOffered(e) => Subject::Line(e.conversation),
        Event::TransferOfferEnded(e) => Subject::Line(e.conversation),
        Event::ConversationGivenBack(e) => Subject::Line(e.conversation),
        Event::AfterWorkEnded(e) => Subject::Line(e.conversation),
        Event::ConversationOffered(e) => Subject::Line(e.conversation),
        Event::OfferEnded(e) => Subject::Line(e.conversation),
        Event::ConversationOverflowed(e) => Subject::Line(e.conversation),
        Event::NeedsSet(e) => Subject::Line(e.conversation),
        Event::NoteAdded(e) => Subject::Line(e.conversation),
        Event::MessageSubmitted(e) => Subject::Line(e.conversation),
        Event::ResponseAwaited(e) => Subject::Line(e.conversation),
        Event::ResponseMissed(e) => Subject::Line(e.conversation),
        Event::InactivityWarned(e) => Subject::Line(e.conversation),
        Event::InactivityPutOff(e) => Subject::Line(e.conversation),
        Event::ExclusiveAgentSet(e) => e.conversation.map_or(Subject::Nothing, Subject::Line),
        Event::ExclusiveAgentRemoved(e) => e.conversation.map_or(Subject::Nothing, Subject::Line),
        Event::SendAttempted(e) => Subject::Status(e.conversation, e.message, e.ordinal),
        Event::SendAccepted(e) => Subject::Status(e.conversation, e.message, e.ordinal),
        Event::SendDeferred(e) => Subject::Status(e.conversation, e.message, e.ordinal),
        Event::SendUncertain(e) => Subject::Status(e.conversation, e.message, e.ordinal),
        Event::DeliveryUpdated(e) => Subject::Status(e.conversation, e.message, e.ordinal),
        Event::MessageResent(e) => Subject::Status(e.conversation, e.message, e.ordinal),
        Event::MessageSettled(e) => Subject::Status(e.conversation, e.message, e.ordinal),
        Event::PresenceChanged(e) => {
            let presence = presence_name(&e.presence).to_owned();
            Subject::Workspace(LiveChange::Presence { agent: e.agent.clone(), presence })
        }
        Event::AgentConnected(e) => connection(&e.agent, true),
        Event::AgentDisconnected(e) => connection(&e.agent, false),
        Event::SettingsDefined(_) => configuration("settings", ""),
        Event::TextDefined(e) => configuration("text", e.text.as_str()),
        Event::TextRemoved(e) => configuration("text", e.text.as_str()),
        Event::ClientDefined(e) => configuration("client", e.client.as_str()),
        Event::ProjectDefined(e) => configuration("project", e.project.as_str()),
        Event::CampaignDefined(e) => configuration("campaign", e.campaign.as_str()),
        Event::ChannelDefined(e) => configuration("channel", e.channel.as_str()),
        Event::DispositionDefined(e) => configuration("disposition", e.disposition.as_str()),
        Event::AgentDefined(e) => configuration("agent", e.agent.as_str()),
        Event::AddressChanged(e) => Subject::Line(e.conversation),
        Event::ConversationMerged(e) => Subject::Line(e.conversation),
        Event::ConversationJoined(e) => Subject::Line(e.conversation),
        Event::ContactsMerged(e) => contact(e.contact, Some(e.merged), &e.conversations),
        Event::IdentityChanged(e) => contact(e.contact, None, &e.conversations),
        Event::ContactUpdated(e) => contact(e.contact, None, &e.conversations),
        Event::ContactNoteAdded(e) => contact(e.contact, None, &e.conversations),
        // The first message follows in the same frame.
        Event::ConversationOpened(_)
        | Event::WorkspaceCreated(_)
        | Event::QueueRouted(_)
        | Event::ReceiptParked(_) => Subject::Nothing,
    }
}

fn contact(contact: ContactId, merged: Option<ContactId>, conversations: &[ConversationId]) -> Subject {
    Subject::Contact(LiveChange::Contact { contact, merged }, conversations.to_vec())
}

fn connection(agent: &AgentId, is_connected: bool) -> Subject {
    Subject::Workspace(LiveChange::Connection { agent: agent.clone(), is_connected })
}

fn presence_name(presence: &Presence) -> &'static str {
    match presence {
        Presence::Online => "online",
        Presence::Away { .. } => "away",
        Presence::Offline => "offline",
    }
}

fn configuration(kind: &str, id: &str) -> Subject {
    Subject::Workspace(LiveChange::Configuration { kind: kind.to_owned(), id: id.to_owned() })
}

/// The audience of a change of an open conversation, or of one that has just been finished.
pub(crate) fn audience(before: Option<&Seat>, after: Option<&Seat>, status_shown: bool) -> Audience {
    let waiting = |seat: &Seat| seat.waits.then(|| seat.campaign.clone());
    let either = after.or(before);
    Audience {
        agent: after.and_then(|seat| seat.agent.clone()),
        agent_before: before.and_then(|seat| seat.agent.clone()),
        asked: [before, after].map(|seat| seat.and_then(|seat| seat.asked.clone())),
        waiting: after.and_then(waiting),
        waiting_before: before.and_then(waiting),
        campaign: either.map(|seat| seat.campaign.clone()),
        channel: either.map(|seat| seat.channel.clone()),
        status_shown,
        ..Audience::default()
    }
}

/// The audience of a change of a conversation that was finished some time ago.
pub(crate) fn audience_of_finished(at: Whereabouts, status_shown: bool) -> Audience {
    Audience {
        agent: at.agent,
        campaign: Some(at.campaign),
        channel: Some(at.channel),
        status_shown,
        ..Audience::default()
    }
}
