//! A customer who writes while the campaign is closed, and whom nobody attends, is told so, once since it closed; and
//! nobody else is.

use std::collections::HashMap;

use schemas::event::{Author, SystemCause};
use schemas::{Content, ConversationId, Event, Timestamp};

use super::hours::Hours;
use super::{Evidence, Findings};

pub(super) fn check(evidence: &Evidence) -> Findings {
    let (mut hours, mut told) = (Hours::default(), HashMap::new());
    let mut findings = Findings::new();
    for placed in evidence.log.commits() {
        let now = placed.commit.header.at;
        let (mut due, mut said) = (Vec::new(), Vec::new());
        for event in &placed.commit.events {
            hours.follow(event);
            match event {
                Event::MessageReceived(e) => due.extend(what_is_due(&hours, &told, e.conversation, now)),
                Event::MessageSubmitted(e) if e.author == Author::System(SystemCause::OutOfHours) => {
                    said.push((e.conversation, &e.content));
                }
                _ => {}
            }
        }
        told.extend(said.iter().map(|(id, _)| (*id, now)));
        let is_due = |(id, text): &(ConversationId, &str), said: &(ConversationId, &Content)| {
            *id == said.0 && matches!(said.1, Content::Text(said) if said == text)
        };
        let is_right = due.len() == said.len() && due.iter().zip(&said).all(|(due, said)| is_due(due, said));
        if !is_right {
            findings.push(format!("at {} {said:?} was said, and was to be {due:?}", placed.position));
        }
    }
    findings
}

/// What is said to a customer who wrote just now.
fn what_is_due<'a>(
    hours: &Hours<'a>,
    told: &HashMap<ConversationId, Timestamp>,
    id: ConversationId,
    now: Timestamp,
) -> Option<(ConversationId, &'a str)> {
    let place = hours.place(id)?;
    let closed_since = hours.closed_since(place.campaign, now)?;
    let is_told = told.get(&id).is_some_and(|told| *told >= closed_since);
    let text = hours.outside_text(place.campaign)?;
    (place.agent.is_none() && !is_told).then_some((id, text))
}
