//! Service levels: by when a customer is to be answered, and that it did not happen is told once.

use schemas::event::{CampaignDefined, Event, ResponseAwaited, ResponseKind, ResponseMissed};
use schemas::limits::SERVICE_LEVEL_SECONDS_MAX;
use schemas::{Command, ExclusiveWait, Overflow, Rejection, Routing, ServiceLevel, Timestamp, Timing};

use super::centre::*;
use super::harness::{Step, given, second};

fn level(first: Option<u32>, next: Option<u32>) -> Timing {
    let level = ServiceLevel { first_response_seconds: first, next_response_seconds: next };
    Timing { service_level: Some(level), ..Timing::default() }
}

/// Sales answers within a minute, and then within half of one.
fn sales_promises() -> Step {
    sales_timed(level(Some(60), Some(30)))
}

/// So does support, within two minutes and one.
fn support_promises() -> Step {
    let support = a_campaign(SUPPORT, &[WA], &["solved", "fixed"], ExclusiveWait::Forever);
    defines(Command::DefineCampaign(CampaignDefined { timing: level(Some(120), Some(60)), ..support }))
}

fn awaited(kind: ResponseKind, due_at: Option<Timestamp>) -> Event {
    ResponseAwaited { conversation: of(EVA), kind, due_at }.into()
}

fn missed(kind: ResponseKind, due_at: u64, of_agent: Option<&str>) -> Event {
    ResponseMissed {
        conversation: of(EVA),
        kind,
        due_at: second(due_at),
        campaign: campaign(SALES),
        agent: of_agent.map(agent),
    }
    .into()
}

fn time_passes(seconds: u64) -> Step {
    wait_ends(of(EVA)).after(seconds)
}

#[test]
fn the_first_answer_is_due_from_when_the_conversation_was_opened() {
    given([sales_promises(), online(ANA)])
        .when(wrote(EVA))
        .then_ends_in(awaited(ResponseKind::First, Some(second(63))))
        .then_next_wait_ends(second(63), of(EVA));
}

#[test]
fn another_message_of_the_customer_changes_nothing() {
    given([sales_promises(), online(ANA), wrote(EVA), wrote_again(EVA)])
        .then_next_wait_ends(second(63), of(EVA));
}

#[test]
fn an_answer_ends_it_and_the_next_message_sets_the_next_time() {
    given([sales_promises(), online(ANA), wrote(EVA), sends(ANA, of(EVA), "first")])
        .then_no_wait_ends()
        .when(wrote_again(EVA))
        .then_ends_in(awaited(ResponseKind::Next, Some(second(35))))
        .then_next_wait_ends(second(35), of(EVA));
}

#[test]
fn an_answer_that_does_not_come_is_told_once() {
    given([sales_promises(), online(ANA), wrote(EVA)])
        .when(time_passes(60))
        .then([missed(ResponseKind::First, 63, Some(ANA))])
        .then_no_wait_ends()
        .when(time_passes(60))
        .then_nothing();
}

#[test]
fn it_is_told_also_when_nobody_has_the_conversation() {
    given([sales_promises(), wrote(EVA)])
        .when(time_passes(61))
        .then([missed(ResponseKind::First, 62, None)])
        .then_waits(of(EVA));
}

#[test]
fn it_is_not_told_before_its_time() {
    given([sales_promises(), online(ANA), wrote(EVA)]).when(time_passes(59)).then_nothing();
}

#[test]
fn a_late_answer_is_an_answer() {
    given([sales_promises(), online(ANA), wrote(EVA), time_passes(60), sends(ANA, of(EVA), "late")])
        .then_no_wait_ends()
        .when(wrote_again(EVA))
        .then_ends_in(awaited(ResponseKind::Next, Some(second(95))));
}

#[test]
fn each_answer_may_have_a_time_or_none() {
    given([sales_timed(level(Some(60), None)), online(ANA), wrote(EVA), sends(ANA, of(EVA), "first")])
        .and([wrote_again(EVA)])
        .then_no_wait_ends();
    given([sales_timed(level(None, Some(30))), online(ANA), wrote(EVA)])
        .then_no_wait_ends()
        .and([sends(ANA, of(EVA), "first"), wrote_again(EVA)])
        .then_next_wait_ends(second(35), of(EVA));
}

