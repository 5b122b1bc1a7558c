//! Presence: who is online takes conversations, who is away keeps theirs, and what an agent who leaves held goes
//! back to be assigned, ahead of what came later.

use schemas::event::{AgentDefined, AssignReason, ConversationReleased, Event, PresenceChanged, QueueCause};
use schemas::{Actor, Command, ConversationId, Presence, Rejection, Role};

use super::centre::*;
use super::harness::{Step, given, second};

fn changed(id: &str, presence: Presence) -> Event {
    let agent = agent(id);
    PresenceChanged { agent, presence }.into()
}

fn released(conversation: ConversationId, from: &str) -> Event {
    let agent = agent(from);
    ConversationReleased { conversation, agent }.into()
}

fn away_because(id: &str, reason: &str) -> Step {
    let presence = Presence::Away { reason: reason.to_owned() };
    let agent = agent(id);
    Step::new(as_agent(id), Command::ChangePresence { agent, presence })
}

#[test]
fn an_agent_comes_online() {
    given([]).when(online(ANA)).then([changed(ANA, Presence::Online)]);
}

#[test]
fn an_agent_who_is_online_already_does_not_come_again() {
    given([online(ANA)]).when(online(ANA)).then_nothing();
}

#[test]
fn an_agent_is_offline_at_first() {
    given([]).when(offline(ANA)).then_nothing();
}

#[test]
fn who_is_away_keeps_what_they_have() {
    given([online(ANA), wrote(EVA)])
        .when(away_because(ANA, "lunch"))
        .then([changed(ANA, Presence::Away { reason: "lunch".into() })])
        .then_holds(ANA, [of(EVA)]);
}

#[test]
fn the_conversations_of_who_goes_offline_go_to_who_has_room() {
    given([online(ANA), wrote(EVA), online(BEN)])
        .when(offline(ANA))
        .then([
            changed(ANA, Presence::Offline),
            released(of(EVA), ANA),
            assigned(
                of(EVA),
                BEN,
                AssignReason::MostRoom { with_room: 1, load: 0, capacity: 2, idle_since: second(3) },
            ),
        ])
        .then_holds(BEN, [of(EVA)]);
}

#[test]
fn the_conversations_of_who_goes_offline_wait_where_nobody_has_room() {
    given([online(ANA), wrote(EVA)]).when(offline(ANA)).then([
        changed(ANA, Presence::Offline),
        released(of(EVA), ANA),
        queued(of(EVA), SALES, QueueCause::Released, second(2)),
    ]);
}

#[test]
fn the_conversations_of_who_went_offline_go_ahead_of_later_ones() {
    given([online(ANA), wrote(EVA), wrote(LUIS), wrote(MIA), offline(ANA), wrote(NOA), online(BEN)])
        .then_holds(BEN, [of(EVA), of(LUIS)])
        .then_waits(of(MIA))
        .then_waits(of(NOA));
}

#[test]
fn who_has_waited_longest_of_them_is_given_away_first() {
    given([with_capacity(BEN, 1), online(BEN), wrote(EVA), online(ANA), wrote(LUIS)])
        .and([transfers(BEN, of(EVA), to_agent(ANA))])
        .then_holds(ANA, [of(LUIS), of(EVA)])
        .and([offline(ANA)])
        .then_holds(BEN, [of(EVA)])
        .then_waits(of(LUIS));
}

#[test]
fn together_they_do_not_overrun_the_capacity_of_who_gets_them() {
    given([online(ANA), wrote(EVA), wrote(LUIS), with_capacity(BEN, 1), online(BEN), offline(ANA)])
        .then_holds(BEN, [of(EVA)])
        .then_waits(of(LUIS));
}

#[test]
fn they_are_spread_over_those_who_have_room() {
    given([online(ANA), wrote(EVA), wrote(LUIS), online(BEN), online(SUE), offline(ANA)])
        .then_holds(BEN, [of(EVA)])
        .then_holds(SUE, [of(LUIS)]);
}

#[test]
fn what_one_is_given_of_them_counts_for_who_is_idle_longest() {
    given([online(ANA), wrote(EVA), wrote(LUIS), with_capacity(BEN, 3), online(BEN), online(SUE)])
        .and([offline(ANA)])
        .then_holds(BEN, [of(EVA)])
        .then_holds(SUE, [of(LUIS)]);
}

#[test]
fn what_goes_back_goes_to_the_contacts_exclusive_agent() {
    given([online(ANA), wrote(EVA), with_capacity(BEN, 9), online(BEN), online(SUE)])
        .and([exclusive(EVA, SALES, SUE), offline(ANA)])
        .then_holds(SUE, [of(EVA)]);
}

#[test]
fn a_supervisor_changes_the_presence_of_another() {
    given([online(ANA), wrote(EVA)])
        .when(offline(ANA).by(as_agent(SUE)))
        .then_accepted()
        .then_holds(ANA, [])
        .then_waits(of(EVA));
}

#[test]
fn who_becomes_an_auditor_attends_no_more() {
    let auditor = AgentDefined { role: Role::Auditor, ..definition(ANA) };
    given([online(ANA), wrote(EVA), exclusive(LUIS, SALES, ANA), wrote(LUIS)])
        .when(redefined(auditor.clone()))
        .then([
            auditor.into(),
            released(of(EVA), ANA),
            queued(of(EVA), SALES, QueueCause::Released, second(2)),
            released(of(LUIS), ANA),
            queued(of(LUIS), SALES, QueueCause::Released, second(4)),
        ])
        .then_holds(ANA, [])
        .then_no_wait_ends();
}

refusals! {
    who_is_away_says_why:
        given []
        when away_because(ANA, " ")
        => Rejection::UnknownAwayReason(" ".into());
    a_reason_that_is_refused_is_not_told_in_full:
        given []
        when away_because(ANA, &"x".repeat(1_000))
        => Rejection::UnknownAwayReason("x".repeat(40));
    an_agent_does_not_change_the_presence_of_another:
        given []
        when online(ANA).by(as_agent(BEN))
        => Rejection::Forbidden;
    an_auditor_does_not_change_the_presence_of_another:
        given []
        when online(ANA).by(as_agent(TOM))
        => Rejection::Forbidden;
    an_auditor_does_not_come_online:
        given []
        when online(TOM)
        => Rejection::Forbidden;
    a_channel_changes_no_presence:
        given []
        when online(ANA).by(Actor::Channel(channel(WA)))
        => Rejection::Forbidden;
    a_stranger_has_no_presence:
        given []
        when online("nobody")
        => Rejection::UnknownAgent(agent("nobody"));
}
