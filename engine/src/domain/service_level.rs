//! Service levels: by when a customer is to be answered, set by the first message that nobody has answered. What was
//! set stays, whatever the campaign says later; in another campaign it is set anew. Only a person's message answers.

use std::time::Duration;

use schemas::event::{CampaignDefined, Event, ResponseAwaited, ResponseKind, ResponseMissed};
use schemas::limits::SERVICE_LEVEL_SECONDS_MAX;
use schemas::{CampaignId, ConversationId, Rejection, ServiceLevel, Timestamp};
use serde::{Deserialize, Serialize};

use super::state::{Conversation, Workspace};

/// How it stands with the answers in a conversation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Answers {
    /// Whether a person has answered at all.
    pub has_answered: bool,
    /// Whether the customer wrote since.
    pub is_unanswered: bool,
    /// By when they are to be answered.
    pub due: Option<ResponseDue>,
}

/// By when a customer is to be answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct ResponseDue {
    /// Which answer.
    pub kind: ResponseKind,
    /// By when.
    pub at: Timestamp,
    /// Whether it was told that it did not come in time.
    pub is_missed: bool,
}

impl Answers {
    /// Which answer comes next.
    pub(super) fn kind(&self) -> ResponseKind {
        if self.has_answered { ResponseKind::Next } else { ResponseKind::First }
    }

    /// When it is to be told that an answer did not come.
    pub(super) fn deadline(&self) -> Option<Timestamp> {
        self.due.filter(|due| !due.is_missed).map(|due| due.at)
    }
}

/// What a campaign may say.
///
/// # Errors
/// A time that is none.
pub(super) fn require(service_level: &ServiceLevel) -> Result<(), Rejection> {
    let ServiceLevel { first_response_seconds, next_response_seconds } = service_level;
    let both = first_response_seconds.iter().chain(next_response_seconds);
    match both.copied().find(|seconds| !(1..=SERVICE_LEVEL_SECONDS_MAX).contains(seconds)) {
        Some(seconds) => Err(Rejection::ServiceLevelOutOfRange(seconds)),
        None => Ok(()),
    }
}

/// The customer is to be answered by a time that begins now, if the campaign says so.
pub(super) fn awaited(
    ws: &Workspace,
    campaign: &CampaignId,
    conversation: ConversationId,
    kind: ResponseKind,
    now: Timestamp,
) -> Option<Event> {
    let due_at = Some(due(ws, campaign, kind, now)?);
    Some(ResponseAwaited { conversation, kind, due_at }.into())
}

/// The same in the campaign that an open conversation goes to, where it may also be that there is no time any more.
pub(super) fn awaited_anew(
    ws: &Workspace,
    campaign: &CampaignId,
    id: ConversationId,
    conversation: &Conversation,
    now: Timestamp,
) -> Option<Event> {
    let answers = &conversation.answers;
    if !answers.is_unanswered {
        return None;
    }
    let due_at = due(ws, campaign, answers.kind(), now);
    let changes = due_at.is_some() || answers.due.is_some();
    changes.then(|| ResponseAwaited { conversation: id, kind: answers.kind(), due_at }.into())
}

fn due(ws: &Workspace, campaign: &CampaignId, kind: ResponseKind, now: Timestamp) -> Option<Timestamp> {
    let CampaignDefined { timing, .. } = ws.campaigns.get(campaign)?;
    let level = timing.service_level.as_ref()?;
    let seconds = match kind {
        ResponseKind::First => level.first_response_seconds,
        ResponseKind::Next => level.next_response_seconds,
    };
    let time = Duration::from_secs(seconds?.into());
    Some(ws.calendars.get(campaign).map_or(now.plus(time), |calendar| calendar.plus_open(now, time)))
}

/// What happens when the time for an answer may be over.
pub(super) fn pass(id: ConversationId, conversation: &Conversation, now: Timestamp) -> Option<Event> {
    let due = conversation.answers.due.filter(|due| !due.is_missed && due.at <= now)?;
    let (campaign, agent) = (conversation.campaign.clone(), conversation.agent().cloned());
    Some(ResponseMissed { conversation: id, kind: due.kind, due_at: due.at, campaign, agent }.into())
}

pub(super) fn was_awaited(ws: &mut Workspace, event: &ResponseAwaited) {
    if let Some(conversation) = ws.conversations.get_mut(&event.conversation) {
        let due = |at| ResponseDue { kind: event.kind, at, is_missed: false };
        conversation.answers.due = event.due_at.map(due);
    }
}

pub(super) fn was_missed(ws: &mut Workspace, event: &ResponseMissed) {
    let conversation = ws.conversations.get_mut(&event.conversation);
    if let Some(due) = conversation.and_then(|conversation| conversation.answers.due.as_mut()) {
        due.is_missed = true;
    }
}