#[test]
fn what_was_set_stays_whatever_the_campaign_says_later() {
    given([sales_promises(), online(ANA), wrote(EVA), sales_timed(level(Some(5), Some(5)))])
        .then_next_wait_ends(second(63), of(EVA));
    given([sales_promises(), online(ANA), wrote(EVA), sales_timed(Timing::default())])
        .when(time_passes(60))
        .then([missed(ResponseKind::First, 63, Some(ANA))]);
}

#[test]
fn in_another_campaign_the_time_begins_anew_for_what_is_unanswered() {
    given([sales_promises(), support_promises(), online(ANA), wrote(EVA)])
        .when(transfers(ANA, of(EVA), to_campaign(SUPPORT)))
        .then_has(awaited(ResponseKind::First, Some(second(125))))
        .then_next_wait_ends(second(125), of(EVA));
}

#[test]
fn also_when_it_was_missed_before_and_then_it_may_be_missed_again() {
    let again = ResponseMissed {
        conversation: of(EVA),
        kind: ResponseKind::First,
        due_at: second(185),
        campaign: campaign(SUPPORT),
        agent: Some(agent(ANA)),
    };
    given([sales_promises(), support_promises(), online(ANA), wrote(EVA), time_passes(60)])
        .and([transfers(ANA, of(EVA), to_campaign(SUPPORT))])
        .then_next_wait_ends(second(185), of(EVA))
        .when(time_passes(120))
        .then([again.into()]);
}

#[test]
fn a_campaign_that_promises_nothing_ends_what_was_set() {
    given([sales_promises(), online(ANA), wrote(EVA)])
        .when(transfers(ANA, of(EVA), to_campaign(SUPPORT)))
        .then_has(awaited(ResponseKind::First, None))
        .then_no_wait_ends();
}

#[test]
fn what_is_answered_is_due_nowhere() {
    given([sales_promises(), support_promises(), online(ANA), wrote(EVA), sends(ANA, of(EVA), "first")])
        .and([transfers(ANA, of(EVA), to_campaign(SUPPORT))])
        .then_no_wait_ends();
}

#[test]
fn another_agent_of_the_campaign_has_the_same_time() {
    given([sales_promises(), online(ANA), wrote(EVA), online(BEN), transfers(ANA, of(EVA), to_agent(BEN))])
        .when(time_passes(58))
        .then([missed(ResponseKind::First, 63, Some(BEN))]);
}

#[test]
fn what_overflows_is_due_by_the_campaign_it_comes_to() {
    let to = Some(Overflow { after_seconds: 10, campaign: campaign(OVERFLOW) });
    let sales = CampaignDefined {
        routing: Routing { overflow: to, ..Routing::default() },
        timing: level(Some(60), None),
        ..sales()
    };
    let there = CampaignDefined { timing: level(Some(5), None), ..overflow_campaign() };
    given([defines(Command::DefineCampaign(there)), defines(Command::DefineCampaign(sales)), wrote(EVA)])
        .then_next_wait_ends(second(13), of(EVA))
        .when(time_passes(10))
        .then_ends_in(awaited(ResponseKind::First, Some(second(18))))
        .then_next_wait_ends(second(18), of(EVA));
}

#[test]
fn two_things_that_are_due_at_once_happen_one_after_the_other() {
    let to = Some(Overflow { after_seconds: 60, campaign: campaign(OVERFLOW) });
    let sales = CampaignDefined {
        routing: Routing { overflow: to, ..Routing::default() },
        timing: level(Some(60), None),
        ..sales()
    };
    let there = CampaignDefined { timing: level(None, None), ..overflow_campaign() };
    given([defines(Command::DefineCampaign(there)), defines(Command::DefineCampaign(sales)), wrote(EVA)])
        .and([time_passes(60)])
        .then_no_wait_ends();
}

refusals! {
    an_answer_is_not_due_at_once:
        given []
        when sales_timed(level(Some(0), None))
        => Rejection::ServiceLevelOutOfRange(0);
    an_answer_is_due_within_a_week:
        given []
        when sales_timed(level(None, Some(SERVICE_LEVEL_SECONDS_MAX + 1)))
        => Rejection::ServiceLevelOutOfRange(SERVICE_LEVEL_SECONDS_MAX + 1);
    nobody_but_an_administrator_promises_answers:
        given []
        when sales_promises().by(as_agent(SUE))
        => Rejection::Forbidden;
}
