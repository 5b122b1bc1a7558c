//! Planted into the log: two agents in one conversation, more than an agent may hold, two open conversations of one
//! contact, a status that goes down.

use schemas::event::{AssignReason, Author, ConversationAssigned};
use schemas::{DeliveryStatus, Event};
use tests::centre::{agent, contact};
use tests::checker::{Evidence, Rule, check};

use super::day::{breaks, events_mut, in_order};

/// The note on a conversation that has an agent becomes its assignment to another.
fn assigned_over(reason: AssignReason) -> Evidence {
    let mut evidence = in_order();
    for event in events_mut(&mut evidence) {
        if let Event::NoteAdded(note) = event {
            let (conversation, agent, reason) = (note.conversation, agent(2), reason.clone());
            *event = ConversationAssigned { conversation, agent, reason }.into();
        }
    }
    evidence
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
