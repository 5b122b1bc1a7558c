//! What a closed campaign gave and said, from the log: to nobody anything, and to each customer who wrote that it is
//! closed, once.

use std::collections::{BTreeMap, BTreeSet};

use schemas::event::{AssignReason, Author, CampaignDefined, SystemCause};
use schemas::{CampaignId, ConversationId, Event, Position};

use super::Check;
use super::attendance::Attendance;

/// All campaigns that have business hours.
#[derive(Debug)]
pub(super) struct HoursBook {
    /// Those that are closed now.
    closed: BTreeSet<CampaignId>,
    /// Conversations whose customer is still to be told, since the message at this place.
    untold: BTreeMap<ConversationId, Position>,
    told: BTreeSet<ConversationId>,
    check: Check,
}

impl Default for HoursBook {
    fn default() -> Self {
        let rule = "a closed campaign gave nobody anything, and who wrote was told so once";
        let check = Check::new(rule, "messages");
        Self { closed: BTreeSet::new(), untold: BTreeMap::new(), told: BTreeSet::new(), check }
    }
}

impl HoursBook {
    /// Takes in an event that attendance has taken in already.
    pub(super) fn take(&mut self, at: Position, event: &Event, attendance: &Attendance) {
        match event {
            Event::CampaignDefined(e) => self.define(e),
            Event::MessageReceived(e) => {
                self.check.looked_at += 1;
                let waits = attendance.holder(e.conversation).is_none();
                if waits && self.is_closed(e.conversation, attendance) && !self.told.contains(&e.conversation)
                {
                    self.untold.insert(e.conversation, at);
                }
            }
            Event::MessageSubmitted(e) if e.author == Author::System(SystemCause::OutOfHours) => {
                let is_due = self.untold.remove(&e.conversation).is_some();
                self.check.require(is_due, || format!("{at}: {} was told for nothing", e.conversation));
                self.told.insert(e.conversation);
            }
            Event::ConversationAssigned(e) if is_automatic(&e.reason) => {
                self.require_open(at, e.conversation, attendance);
            }
            Event::ConversationOffered(e) => self.require_open(at, e.conversation, attendance),
            _ => {}
        }
    }

    pub(super) fn check(&self) -> Check {
        let mut check = self.check.clone();
        for (conversation, at) in &self.untold {
            check.problem(|| format!("{at}: {conversation} was not told"));
        }
        check
    }

    /// The demo's campaigns are open at every hour of every day but holidays, and it closes one by saying that it is one.
    fn define(&mut self, e: &CampaignDefined) {
        if e.timing.business_hours.as_ref().is_some_and(|hours| !hours.holidays.is_empty()) {
            self.closed.insert(e.campaign.clone());
        } else {
            self.closed.remove(&e.campaign);
        }
    }

    fn is_closed(&self, id: ConversationId, attendance: &Attendance) -> bool {
        attendance.cases.get(&id).is_some_and(|case| self.closed.contains(&case.campaign))
    }

    fn require_open(&mut self, at: Position, id: ConversationId, attendance: &Attendance) {
        let open = !self.is_closed(id, attendance);
        self.check.require(open, || format!("{at}: {id} was given while its campaign was closed"));
    }
}

/// Whether nobody chose who gets it.
fn is_automatic(reason: &AssignReason) -> bool {
    matches!(
        reason,
        AssignReason::Exclusive
            | AssignReason::MostRoom { .. }
            | AssignReason::LongestIdle { .. }
            | AssignReason::RoundRobin { .. }
            | AssignReason::WaitedLongest { .. }
    )
}

#[cfg(test)]
mod tests;
