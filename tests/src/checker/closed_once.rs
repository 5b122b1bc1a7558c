//! A customer who is silent is warned once, and the conversation closed once after that, when its time has come; not one
//! who waits for an answer, or whom nobody attends. What atender writes then is written with it, once. Every campaign of
//! the load warns first.

use std::collections::HashMap;

use schemas::event::{Author, SystemCause};
use schemas::{Actor, ConversationId, Event, Timestamp};

use super::{Evidence, Findings};
use crate::log_copy::Placed;

#[derive(Default)]
struct Talk {
    /// The customer wrote last.
    is_unanswered: bool,
    /// The customer was warned, and it is closed then.
    closes_at: Option<Timestamp>,
}

type Talks = HashMap<ConversationId, Talk>;

pub(super) fn check(evidence: &Evidence) -> Findings {
    let (mut talks, mut findings) = (Talks::new(), Findings::new());
    for placed in evidence.log.commits() {
        let broken = placed.commit.events.iter().filter_map(|event| follow(&mut talks, event, placed));
        findings.extend(broken.map(|what| format!("{what} at {}", placed.position)));
        findings.extend(says_something_else(placed));
    }
    findings
}

fn follow(talks: &mut Talks, event: &Event, placed: Placed<'_>) -> Option<String> {
    let header = &placed.commit.header;
    match event {
        Event::MessageReceived(e) => {
            talks.insert(e.conversation, Talk { is_unanswered: true, closes_at: None });
        }
        Event::MessageSubmitted(e) if e.author.agent().is_some() => {
            talks.insert(e.conversation, Talk::default());
        }
        Event::ConversationAssigned(e) => another_attends(talks, e.conversation),
        Event::ConversationTakenOver(e) => another_attends(talks, e.conversation),
        Event::ConversationGivenBack(e) => another_attends(talks, e.conversation),
        Event::ConversationMerged(e) => {
            let ended = talks.remove(&e.conversation).unwrap_or_default();
            if ended.is_unanswered {
                talks.insert(e.into, Talk { is_unanswered: true, closes_at: None });
            }
        }
        Event::InactivityWarned(e) => {
            let talk = talks.entry(e.conversation).or_default();
            let again = talk.closes_at.replace(e.close_at);
            if talk.is_unanswered || again.is_some() {
                return Some(format!("the customer of {} is warned: {again:?} before", e.conversation));
            }
        }
        Event::InactivityPutOff(e) => {
            let talk = talks.entry(e.conversation).or_default();
            talk.closes_at = talk.closes_at.map(|_| e.until.unwrap_or(Timestamp::MAX));
        }
        Event::ConversationFinished(e) => {
            let closes_at = talks.remove(&e.conversation).and_then(|talk| talk.closes_at);
            let is_time = e.agent.is_some() && closes_at.is_some_and(|closes_at| closes_at <= header.at);
            if header.actor == Actor::System && !is_time {
                return Some(format!("{e:?}: by itself, and to be closed at {closes_at:?}"));
            }
        }
        _ => {}
    }
    None
}

/// The customer is silent anew for whoever attends them now.
fn another_attends(talks: &mut Talks, conversation: ConversationId) {
    talks.entry(conversation).or_default().closes_at = None;
}

/// A warning is written when a customer is warned, a farewell where a conversation is closed, and neither elsewhere.
fn says_something_else(placed: Placed<'_>) -> Option<String> {
    let (mut done, mut said) = (Vec::new(), Vec::new());
    for event in &placed.commit.events {
        match event {
            Event::InactivityWarned(e) => done.push((e.conversation, SystemCause::InactivityWarning)),
            Event::ConversationFinished(e) if placed.commit.header.actor == Actor::System => {
                done.push((e.conversation, SystemCause::InactivityClosed));
            }
            Event::MessageSubmitted(e) => match e.author {
                Author::System(cause @ (SystemCause::InactivityWarning | SystemCause::InactivityClosed)) => {
                    said.push((e.conversation, cause))
                }
                Author::System(SystemCause::OutOfHours) | Author::Agent(_) => {}
            },
            _ => {}
        }
    }
    (done != said).then(|| format!("at {} {done:?} happened, and was said {said:?}", placed.position))
}
