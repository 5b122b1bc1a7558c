//! When campaigns are closed, by the log, and which conversations wait in which campaign; for the rules that have to know.
//! The hours of the load are whole days: a campaign is closed on its holidays, by the clock of UTC, and only then.

use std::collections::HashMap;

use schemas::event::CampaignDefined;
use schemas::{AgentId, CampaignId, ConversationId, Event, Timestamp, TransferTarget};

const DAY_MS: u64 = 24 * 60 * 60 * 1_000;

/// Where a conversation is, and with whom.
pub(super) struct Place<'a> {
    pub(super) campaign: &'a CampaignId,
    pub(super) agent: Option<&'a AgentId>,
}

#[derive(Default)]
pub(super) struct Hours<'a> {
    campaigns: HashMap<&'a CampaignId, &'a CampaignDefined>,
    places: HashMap<ConversationId, Place<'a>>,
}

impl<'a> Hours<'a> {
    pub(super) fn place(&self, id: ConversationId) -> Option<&Place<'a>> {
        self.places.get(&id)
    }

    /// Since when a campaign is closed, if it is.
    pub(super) fn closed_since(&self, campaign: &CampaignId, at: Timestamp) -> Option<Timestamp> {
        let hours = self.campaigns.get(campaign)?.timing.business_hours.as_ref()?;
        let is_holiday = |day: &u64| {
            let name = Timestamp::from_millis(day * DAY_MS).to_string();
            hours.holidays.iter().any(|holiday| name.starts_with(holiday))
        };
        let today = at.millis() / DAY_MS;
        let first = (0..=today).rev().take_while(is_holiday).last()?;
        Some(Timestamp::from_millis(first * DAY_MS))
    }

    /// What a customer is told who writes while a campaign is closed.
    pub(super) fn outside_text(&self, campaign: &CampaignId) -> Option<&'a str> {
        self.campaigns.get(campaign)?.timing.business_hours.as_ref()?.outside_text.as_deref()
    }

    pub(super) fn follow(&mut self, event: &'a Event) {
        match event {
            Event::CampaignDefined(e) => drop(self.campaigns.insert(&e.campaign, e)),
            Event::ConversationOpened(e) => {
                self.places.insert(e.conversation, Place { campaign: &e.campaign, agent: None });
            }
            Event::ConversationTransferred(e) => match &e.to {
                TransferTarget::Agent(_) => {}
                TransferTarget::Campaign(to) => self.goes_to(e.conversation, to),
            },
            Event::ConversationOverflowed(e) => self.goes_to(e.conversation, &e.to),
            Event::ConversationAssigned(e) => self.is_of(e.conversation, Some(&e.agent)),
            Event::ConversationTakenOver(e) => self.is_of(e.conversation, Some(&e.by)),
            Event::ConversationGivenBack(e) => self.is_of(e.conversation, Some(&e.to)),
            Event::ConversationReleased(e) => self.is_of(e.conversation, None),
            Event::ConversationFinished(e) => drop(self.places.remove(&e.conversation)),
            Event::ConversationMerged(e) => drop(self.places.remove(&e.conversation)),
            _ => {}
        }
    }

    fn goes_to(&mut self, id: ConversationId, campaign: &'a CampaignId) {
        self.places.insert(id, Place { campaign, agent: None });
    }

    fn is_of(&mut self, id: ConversationId, agent: Option<&'a AgentId>) {
        if let Some(place) = self.places.get_mut(&id) {
            place.agent = agent;
        }
    }
}
