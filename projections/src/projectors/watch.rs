//! What those who watch hear of an event: the change it makes, and whom that concerns, before and after.

use schemas::api::live::LiveChange;
use schemas::api::views::{Entry, EntryBody};
use schemas::{AgentId, ChannelId, ConversationId, Event, MessageId};

use super::{Projectors, of_view};
use crate::change::{Audience, Change, Subject, audience, audience_of_finished, subject};
use crate::entries::entry_body;
use crate::error::ViewsError;
use crate::inbox::Seat;
use crate::recorded::Recorded;

impl Projectors {
    pub(super) fn seat(&self, r: &Recorded<'_>) -> Result<Option<Seat>, ViewsError> {
        match r.event.conversation() {
            Some(id) => self.inbox.seat((r.workspace, id)).map_err(of_view(0)),
            None => Ok(None),
        }
    }

    /// The change that an event makes, which has just been applied.
    pub(super) fn change(
        &self,
        r: &Recorded<'_>,
        before: Option<&Seat>,
    ) -> Result<Option<Change>, ViewsError> {
        let made = match subject(r.event) {
            Subject::Nothing => None,
            Subject::Workspace(change) => Some((change, Audience::default())),
            Subject::Line(id) => self.line(r, id, before)?,
            Subject::Status(id, message, ordinal) => self.status(r, (id, message, ordinal), before)?,
        };
        Ok(made
            .map(|(change, audience)| Change::new(r.header.workspace.clone(), r.position, change, audience)))
    }

    fn line(
        &self,
        r: &Recorded<'_>,
        conversation: ConversationId,
        before: Option<&Seat>,
    ) -> Result<Option<(LiveChange, Audience)>, ViewsError> {
        let after = self.seat(r)?;
        let after = after.as_ref();
        let (Some(seat), Some(mut body)) = (after.or(before), entry_body(r.event)) else { return Ok(None) };
        let is_shown = self.shows_status(r, &seat.channel)?;
        let mut to = None;
        if let (EntryBody::Outbound { status, .. }, Event::MessageSubmitted(e)) = (&mut body, r.event) {
            to = Some(e.to.clone());
            if is_shown {
                *status = self.status.current(r.workspace, (conversation, e.ordinal));
            }
        }
        let entry = Entry { position: r.position, at: r.header.at, by: r.header.actor.clone(), body };
        let change = LiveChange::Entry {
            conversation,
            channel: seat.channel.clone(),
            campaign: seat.campaign.clone(),
            agent: after.and_then(|seat| seat.agent.clone()),
            to,
            entry: Box::new(entry),
        };
        Ok(Some((change, audience(before, after, is_shown))))
    }

    fn status(
        &self,
        r: &Recorded<'_>,
        (conversation, message, ordinal): (ConversationId, MessageId, u32),
        seat: Option<&Seat>,
    ) -> Result<Option<(LiveChange, Audience)>, ViewsError> {
        let Some(status) = self.status.current(r.workspace, (conversation, ordinal)) else { return Ok(None) };
        let audience = match seat {
            Some(at) => audience(seat, seat, self.shows_status(r, &at.channel)?),
            None => {
                let at = self.history.whereabouts((r.workspace, conversation)).map_err(of_view(1))?;
                let Some(at) = at else { return Ok(None) };
                let is_shown = self.shows_status(r, &at.channel)?;
                audience_of_finished(at, is_shown)
            }
        };
        let agent: Option<AgentId> = audience.agent.clone();
        Ok(Some((LiveChange::Status { conversation, message, agent, status }, audience)))
    }

    fn shows_status(&self, r: &Recorded<'_>, channel: &ChannelId) -> Result<bool, ViewsError> {
        self.inbox.shows_status(r.workspace, channel).map_err(of_view(0))
    }
}
