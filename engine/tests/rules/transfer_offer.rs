//! Offered transfers: accepted, declined, not answered, withdrawn, overtaken.

use schemas::event::{
    AssignReason, ConversationTransferred, Event, OfferEnd, TransferOfferEnded, TransferOffered,
};
use schemas::limits::NOTE_CHARS_MAX;
use schemas::{Actor, Command, ConversationId, Rejection};

use super::centre::*;
use super::harness::{Scene, Step, given, second};

const WHY: &str = "knows the invoices";

fn offers(who: &str, conversation: ConversationId, to: &str) -> Step {
    offers_with_note(who, conversation, to, WHY)
}

fn offers_with_note(who: &str, conversation: ConversationId, to: &str, note: &str) -> Step {
    let command = Command::OfferTransfer { conversation, agent: agent(to), note: note.into() };
    Step::new(as_agent(who), command)
}

fn withdraws(who: &str, conversation: ConversationId) -> Step {
    Step::new(as_agent(who), Command::WithdrawTransfer { conversation })
}

fn accepts(who: &str, conversation: ConversationId) -> Step {
    Step::new(as_agent(who), Command::AcceptOffer { conversation })
}

fn declines(who: &str, conversation: ConversationId) -> Step {
    Step::new(as_agent(who), Command::DeclineOffer { conversation })
}

fn ended(conversation: ConversationId, to: &str, cause: OfferEnd) -> Event {
    TransferOfferEnded { conversation, to: agent(to), cause }.into()
}

/// Ana has Eva's conversation and asks Ben, who has room for one.
fn asked() -> Scene {
    given([with_capacity(BEN, 1), online(ANA), wrote(EVA), online(BEN), offers(ANA, of(EVA), BEN)])
}

#[test]
fn who_is_asked_has_a_minute_and_the_agent_goes_on() {
    let (conversation, from, to) = (of(EVA), agent(ANA), agent(BEN));
    let offered = TransferOffered { conversation, from, to, note: WHY.into(), until: second(65) };
    given([with_capacity(BEN, 1), online(ANA), wrote(EVA), online(BEN)])
        .when(offers(ANA, of(EVA), BEN))
        .then([offered.into()])
        .then_holds(ANA, [of(EVA)])
        .then_holds(BEN, [])
        .then_next_wait_ends(second(65), of(EVA))
        .and([sends(ANA, of(EVA), "one moment")]);
}

#[test]
fn what_they_accept_is_theirs() {
    let transferred = ConversationTransferred {
        conversation: of(EVA),
        from: Some(agent(ANA)),
        to: to_agent(BEN),
        note: WHY.into(),
        disposition: disposition("transfer"),
    };
    asked()
        .when(accepts(BEN, of(EVA)))
        .then([transferred.into(), assigned(of(EVA), BEN, AssignReason::Transferred)])
        .then_holds(BEN, [of(EVA)])
        .then_holds(ANA, [])
        .then_no_wait_ends();
}

#[test]
fn what_they_accept_gives_the_agent_room() {
    given([with_capacity(ANA, 1), online(ANA), wrote(EVA), online(BEN), offers(ANA, of(EVA), BEN)])
        .and([with_capacity(BEN, 1), wrote(LUIS), accepts(BEN, of(EVA))])
        .then_holds(ANA, [of(LUIS)]);
}

#[test]
fn what_they_decline_stays_with_its_agent() {
    asked()
        .when(declines(BEN, of(EVA)))
        .then([ended(of(EVA), BEN, OfferEnd::Declined)])
        .then_holds(ANA, [of(EVA)])
        .then_no_wait_ends();
}

#[test]
fn it_takes_the_room_of_who_is_asked_until_they_answer() {
    asked()
        .and([with_capacity(ANA, 1), wrote(LUIS)])
        .then_waits(of(LUIS))
        .and([declines(BEN, of(EVA))])
        .then_holds(BEN, [of(LUIS)]);
}

#[test]
fn who_does_not_answer_in_time_is_asked_no_more_and_gets_what_waits() {
    asked()
        .and([with_capacity(ANA, 1), wrote(LUIS)])
        .when(wait_ends(of(EVA)).after(60))
        .then_begins_with(ended(of(EVA), BEN, OfferEnd::TimedOut))
        .then_holds(ANA, [of(EVA)])
        .then_holds(BEN, [of(LUIS)]);
}

#[test]
fn the_question_is_not_over_before_its_time() {
    asked().when(wait_ends(of(EVA)).after(10)).then_nothing();
}

