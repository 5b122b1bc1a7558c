//! A supervisor takes over and gives back.

use schemas::event::{AgentDefined, ConversationGivenBack, ConversationTakenOver, Event, QueueCause};
use schemas::{Actor, Command, ConversationId, Rejection};

use super::centre::*;
use super::harness::{Step, given, second};

fn takes_over(who: &str, conversation: ConversationId) -> Step {
    Step::new(as_agent(who), Command::TakeOver { conversation })
}

fn gives_back(who: &str, conversation: ConversationId) -> Step {
    Step::new(as_agent(who), Command::GiveBack { conversation })
}

fn was_given_back(conversation: ConversationId, by: &str, to: &str) -> Event {
    ConversationGivenBack { conversation, by: agent(by), to: agent(to) }.into()
}

#[test]
fn a_supervisor_takes_over_and_sends() {
    let taken = ConversationTakenOver { conversation: of(EVA), from: agent(ANA), by: agent(SUE) };
    given([online(ANA), wrote(EVA)])
        .when(takes_over(SUE, of(EVA)))
        .then([taken.into()])
        .then_holds(SUE, [of(EVA)])
        .then_holds(ANA, [])
        .and([sends(SUE, of(EVA), "I am Sue")]);
}

#[test]
fn what_was_taken_over_still_takes_the_agents_room() {
    given([with_capacity(ANA, 1), online(ANA), wrote(EVA), takes_over(SUE, of(EVA)), wrote(LUIS)])
        .then_waits(of(LUIS));
}

#[test]
fn what_is_given_back_is_the_agents_again() {
    given([with_capacity(ANA, 1), online(ANA), wrote(EVA), takes_over(SUE, of(EVA)), wrote(LUIS)])
        .when(gives_back(SUE, of(EVA)))
        .then([was_given_back(of(EVA), SUE, ANA)])
        .then_holds(ANA, [of(EVA)])
        .then_holds(SUE, [])
        .then_waits(of(LUIS));
}

#[test]
fn what_the_supervisor_finishes_gives_the_agent_room() {
    given([with_capacity(ANA, 1), online(ANA), wrote(EVA), takes_over(SUE, of(EVA)), wrote(LUIS)])
        .and([finishes(SUE, of(EVA))])
        .then_holds(ANA, [of(LUIS)]);
}

#[test]
fn what_the_supervisor_transfers_gives_the_agent_room() {
    given([
        with_capacity(ANA, 1),
        online(ANA),
        wrote(EVA),
        takes_over(SUE, of(EVA)),
        wrote(LUIS),
        online(BEN),
    ])
    .and([wrote(MIA), wrote(NOA)])
    .when(transfers(SUE, of(EVA), to_campaign(SUPPORT)))
    .then_accepted()
    .then_holds(ANA, [of(NOA)]);
}

#[test]
fn what_a_supervisor_has_goes_back_when_they_leave() {
    given([online(ANA), online(SUE), wrote(EVA)])
        .and([assigns(as_agent(SUE), of(EVA), ANA), takes_over(SUE, of(EVA))])
        .when(offline(SUE))
        .then_has(was_given_back(of(EVA), SUE, ANA))
        .then_holds(ANA, [of(EVA)]);
}

#[test]
fn what_a_supervisor_has_from_an_agent_who_is_gone_goes_to_the_queue_when_they_leave() {
    given([online(ANA), wrote(EVA), online(SUE), takes_over(SUE, of(EVA)), offline(ANA)])
        .when(offline(SUE))
        .then_ends_in(queued(of(EVA), SALES, QueueCause::Released, second(2)))
        .and([with_capacity(ANA, 1), online(ANA)])
        .then_holds(ANA, [of(EVA)]);
}

#[test]
fn who_has_room_when_a_supervisor_leaves_gets_first_what_is_kept_for_them_just_then() {
    let (luis, mia) = (opened_by(LUIS, WEB, 1), opened_by(MIA, WEB, 1));
    given([with_capacity(ANA, 1), online(ANA), online(SUE), exclusive(LUIS, SALES, ANA)])
        .and([wrote(EVA), assigns(as_agent(SUE), of(EVA), ANA), takes_over(SUE, of(EVA))])
        .and([wrote_on(LUIS, WEB, 1), assigns(as_agent(SUE), luis, SUE), wrote_on(MIA, WEB, 1)])
        // So that it does not go back to her.
        .and([redefined(AgentDefined { capacity: 1, channels: vec![channel(WEB)], ..definition(ANA) })])
        .when(offline(SUE))
        .then_accepted()
        .then_holds(ANA, [luis])
        .then_waits(mia);
}

#[test]
fn taking_over_again_is_a_double_click() {
    given([online(ANA), wrote(EVA), takes_over(SUE, of(EVA))]).when(takes_over(SUE, of(EVA))).then_nothing();
}

#[test]
fn an_administrator_gives_back_what_a_supervisor_forgot() {
    given([online(ANA), wrote(EVA), takes_over(SUE, of(EVA))])
        .when(gives_back(SUE, of(EVA)).by(Actor::Administrator))
        .then([was_given_back(of(EVA), SUE, ANA)]);
}

refusals! {
    an_agent_takes_nothing_over:
        given [online(ANA), wrote(EVA)]
        when takes_over(BEN, of(EVA))
        => Rejection::Forbidden;
    the_administrators_token_takes_nothing_over:
        given [online(ANA), wrote(EVA)]
        when takes_over(SUE, of(EVA)).by(Actor::Administrator)
        => Rejection::NobodyTakesOver;
    what_waits_is_not_taken_over:
        given [wrote(EVA)]
        when takes_over(SUE, of(EVA))
        => Rejection::AttendedByNobody(of(EVA));
    what_is_finished_is_not_taken_over:
        given [online(ANA), wrote(EVA), finishes(ANA, of(EVA))]
        when takes_over(SUE, of(EVA))
        => Rejection::ConversationNotOpen(of(EVA));
    what_was_taken_over_is_not_taken_over_again:
        given [online(ANA), wrote(EVA), takes_over(SUE, of(EVA)), with_capacity(ADA, 1)]
        when takes_over(ADA, of(EVA))
        => Rejection::TakenOverAlready(of(EVA), agent(SUE));
    a_supervisor_takes_over_no_more_than_they_may_hold:
        given [with_capacity(SUE, 0), online(ANA), wrote(EVA)]
        when takes_over(SUE, of(EVA))
        => Rejection::AgentFull(agent(SUE), 0);
    whose_conversation_was_taken_over_does_not_send:
        given [online(ANA), wrote(EVA), takes_over(SUE, of(EVA))]
        when sends(ANA, of(EVA), "hello")
        => Rejection::NotAssignedAgent(of(EVA));
    what_was_not_taken_over_is_not_given_back:
        given [online(ANA), wrote(EVA)]
        when gives_back(SUE, of(EVA))
        => Rejection::NotTakenOver(of(EVA));
    nothing_is_given_back_to_who_does_not_attend_it_any_more:
        given [online(ANA), wrote(EVA), takes_over(SUE, of(EVA)), handling(ANA, &[WEB])]
        when gives_back(SUE, of(EVA))
        => Rejection::NobodyToGiveBackTo(of(EVA), agent(ANA));
    an_agent_gives_nothing_back:
        given [online(ANA), wrote(EVA), takes_over(SUE, of(EVA))]
        when gives_back(ANA, of(EVA))
        => Rejection::Forbidden;
}
