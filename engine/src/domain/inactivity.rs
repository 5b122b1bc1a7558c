//! Inactivity: a customer who does not answer the agent who has their conversation is warned, and then it is closed.
//! Any message of theirs ends that, a message of the agent begins it anew, and so does another agent. What waits for
//! an agent is never closed. Times are those of when it began; when one comes, what the campaign says then counts.

use std::time::Duration;

use schemas::event::{
    CampaignDefined, ConversationFinished, Event, InactivityPutOff, InactivityWarned, SystemCause,
};
use schemas::limits::{INACTIVITY_SECONDS_MAX, TEXT_CHARS_MAX};
use schemas::{CommandId, ConversationId, Inactivity, Rejection, Timestamp};
use serde::{Deserialize, Serialize};

use super::finish::require_disposition;
use super::permission::require_text;
use super::routing::refill_all;
use super::state::{Conversation, Stage, Workspace};
use super::system_message::Addressee;

/// A customer who has not answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Silence {
    /// Since the agent's last message, or since they got the conversation, or since the warning.
    pub since: Timestamp,
    /// Whether the customer was warned.
    pub is_warned: bool,
    /// When something comes of it.
    pub until: Option<Timestamp>,
}

impl Silence {
    fn begins(at: Timestamp, rule: Option<&Inactivity>) -> Self {
        let mut silence = Self { since: at, is_warned: false, until: None };
        silence.until = rule.map(|rule| silence.ends(rule));
        silence
    }

    fn ends(&self, rule: &Inactivity) -> Timestamp {
        let seconds = rule.warn_after_seconds.filter(|_| !self.is_warned).unwrap_or(rule.close_after_seconds);
        self.since.plus(Duration::from_secs(seconds.into()))
    }
}

/// What a campaign may say.
///
/// # Errors
/// The first thing that does not make sense, or is not the campaign's.
pub(super) fn require(
    ws: &Workspace,
    campaign: &CampaignDefined,
    rule: &Inactivity,
) -> Result<(), Rejection> {
    let Inactivity { warn_after_seconds, warn_text, close_after_seconds, close_text, .. } = rule;
    let mut seconds = warn_after_seconds.iter().chain([close_after_seconds]);
    if let Some(wrong) = seconds.find(|seconds| !(1..=INACTIVITY_SECONDS_MAX).contains(*seconds)) {
        return Err(Rejection::InactivityOutOfRange(*wrong));
    }
    if warn_after_seconds.is_some() != warn_text.is_some() {
        return Err(Rejection::InactivityWarning);
    }
    for (what, text) in [("warn_text", warn_text), ("close_text", close_text)] {
        text.as_ref().map_or(Ok(()), |text| require_text(what, text, TEXT_CHARS_MAX))?;
    }
    // What the campaign lists exists; so what does not exist is not allowed either, and the fault is here.
    if !campaign.dispositions.contains(&rule.disposition) {
        return Err(Rejection::DispositionNotAllowed(rule.disposition.clone(), campaign.campaign.clone()));
    }
    require_disposition(ws, campaign, &rule.disposition, rule.sub_disposition.as_ref())
}

/// What happens when a customer may have been silent for too long.
pub(super) fn pass(
    ws: &Workspace,
    id: ConversationId,
    conversation: &Conversation,
    command: CommandId,
    now: Timestamp,
) -> Vec<Event> {
    let Some(silence) =
        conversation.silence.filter(|silence| silence.until.is_some_and(|until| until <= now))
    else {
        return Vec::new();
    };
    let Some(rule) = rule_of(ws, conversation) else {
        return vec![InactivityPutOff { conversation: id, until: None }.into()];
    };
    let until = silence.ends(rule);
    if until > now {
        return vec![InactivityPutOff { conversation: id, until: Some(until) }.into()];
    }
    let customer = Addressee::of(id, conversation);
    if let Some(text) = rule.warn_text.as_ref().filter(|_| !silence.is_warned) {
        let close_at = now.plus(Duration::from_secs(rule.close_after_seconds.into()));
        let warned = InactivityWarned { conversation: id, close_at };
        return vec![warned.into(), customer.told(text, SystemCause::InactivityWarning, command)];
    }
    let told = rule.close_text.as_ref();
    let mut events: Vec<Event> =
        told.map(|text| customer.told(text, SystemCause::InactivityClosed, command)).into_iter().collect();
    let finished = ConversationFinished {
        conversation: id,
        agent: conversation.agent().cloned(),
        // As it was good when the campaign was defined, whatever became of the disposition since.
        disposition: rule.disposition.clone(),
        sub_disposition: rule.sub_disposition.clone(),
        after_work_until: None,
    };
    events.push(finished.into());
    events.extend(refill_all(ws, conversation, &[], None, now));
    events
}

fn rule_of<'a>(ws: &'a Workspace, conversation: &Conversation) -> Option<&'a Inactivity> {
    ws.campaigns.get(&conversation.campaign)?.timing.inactivity.as_deref()
}

impl Conversation {
    /// When something comes of the customer's silence.
    pub(super) fn silence_ends(&self) -> Option<Timestamp> {
        match &self.stage {
            Stage::Assigned(_) => self.silence?.until,
            Stage::Loose | Stage::Waiting { .. } | Stage::Offered { .. } => None,
        }
    }
}

impl Workspace {
    /// The agent who has this conversation waits for the customer from now on.
    pub(super) fn begin_silence(&mut self, id: ConversationId, at: Timestamp) {
        let Self { conversations, campaigns, .. } = self;
        if let Some(conversation) = conversations.get_mut(&id) {
            let campaign = campaigns.get(&conversation.campaign);
            let rule = campaign.and_then(|campaign| campaign.timing.inactivity.as_deref());
            conversation.silence = Some(Silence::begins(at, rule));
        }
    }

    /// The same, if the customer is silent at all, when another agent gets the conversation.
    pub(super) fn begin_silence_anew(&mut self, id: ConversationId, at: Timestamp) {
        if self.conversations.get(&id).is_some_and(|conversation| conversation.silence.is_some()) {
            self.begin_silence(id, at);
        }
    }
}

pub(super) fn was_warned(ws: &mut Workspace, event: &InactivityWarned, at: Timestamp) {
    if let Some(conversation) = ws.conversations.get_mut(&event.conversation) {
        conversation.silence = Some(Silence { since: at, is_warned: true, until: Some(event.close_at) });
    }
}

pub(super) fn was_put_off(ws: &mut Workspace, event: &InactivityPutOff) {
    let conversation = ws.conversations.get_mut(&event.conversation);
    if let Some(silence) = conversation.and_then(|conversation| conversation.silence.as_mut()) {
        silence.until = event.until;
    }
}
