//! Assign: automatically to the agent with the most room, or by hand. At most one agent, never over capacity.

use schemas::event::{AgentDefined, AssignReason, QueueCause};
use schemas::{Actor, Rejection, Role};

use super::centre::*;
use super::harness::{given, second};

fn most_room(with_room: u32, load: u16, capacity: u16, idle_since: u64) -> AssignReason {
    AssignReason::MostRoom { with_room, load, capacity, idle_since: second(idle_since) }
}

fn waited_longest(waiting_since: u64, load: u16, capacity: u16) -> AssignReason {
    AssignReason::WaitedLongest { waiting_since: second(waiting_since), priority: 0, load, capacity }
}

#[test]
fn a_conversation_goes_to_the_agent_with_the_most_room() {
    given([online(ANA), with_capacity(BEN, 3), online(BEN)]).when(wrote(EVA)).then_ends_in(assigned(
        of(EVA),
        BEN,
        most_room(2, 0, 3, 3),
    ));
}

#[test]
fn room_counts_and_not_load() {
    given([online(ANA), wrote(EVA), wrote(MIA), with_capacity(ANA, 5), with_capacity(BEN, 2), online(BEN)])
        .when(wrote(LUIS))
        .then_ends_in(assigned(of(LUIS), ANA, most_room(2, 2, 5, 3)));
}

#[test]
fn a_tie_goes_to_the_one_idle_longest() {
    given([online(BEN), online(ANA)]).when(wrote(EVA)).then_ends_in(assigned(
        of(EVA),
        BEN,
        most_room(2, 0, 2, 1),
    ));
}

#[test]
fn who_was_given_one_last_is_idle_shortest() {
    given([online(BEN), online(ANA), wrote(EVA), finishes(BEN, of(EVA))])
        .when(wrote(LUIS))
        .then_ends_in(assigned(of(LUIS), ANA, most_room(2, 0, 2, 2)));
}

#[test]
fn a_full_tie_goes_by_id_so_that_every_replay_chooses_alike() {
    given([online(BEN), online(ANA).after(0)]).when(wrote(EVA)).then_ends_in(assigned(
        of(EVA),
        ANA,
        most_room(2, 0, 2, 1),
    ));
}

#[test]
fn nobody_gets_more_than_their_capacity() {
    given([online(ANA), wrote(EVA), wrote(LUIS)])
        .when(wrote(MIA))
        .then_ends_in(queued(of(MIA), SALES, QueueCause::Opened, second(4)))
        .then_holds(ANA, [of(EVA), of(LUIS)]);
}

#[test]
fn who_is_away_gets_nothing() {
    given([away(ANA), wrote(EVA)]).then_waits(of(EVA));
}

#[test]
fn who_is_offline_gets_nothing() {
    given([online(ANA), offline(ANA), wrote(EVA)]).then_waits(of(EVA));
}

#[test]
fn who_works_in_another_campaign_gets_nothing() {
    given([online(FLO), wrote(EVA)]).then_waits(of(EVA));
}

#[test]
fn who_handles_another_channel_gets_nothing() {
    given([online(WEB_ONLY), wrote(EVA)]).then_waits(of(EVA));
}

#[test]
fn auditors_are_given_nothing() {
    let presence = online(TOM).by(Actor::Administrator);
    given([presence, wrote(EVA)]).then_waits(of(EVA));
}

#[test]
fn who_comes_online_gets_those_that_waited_longest_and_no_more_than_their_room() {
    given([wrote(EVA), wrote(LUIS), wrote(MIA)])
        .when(online(ANA))
        .then_ends_in(assigned(of(LUIS), ANA, waited_longest(2, 1, 2)))
        .then_holds(ANA, [of(EVA), of(LUIS)])
        .then_waits(of(MIA));
}

#[test]
fn waiting_time_counts_across_the_queues_of_all_their_campaigns() {
    given([wrote_on(NOA, APPLE, 1), wrote(EVA), wrote_on(MIA, APPLE, 1), online(ANA)])
        .then_holds(ANA, [opened_by(NOA, APPLE, 1), of(EVA)]);
}

#[test]
fn finishing_one_makes_room_for_the_one_that_waited_longest() {
    given([online(ANA), wrote(EVA), wrote(LUIS), wrote(MIA), wrote(NOA)])
        .when(finishes(ANA, of(EVA)))
        .then_ends_in(assigned(of(MIA), ANA, waited_longest(4, 1, 2)))
        .then_waits(of(NOA));
}

