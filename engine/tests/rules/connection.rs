//! A live connection that is lost, the time it has to come back, and what becomes of the agent's conversations.

use schemas::command::Due;
use schemas::event::{
    AgentConnected, AgentDisconnected, CampaignDefined, ConversationReleased, PresenceChanged, QueueCause,
    SettingsDefined,
};
use schemas::masters::NOT_RESPONDING;
use schemas::{Absence, Actor, AwayReason, Command, Presence, ReasonId, Rejection};

use super::centre::*;
use super::harness::{Step, given, second};

fn connection(id: &str, is_connected: bool) -> Step {
    Step::new(Actor::System, Command::ReportConnection { agent: agent(id), is_connected })
}

fn connects(id: &str) -> Step {
    connection(id, true)
}

fn disconnects(id: &str) -> Step {
    connection(id, false)
}

/// The time of an agent whose connection was lost is over.
fn is_given_up(id: &str) -> Step {
    Step::new(Actor::System, Command::PassDeadline(Due::Agent(agent(id)))).after(60)
}

fn sales_with(absence: Absence) -> Step {
    defines(Command::DefineCampaign(CampaignDefined { absence, ..sales() }))
}

fn settings(reasons: &[&str], grace_seconds: u32) -> Step {
    let reason = |id: &&str| AwayReason { id: ReasonId::new(id).expect("a good id"), name: (*id).to_owned() };
    let away_reasons = reasons.iter().map(reason).collect();
    defines(Command::DefineSettings(SettingsDefined { away_reasons, grace_seconds }))
}

fn away_for(id: &str, reason: &str) -> Step {
    let presence = Presence::Away { reason: reason.to_owned() };
    Step::new(as_agent(id), Command::ChangePresence { agent: agent(id), presence })
}

#[test]
fn a_connection_that_is_lost_has_a_minute_to_come_back() {
    let until = Some(second(63));
    given([online(ANA), connects(ANA)])
        .when(disconnects(ANA))
        .then([AgentDisconnected { agent: agent(ANA), until }.into()])
        .then_next_is_due(second(63), Due::Agent(agent(ANA)));
}

#[test]
fn the_time_to_come_back_is_a_setting() {
    let until = Some(second(14));
    given([settings(&[], 10), online(ANA), connects(ANA)]).when(disconnects(ANA)).then([AgentDisconnected {
        agent: agent(ANA),
        until,
    }
    .into()]);
}

#[test]
fn who_is_offline_is_not_waited_for() {
    given([connects(ANA)])
        .when(disconnects(ANA))
        .then([AgentDisconnected { agent: agent(ANA), until: None }.into()])
        .then_no_wait_ends();
}

#[test]
fn who_never_had_a_connection_is_not_waited_for() {
    given([online(ANA)]).when(disconnects(ANA)).then_nothing();
}

#[test]
fn a_second_connection_is_nothing_new() {
    given([online(ANA), connects(ANA)]).when(connects(ANA)).then_nothing();
}

#[test]
fn who_is_gone_gets_nothing_new_and_keeps_what_they_have() {
    given([online(ANA), connects(ANA), wrote(EVA), disconnects(ANA), wrote(LUIS)])
        .then_holds(ANA, [of(EVA)])
        .then_waits(of(LUIS));
}

#[test]
fn who_comes_back_in_time_gets_what_waits() {
    given([online(ANA), connects(ANA), disconnects(ANA), wrote(EVA)])
        .when(connects(ANA))
        .then_has(AgentConnected { agent: agent(ANA) }.into())
        .then_holds(ANA, [of(EVA)])
        .then_no_wait_ends();
}

#[test]
fn who_says_that_they_are_online_is_back() {
    given([online(ANA), connects(ANA), disconnects(ANA), wrote(EVA), online(ANA)])
        .then_holds(ANA, [of(EVA)])
        .then_no_wait_ends();
}

#[test]
fn who_does_not_come_back_is_offline_and_their_conversations_go_to_others() {
    let offline = PresenceChanged { agent: agent(ANA), presence: Presence::Offline };
    let released = ConversationReleased { conversation: of(EVA), agent: agent(ANA) };
    given([online(ANA), connects(ANA), wrote(EVA), disconnects(ANA)])
        .when(is_given_up(ANA))
        .then([offline.into(), released.into(), queued(of(EVA), SALES, QueueCause::Released, second(3))])
        .then_no_wait_ends();
}

#[test]
fn a_campaign_may_leave_them_with_the_agent() {
    let offline = PresenceChanged { agent: agent(ANA), presence: Presence::Offline };
    given([sales_with(Absence::Keep), online(ANA), connects(ANA), wrote(EVA), disconnects(ANA)])
        .when(is_given_up(ANA))
        .then([offline.into()])
        .then_holds(ANA, [of(EVA)]);
}

#[test]
fn a_campaign_may_have_them_wait_for_the_agent() {
    given([sales_with(Absence::ExclusiveWait), online(ANA), connects(ANA), wrote(EVA), disconnects(ANA)])
        .and([is_given_up(ANA)])
        .then_is_kept(of(EVA), ANA, Some(second(125)))
        .and([online(ANA)])
        .then_holds(ANA, [of(EVA)]);
}

#[test]
fn to_be_queued_is_not_to_be_kept_for_the_one_who_is_gone() {
    given([exclusive(EVA, SALES, ANA), online(ANA), connects(ANA), wrote(EVA), disconnects(ANA)])
        .and([is_given_up(ANA)])
        .then_waits(of(EVA));
}

#[test]
fn who_is_away_and_gone_too_long_is_offline() {
    let offline = PresenceChanged { agent: agent(ANA), presence: Presence::Offline };
    given([away(ANA), connects(ANA), disconnects(ANA)]).when(is_given_up(ANA)).then([offline.into()]);
}

#[test]
fn nobody_is_given_up_before_their_time() {
    given([online(ANA), connects(ANA), disconnects(ANA)]).when(is_given_up(ANA).after(59)).then_nothing();
}

#[test]
fn the_reasons_for_being_away_are_settings() {
    given([settings(&["training"], 60)]).when(away_for(ANA, "training")).then_accepted();
}

#[test]
fn the_same_settings_again_are_nothing() {
    given([settings(&["training"], 60)]).when(settings(&["training"], 60)).then_nothing();
}

refusals! {
    nobody_is_away_for_another_reason:
        given [settings(&["training"], 60)]
        when away_for(ANA, "lunch")
        => Rejection::UnknownAwayReason("lunch".into());
    an_agent_does_not_report_connections:
        given []
        when connects(ANA).by(as_agent(ANA))
        => Rejection::Forbidden;
    nobody_unknown_is_connected:
        given []
        when connects("nobody")
        => Rejection::UnknownAgent(agent("nobody"));
    the_reason_of_those_who_do_not_answer_is_reserved:
        given []
        when settings(&[NOT_RESPONDING], 60)
        => Rejection::ReservedAwayReason(ReasonId::new(NOT_RESPONDING).expect("a good id"));
    nobody_is_waited_for_longer_than_an_hour:
        given []
        when settings(&[], 3_601)
        => Rejection::GraceOutOfRange(3_601);
    there_are_at_most_50_reasons:
        given []
        when settings(&["lunch"; 51], 60)
        => Rejection::TooMany("away reasons".into());
    an_agent_does_not_change_settings:
        given []
        when settings(&[], 60).by(as_agent(SUE))
        => Rejection::Forbidden;
}
