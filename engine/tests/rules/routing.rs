//! Routing: the campaign's policy, skills, priority, capacity on a kind of channel, overflow.

use std::collections::BTreeMap;

use schemas::event::{
    AgentDefined, AssignReason, CampaignDefined, ConversationOverflowed, Event, NeedsSet, QueueCause,
    QueueRouted,
};
use schemas::{
    Actor, ChannelKind, Command, ConversationId, Needs, Overflow, Rejection, Routing, RoutingPolicy, SkillId,
    Skills,
};

use super::centre::*;
use super::harness::{Step, given, second};

fn skills(of: &[(&str, u8)]) -> Skills {
    of.iter().map(|(skill, level)| (skill_id(skill), *level)).collect()
}

fn skill_id(id: &str) -> SkillId {
    SkillId::new(id).expect("a good id")
}

/// Sales as it is at first, but for how it routes.
fn sales_routes(routing: Routing) -> Step {
    defines(Command::DefineCampaign(CampaignDefined { routing, ..sales() }))
}

fn sales_goes_by(policy: RoutingPolicy) -> Step {
    sales_routes(Routing { policy, ..Routing::default() })
}

fn sales_needs(needed: &[(&str, u8)]) -> Step {
    sales_routes(Routing { skills: skills(needed), ..Routing::default() })
}

fn overflowing(after_seconds: u32, to: &str) -> Routing {
    let overflow = Some(Overflow { after_seconds, campaign: campaign(to) });
    Routing { overflow, ..Routing::default() }
}

fn can(id: &str, of: &[(&str, u8)]) -> Step {
    redefined(AgentDefined { skills: skills(of), ..definition(id) })
}

fn may_hold_on(id: &str, kind: ChannelKind, most: u16) -> Step {
    redefined(AgentDefined { capacity_of: BTreeMap::from([(kind, most)]), ..definition(id) })
}

fn needs(conversation: ConversationId, of: &[(&str, u8)], priority: Option<u8>) -> Step {
    let needs = Needs { skills: skills(of), priority };
    Step::new(as_agent(SUE), Command::SetNeeds { conversation, needs })
}

fn queue_is_due(of: &str) -> Step {
    Step::new(Actor::System, Command::PassDeadline(schemas::command::Due::Campaign(campaign(of))))
}

#[test]
fn the_longest_idle_gets_it_however_little_room_they_have() {
    let reason = AssignReason::LongestIdle { with_room: 2, idle_since: second(2) };
    given([sales_goes_by(RoutingPolicy::LongestIdle), online(ANA), with_capacity(BEN, 9), online(BEN)])
        .when(wrote(EVA))
        .then_ends_in(assigned(of(EVA), ANA, reason));
}

#[test]
fn turns_go_round_by_id() {
    given([sales_goes_by(RoutingPolicy::RoundRobin), online(BEN), online(ANA), online(SUE)])
        .and([wrote(EVA), wrote(LUIS), wrote(MIA), wrote(NOA)])
        .then_holds(ANA, [of(EVA), of(NOA)])
        .then_holds(BEN, [of(LUIS)])
        .then_holds(SUE, [of(MIA)]);
}

#[test]
fn a_turn_passes_over_who_has_no_room_and_says_after_whom_it_came() {
    let reason = AssignReason::RoundRobin { with_room: 1, after: Some(agent(ANA)) };
    given([sales_goes_by(RoutingPolicy::RoundRobin), online(ANA), online(SUE), wrote(EVA)])
        .and([with_capacity(SUE, 0)])
        .when(wrote(LUIS))
        .then_ends_in(assigned(of(LUIS), ANA, reason));
}

#[test]
fn a_campaign_that_is_picked_from_gives_nothing() {
    given([sales_goes_by(RoutingPolicy::Manual), online(ANA), wrote(EVA)])
        .then_waits(of(EVA))
        .and([takes(ANA, of(EVA))])
        .then_holds(ANA, [of(EVA)]);
}

#[test]
fn a_campaign_that_is_picked_from_gives_nothing_to_who_has_room_again() {
    given([sales_goes_by(RoutingPolicy::Manual), wrote(EVA), online(ANA)]).then_waits(of(EVA));
}

#[test]
fn a_campaign_that_gives_again_gives_what_waits() {
    given([sales_goes_by(RoutingPolicy::Manual), online(ANA), wrote(EVA), wrote(LUIS), wrote(MIA)])
        .and([sales_goes_by(RoutingPolicy::MostRoom)])
        .when(queue_is_due(SALES))
        .then_ends_in(Event::QueueRouted(QueueRouted {
            campaign: campaign(SALES),
            is_partial: false,
            opens_at: None,
        }))
        .then_holds(ANA, [of(EVA), of(LUIS)])
        .then_waits(of(MIA));
}

#[test]
fn nothing_is_routed_again_when_nothing_waits() {
    given([online(ANA), sales_goes_by(RoutingPolicy::LongestIdle)]).then_no_wait_ends();
}

