//! The attempts to hand a message to the network: in the log before the call, never repeated blindly, and resent
//! only by the decision of a person.

use schemas::command::AttemptResult;
use schemas::event::{
    DeliveryUpdated, Event, MessageResent, SendAccepted, SendAttempted, SendDeferred, SendUncertain,
};
use schemas::limits::PROVIDER_ID_BYTES_MAX;
use schemas::{Actor, DeliveryStatus, MessageId, Rejection};

use super::centre::*;
use super::harness::{Scene, given, second};

const FIRST: u32 = 0;

fn m1() -> MessageId {
    message("m1")
}

fn submitted() -> Scene {
    given([online(ANA), wrote(EVA), sends(ANA, of(EVA), "m1")])
}

fn attempted(attempt: u16) -> Event {
    SendAttempted { conversation: of(EVA), message: m1(), ordinal: FIRST, attempt }.into()
}

fn uncertain(attempt: u16) -> Event {
    SendUncertain { conversation: of(EVA), message: m1(), ordinal: FIRST, attempt }.into()
}

fn accepted(attempt: u16, provider_id: &str) -> Event {
    SendAccepted {
        conversation: of(EVA),
        message: m1(),
        ordinal: FIRST,
        attempt,
        provider_id: provider_id.to_owned(),
    }
    .into()
}

fn refused_for_now() -> AttemptResult {
    AttemptResult::Deferred { error: error(130_429), retry_at: second(30) }
}

fn refused_for_good() -> AttemptResult {
    AttemptResult::Failed { error: error(131_047) }
}

#[test]
fn an_attempt_is_recorded_before_the_network_is_called() {
    submitted().when(begins_attempt(m1())).then([attempted(1)]);
}

#[test]
fn what_the_network_takes_is_named_and_still_pending() {
    submitted()
        .and([begins_attempt(m1())])
        .when(ends_attempt(m1(), 1, took("w1")))
        .then([accepted(1, "w1")])
        .then_status(m1(), DeliveryStatus::Pending);
}

#[test]
fn a_refusal_that_passes_is_tried_again() {
    let deferred = SendDeferred {
        conversation: of(EVA),
        message: m1(),
        ordinal: FIRST,
        attempt: 1,
        error: error(130_429),
        retry_at: second(30),
    };
    submitted()
        .and([begins_attempt(m1())])
        .when(ends_attempt(m1(), 1, refused_for_now()))
        .then([deferred.into()])
        .when(begins_attempt(m1()))
        .then([attempted(2)]);
}

#[test]
fn a_refusal_for_good_fails_the_message_with_its_code() {
    let failed = DeliveryUpdated {
        conversation: of(EVA),
        message: m1(),
        ordinal: FIRST,
        receipt: DeliveryStatus::Failed,
        reported_at: second(5),
        provider_id: None,
        error: Some(error(131_047)),
        status: DeliveryStatus::Failed,
    };
    submitted()
        .and([begins_attempt(m1())])
        .when(ends_attempt(m1(), 1, refused_for_good()))
        .then([failed.into()])
        .then_status(m1(), DeliveryStatus::Failed);
}

#[test]
fn an_attempt_whose_result_never_came_is_not_repeated() {
    submitted()
        .and([begins_attempt(m1())])
        .when(begins_attempt(m1()))
        .then([uncertain(1)])
        .then_status(m1(), DeliveryStatus::Pending)
        .when(begins_attempt(m1()))
        .then_rejected(Rejection::MessageNotPending(m1()));
}

#[test]
fn a_call_whose_outcome_nobody_knows_is_not_repeated() {
    submitted()
        .and([begins_attempt(m1())])
        .when(ends_attempt(m1(), 1, AttemptResult::Unknown))
        .then([uncertain(1)])
        .when(begins_attempt(m1()))
        .then_rejected(Rejection::MessageNotPending(m1()));
}

#[test]
fn a_result_that_comes_after_all_settles_an_uncertain_message() {
    submitted()
        .and([begins_attempt(m1()), begins_attempt(m1())])
        .when(ends_attempt(m1(), 1, took("w1")))
        .then([accepted(1, "w1")])
        .and([receipt_for("w1", DeliveryStatus::Sent)])
        .then_status(m1(), DeliveryStatus::Sent);
}

#[test]
fn the_network_may_name_a_message_after_its_first_receipt() {
    submitted()
        .and([begins_attempt(m1()), receipt(m1(), DeliveryStatus::Sent)])
        .when(ends_attempt(m1(), 1, took("w1")))
        .then([accepted(1, "w1")])
        .then_status(m1(), DeliveryStatus::Sent);
}

#[test]
fn a_refusal_after_a_receipt_is_not_believed() {
    submitted()
        .and([begins_attempt(m1()), receipt(m1(), DeliveryStatus::Sent)])
        .when(ends_attempt(m1(), 1, refused_for_now()))
        .then_rejected(Rejection::AttemptNotOpen(m1(), 1))
        .when(ends_attempt(m1(), 1, refused_for_good()))
        .then_rejected(Rejection::AttemptNotOpen(m1(), 1))
        .then_status(m1(), DeliveryStatus::Sent);
}