#[test]
fn transferring_one_away_makes_room_for_the_one_that_waited_longest() {
    given([online(ANA), wrote(EVA), wrote(LUIS), wrote_on(MIA, WEB, 1), handling(BEN, &[WA]), online(BEN)])
        .when(transfers(ANA, of(EVA), to_agent(BEN)))
        .then_ends_in(assigned(opened_by(MIA, WEB, 1), ANA, waited_longest(4, 1, 2)))
        .then_holds(ANA, [of(LUIS), opened_by(MIA, WEB, 1)])
        .then_holds(BEN, [of(EVA)]);
}

#[test]
fn a_conversation_that_a_supervisor_takes_away_makes_room() {
    given([online(ANA), wrote(EVA), wrote(LUIS), wrote_on(MIA, WEB, 1), handling(BEN, &[WA]), online(BEN)])
        .when(assigns(as_agent(SUE), of(EVA), BEN))
        .then([
            assigned(of(EVA), BEN, AssignReason::Given),
            assigned(opened_by(MIA, WEB, 1), ANA, waited_longest(4, 1, 2)),
        ]);
}

#[test]
fn who_is_away_gets_nothing_for_what_they_finish() {
    given([online(ANA), wrote(EVA), wrote(LUIS), wrote(MIA), away(ANA), finishes(ANA, of(EVA))])
        .then_holds(ANA, [of(LUIS)])
        .then_waits(of(MIA));
}

#[test]
fn a_raised_capacity_is_filled_at_once() {
    given([online(ANA), wrote(EVA), wrote(LUIS), wrote(MIA), wrote(NOA)])
        .when(with_capacity(ANA, 3))
        .then_ends_in(assigned(of(MIA), ANA, waited_longest(4, 2, 3)))
        .then_waits(of(NOA));
}

#[test]
fn the_raised_capacity_of_who_is_away_is_not_filled() {
    given([wrote(EVA), away(ANA), with_capacity(ANA, 3)]).then_holds(ANA, []).then_waits(of(EVA));
}

#[test]
fn a_lowered_capacity_takes_nothing_away_and_gives_nothing_until_there_is_room() {
    given([online(ANA), wrote(EVA), wrote(LUIS), with_capacity(ANA, 1), wrote(MIA)])
        .then_holds(ANA, [of(EVA), of(LUIS)])
        .and([finishes(ANA, of(EVA))])
        .then_holds(ANA, [of(LUIS)])
        .and([finishes(ANA, of(LUIS))])
        .then_holds(ANA, [of(MIA)]);
}

#[test]
fn who_begins_to_work_in_a_campaign_gets_what_waits_there() {
    let everywhere = AgentDefined { agent: agent(FLO), ..definition(ANA) };
    given([online(FLO), wrote(EVA)])
        .then_waits(of(EVA))
        .and([redefined(everywhere)])
        .then_holds(FLO, [of(EVA)]);
}

#[test]
fn an_agent_whose_campaign_is_listed_twice_gets_each_conversation_once() {
    let campaigns = vec![campaign(SALES), campaign(SALES)];
    let twice = AgentDefined { campaigns, ..definition(ANA) };
    given([redefined(twice), wrote(EVA), wrote(LUIS), online(ANA)]).then_holds(ANA, [of(EVA), of(LUIS)]);
}

#[test]
fn who_takes_a_conversation_from_the_queue_picked_it() {
    given([exclusive(EVA, SALES, ANA), wrote(EVA), online(SUE)]).when(takes(SUE, of(EVA))).then([assigned(
        of(EVA),
        SUE,
        AssignReason::Picked,
    )]);
}

#[test]
fn a_supervisor_gives_what_waits_for_somebody_else() {
    given([exclusive(EVA, SALES, ANA), wrote(EVA), online(BEN)])
        .when(assigns(as_agent(SUE), of(EVA), BEN))
        .then([assigned(of(EVA), BEN, AssignReason::Given)])
        .then_no_wait_ends()
        .and([online(ANA)])
        .then_holds(BEN, [of(EVA)])
        .then_holds(ANA, []);
}

#[test]
fn an_administrator_gives_too() {
    given([online(ANA), wrote(EVA), online(BEN)])
        .when(assigns(Actor::Administrator, of(EVA), BEN))
        .then([assigned(of(EVA), BEN, AssignReason::Given)]);
}