#[test]
fn who_cannot_do_what_the_campaign_needs_gets_nothing() {
    given([sales_needs(&[("french", 3)]), can(ANA, &[("french", 2)]), can(BEN, &[("french", 3)])])
        .and([online(ANA), wrote(EVA)])
        .then_waits(of(EVA))
        .and([online(BEN)])
        .then_holds(BEN, [of(EVA)]);
}

#[test]
fn who_cannot_do_what_the_conversation_needs_is_passed_over() {
    given([can(BEN, &[("french", 3)]), wrote(EVA), wrote(LUIS)])
        .and([needs(of(EVA), &[("french", 3)], None), online(ANA)])
        .then_holds(ANA, [of(LUIS)])
        .and([online(BEN)])
        .then_holds(BEN, [of(EVA)]);
}

#[test]
fn what_is_needed_less_is_given_at_once() {
    given([wrote(EVA), needs(of(EVA), &[("french", 3)], None), online(ANA)])
        .and([needs(of(EVA), &[], None)])
        .then_holds(ANA, [of(EVA)]);
}

#[test]
fn an_exclusive_agent_need_not_be_able_to() {
    given([sales_needs(&[("french", 1)]), exclusive(EVA, SALES, ANA), online(ANA), wrote(EVA)])
        .then_holds(ANA, [of(EVA)]);
}

#[test]
fn who_learns_a_skill_gets_what_waited_for_it() {
    given([sales_needs(&[("french", 1)]), online(ANA), wrote(EVA), can(ANA, &[("french", 1)])])
        .then_holds(ANA, [of(EVA)]);
}

#[test]
fn the_urgent_come_first_and_then_those_who_waited_longest() {
    let reason = AssignReason::WaitedLongest { waiting_since: second(3), priority: 5, load: 0, capacity: 2 };
    given([wrote(EVA), wrote(LUIS), wrote(MIA), needs(of(MIA), &[], Some(5)), with_capacity(ANA, 2)])
        .when(online(ANA))
        .then_has(assigned(of(MIA), ANA, reason))
        .then_holds(ANA, [of(MIA), of(EVA)])
        .then_waits(of(LUIS));
}

#[test]
fn a_campaign_that_is_urgent_comes_first() {
    let urgent = Routing { priority: 3, ..Routing::default() };
    given([wrote_on(NOA, APPLE, 1), sales_routes(urgent), wrote(EVA), with_capacity(ANA, 1), online(ANA)])
        .then_holds(ANA, [of(EVA)]);
}

#[test]
fn needs_are_recorded_and_the_place_is_kept() {
    let needs_set =
        NeedsSet { conversation: of(EVA), needs: Needs { skills: Skills::new(), priority: Some(9) } };
    given([wrote(EVA)])
        .when(needs(of(EVA), &[], Some(9)))
        .then([needs_set.into(), queued_at(of(EVA), SALES, QueueCause::NeedsSet, second(1), 9)]);
}

#[test]
fn needs_of_one_that_is_attended_move_nothing() {
    given([online(ANA), wrote(EVA), needs(of(EVA), &[("french", 9)], Some(9))]).then_holds(ANA, [of(EVA)]);
}

#[test]
fn needs_of_one_that_is_kept_leave_it_kept() {
    given([exclusive(EVA, SUPPORT, FLO), wrote(EVA), transfers(SUE, of(EVA), to_campaign(SUPPORT))])
        .and([needs(of(EVA), &[("french", 9)], None)])
        .then_is_kept(of(EVA), FLO, None);
}

#[test]
fn the_same_needs_again_are_nothing() {
    given([wrote(EVA), needs(of(EVA), &[], Some(1))]).when(needs(of(EVA), &[], Some(1))).then_nothing();
}

#[test]
fn nobody_holds_more_on_a_kind_of_channel_than_they_may() {
    given([may_hold_on(ANA, ChannelKind::Whatsapp, 1), online(ANA), wrote(EVA), wrote(LUIS)])
        .then_waits(of(LUIS))
        .and([wrote_on(MIA, WEB, 1)])
        .then_holds(ANA, [of(EVA), opened_by(MIA, WEB, 1)]);
}

#[test]
fn who_is_full_on_one_kind_gets_what_waits_on_another() {
    given([may_hold_on(ANA, ChannelKind::Whatsapp, 0), wrote(EVA), wrote_on(MIA, WEB, 1), online(ANA)])
        .then_holds(ANA, [opened_by(MIA, WEB, 1)]);
}

#[test]
fn who_waits_too_long_goes_to_the_other_campaign_and_keeps_their_place() {
    let overflowed =
        ConversationOverflowed { conversation: of(EVA), from: campaign(SALES), to: campaign(OVERFLOW) };
    given([
        defines(Command::DefineCampaign(overflow_campaign())),
        sales_routes(overflowing(30, OVERFLOW)),
        wrote(EVA),
    ])
    .then_next_wait_ends(second(33), of(EVA))
    .when(wait_ends(of(EVA)).after(30))
    .then([overflowed.into(), queued(of(EVA), OVERFLOW, QueueCause::Overflowed, second(3))]);
}

