//! Business hours: what comes while a campaign is closed waits, and is routed when it opens. The day of these tests
//! begins on a Friday at 08:00 UTC.

use schemas::command::Due;
use schemas::event::{
    AgentDefined, AssignReason, CampaignDefined, ConversationQueued, Event, OverflowAt, QueueCause,
    QueueRouted, ResponseAwaited, ResponseKind, SystemCause,
};
use schemas::limits::{HOLIDAYS_MAX, OPEN_HOURS_MAX, ROUTED_AT_ONCE_MAX, TEXT_CHARS_MAX};
use schemas::{
    Actor, BusinessHours, Command, CommandId, ExclusiveWait, OpenHours, Overflow, Rejection, Routing,
    RoutingPolicy, ServiceLevel, Timing, Weekday,
};

use super::centre::*;
use super::harness::{Step, given, second};

/// When sales opens, closes, and opens again.
const OPENS: u64 = 60;
const CLOSES: u64 = 120;
const OPENS_AGAIN: u64 = 180;

fn fridays(from: &str, to: &str) -> OpenHours {
    OpenHours { days: vec![Weekday::Fri], from: from.into(), to: to.into() }
}

fn hours() -> BusinessHours {
    BusinessHours {
        time_zone: "UTC".into(),
        weekly: vec![fridays("08:03", "09:00"), fridays("08:01", "08:02")],
        holidays: vec![],
        outside_text: Some("closed".into()),
    }
}

fn timing(hours: BusinessHours) -> Timing {
    Timing { business_hours: Some(Box::new(hours)), ..Timing::default() }
}

fn sales_attends(hours: BusinessHours) -> Step {
    sales_timed(timing(hours))
}

fn sales_opens() -> Step {
    Step::new(Actor::System, Command::PassDeadline(Due::Campaign(campaign(SALES))))
}

fn waits_until(opens_at: u64, since: u64) -> ConversationQueued {
    ConversationQueued {
        conversation: of(EVA),
        campaign: campaign(SALES),
        cause: QueueCause::OutsideHours,
        since: second(since),
        priority: 0,
        reserved: None,
        overflow: None,
        opens_at: Some(second(opens_at)),
    }
}

fn is_told(ordinal: u32, by: CommandId) -> Event {
    told(of(EVA), ordinal, ("closed", SystemCause::OutOfHours), by)
}

fn routed(is_partial: bool, opens_at: Option<u64>) -> Event {
    QueueRouted { campaign: campaign(SALES), is_partial, opens_at: opens_at.map(second) }.into()
}

#[test]
fn what_is_kept_for_an_agent_just_then_is_not_theirs_while_it_is_closed() {
    let luis = opened_by(LUIS, WEB, 1);
    let takes_over = Step::new(as_agent(SUE), Command::TakeOver { conversation: of(EVA) });
    let on_web = AgentDefined { capacity: 1, channels: vec![channel(WEB)], ..definition(ANA) };
    // When Sue leaves, what she took over from Ana frees Ana's room, and what she has is kept for Ana.
    given([with_capacity(ANA, 1), online(ANA), online(SUE), exclusive(LUIS, SALES, ANA)])
        .and([wrote(EVA), assigns(as_agent(SUE), of(EVA), ANA), takes_over])
        .and([wrote_on(LUIS, WEB, 1), assigns(as_agent(SUE), luis, SUE), redefined(on_web)])
        .and([sales_attends(hours())])
        .when(offline(SUE))
        .then_accepted()
        .then_holds(ANA, []);
}

/// Next Friday.
const NEXT_WEEK: u64 = OPENS + 7 * 24 * 60 * 60;

#[test]
fn what_comes_while_it_is_closed_waits_and_the_customer_is_told() {
    given([sales_attends(hours()), online(ANA)])
        .when(wrote(EVA))
        .then_has(waits_until(OPENS, 3).into())
        .then_waits(of(EVA))
        .then_holds(ANA, [])
        .then_next_is_due(second(OPENS), Due::Campaign(campaign(SALES)));
    given([sales_attends(hours()), online(ANA)])
        .when(wrote(EVA))
        .then_ends_in(is_told(0, inbound_id(EVA, WA, 1)));
}

#[test]
fn without_a_text_nobody_is_told() {
    given([sales_attends(BusinessHours { outside_text: None, ..hours() }), online(ANA)])
        .when(wrote(EVA))
        .then_ends_in(waits_until(OPENS, 3).into());
}

#[test]
fn when_it_opens_what_waits_is_routed_and_what_still_waits_is_when_it_opens_next() {
    given([sales_attends(hours()), with_capacity(ANA, 1), online(ANA), wrote(EVA), wrote(LUIS)])
        .when(sales_opens().after(OPENS - 5))
        .then_ends_in(routed(false, Some(OPENS_AGAIN)))
        .then_holds(ANA, [of(EVA)])
        .then_waits(of(LUIS))
        .then_next_is_due(second(OPENS_AGAIN), Due::Campaign(campaign(SALES)));
}

