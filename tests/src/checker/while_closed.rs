//! While a campaign is closed it gives its conversations to nobody; they are taken, given by hand or accepted, if an offer
//! was made before.

use schemas::Event;
use schemas::event::AssignReason;

use super::hours::Hours;
use super::{Evidence, Findings};

pub(super) fn check(evidence: &Evidence) -> Findings {
    let (mut hours, mut findings) = (Hours::default(), Findings::new());
    for happened in evidence.log.events() {
        hours.follow(happened.event);
        let given = match happened.event {
            Event::ConversationAssigned(e) => is_by_itself(&e.reason).then_some(e.conversation),
            Event::ConversationOffered(e) => Some(e.conversation),
            _ => None,
        };
        if let Some(id) = given
            && let Some(place) = hours.place(id)
            && let Some(since) = hours.closed_since(place.campaign, happened.header.at)
        {
            let (name, at, campaign) = (happened.event.name(), happened.position, place.campaign);
            findings.push(format!("{name} at {at} of {id} in {campaign}, which is closed since {since}"));
        }
    }
    findings
}

fn is_by_itself(reason: &AssignReason) -> bool {
    match reason {
        AssignReason::Exclusive
        | AssignReason::MostRoom { .. }
        | AssignReason::LongestIdle { .. }
        | AssignReason::RoundRobin { .. }
        | AssignReason::WaitedLongest { .. } => true,
        AssignReason::Accepted | AssignReason::Picked | AssignReason::Given | AssignReason::Transferred => {
            false
        }
    }
}
