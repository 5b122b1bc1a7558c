//! The exclusive agent: every new conversation of the contact in the campaign goes to them; what happens when they
//! are offline or full is the campaign's policy, and is recorded.

use schemas::command::Due;
use schemas::event::{
    AgentDefined, AssignReason, CampaignDefined, ConversationQueued, Event, ExclusiveAgentRemoved,
    ExclusiveAgentSet, QueueCause,
};
use schemas::{Actor, Command, ConversationId, ExclusiveWait, Rejection, Role};

use super::centre::*;
use super::harness::{Step, given, second};

fn was_set(to: &str, conversation: Option<ConversationId>) -> Event {
    ExclusiveAgentSet {
        contact: contact(EVA),
        campaign: campaign(SALES),
        agent: agent(to),
        until: None,
        conversation,
    }
    .into()
}

fn was_removed(from: &str, conversation: Option<ConversationId>) -> Event {
    ExclusiveAgentRemoved {
        contact: contact(EVA),
        campaign: campaign(SALES),
        agent: agent(from),
        conversation,
    }
    .into()
}

fn over(conversation: ConversationId, since: u64) -> Event {
    queued(conversation, SALES, QueueCause::ExclusiveWaitOver, second(since))
}

#[test]
fn a_new_conversation_goes_to_the_exclusive_agent_first() {
    given([with_capacity(BEN, 9), online(BEN), online(ANA), exclusive(EVA, SALES, ANA)])
        .when(wrote(EVA))
        .then_ends_in(assigned(of(EVA), ANA, AssignReason::Exclusive));
}

#[test]
fn every_new_conversation_goes_to_the_exclusive_agent() {
    given([with_capacity(BEN, 9), online(BEN), online(ANA), exclusive(EVA, SALES, ANA)])
        .and([wrote(EVA), finishes(ANA, of(EVA)), wrote_again(EVA)])
        .then_holds(ANA, [opened_by(EVA, WA, 2)]);
}

#[test]
fn an_exclusive_agent_is_one_contacts_in_one_campaign() {
    given([with_capacity(BEN, 9), online(BEN), online(ANA), exclusive(EVA, SUPPORT, ANA)])
        .and([exclusive(LUIS, SALES, ANA), wrote(EVA)])
        .then_holds(BEN, [of(EVA)]);
}

#[test]
fn a_conversation_waits_for_an_exclusive_agent_who_is_offline_and_for_so_long() {
    let reserved = (ANA, Some(second(3).plus(std::time::Duration::from_secs(60))));
    given([exclusive(EVA, SALES, ANA), online(BEN)])
        .when(wrote(EVA))
        .then_ends_in(kept(of(EVA), SALES, QueueCause::Opened, second(3), reserved))
        .then_holds(BEN, []);
}

#[test]
fn a_conversation_waits_for_an_exclusive_agent_who_is_full() {
    given([exclusive(EVA, SALES, ANA), online(ANA), wrote(LUIS), wrote(MIA), online(BEN), wrote(EVA)])
        .then_is_kept(of(EVA), ANA, Some(second(66)))
        .and([finishes(ANA, of(MIA))])
        .then_holds(ANA, [of(LUIS), of(EVA)])
        .then_no_wait_ends();
}

#[test]
fn what_is_kept_for_an_agent_comes_before_what_has_waited_longer() {
    given([exclusive(EVA, SALES, ANA), wrote(LUIS), wrote(MIA), wrote(EVA), online(ANA)])
        .then_holds(ANA, [of(EVA), of(LUIS)]);
}

#[test]
fn who_has_waited_longest_for_an_agent_is_first() {
    given([exclusive(EVA, SALES, ANA), exclusive(LUIS, SALES, ANA), wrote(LUIS), wrote(EVA)])
        .and([with_capacity(ANA, 1), online(ANA)])
        .then_holds(ANA, [of(LUIS)])
        .then_is_kept(of(EVA), ANA, Some(second(64)));
}

#[test]
fn the_wait_that_ends_soonest_is_known() {
    given([exclusive(EVA, SALES, ANA), exclusive(LUIS, SALES, ANA), wrote(LUIS), wrote(EVA)])
        .then_next_wait_ends(second(63), of(LUIS));
}