#[test]
fn who_overflows_to_a_campaign_with_room_is_given_there() {
    let there = redefined(AgentDefined { campaigns: vec![campaign(OVERFLOW)], ..definition(ANA) });
    given([defines(Command::DefineCampaign(overflow_campaign())), sales_routes(overflowing(30, OVERFLOW))])
        .and([there, online(ANA), wrote(EVA), wait_ends(of(EVA)).after(30)])
        .then_holds(ANA, [of(EVA)]);
}

#[test]
fn an_overflow_before_its_time_is_nothing() {
    given([
        defines(Command::DefineCampaign(overflow_campaign())),
        sales_routes(overflowing(30, OVERFLOW)),
        wrote(EVA),
    ])
    .when(wait_ends(of(EVA)).after(29))
    .then_nothing();
}

#[test]
fn who_is_assigned_in_time_overflows_no_more() {
    given([defines(Command::DefineCampaign(overflow_campaign())), sales_routes(overflowing(30, OVERFLOW))])
        .and([wrote(EVA), online(ANA)])
        .then_no_wait_ends();
}

#[test]
fn what_is_kept_for_an_exclusive_agent_does_not_overflow() {
    given([defines(Command::DefineCampaign(overflow_campaign())), sales_routes(overflowing(30, OVERFLOW))])
        .and([exclusive(EVA, SALES, ANA), wrote(EVA)])
        .then_next_wait_ends(second(64), of(EVA));
}

refusals! {
    nobody_is_given_more_on_a_kind_than_they_may_hold:
        given [may_hold_on(ANA, ChannelKind::Whatsapp, 1), online(ANA), wrote(EVA), wrote(LUIS)]
        when takes(ANA, of(LUIS))
        => Rejection::AgentFullOnKind(agent(ANA), ChannelKind::Whatsapp, 1);
    nothing_is_transferred_to_who_is_full_on_the_kind:
        given [may_hold_on(BEN, ChannelKind::Whatsapp, 0), online(BEN), online(ANA), wrote(EVA)]
        when transfers(ANA, of(EVA), to_agent(BEN))
        => Rejection::AgentFullOnKind(agent(BEN), ChannelKind::Whatsapp, 0);
    a_skill_has_a_level_from_1:
        given []
        when can(ANA, &[("french", 0)])
        => Rejection::SkillLevel(skill_id("french"));
    a_skill_has_a_level_to_10:
        given []
        when sales_needs(&[("french", 11)])
        => Rejection::SkillLevel(skill_id("french"));
    a_conversation_needs_levels_from_1_to_10:
        given [wrote(EVA)]
        when needs(of(EVA), &[("french", 11)], None)
        => Rejection::SkillLevel(skill_id("french"));
    nobody_has_more_than_20_skills:
        given []
        when redefined(AgentDefined {
            skills: (0..21).map(|i| (skill_id(&format!("s{i}")), 1)).collect(),
            ..definition(ANA)
        })
        => Rejection::TooMany("skills".into());
    a_campaign_has_a_priority_to_9:
        given []
        when sales_routes(Routing { priority: 10, ..Routing::default() })
        => Rejection::PriorityTooHigh(10);
    a_conversation_has_a_priority_to_9:
        given [wrote(EVA)]
        when needs(of(EVA), &[], Some(10))
        => Rejection::PriorityTooHigh(10);
    nothing_overflows_at_once:
        given []
        when sales_routes(overflowing(0, SUPPORT))
        => Rejection::OverflowOutOfRange(0);
    nothing_overflows_after_more_than_a_week:
        given []
        when sales_routes(overflowing(604_801, SUPPORT))
        => Rejection::OverflowOutOfRange(604_801);
    nothing_overflows_to_itself:
        given []
        when sales_routes(overflowing(30, SALES))
        => Rejection::OverflowToItself(campaign(SALES));
    nothing_overflows_to_nowhere:
        given []
        when sales_routes(overflowing(30, "nowhere"))
        => Rejection::UnknownCampaign(campaign("nowhere"));
    nothing_overflows_to_where_the_channel_is_not:
        given []
        when sales_routes(overflowing(30, SUPPORT))
        => Rejection::CampaignNotOnChannel(campaign(SUPPORT), channel(WEB));
    a_stranger_does_not_say_what_is_needed:
        given [wrote(EVA)]
        when needs(of(EVA), &[], Some(1)).by(as_agent(ANA))
        => Rejection::NotAssignedAgent(of(EVA));
    what_is_finished_needs_nothing:
        given [online(ANA), wrote(EVA), finishes(ANA, of(EVA))]
        when needs(of(EVA), &[], Some(1))
        => Rejection::ConversationNotOpen(of(EVA));
    a_deadline_is_passed_by_nobody_else:
        given []
        when queue_is_due(SALES).by(as_agent(ADA))
        => Rejection::Forbidden;
}
