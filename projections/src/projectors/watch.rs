//! What those who watch hear of an event: the change it makes, and whom that concerns, before and after. A change
//! of which a view that is not here would have to say more is passed over, and that is remembered.

use schemas::api::live::LiveChange;
use schemas::api::views::{Entry, EntryBody};
use schemas::{AgentId, ChannelId, ConversationId, Event, MessageId};

use super::Projectors;
use crate::change::{Audience, Change, Subject, audience, audience_of_finished, subject};
use crate::entries::entry_body;
use crate::error::ViewError;
use crate::inbox::Seat;
use crate::recorded::Recorded;
use crate::view::View;

/// Why a change is not told.
pub(super) enum Untold {
    /// The view that knows more is being built or has failed.
    Absent,
    /// The view that knows more has failed just now.
    Fault(View, ViewError),
}

impl Untold {
    fn of(view: View) -> impl Fn(ViewError) -> Self {
        move |error| Self::Fault(view, error)
    }
}

impl Projectors {
    pub(super) fn pass_over(&mut self, untold: Untold) {
        self.passed_over = true;
        match untold {
            Untold::Absent => {}
            Untold::Fault(view, error) => self.lose(view, error),
        }
    }

    pub(super) fn seat(&self, r: &Recorded<'_>) -> Result<Option<Seat>, Untold> {
        let (Some(id), Some(inbox)) = (r.event.conversation(), self.inbox()) else { return Ok(None) };
        inbox.seat((r.workspace, id)).map_err(Untold::of(View::Inbox))
    }

    /// The change that an event makes, which has just been applied.
    pub(super) fn change(
        &mut self,
        r: &Recorded<'_>,
        before: Option<&Seat>,
    ) -> Result<Option<Change>, Untold> {
        let subject = subject(r.event);
        if (self.inbox().is_none() || self.is_mute) && subject != Subject::Nothing {
            return Err(Untold::Absent);
        }
        let made = match subject {
            Subject::Nothing => None,
            Subject::Workspace(change) => Some((change, Audience::default())),
            Subject::Contact(change, conversations) => {
                Some((change, self.audience_of_contact(r, &conversations)?))
            }
            Subject::Line(id) => self.line(r, id, before)?,
            Subject::Status(id, message, ordinal) => {
                self.change_of_status(r, (id, message, ordinal), before)?
            }
        };
        Ok(made
            .map(|(change, audience)| Change::new(r.header.workspace.clone(), r.position, change, audience)))
    }

    fn audience_of_contact(
        &self,
        r: &Recorded<'_>,
        conversations: &[ConversationId],
    ) -> Result<Audience, Untold> {
        let inbox = self.inbox().ok_or(Untold::Absent)?;
        let mut audience = Audience::default();
        for id in conversations {
            let seat = inbox.seat((r.workspace, *id)).map_err(Untold::of(View::Inbox))?;
            let Some(seat) = seat else { continue };
            if seat.waits {
                audience.queues.push(seat.campaign);
            }
            audience.agents.extend(seat.agent);
        }
        Ok(audience)
    }

    fn line(
        &mut self,
        r: &Recorded<'_>,
        conversation: ConversationId,
        before: Option<&Seat>,
    ) -> Result<Option<(LiveChange, Audience)>, Untold> {
        let after = self.seat(r)?;
        let after = after.as_ref();
        let (Some(seat), Some(mut body)) = (after.or(before), entry_body(r.event)) else { return Ok(None) };
        let is_shown = self.shows_status(r, &seat.channel)?;
        let mut to = None;
        if let (EntryBody::Outbound { status, .. }, Event::MessageSubmitted(e)) = (&mut body, r.event) {
            to = Some(e.to.clone());
            if is_shown {
                *status = self.status().and_then(|view| view.current(r.workspace, (conversation, e.ordinal)));
                // It is told without its status, which somebody has to hear later.
                self.passed_over |= self.status().is_none();
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

    fn change_of_status(
        &mut self,
        r: &Recorded<'_>,
        (conversation, message, ordinal): (ConversationId, MessageId, u32),
        seat: Option<&Seat>,
    ) -> Result<Option<(LiveChange, Audience)>, Untold> {
        let view = self.status().ok_or(Untold::Absent)?;
        let Some(status) = view.current(r.workspace, (conversation, ordinal)) else { return Ok(None) };
        let audience = match seat {
            Some(at) => audience(seat, seat, self.shows_status(r, &at.channel)?),
            None => {
                let history = self.history().ok_or(Untold::Absent)?;
                let at = history.whereabouts((r.workspace, conversation));
                let Some(at) = at.map_err(Untold::of(View::History))? else { return Ok(None) };
                let is_shown = self.shows_status(r, &at.channel)?;
                audience_of_finished(at, is_shown)
            }
        };
        let agent: Option<AgentId> = audience.agent.clone();
        Ok(Some((LiveChange::Status { conversation, message, agent, status }, audience)))
    }

    fn shows_status(&mut self, r: &Recorded<'_>, channel: &ChannelId) -> Result<bool, Untold> {
        let inbox = self.inbox_mut().ok_or(Untold::Absent)?;
        inbox.shows_status(r.workspace, channel).map_err(Untold::of(View::Inbox))
    }
}