#[test]
fn the_end_of_the_wait_makes_it_anybodys() {
    given([exclusive(EVA, SALES, ANA), online(BEN), wrote(EVA)])
        .when(wait_ends(of(EVA)).after(60))
        .then_accepted()
        .then_holds(BEN, [of(EVA)])
        .then_no_wait_ends();
}

#[test]
fn who_has_waited_for_an_exclusive_agent_keeps_their_place_in_the_queue() {
    given([exclusive(EVA, SALES, ANA), wrote(EVA), wrote(LUIS)])
        .when(wait_ends(of(EVA)).after(60))
        .then([over(of(EVA), 2)])
        .and([with_capacity(BEN, 1), online(BEN)])
        .then_holds(BEN, [of(EVA)])
        .then_waits(of(LUIS));
}

#[test]
fn a_wait_does_not_end_before_its_time() {
    given([exclusive(EVA, SALES, ANA), online(BEN), wrote(EVA)])
        .when(wait_ends(of(EVA)).after(59))
        .then_nothing()
        .then_is_kept(of(EVA), ANA, Some(second(63)));
}

#[test]
fn a_wait_that_is_over_already_ends_without_an_event() {
    given([exclusive(EVA, SALES, ANA), wrote(EVA), online(ANA)])
        .when(wait_ends(of(EVA)).after(60))
        .then_nothing()
        .and([finishes(ANA, of(EVA))])
        .when(wait_ends(of(EVA)))
        .then_nothing();
}

#[test]
fn a_campaign_that_waits_for_ever_does() {
    given([exclusive(EVA, SUPPORT, FLO), online(ANA), wrote(EVA)])
        .and([transfers(ANA, of(EVA), to_campaign(SUPPORT))])
        .then_is_kept(of(EVA), FLO, None)
        .then_no_wait_ends()
        .when(wait_ends(of(EVA)).after(100_000))
        .then_nothing()
        .and([online(FLO)])
        .then_holds(FLO, [of(EVA)]);
}

#[test]
fn a_campaign_that_does_not_wait_gives_it_to_anybody() {
    given([exclusive(EVA, BILLING, ANA), online(BEN), wrote_on(EVA, APPLE, 1)])
        .then_holds(BEN, [opened_by(EVA, APPLE, 1)]);
}

#[test]
fn a_campaign_that_does_not_wait_queues_it_for_anybody() {
    given([exclusive(EVA, BILLING, ANA), wrote_on(EVA, APPLE, 1)])
        .then_waits(opened_by(EVA, APPLE, 1))
        .then_no_wait_ends();
}

#[test]
fn an_exclusive_agent_who_does_not_handle_the_channel_is_not_waited_for() {
    given([exclusive(EVA, SALES, WEB_ONLY), online(BEN), wrote(EVA)]).then_holds(BEN, [of(EVA)]);
}

#[test]
fn what_an_exclusive_agent_leaves_behind_waits_for_them() {
    given([exclusive(EVA, SALES, ANA), online(ANA), wrote(EVA), online(BEN), offline(ANA)]).then_is_kept(
        of(EVA),
        ANA,
        Some(second(65)),
    );
}

#[test]
fn setting_one_does_not_take_the_open_conversation_away() {
    given([online(ANA), wrote(EVA), online(BEN)])
        .when(exclusive(EVA, SALES, BEN).by(as_agent(ANA)))
        .then([was_set(BEN, Some(of(EVA)))])
        .then_holds(ANA, [of(EVA)]);
}

#[test]
fn setting_the_same_one_again_changes_nothing() {
    given([exclusive(EVA, SALES, ANA)]).when(exclusive(EVA, SALES, ANA)).then_nothing();
}

#[test]
fn a_kept_conversation_follows_the_new_exclusive_agent() {
    given([exclusive(EVA, SALES, ANA), wrote(EVA), online(BEN)])
        .when(exclusive(EVA, SALES, BEN))
        .then([was_set(BEN, Some(of(EVA))), assigned(of(EVA), BEN, AssignReason::Exclusive)]);
}

