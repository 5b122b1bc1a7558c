//! What the model waits for: found by looking through everything.

use std::collections::BTreeSet;

use engine::domain::Connection;
use schemas::Timestamp;
use schemas::command::Due;

use crate::reference::{Place, Reference};

impl Reference {
    /// All that happens by itself, the soonest first.
    pub fn deadlines(&self) -> BTreeSet<(Timestamp, Due)> {
        let mut found = BTreeSet::new();
        for talk in self.open() {
            let in_its_place = match &talk.place {
                Place::Waiting { kept: Some((_, until)), .. } => *until,
                Place::Waiting { kept: None, overflow, .. } => overflow.as_ref().map(|(at, _)| *at),
                Place::Offered { until, .. } => Some(*until),
                Place::With { .. } => talk.asked.as_ref().map(|(_, until)| *until),
                Place::Over => None,
            };
            let silence = match &talk.place {
                Place::With { .. } => talk.waits.silence.and_then(|(.., until)| until),
                Place::Waiting { .. } | Place::Offered { .. } | Place::Over => None,
            };
            let answer = talk.waits.due.filter(|(.., is_missed)| !is_missed).map(|(_, at, _)| at);
            let at = in_its_place.into_iter().chain(silence).chain(answer).min();
            found.extend(at.map(|at| (at, Due::Conversation(talk.id))));
        }
        for ((contact, campaign), until) in &self.exclusive_until {
            found.insert((*until, Due::ExclusiveAgent(*contact, campaign.clone())));
        }
        for (agent, person) in &self.people {
            for (conversation, until) in &person.after_work {
                found.insert((*until, Due::AfterWork(agent.clone(), *conversation)));
            }
            if let Connection::Lost { until } = person.connection {
                found.insert((until, Due::Agent(agent.clone())));
            }
        }
        let unrouted = self.unrouted.iter();
        found.extend(unrouted.map(|(campaign, since)| (*since, Due::Campaign(campaign.clone()))));
        found
    }

    /// What is due by now, if anything is.
    pub fn due(&self, now: Timestamp) -> Option<Due> {
        self.deadlines().into_iter().next().filter(|(at, _)| *at <= now).map(|(_, due)| due)
    }
}
