//! The doors of one campaign, which close for a moment now and then. Hours are as fine as minutes and a demo may be over
//! sooner, so an administrator says that it is a holiday, and that it is none.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use engine::clock;
use reqwest::Method;
use schemas::api::requests::DefineCampaign;
use schemas::{CampaignId, Timestamp};
use tokio::time::sleep;
use tokio_util::sync::CancellationToken;

use super::chance::Chance;
use super::desk::Desk;
use super::tally::Count;
use super::workspace::Workspace;

/// Mean time for which they are open.
const OPEN: Duration = Duration::from_millis(2500);
/// At least for so long they are closed.
const CLOSED: Duration = Duration::from_millis(1500);
const DAY: Duration = Duration::from_secs(24 * 60 * 60);

/// What everybody in the house knows of them.
pub(super) struct Doors {
    /// The campaign that has business hours, and how it is defined when it is open.
    of: Option<(CampaignId, DefineCampaign)>,
    closed: AtomicBool,
}

impl Doors {
    pub(super) fn new(workspace: &Workspace) -> Self {
        let mut campaigns = workspace.campaigns.iter();
        let found = campaigns.find(|(_, campaign)| campaign.business_hours.is_some());
        let of = found.map(|(id, campaign)| (id.clone(), campaign.clone()));
        Self { of, closed: AtomicBool::new(false) }
    }

    /// Whether nobody should be given anything of this campaign.
    pub(super) fn are_closed(&self, campaign: &CampaignId) -> bool {
        self.closed.load(Ordering::Relaxed) && self.of.as_ref().is_some_and(|(id, _)| id == campaign)
    }

    /// Closes and opens them until told to stop, and leaves them as they are then.
    pub(super) async fn attend(
        self: Arc<Self>,
        mut desk: Desk,
        mut chance: Chance,
        until: CancellationToken,
    ) {
        let Some((id, open)) = &self.of else { return };
        let path = format!("/v1/campaigns/{id}");
        loop {
            let (for_now, then) = (chance.pause(OPEN), CLOSED + chance.up_to(CLOSED));
            if until.run_until_cancelled(sleep(for_now)).await.is_none() {
                return;
            }
            self.closed.store(true, Ordering::Relaxed);
            if desk.command(Method::PUT, &path, &closed(open, clock::now())).await.is_some() {
                desk.tally.one(Count::Closings);
            }
            if until.run_until_cancelled(sleep(then)).await.is_none() {
                return;
            }
            desk.command(Method::PUT, &path, open).await;
            self.closed.store(false, Ordering::Relaxed);
        }
    }
}

/// The campaign on a holiday, whatever its time zone and although midnight may pass.
fn closed(open: &DefineCampaign, now: Timestamp) -> DefineCampaign {
    let mut closed = open.clone();
    let before = Timestamp::from_millis(now.millis().saturating_sub(DAY.as_millis() as u64));
    if let Some(hours) = &mut closed.business_hours {
        hours.holidays = [before, now, now.plus(DAY)].map(|day| day.to_string()[..10].to_owned()).to_vec();
    }
    closed
}

#[cfg(test)]
mod tests {
    use engine::domain::Calendar;

    use super::*;

    #[test]
    fn the_campaign_with_hours_is_open_whenever_no_holiday_is_said_and_closed_when_one_is() {
        let doors = Doors::new(&Workspace::read().unwrap());
        let (id, open) = doors.of.as_ref().unwrap();
        for hour in 0..7 * 24 {
            let now = Timestamp::from_millis(1_800_000_000_000).plus(Duration::from_secs(hour * 3600));
            let is_open = |campaign: &DefineCampaign| {
                Calendar::of(campaign.business_hours.as_ref().unwrap()).unwrap().is_open(now)
            };
            assert!(is_open(open) && !is_open(&closed(open, now)), "{now}");
        }
        assert!(!doors.are_closed(id));
        doors.closed.store(true, Ordering::Relaxed);
        assert!(doors.are_closed(id) && !doors.are_closed(&CampaignId::new("other").unwrap()));
    }
}