#[test]
fn a_kept_conversation_is_anybodys_when_there_is_no_exclusive_agent_any_more() {
    given([exclusive(EVA, SALES, ANA), wrote(EVA)])
        .when(not_exclusive(EVA, SALES))
        .then([was_removed(ANA, Some(of(EVA))), over(of(EVA), 2)])
        .then_no_wait_ends();
}

#[test]
fn every_kept_conversation_is_anybodys_when_there_is_no_exclusive_agent_any_more() {
    given([exclusive(EVA, SALES, ANA), wrote_on(EVA, WEB, 1), wrote(EVA)])
        .when(not_exclusive(EVA, SALES))
        .then([was_removed(ANA, Some(of(EVA))), over(opened_by(EVA, WEB, 1), 2), over(of(EVA), 3)])
        .then_no_wait_ends();
}

#[test]
fn a_kept_conversation_is_found_behind_one_that_somebody_has() {
    given([online(ANA), wrote(EVA), offline(BEN), exclusive(EVA, SALES, BEN), wrote_on(EVA, WEB, 1)])
        .and([with_capacity(ANA, 1), not_exclusive(EVA, SALES)])
        .then_waits(opened_by(EVA, WEB, 1));
}

#[test]
fn who_was_removed_gets_no_more_of_the_contacts_conversations() {
    given([exclusive(EVA, SALES, ANA), not_exclusive(EVA, SALES), online(BEN), wrote(EVA)])
        .then_holds(BEN, [of(EVA)]);
}

#[test]
fn what_is_kept_for_an_agent_who_leaves_the_campaign_is_anybodys() {
    given([exclusive(EVA, SALES, ANA), wrote(EVA), online(BEN)])
        .when(working_in(ANA, &[SUPPORT]))
        .then_accepted()
        .then_holds(BEN, [of(EVA)])
        .then_no_wait_ends();
}

#[test]
fn what_is_kept_for_an_agent_whose_capacity_changes_stays_theirs() {
    given([exclusive(EVA, SALES, ANA), wrote(EVA), online(BEN), with_capacity(ANA, 3)]).then_is_kept(
        of(EVA),
        ANA,
        Some(second(62)),
    );
}

#[test]
fn a_wait_follows_the_policy_of_its_time() {
    let patient = a_campaign(SALES, &[WA, WEB], &["solved", "sold"], ExclusiveWait::Forever);
    given([exclusive(EVA, SALES, ANA), wrote(EVA)])
        .and([defines(Command::DefineCampaign(patient)), wrote_on(EVA, WEB, 1)])
        .then_is_kept(of(EVA), ANA, Some(second(62)))
        .then_is_kept(opened_by(EVA, WEB, 1), ANA, None);
}

#[test]
fn the_policy_is_recorded_with_the_wait() {
    let waits = ConversationQueued {
        conversation: of(EVA),
        campaign: campaign(SUPPORT),
        cause: QueueCause::Transferred,
        since: second(3),
        priority: 0,
        overflow: None,
        reserved: Some(schemas::event::Reservation { agent: agent(FLO), until: None }),
        opens_at: None,
    };
    given([exclusive(EVA, SUPPORT, FLO), wrote(EVA)])
        .when(transfers(SUE, of(EVA), to_campaign(SUPPORT)))
        .then_ends_in(waits.into());
}

fn is_over(name: &str, in_campaign: &str) -> Step {
    let due = Due::ExclusiveAgent(contact(name), campaign(in_campaign));
    Step::new(Actor::System, Command::PassDeadline(due))
}

#[test]
fn an_exclusive_agent_may_be_so_for_a_time() {
    given([exclusive_until(EVA, SALES, ANA, second(100))])
        .then_next_is_due(second(100), Due::ExclusiveAgent(contact(EVA), campaign(SALES)))
        .when(is_over(EVA, SALES).after(99))
        .then([was_removed(ANA, None)])
        .then_no_wait_ends();
}

#[test]
fn what_is_kept_for_an_agent_whose_time_is_over_is_anybodys() {
    given([exclusive_until(EVA, SUPPORT, FLO, second(100)), online(ANA), wrote(EVA)])
        .and([transfers(ANA, of(EVA), to_campaign(SUPPORT)), is_over(EVA, SUPPORT).after(97)])
        .then_holds(ANA, [of(EVA)]);
}

