//! Send: only the agent who has the conversation, or a supervisor who has taken over. Twice the same command sends
//! one message.

use schemas::event::{Author, Event, MessageSubmitted};
use schemas::limits::TEXT_CHARS_MAX;
use schemas::{CommandId, Content, DeliveryStatus, Rejection, WorkspaceId};

use super::centre::*;
use super::harness::given;

fn submitted(label: &str, ordinal: u32, by: &str) -> Event {
    MessageSubmitted {
        conversation: of(EVA),
        message: message(label),
        ordinal,
        channel: channel(WA),
        to: "identity of eva".into(),
        author: Author::Agent(agent(by)),
        content: Content::Text(format!("this is {label}")),
    }
    .into()
}

fn text_of(chars: usize) -> Content {
    Content::Text("ñ".repeat(chars))
}

#[test]
fn the_assigned_agent_sends_and_the_message_is_pending() {
    given([online(ANA), wrote(EVA)])
        .when(sends(ANA, of(EVA), "m1"))
        .then([submitted("m1", 0, ANA)])
        .then_status(message("m1"), DeliveryStatus::Pending);
}

#[test]
fn the_messages_of_a_conversation_are_counted_whoever_sends_them() {
    given([online(ANA), wrote(EVA), online(BEN), sends(ANA, of(EVA), "m1")])
        .and([transfers(ANA, of(EVA), to_agent(BEN))])
        .when(sends(BEN, of(EVA), "m2"))
        .then([submitted("m2", 1, BEN)]);
}

#[test]
fn a_supervisor_who_has_taken_over_sends() {
    given([online(ANA), wrote(EVA), online(SUE), takes(SUE, of(EVA))])
        .when(sends(SUE, of(EVA), "m1"))
        .then([submitted("m1", 0, SUE)]);
}

#[test]
fn who_is_away_still_answers_their_customers() {
    given([online(ANA), wrote(EVA), away(ANA)])
        .when(sends(ANA, of(EVA), "m1"))
        .then([submitted("m1", 0, ANA)]);
}

#[test]
fn a_send_is_remembered_so_that_the_same_command_sends_one_message() {
    let scene = given([online(ANA), wrote(EVA), sends(ANA, of(EVA), "m1")]);
    let workspace = WorkspaceId::new("default").unwrap();
    let remembered = |id| scene.state().remembered(&workspace, id);
    let first = remembered(CommandId::of_key(&workspace, "test", "m1")).unwrap();
    assert!(first.has_message);
    assert_eq!(first.conversation, Some(of(EVA)));
    assert_eq!(first.position, scene.outbound(message("m1")).submitted);
    assert_eq!(remembered(CommandId::of_key(&workspace, "test", "m2")), None);
}

#[test]
fn the_longest_text_can_be_sent() {
    given([online(ANA), wrote(EVA)])
        .when(sends_content(ANA, of(EVA), text_of(TEXT_CHARS_MAX)))
        .then_accepted();
}

refusals! {
    who_does_not_have_the_conversation_does_not_send:
        given [online(ANA), wrote(EVA), online(BEN)]
        when sends(BEN, of(EVA), "m1")
        => Rejection::NotAssignedAgent(of(EVA));
    who_has_given_it_away_does_not_send:
        given [online(ANA), wrote(EVA), online(BEN), transfers(ANA, of(EVA), to_agent(BEN))]
        when sends(ANA, of(EVA), "m1")
        => Rejection::NotAssignedAgent(of(EVA));
    a_supervisor_who_has_not_taken_over_does_not_send:
        given [online(ANA), wrote(EVA), online(SUE)]
        when sends(SUE, of(EVA), "m1")
        => Rejection::NotAssignedAgent(of(EVA));
    nobody_sends_in_a_waiting_conversation:
        given [wrote(EVA)]
        when sends(ANA, of(EVA), "m1")
        => Rejection::NotAssignedAgent(of(EVA));
    an_auditor_does_not_send:
        given [online(ANA), wrote(EVA)]
        when sends(TOM, of(EVA), "m1")
        => Rejection::NotAssignedAgent(of(EVA));
    nobody_sends_in_a_finished_conversation:
        given [online(ANA), wrote(EVA), finishes(ANA, of(EVA))]
        when sends(ANA, of(EVA), "m1")
        => Rejection::ConversationNotOpen(of(EVA));
    a_message_says_something:
        given [online(ANA), wrote(EVA)]
        when sends_content(ANA, of(EVA), Content::Text(" \n".into()))
        => Rejection::EmptyMessage;
    a_message_is_not_longer_than_the_network_takes:
        given [online(ANA), wrote(EVA)]
        when sends_content(ANA, of(EVA), text_of(TEXT_CHARS_MAX + 1))
        => Rejection::MessageTooLong(TEXT_CHARS_MAX);
    what_was_received_and_not_understood_cannot_be_sent:
        given [online(ANA), wrote(EVA)]
        when sends_content(ANA, of(EVA), Content::Unsupported { kind: "image".into(), raw: "{}".into() })
        => Rejection::ContentNotSendable;
}