#[test]
fn it_is_not_routed_before() {
    given([sales_attends(hours()), online(ANA), wrote(EVA)]).when(sales_opens()).then_nothing();
}

#[test]
fn when_nothing_waits_any_more_nothing_is_due() {
    given([sales_attends(hours()), online(ANA), wrote(EVA), sales_opens().after(OPENS - 3)])
        .then_holds(ANA, [of(EVA)])
        .then_no_wait_ends();
}

#[test]
fn while_it_is_open_it_is_as_any_campaign() {
    given([sales_attends(hours()), online(ANA)])
        .and([wrote(EVA).after(OPENS - 2)])
        .then_holds(ANA, [of(EVA)])
        .then_no_wait_ends();
}

#[test]
fn who_comes_while_it_is_closed_is_given_nothing_of_it() {
    given([sales_attends(hours()), wrote(EVA), online(ANA)])
        .then_waits(of(EVA))
        .and([sales_opens().after(OPENS - 3)])
        .then_holds(ANA, [of(EVA)]);
}

#[test]
fn who_has_room_again_while_it_is_closed_is_given_nothing_of_it() {
    given([sales_attends(hours()), with_capacity(ANA, 1), online(ANA)])
        .and([wrote(EVA).after(OPENS), wrote(LUIS), finishes(ANA, of(EVA)).after(60)])
        .then_holds(ANA, [])
        .then_waits(of(LUIS))
        .when(sales_opens().after(60))
        .then_begins_with(assigned(
            of(LUIS),
            ANA,
            AssignReason::MostRoom { with_room: 1, load: 0, capacity: 1, idle_since: second(OPENS + 3) },
        ));
}

#[test]
fn by_hand_it_may_be_taken_and_given() {
    given([sales_attends(hours()), online(ANA), wrote(EVA), takes(ANA, of(EVA))]).then_holds(ANA, [of(EVA)]);
    given([sales_attends(hours()), online(ANA), wrote(EVA), assigns(as_agent(SUE), of(EVA), ANA)])
        .then_holds(ANA, [of(EVA)]);
}

#[test]
fn a_customer_is_told_once_until_it_opens_and_again_when_it_is_closed_again() {
    given([sales_attends(hours()), wrote(EVA)])
        .when(wrote_again(EVA))
        .then_accepted()
        .then_waits(of(EVA))
        .when(wrote_on(EVA, WA, 3).after(CLOSES))
        .then_ends_in(is_told(1, inbound_id(EVA, WA, 3)))
        .when(wrote_on(EVA, WA, 4))
        .then_accepted();
    let told_so_far = given([sales_attends(hours()), wrote(EVA), wrote_again(EVA)]);
    let conversation = told_so_far.workspace().conversation(of(EVA)).expect("it is open");
    assert_eq!(conversation.outbound_count, 1);
}

#[test]
fn who_is_attended_is_not_told() {
    given([sales_attends(hours()), online(ANA), wrote(EVA).after(OPENS)])
        .then_holds(ANA, [of(EVA)])
        .and([wrote_again(EVA).after(60)])
        .then_holds(ANA, [of(EVA)])
        .then_no_wait_ends();
    let scene =
        given([sales_attends(hours()), online(ANA), wrote(EVA).after(OPENS), wrote_again(EVA).after(60)]);
    assert_eq!(scene.workspace().conversation(of(EVA)).expect("it is open").outbound_count, 0);
}

#[test]
fn a_conversation_that_its_agent_leaves_behind_waits_until_it_opens() {
    given([sales_attends(hours()), online(ANA), wrote(EVA).after(OPENS), online(BEN)])
        .and([offline(ANA).after(60)])
        .then_holds(BEN, [])
        .then_waits(of(EVA))
        .then_next_is_due(second(OPENS_AGAIN), Due::Campaign(campaign(SALES)));
}

#[test]
fn an_exclusive_agent_who_is_there_has_it_when_it_opens() {
    given([sales_attends(hours()), exclusive(EVA, SALES, ANA), online(BEN), online(ANA), wrote(EVA)])
        .then_is_kept(of(EVA), ANA, Some(second(OPENS + 60)))
        .when(sales_opens().after(OPENS - 5))
        .then_begins_with(assigned(of(EVA), ANA, AssignReason::Exclusive))
        .then_holds(ANA, [of(EVA)]);
}

#[test]
fn an_exclusive_agent_who_comes_while_it_is_closed_is_given_nothing() {
    given([sales_attends(hours()), exclusive(EVA, SALES, ANA), wrote(EVA), online(ANA)])
        .then_holds(ANA, [])
        .then_is_kept(of(EVA), ANA, Some(second(OPENS + 60)));
}