#[test]
fn nobodys_time_is_over_before_it_is() {
    given([exclusive_until(EVA, SALES, ANA, second(100))]).when(is_over(EVA, SALES).after(98)).then_nothing();
}

#[test]
fn who_is_set_for_longer_is_exclusive_for_longer() {
    given([exclusive_until(EVA, SALES, ANA, second(100)), exclusive_until(EVA, SALES, ANA, second(200))])
        .then_next_is_due(second(200), Due::ExclusiveAgent(contact(EVA), campaign(SALES)))
        .and([exclusive(EVA, SALES, ANA)])
        .then_no_wait_ends();
}

#[test]
fn who_is_removed_before_their_time_is_waited_for_no_more() {
    given([exclusive_until(EVA, SALES, ANA, second(100)), not_exclusive(EVA, SALES)]).then_no_wait_ends();
}

#[test]
fn a_campaign_may_say_for_how_long() {
    let for_a_day = CampaignDefined { exclusive_days: Some(1), ..sales() };
    given([defines(Command::DefineCampaign(for_a_day)), exclusive(EVA, SALES, ANA)])
        .then_next_is_due(second(2 + 24 * 60 * 60), Due::ExclusiveAgent(contact(EVA), campaign(SALES)));
}

refusals! {
    the_end_is_ahead:
        given []
        when exclusive_until(EVA, SALES, ANA, second(1))
        => Rejection::ExpiryNotAhead;
    an_agent_without_the_permission_sets_nobody:
        given [redefined(AgentDefined { may_set_exclusive: false, ..definition(ANA) })]
        when exclusive(EVA, SALES, ANA).by(as_agent(ANA))
        => Rejection::Forbidden;
    an_agent_without_the_permission_removes_nobody:
        given [redefined(AgentDefined { may_set_exclusive: false, ..definition(ANA) }), exclusive(EVA, SALES, ANA)]
        when not_exclusive(EVA, SALES).by(as_agent(ANA))
        => Rejection::Forbidden;
    an_agent_sets_none_in_a_campaign_they_do_not_work_in:
        given [wrote(EVA)]
        when exclusive(EVA, SALES, ANA).by(as_agent(FLO))
        => Rejection::Forbidden;
    an_auditor_sets_none:
        given [wrote(EVA)]
        when exclusive(EVA, SALES, ANA).by(as_agent(TOM))
        => Rejection::Forbidden;
    an_auditor_removes_none:
        given [exclusive(EVA, SALES, ANA)]
        when not_exclusive(EVA, SALES).by(as_agent(TOM))
        => Rejection::Forbidden;
    a_channel_sets_none:
        given [wrote(EVA)]
        when exclusive(EVA, SALES, ANA).by(Actor::Channel(channel(WA)))
        => Rejection::Forbidden;
    there_is_none_in_a_campaign_that_does_not_exist:
        given [wrote(EVA)]
        when exclusive(EVA, "nowhere", ANA)
        => Rejection::UnknownCampaign(campaign("nowhere"));
    a_stranger_is_not_exclusive:
        given [wrote(EVA)]
        when exclusive(EVA, SALES, "nobody")
        => Rejection::UnknownAgent(agent("nobody"));
    who_works_in_another_campaign_is_not_exclusive:
        given [wrote(EVA)]
        when exclusive(EVA, SALES, FLO)
        => Rejection::AgentNotInCampaign(agent(FLO), campaign(SALES));
    an_auditor_is_not_exclusive:
        given [redefined(AgentDefined { role: Role::Auditor, ..definition(BEN) })]
        when exclusive(EVA, SALES, BEN)
        => Rejection::NotAttending(agent(BEN));
    nobody_is_removed_where_nobody_was_set:
        given [exclusive(EVA, SUPPORT, ANA)]
        when not_exclusive(EVA, SALES)
        => Rejection::NoExclusiveAgent(contact(EVA), campaign(SALES));
    only_the_clock_ends_a_wait:
        given [exclusive(EVA, SALES, ANA), wrote(EVA)]
        when wait_ends(of(EVA)).after(60).by(Actor::Administrator)
        => Rejection::Forbidden;
}
