//! Inactivity: a customer who does not answer is warned, and the conversation closed.

use schemas::event::{
    AssignReason, CampaignDefined, ConversationFinished, Event, InactivityPutOff, InactivityWarned,
    SystemCause,
};
use schemas::limits::{INACTIVITY_SECONDS_MAX, TEXT_CHARS_MAX};
use schemas::{Command, CommandId, ConversationId, Inactivity, Rejection, Timing};

use super::centre::*;
use super::harness::{Step, given, second};

const DEADLINE: CommandId = CommandId::from_bytes([0xdd; 16]);

fn rule() -> Inactivity {
    Inactivity {
        warn_after_seconds: Some(60),
        warn_text: Some("still there?".into()),
        close_after_seconds: 30,
        close_text: Some("goodbye".into()),
        disposition: disposition("solved"),
        sub_disposition: None,
    }
}

fn sales_says(inactivity: Inactivity) -> Step {
    sales_timed(Timing { inactivity: Some(Box::new(inactivity)), ..Timing::default() })
}

/// Sales neither warns nor says goodbye.
fn sales_just_closes() -> Step {
    sales_says(Inactivity { warn_after_seconds: None, warn_text: None, close_text: None, ..rule() })
}

/// Ana has answered Eva at the fourth second.
fn ana_waits_for_eva(sales: Step) -> [Step; 4] {
    [sales, online(ANA), wrote(EVA), sends(ANA, of(EVA), "first")]
}

fn time_passes(seconds: u64) -> Step {
    wait_ends(of(EVA)).after(seconds).with_id(DEADLINE)
}

fn warned(close_at: u64) -> Event {
    InactivityWarned { conversation: of(EVA), close_at: second(close_at) }.into()
}

fn closed(agent_of_it: &str) -> Event {
    ConversationFinished {
        conversation: of(EVA),
        agent: Some(agent(agent_of_it)),
        disposition: disposition("solved"),
        sub_disposition: None,
        after_work_until: None,
    }
    .into()
}

fn put_off(until: Option<u64>) -> Event {
    InactivityPutOff { conversation: of(EVA), until: until.map(second) }.into()
}

fn warning(ordinal: u32) -> Event {
    told(of(EVA), ordinal, ("still there?", SystemCause::InactivityWarning), DEADLINE)
}

#[test]
fn a_customer_who_does_not_answer_is_warned() {
    given(ana_waits_for_eva(sales_says(rule())))
        .then_next_wait_ends(second(64), of(EVA))
        .when(time_passes(60))
        .then([warned(94), warning(1)])
        .then_holds(ANA, [of(EVA)])
        .then_next_wait_ends(second(94), of(EVA));
}

#[test]
fn and_after_that_the_conversation_is_closed_and_their_room_is_filled() {
    let goodbye = told(of(EVA), 2, ("goodbye", SystemCause::InactivityClosed), DEADLINE);
    given([with_capacity(ANA, 1)])
        .and(ana_waits_for_eva(sales_says(rule())))
        .and([wrote(LUIS), time_passes(59).with_id(CommandId::from_bytes([1; 16]))])
        .when(time_passes(30))
        .then([
            goodbye,
            closed(ANA),
            assigned(
                of(LUIS),
                ANA,
                AssignReason::WaitedLongest { waiting_since: second(6), priority: 0, load: 0, capacity: 1 },
            ),
        ])
        .then_is_not_open(of(EVA))
        .then_no_wait_ends();
}

#[test]
fn a_campaign_that_does_not_warn_closes_at_once_and_without_a_text_it_says_nothing() {
    given(ana_waits_for_eva(sales_just_closes()))
        .then_next_wait_ends(second(34), of(EVA))
        .when(time_passes(30))
        .then([closed(ANA)]);
}

#[test]
fn nothing_comes_of_it_before_its_time() {
    given(ana_waits_for_eva(sales_says(rule()))).when(time_passes(59)).then_nothing();
}

#[test]
fn a_message_of_the_customer_ends_it() {
    given(ana_waits_for_eva(sales_says(rule()))).and([wrote_again(EVA)]).then_no_wait_ends();
    given(ana_waits_for_eva(sales_says(rule())))
        .and([time_passes(60), wrote_again(EVA)])
        .then_no_wait_ends()
        .when(time_passes(60))
        .then_nothing();
}

#[test]
fn another_message_of_the_agent_begins_it_anew() {
    given(ana_waits_for_eva(sales_says(rule())))
        .and([time_passes(60), sends(ANA, of(EVA), "second").after(20)])
        .then_next_wait_ends(second(144), of(EVA))
        .when(time_passes(60))
        .then([warned(174), warning(3)]);
}

#[test]
fn a_customer_who_waits_for_the_agent_is_not_warned() {
    given([sales_says(rule()), online(ANA), wrote(EVA)]).then_no_wait_ends();
}

#[test]
fn a_conversation_that_waits_for_an_agent_is_not_closed_and_the_next_one_waits_from_when_they_have_it() {
    given(ana_waits_for_eva(sales_says(rule())))
        .and([offline(ANA)])
        .then_waits(of(EVA))
        .then_no_wait_ends()
        .and([online(BEN).after(600)])
        .then_holds(BEN, [of(EVA)])
        .then_next_wait_ends(second(665), of(EVA));
}