#[test]
fn an_exclusive_agent_whose_conversation_goes_to_a_closed_campaign_waits_for_it_too() {
    let to_sales = |by: &str| transfers(by, of(EVA), to_campaign(SALES));
    // Hers, or taken over from her.
    let takes_over = Step::new(as_agent(SUE), Command::TakeOver { conversation: of(EVA) });
    for (by, before) in [(ANA, vec![]), (SUE, vec![online(SUE), takes_over])] {
        let to_support = transfers(ANA, of(EVA), to_campaign(SUPPORT));
        given([online(ANA), wrote(EVA), exclusive(EVA, SUPPORT, ANA), to_support])
            .and([exclusive(EVA, SALES, ANA), sales_attends(hours())])
            .and(before)
            .then_holds(by, [of(EVA)])
            .when(to_sales(by))
            .then_accepted()
            .then_is_kept(of(EVA), ANA, Some(second(OPENS + 60)))
            .then_holds(ANA, []);
    }
}

#[test]
fn an_exclusive_agent_who_is_not_waited_for_has_it_all_the_same_if_they_are_there_when_it_opens() {
    let at_once =
        CampaignDefined { exclusive_wait: ExclusiveWait::Seconds(0), timing: timing(hours()), ..sales() };
    let steps = || {
        let sales = defines(Command::DefineCampaign(at_once.clone()));
        [sales, exclusive(EVA, SALES, ANA), online(BEN), online(ANA), wrote(EVA)]
    };
    given(steps())
        .then_is_kept(of(EVA), ANA, Some(second(OPENS)))
        .when(wait_ends(of(EVA)).after(OPENS - 5))
        .then([assigned(of(EVA), ANA, AssignReason::Exclusive)]);
    given(steps()).and([offline(ANA), wait_ends(of(EVA)).after(OPENS - 6)]).then_holds(BEN, [of(EVA)]);
}

#[test]
fn a_campaign_that_attends_always_again_gives_what_waits() {
    given([sales_attends(hours()), online(ANA), wrote(EVA), sales_timed(Timing::default())])
        .when(sales_opens())
        .then_ends_in(routed(false, None))
        .then_holds(ANA, [of(EVA)])
        .then_no_wait_ends();
}

#[test]
fn a_campaign_that_opens_earlier_gives_what_waits_then() {
    let earlier = BusinessHours { weekly: vec![fridays("08:00", "08:01")], ..hours() };
    let later = BusinessHours { weekly: vec![fridays("08:02", "08:03")], ..hours() };
    given([sales_attends(later), online(ANA), wrote(EVA), sales_attends(earlier)])
        .when(sales_opens())
        .then_ends_in(routed(false, Some(NEXT_WEEK - OPENS)))
        .then_holds(ANA, [of(EVA)]);
}

#[test]
fn a_campaign_that_opens_later_gives_what_waits_later() {
    let later = BusinessHours { weekly: vec![fridays("08:02", "08:03")], ..hours() };
    given([sales_attends(hours()), online(ANA), wrote(EVA), sales_attends(later)])
        .when(sales_opens())
        .then([routed(false, Some(CLOSES))])
        .then_next_is_due(second(CLOSES), Due::Campaign(campaign(SALES)));
}

#[test]
fn the_wait_before_an_overflow_begins_when_it_opens() {
    let to = Some(Overflow { after_seconds: 10, campaign: campaign(OVERFLOW) });
    let routing = Routing { overflow: to, ..Routing::default() };
    let sales = CampaignDefined { routing, timing: timing(hours()), ..sales() };
    let overflow = Some(OverflowAt { at: second(OPENS + 10), campaign: campaign(OVERFLOW) });
    given([defines(Command::DefineCampaign(overflow_campaign())), defines(Command::DefineCampaign(sales))])
        .when(wrote(EVA))
        .then_has(ConversationQueued { overflow, ..waits_until(OPENS, 3) }.into());
}

#[test]
fn a_campaign_that_is_picked_from_gives_nothing_when_it_opens() {
    let manual = Routing { policy: RoutingPolicy::Manual, ..Routing::default() };
    let sales = CampaignDefined { routing: manual, timing: timing(hours()), ..sales() };
    given([defines(Command::DefineCampaign(sales)), online(ANA), wrote(EVA)])
        .when(sales_opens().after(OPENS - 2))
        .then([routed(false, Some(OPENS_AGAIN))])
        .then_waits(of(EVA));
}

