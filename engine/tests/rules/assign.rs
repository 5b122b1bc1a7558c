//! Assign: automatically to the agent with the most room, or by hand. At most one agent, never over capacity.

use schemas::event::{AgentDefined, AssignReason, ConversationAssigned, ConversationOpened, Event, QueueCause};
use schemas::{Actor, Rejection};

use super::centre::*;
use super::harness::{given, nothing, second};

fn most_room(candidates: u32, load: u16, capacity: u16, idle_since: u64) -> AssignReason {
    AssignReason::MostRoom {
        candidates,
        load,
        capacity,
        idle_since: second(idle_since),
    }
}

fn waited_longest(waiting_since: u64, load: u16, capacity: u16) -> AssignReason {
    AssignReason::WaitedLongest {
        waiting_since: second(waiting_since),
        load,
        capacity,
    }
}

fn routed(events: &[Event]) -> &Event {
    events.last().expect("a new conversation has events")
}

#[test]
fn a_conversation_goes_to_the_agent_with_the_most_room() {
    given([online(ANA), with_capacity(BEN, 3), online(BEN)])
        .when(wrote(EVA))
        .then_ends_in(assigned(of(EVA), BEN, most_room(2, 0, 3, 3)));
}

#[test]
fn room_counts_and_not_load() {
    given([online(ANA), wrote(EVA), wrote(MIA), with_capacity(ANA, 5), with_capacity(BEN, 2), online(BEN)])
        .when(wrote(LUIS))
        .then_ends_in(assigned(of(LUIS), ANA, most_room(2, 2, 5, 3)));
}

#[test]
fn a_tie_goes_to_the_one_idle_longest() {
    given([online(BEN), online(ANA)])
        .when(wrote(EVA))
        .then_ends_in(assigned(of(EVA), BEN, most_room(2, 0, 2, 1)));
}

#[test]
fn who_was_given_one_last_is_idle_shortest() {
    given([online(BEN), online(ANA), wrote(EVA), finishes(BEN, of(EVA))])
        .when(wrote(LUIS))
        .then_ends_in(assigned(of(LUIS), ANA, most_room(2, 0, 2, 2)));
}

#[test]
fn a_full_tie_goes_by_id_so_that_every_replay_chooses_alike() {
    given([online(BEN), online(ANA).after(0)])
        .when(wrote(EVA))
        .then_ends_in(assigned(of(EVA), ANA, most_room(2, 0, 2, 1)));
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
    given([online(ANA), wrote(EVA), wrote(LUIS), wrote(MIA), with_capacity(BEN, 1), online(BEN), wrote(NOA)])
        .and([finishes(BEN, of(MIA)), finishes(BEN, of(NOA)), wrote_again(NOA)])
        .then_holds(BEN, [opened_by(NOA, WA, 2)])
        .and([wrote_again(MIA), with_capacity(BEN, 2), with_capacity(SUE, 1), online(SUE)])
        .and([transfers(ANA, of(EVA), to_agent(SUE))])
        .then_holds(SUE, [of(EVA)])
        .then_holds(ANA, [of(LUIS)]);
}

#[test]
fn a_conversation_given_away_by_a_supervisor_makes_room_too() {
    given([online(ANA), wrote(EVA), wrote(LUIS), wrote_on(MIA, WEB, 1), online(BEN), wrote(NOA)])
        .and([assigns(as_agent(SUE), of(NOA), BEN)])
        .then_holds(BEN, [opened_by(MIA, WEB, 1), of(NOA)])
        .and([wrote_again(EVA), wrote_on(EVA, WEB, 3), online(SUE), offline(SUE)])
        .then_waits(opened_by(EVA, WEB, 3))
        .and([with_capacity(SUE, 2), online(SUE), finishes(SUE, opened_by(EVA, WEB, 3))])
        .and([wrote_on(EVA, WEB, 4), wrote_on(LUIS, WEB, 4), wrote_on(NOA, WEB, 4)])
        .then_waits(opened_by(NOA, WEB, 4))
        .and([finishes(SUE, opened_by(EVA, WEB, 4))])
        .then_holds(SUE, [opened_by(LUIS, WEB, 4), opened_by(NOA, WEB, 4)]);
}