#[test]
fn it_can_be_withdrawn_and_asked_of_another() {
    asked().when(withdraws(ANA, of(EVA))).then([ended(of(EVA), BEN, OfferEnd::Withdrawn)]).and([offers(
        ANA,
        of(EVA),
        BEN,
    )]);
}

#[test]
fn who_leaves_is_asked_no_more() {
    for leaves in [away(BEN), offline(BEN), handling(BEN, &[WEB])] {
        asked().when(leaves).then_has(ended(of(EVA), BEN, OfferEnd::Withdrawn)).then_holds(ANA, [of(EVA)]);
    }
}

#[test]
fn whatever_else_happens_to_it_ends_the_question_and_frees_the_room() {
    let happens = [
        finishes(ANA, of(EVA)),
        takes_over_by_sue(),
        transfers(ANA, of(EVA), to_campaign(SUPPORT)),
        offline(ANA),
    ];
    for happens in happens {
        let scene = asked().and([with_capacity(ANA, 1), wrote(LUIS), wrote(MIA), happens]);
        let ben = scene.workspace().agent(&agent(BEN)).unwrap();
        assert_eq!((ben.asked.len(), ben.holding.len(), ben.load.total()), (0, 1, 1));
    }
}

fn takes_over_by_sue() -> Step {
    Step::new(as_agent(SUE), Command::TakeOver { conversation: of(EVA) })
}

refusals! {
    who_does_not_have_it_asks_nobody:
        given [online(ANA), wrote(EVA), online(BEN)]
        when offers(BEN, of(EVA), BEN)
        => Rejection::NotAssignedAgent(of(EVA));
    without_a_reason_nobody_is_asked:
        given [online(ANA), wrote(EVA), online(BEN)]
        when offers_with_note(ANA, of(EVA), BEN, " ")
        => Rejection::NoteRequired;
    a_reason_has_a_limit:
        given [online(ANA), wrote(EVA), online(BEN)]
        when offers_with_note(ANA, of(EVA), BEN, &"a".repeat(NOTE_CHARS_MAX + 1))
        => Rejection::InvalidText("note".into());
    nobody_is_asked_for_what_nobody_has:
        given [wrote(EVA), with_capacity(BEN, 0), online(BEN)]
        when offers(SUE, of(EVA), BEN)
        => Rejection::AttendedByNobody(of(EVA));
    nobody_is_asked_for_what_they_have:
        given [online(ANA), wrote(EVA)]
        when offers(ANA, of(EVA), ANA)
        => Rejection::TransferToSelf(agent(ANA));
    an_unknown_agent_is_not_asked:
        given [online(ANA), wrote(EVA)]
        when offers(ANA, of(EVA), "nobody")
        => Rejection::UnknownAgent(agent("nobody"));
    two_are_not_asked_at_once:
        given [online(ANA), wrote(EVA), online(BEN), offers(ANA, of(EVA), BEN)]
        when offers(ANA, of(EVA), BEN)
        => Rejection::TransferOfferedAlready(of(EVA), agent(BEN));
    who_is_not_online_is_not_asked:
        given [online(ANA), wrote(EVA)]
        when offers(ANA, of(EVA), BEN)
        => Rejection::AgentOffline(agent(BEN));
    who_has_no_room_is_not_asked:
        given [online(ANA), wrote(EVA), with_capacity(BEN, 0), online(BEN)]
        when offers(ANA, of(EVA), BEN)
        => Rejection::AgentFull(agent(BEN), 0);
    what_is_finished_is_offered_to_nobody:
        given [online(ANA), wrote(EVA), finishes(ANA, of(EVA)), online(BEN)]
        when offers(ANA, of(EVA), BEN)
        => Rejection::ConversationNotOpen(of(EVA));
    who_is_not_asked_does_not_accept:
        given [online(ANA), wrote(EVA), online(BEN), offers(ANA, of(EVA), BEN)]
        when accepts(ANA, of(EVA))
        => Rejection::NotOffered(of(EVA));
    what_nobody_is_asked_for_is_not_withdrawn:
        given [online(ANA), wrote(EVA)]
        when withdraws(ANA, of(EVA))
        => Rejection::NoTransferOffered(of(EVA));
    who_is_asked_withdraws_nothing:
        given [online(ANA), wrote(EVA), online(BEN), offers(ANA, of(EVA), BEN)]
        when withdraws(BEN, of(EVA))
        => Rejection::NotAssignedAgent(of(EVA));
    an_auditor_asks_nobody:
        given [online(ANA), wrote(EVA), online(BEN)]
        when offers(ANA, of(EVA), BEN).by(Actor::System)
        => Rejection::NotAssignedAgent(of(EVA));
}
