//! Planted into the log: two agents in one conversation, more than an agent may hold, two open conversations of one
//! contact, a status that goes down.

use schemas::event::{AssignReason, Author, ConversationAssigned, ConversationOffered, OfferEnd, OfferEnded};
use schemas::{ConversationId, DeliveryStatus, Event, Timestamp};
use tests::centre::{agent, contact};
use tests::checker::{Evidence, Rule, check};

use super::day::{breaks, events_mut, in_order};

/// The note on a conversation that has an agent becomes something else.
fn instead_of_the_note(happens: impl Fn(ConversationId) -> Event) -> Evidence {
    let mut evidence = in_order();
    for event in events_mut(&mut evidence) {
        if let Event::NoteAdded(note) = event {
            *event = happens(note.conversation);
        }
    }
    evidence
}

/// It is assigned to another.
fn assigned_over(reason: AssignReason) -> Evidence {
    instead_of_the_note(|conversation| {
        let (agent, reason) = (agent(2), reason.clone());
        ConversationAssigned { conversation, agent, reason }.into()
    })
}

#[test]
fn two_agents() {
    breaks(&assigned_over(AssignReason::Picked), Rule::OneAgent);
}

#[test]
fn a_conversation_that_a_supervisor_gives_to_another_has_one_agent() {
    assert_eq!(check(&assigned_over(AssignReason::Given)), []);
}

#[test]
fn an_offer_of_what_has_an_agent() {
    let offered = instead_of_the_note(|conversation| {
        let (agent, reason) = (agent(2), AssignReason::Picked);
        let (since, until) = (Timestamp::default(), Timestamp::default());
        ConversationOffered { conversation, agent, reason, since, until }.into()
    });
    breaks(&offered, Rule::OneAgent);
}

#[test]
fn the_end_of_an_offer_that_was_none() {
    let ended = instead_of_the_note(|conversation| {
        OfferEnded { conversation, agent: agent(2), cause: OfferEnd::Declined }.into()
    });
    breaks(&ended, Rule::OneAgent);
}

#[test]
fn an_agent_who_accepts_what_another_is_offered() {
    let mut evidence = in_order();
    for event in events_mut(&mut evidence) {
        if let Event::ConversationAssigned(assigned) = event {
            assigned.reason = AssignReason::Accepted;
        }
    }
    breaks(&evidence, Rule::OneAgent);
}

#[test]
fn an_agent_who_sends_in_the_conversation_of_another() {
    let mut evidence = in_order();
    for event in events_mut(&mut evidence) {
        if let Event::MessageSubmitted(submitted) = event {
            submitted.author = Author::Agent(agent(2));
        }
    }
    breaks(&evidence, Rule::OneAgent);
}

#[test]
fn more_than_an_agent_may_hold() {
    let mut evidence = in_order();
    for event in events_mut(&mut evidence) {
        if let Event::AgentDefined(defined) = event {
            defined.capacity = 1;
        }
    }
    breaks(&evidence, Rule::Capacity);
}

#[test]
fn two_open_conversations_of_one_contact() {
    let mut evidence = in_order();
    for event in events_mut(&mut evidence) {
        if let Event::ConversationOpened(opened) = event
            && opened.contact == contact(1)
        {
            opened.contact = contact(0);
        }
    }
    breaks(&evidence, Rule::OneOpen);
}

#[test]
fn a_status_that_goes_down() {
    let mut evidence = in_order();
    for event in events_mut(&mut evidence) {
        if let Event::DeliveryUpdated(updated) = event
            && updated.receipt == DeliveryStatus::Sent
        {
            updated.status = updated.receipt;
        }
    }
    breaks(&evidence, Rule::StatusUp);
}