#[test]
fn a_double_click_gives_no_second_event() {
    given([online(ANA), wrote(EVA)]).when(takes(ANA, of(EVA))).then_nothing().then_holds(ANA, [of(EVA)]);
}

fn auditor(id: &str) -> AgentDefined {
    AgentDefined { role: Role::Auditor, ..definition(id) }
}

refusals! {
    a_held_conversation_cannot_be_taken_by_someone_else:
        given [online(ANA), wrote(EVA), online(BEN)]
        when takes(BEN, of(EVA))
        => Rejection::AlreadyAssigned(of(EVA), agent(ANA));
    a_kept_conversation_cannot_be_taken_by_someone_else:
        given [exclusive(EVA, SALES, ANA), wrote(EVA), online(BEN)]
        when takes(BEN, of(EVA))
        => Rejection::ReservedForExclusiveAgent(of(EVA), agent(ANA));
    an_agent_does_not_give_to_another:
        given [exclusive(EVA, SALES, SUE), wrote(EVA), online(BEN)]
        when assigns(as_agent(ANA), of(EVA), BEN)
        => Rejection::Forbidden;
    an_auditor_takes_nothing:
        given [wrote(EVA), online(TOM).by(Actor::Administrator)]
        when takes(TOM, of(EVA))
        => Rejection::Forbidden;
    not_even_a_double_click_is_an_auditors:
        given [online(ANA), wrote(EVA)]
        when assigns(as_agent(TOM), of(EVA), ANA)
        => Rejection::Forbidden;
    an_auditor_does_not_give:
        given [wrote(EVA)]
        when assigns(as_agent(TOM), of(EVA), ANA)
        => Rejection::Forbidden;
    a_stranger_does_not_give:
        given [wrote(EVA)]
        when assigns(as_agent("nobody"), of(EVA), ANA)
        => Rejection::Forbidden;
    a_channel_does_not_give:
        given [wrote(EVA)]
        when assigns(Actor::Channel(channel(WA)), of(EVA), ANA)
        => Rejection::Forbidden;
    a_finished_conversation_is_given_to_nobody:
        given [online(ANA), wrote(EVA), finishes(ANA, of(EVA))]
        when assigns(as_agent(SUE), of(EVA), ANA)
        => Rejection::ConversationNotOpen(of(EVA));
    nothing_is_given_to_a_stranger:
        given [wrote(EVA)]
        when assigns(as_agent(SUE), of(EVA), "nobody")
        => Rejection::UnknownAgent(agent("nobody"));
    nothing_is_given_to_who_is_offline:
        given [wrote(EVA)]
        when assigns(as_agent(SUE), of(EVA), ANA)
        => Rejection::AgentOffline(agent(ANA));
    nothing_is_given_to_who_is_away:
        given [wrote(EVA), away(ANA)]
        when assigns(as_agent(SUE), of(EVA), ANA)
        => Rejection::AgentOffline(agent(ANA));
    nothing_is_given_to_who_works_in_another_campaign:
        given [wrote(EVA), online(FLO)]
        when assigns(as_agent(SUE), of(EVA), FLO)
        => Rejection::AgentNotInCampaign(agent(FLO), campaign(SALES));
    nothing_is_given_to_who_handles_another_channel:
        given [wrote(EVA), online(WEB_ONLY)]
        when assigns(as_agent(SUE), of(EVA), WEB_ONLY)
        => Rejection::AgentNotOnChannel(agent(WEB_ONLY), channel(WA));
    nothing_is_given_to_who_is_full:
        given [online(ANA), wrote(EVA), wrote(LUIS), wrote(MIA)]
        when assigns(as_agent(SUE), of(MIA), ANA)
        => Rejection::AgentFull(agent(ANA), 2);
    not_even_a_supervisor_takes_more_than_their_capacity:
        given [online(SUE), wrote(EVA), wrote(LUIS), wrote(MIA)]
        when takes(SUE, of(MIA))
        => Rejection::AgentFull(agent(SUE), 2);
    nothing_is_given_to_an_auditor:
        given [online(BEN).by(Actor::Administrator), redefined(auditor(BEN)), wrote(EVA)]
        when assigns(as_agent(SUE), of(EVA), BEN)
        => Rejection::NotAttending(agent(BEN));
    nothing_happens_in_a_workspace_that_does_not_exist:
        given [wrote(EVA)]
        when takes(ANA, of(EVA)).in_workspace("elsewhere")
        => Rejection::UnknownWorkspace("elsewhere".parse().expect("a good id"));
}
