//! Business hours: while a campaign is closed its conversations wait, and customers are told so. When it opens, what
//! waits is routed as after a change of its routing, a part at a time.

use schemas::event::{Event, SystemCause};
use schemas::{CampaignId, CommandId, Timestamp};

use super::calendar::Calendar;
use super::state::Workspace;
use super::system_message::Addressee;

impl Workspace {
    /// When a campaign opens that is closed now; nothing if it is open.
    pub(super) fn closed_until(&self, campaign: &CampaignId, now: Timestamp) -> Option<Timestamp> {
        self.calendars.get(campaign)?.closed_until(now)
    }

    /// Whether a campaign is closed now.
    pub(super) fn is_closed(&self, campaign: &CampaignId, now: Timestamp) -> bool {
        self.calendars.get(campaign).is_some_and(|calendar| !calendar.is_open(now))
    }

    /// When it opens next, whether it is open now or not; nothing if it never closes.
    pub(super) fn opens_after(&self, campaign: &CampaignId, now: Timestamp) -> Option<Timestamp> {
        self.calendars.get(campaign)?.opens_after(now)
    }

    /// Makes the calendar of a campaign that has just been defined.
    pub(super) fn set_calendar(&mut self, campaign: &CampaignId) {
        let hours = self.campaigns.get(campaign).and_then(|campaign| campaign.timing.business_hours.as_ref());
        // It was good when it was defined; a zone that is not known any more counts as always open.
        match hours.and_then(|hours| Calendar::of(hours).ok()) {
            Some(calendar) => drop(self.calendars.insert(campaign.clone(), calendar)),
            None => drop(self.calendars.remove(campaign)),
        }
    }
}

/// What a customer is told who writes while the campaign is closed, and was not told since it closed.
pub(super) fn told_outside(
    ws: &Workspace,
    campaign: &CampaignId,
    customer: &Addressee<'_>,
    told_at: Option<Timestamp>,
    command: CommandId,
    now: Timestamp,
) -> Option<Event> {
    let hours = ws.campaigns.get(campaign)?.timing.business_hours.as_ref()?;
    let text = hours.outside_text.as_ref()?;
    let closed_since = ws.calendars.get(campaign)?.closed_since(now)?;
    let is_told = told_at.is_some_and(|told_at| told_at >= closed_since);
    (!is_told).then(|| customer.told(text, SystemCause::OutOfHours, command))
}