#[test]
fn a_supervisor_who_takes_it_over_waits_anew_and_so_does_who_gets_it_back() {
    let takes_over = Step::new(as_agent(SUE), Command::TakeOver { conversation: of(EVA) });
    let gives_back = Step::new(as_agent(SUE), Command::GiveBack { conversation: of(EVA) });
    given(ana_waits_for_eva(sales_says(rule())))
        .and([online(SUE), takes_over.after(10)])
        .then_next_wait_ends(second(75), of(EVA))
        .and([gives_back.after(10)])
        .then_next_wait_ends(second(85), of(EVA));
}

#[test]
fn what_the_campaign_says_when_the_time_comes_counts() {
    let later = Inactivity { warn_after_seconds: Some(600), ..rule() };
    given(ana_waits_for_eva(sales_says(rule())))
        .and([sales_says(later)])
        .when(time_passes(59))
        .then([put_off(Some(604))])
        .then_next_wait_ends(second(604), of(EVA));
    given(ana_waits_for_eva(sales_says(rule())))
        .and([sales_timed(Timing::default())])
        .when(time_passes(59))
        .then([put_off(None)])
        .then_no_wait_ends();
}

#[test]
fn it_is_closed_with_what_was_said_whatever_became_of_the_disposition() {
    given(ana_waits_for_eva(sales_just_closes()))
        .and([defines(Command::DefineDisposition(a_disposition("solved", Some("fixed"))))])
        .when(time_passes(29))
        .then([closed(ANA)]);
}

#[test]
fn both_whose_room_it_took_are_given_something_else() {
    let takes_over = Step::new(as_agent(SUE), Command::TakeOver { conversation: of(EVA) });
    given([with_capacity(ANA, 1), with_capacity(SUE, 1)])
        .and(ana_waits_for_eva(sales_just_closes()))
        .and([online(SUE), takes_over, wrote(LUIS), wrote(MIA)])
        .when(time_passes(30))
        .then_begins_with(closed(SUE))
        .then_holds(SUE, [of(LUIS)])
        .then_holds(ANA, [of(MIA)]);
}

fn of_mia_too() -> ConversationId {
    of(MIA)
}

#[test]
fn each_conversation_has_a_time_of_its_own() {
    given(ana_waits_for_eva(sales_says(rule())))
        .and([wrote(MIA), sends(ANA, of_mia_too(), "to mia")])
        .then_next_wait_ends(second(64), of(EVA))
        .and([wrote_again(EVA)])
        .then_next_wait_ends(second(66), of(MIA));
}

refusals! {
    a_warning_needs_its_text:
        given []
        when sales_says(Inactivity { warn_text: None, ..rule() })
        => Rejection::InactivityWarning;
    a_warning_needs_its_time:
        given []
        when sales_says(Inactivity { warn_after_seconds: None, ..rule() })
        => Rejection::InactivityWarning;
    nobody_is_warned_at_once:
        given []
        when sales_says(Inactivity { warn_after_seconds: Some(0), ..rule() })
        => Rejection::InactivityOutOfRange(0);
    nothing_is_closed_at_once:
        given []
        when sales_says(Inactivity { close_after_seconds: 0, ..rule() })
        => Rejection::InactivityOutOfRange(0);
    a_customer_may_be_silent_for_at_most_a_week:
        given []
        when sales_says(Inactivity { close_after_seconds: INACTIVITY_SECONDS_MAX + 1, ..rule() })
        => Rejection::InactivityOutOfRange(INACTIVITY_SECONDS_MAX + 1);
    a_warning_says_something:
        given []
        when sales_says(Inactivity { warn_text: Some(" ".into()), ..rule() })
        => Rejection::InvalidText("warn_text".into());
    a_goodbye_is_not_too_long:
        given []
        when sales_says(Inactivity { close_text: Some("x".repeat(TEXT_CHARS_MAX + 1)), ..rule() })
        => Rejection::InvalidText("close_text".into());
    what_is_closed_for_inactivity_has_a_disposition_that_exists:
        given []
        when sales_says(Inactivity { disposition: disposition("gone"), ..rule() })
        => Rejection::DispositionNotAllowed(disposition("gone"), campaign(SALES));
    it_is_one_of_the_campaign:
        given []
        when sales_says(Inactivity { disposition: disposition("fixed"), ..rule() })
        => Rejection::DispositionNotAllowed(disposition("fixed"), campaign(SALES));
    it_has_a_sub_disposition_if_there_are_any:
        given []
        when sales_says(Inactivity { disposition: disposition("sold"), ..rule() })
        => Rejection::SubDispositionRequired(disposition("sold"));
    it_has_none_if_there_are_none:
        given []
        when sales_says(Inactivity { sub_disposition: Some(disposition("sold-card")), ..rule() })
        => Rejection::SubDispositionUnexpected(disposition("solved"));
    it_is_one_of_the_disposition:
        given []
        when sales_says(Inactivity {
            disposition: disposition("sold"),
            sub_disposition: Some(disposition("fixed")),
            ..rule()
        })
        => Rejection::NotASubDisposition(disposition("fixed"), disposition("sold"));
    nobody_but_an_administrator_says_when_conversations_are_closed:
        given []
        when sales_says(rule()).by(as_agent(SUE))
        => Rejection::Forbidden;
    nobody_but_atender_closes_by_time:
        given []
        when time_passes(60).by(as_agent(SUE))
        => Rejection::Forbidden;
    the_dispositions_of_the_campaign_that_is_defined_count:
        given [sales_says(rule())]
        when defines(Command::DefineCampaign(CampaignDefined {
            dispositions: vec![disposition("sold")],
            timing: Timing { inactivity: Some(Box::new(rule())), ..Timing::default() },
            ..sales()
        }))
        => Rejection::DispositionNotAllowed(disposition("solved"), campaign(SALES));
}