#[test]
fn what_waits_is_routed_a_part_at_a_time() {
    let names: Vec<String> = (0..=ROUTED_AT_ONCE_MAX).map(|number| format!("c-{number}")).collect();
    given([
        with_capacity(ANA, 400),
        with_capacity(BEN, 400),
        online(ANA),
        online(BEN),
        sales_attends(hours()),
    ])
    .and(names.iter().map(|name| wrote(name).after(0)))
    .when(sales_opens().after(OPENS))
    .then_ends_in(routed(true, Some(OPENS_AGAIN)))
    .then_next_is_due(second(OPENS + 5), Due::Campaign(campaign(SALES)))
    .when(sales_opens())
    .then_ends_in(routed(false, Some(OPENS_AGAIN)))
    .then_no_wait_ends();
}

#[test]
fn only_business_hours_count_for_an_answer_and_what_atender_says_is_none() {
    let service_level = ServiceLevel { first_response_seconds: Some(90), next_response_seconds: None };
    let sales = Timing { service_level: Some(service_level), ..timing(hours()) };
    // A minute until it closes, and the rest when it opens again.
    let due_at = Some(second(OPENS_AGAIN + 30));
    given([sales_timed(sales), online(ANA)])
        .when(wrote(EVA))
        .then_has(ResponseAwaited { conversation: of(EVA), kind: ResponseKind::First, due_at }.into())
        .and([sales_opens().after(OPENS)])
        .then_next_wait_ends(second(OPENS_AGAIN + 30), of(EVA));
}

fn bad(change: impl FnOnce(&mut BusinessHours)) -> Step {
    let mut hours = hours();
    change(&mut hours);
    sales_attends(hours)
}

refusals! {
    the_time_zone_is_known:
        given []
        when bad(|hours| hours.time_zone = "Europe/Atlantis".into())
        => Rejection::UnknownTimeZone("Europe/Atlantis".into());
    it_opens_at_some_time:
        given []
        when bad(|hours| hours.weekly.clear())
        => Rejection::NeverOpen;
    its_hours_are_of_some_day:
        given []
        when bad(|hours| hours.weekly[0].days.clear())
        => Rejection::NeverOpen;
    a_time_of_day_has_hours_and_minutes:
        given []
        when bad(|hours| hours.weekly[0].from = "9:00".into())
        => Rejection::NotATimeOfDay("9:00".into());
    a_day_has_24_hours:
        given []
        when bad(|hours| hours.weekly[0].to = "24:01".into())
        => Rejection::NotATimeOfDay("24:01".into());
    an_hour_has_60_minutes:
        given []
        when bad(|hours| hours.weekly[0].to = "12:60".into())
        => Rejection::NotATimeOfDay("12:60".into());
    hours_begin_before_they_end:
        given []
        when bad(|hours| hours.weekly = vec![fridays("22:00", "06:00")])
        => Rejection::HoursEndFirst("22:00".into(), "06:00".into());
    hours_are_not_empty:
        given []
        when bad(|hours| hours.weekly = vec![fridays("09:00", "09:00")])
        => Rejection::HoursEndFirst("09:00".into(), "09:00".into());
    hours_do_not_overlap:
        given []
        when bad(|hours| hours.weekly.push(fridays("08:59", "10:00")))
        => Rejection::HoursOverlap(Weekday::Fri);
    a_day_is_not_named_twice:
        given []
        when bad(|hours| hours.weekly[0].days.push(Weekday::Fri))
        => Rejection::HoursOverlap(Weekday::Fri);
    a_holiday_is_a_day:
        given []
        when bad(|hours| hours.holidays.push("2026-02-30".into()))
        => Rejection::NotADay("2026-02-30".into());
    a_holiday_is_not_a_time:
        given []
        when bad(|hours| hours.holidays.push("2026-02-20T10:00".into()))
        => Rejection::NotADay("2026-02-20T10:00".into());
    there_are_not_too_many_holidays:
        given []
        when bad(|hours| hours.holidays = vec!["2026-12-25".into(); HOLIDAYS_MAX + 1])
        => Rejection::TooMany("holidays".into());
    there_are_not_too_many_hours:
        given []
        when bad(|hours| hours.weekly = vec![fridays("08:00", "09:00"); OPEN_HOURS_MAX + 1])
        => Rejection::TooMany("weekly".into());
    what_is_said_outside_hours_says_something:
        given []
        when bad(|hours| hours.outside_text = Some(String::new()))
        => Rejection::InvalidText("outside_text".into());
    what_is_said_outside_hours_is_not_too_long:
        given []
        when bad(|hours| hours.outside_text = Some("x".repeat(TEXT_CHARS_MAX + 1)))
        => Rejection::InvalidText("outside_text".into());
    nobody_but_an_administrator_says_when_a_campaign_is_open:
        given []
        when sales_attends(hours()).by(as_agent(SUE))
        => Rejection::Forbidden;
    nobody_but_atender_opens_it:
        given [sales_attends(hours()), wrote(EVA)]
        when sales_opens().after(OPENS).by(as_agent(SUE))
        => Rejection::Forbidden;
}