#[test]
fn an_uncertain_message_is_sent_again_by_the_decision_of_a_person() {
    let scene = submitted().and([begins_attempt(m1()), begins_attempt(m1())]);
    let resent = MessageResent {
        conversation: of(EVA),
        message: m1(),
        ordinal: FIRST,
        submitted: scene.outbound(m1()).submitted,
    };
    scene
        .when(resends(ANA, of(EVA), m1()))
        .then([resent.into()])
        .when(begins_attempt(m1()))
        .then([attempted(2)]);
}

#[test]
fn a_failed_message_is_sent_again_by_whoever_has_the_conversation_now() {
    submitted()
        .and([begins_attempt(m1()), ends_attempt(m1(), 1, refused_for_good()), online(BEN)])
        .and([transfers(ANA, of(EVA), to_agent(BEN))])
        .when(resends(BEN, of(EVA), m1()))
        .then_accepted()
        .then_status(m1(), DeliveryStatus::Pending);
}

#[test]
fn the_result_of_an_attempt_before_a_resend_is_not_taken_for_the_new_one() {
    submitted()
        .and([begins_attempt(m1()), begins_attempt(m1()), resends(ANA, of(EVA), m1())])
        .and([begins_attempt(m1())])
        .when(ends_attempt(m1(), 1, took("w1")))
        .then_rejected(Rejection::AttemptNotOpen(m1(), 1));
}

#[test]
fn an_attempt_ends_once() {
    submitted()
        .and([begins_attempt(m1()), ends_attempt(m1(), 1, took("w1"))])
        .when(ends_attempt(m1(), 1, refused_for_good()))
        .then_rejected(Rejection::AttemptNotOpen(m1(), 1))
        .when(ends_attempt(m1(), 1, took("w1")))
        .then_rejected(Rejection::AttemptNotOpen(m1(), 1));
}

#[test]
fn a_message_that_the_network_has_is_not_sent_again() {
    submitted()
        .and([begins_attempt(m1()), ends_attempt(m1(), 1, took("w1"))])
        .when(begins_attempt(m1()))
        .then_rejected(Rejection::MessageNotPending(m1()))
        .when(resends(ANA, of(EVA), m1()))
        .then_rejected(Rejection::MessageNotResendable(m1()));
}

refusals! {
    only_what_was_submitted_is_sent:
        given [online(ANA)]
        when begins_attempt(m1())
        => Rejection::UnknownMessage(m1());
    only_the_engine_begins_attempts:
        given [online(ANA), wrote(EVA), sends(ANA, of(EVA), "m1")]
        when begins_attempt(m1()).by(Actor::Administrator)
        => Rejection::Forbidden;
    only_the_engine_ends_attempts:
        given [online(ANA), wrote(EVA), sends(ANA, of(EVA), "m1"), begins_attempt(m1())]
        when ends_attempt(m1(), 1, took("w1")).by(as_agent(ANA))
        => Rejection::Forbidden;
    an_attempt_that_has_not_begun_does_not_end:
        given [online(ANA), wrote(EVA), sends(ANA, of(EVA), "m1")]
        when ends_attempt(m1(), 1, took("w1"))
        => Rejection::AttemptNotOpen(m1(), 1);
    a_failed_message_is_not_sent_by_itself:
        given [online(ANA), wrote(EVA), sends(ANA, of(EVA), "m1"), receipt(m1(), DeliveryStatus::Failed)]
        when begins_attempt(m1())
        => Rejection::MessageNotPending(m1());
    a_pending_message_is_not_sent_twice:
        given [online(ANA), wrote(EVA), sends(ANA, of(EVA), "m1")]
        when resends(ANA, of(EVA), m1())
        => Rejection::MessageNotResendable(m1());
    a_delivered_message_is_not_sent_twice:
        given [online(ANA), wrote(EVA), sends(ANA, of(EVA), "m1"), receipt(m1(), DeliveryStatus::Delivered)]
        when resends(ANA, of(EVA), m1())
        => Rejection::MessageNotResendable(m1());
    who_does_not_have_the_conversation_resends_nothing:
        given [online(ANA), wrote(EVA), sends(ANA, of(EVA), "m1"), receipt(m1(), DeliveryStatus::Failed)]
        when resends(SUE, of(EVA), m1())
        => Rejection::NotAssignedAgent(of(EVA));
    nothing_is_resent_in_a_finished_conversation:
        given [
            online(ANA),
            wrote(EVA),
            sends(ANA, of(EVA), "m1"),
            receipt(m1(), DeliveryStatus::Failed),
            finishes(ANA, of(EVA)),
        ]
        when resends(ANA, of(EVA), m1())
        => Rejection::ConversationNotOpen(of(EVA));
    a_message_is_resent_in_its_own_conversation:
        given [
            online(ANA),
            wrote(EVA),
            sends(ANA, of(EVA), "m1"),
            receipt(m1(), DeliveryStatus::Failed),
            wrote(LUIS),
        ]
        when resends(ANA, of(LUIS), m1())
        => Rejection::UnknownMessage(m1());
    the_networks_id_is_not_empty:
        given [online(ANA), wrote(EVA), sends(ANA, of(EVA), "m1"), begins_attempt(m1())]
        when ends_attempt(m1(), 1, took(""))
        => Rejection::InvalidText("provider id".into());
    the_networks_id_is_not_too_long:
        given [online(ANA), wrote(EVA), sends(ANA, of(EVA), "m1"), begins_attempt(m1())]
        when ends_attempt(m1(), 1, took(&"w".repeat(PROVIDER_ID_BYTES_MAX + 1)))
        => Rejection::InvalidText("provider id".into());
}
