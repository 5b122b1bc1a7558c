//! Transfer: to an agent of the campaign, or to another campaign of the channel; always with a note. Each failed
//! condition has its own rejection.

use schemas::event::{AgentDefined, AssignReason, ConversationTransferred, Event, QueueCause};
use schemas::limits::NOTE_CHARS_MAX;
use schemas::{Actor, Rejection, Role, TransferTarget};

use super::centre::*;
use super::harness::{given, second};

fn transferred(from: Option<&str>, to: TransferTarget) -> Event {
    ConversationTransferred {
        conversation: of(EVA),
        from: from.map(agent),
        to,
        note: "asks for it".into(),
        disposition: disposition("transfer"),
    }
    .into()
}

#[test]
fn a_transfer_to_an_agent_carries_the_note_and_the_fixed_disposition() {
    given([online(ANA), wrote(EVA), online(BEN)])
        .when(transfers(ANA, of(EVA), to_agent(BEN)))
        .then([transferred(Some(ANA), to_agent(BEN)), assigned(of(EVA), BEN, AssignReason::Transferred)])
        .then_holds(ANA, [])
        .then_holds(BEN, [of(EVA)]);
}

#[test]
fn a_transfer_to_a_campaign_goes_to_the_agent_with_the_most_room_there() {
    let most_room = AssignReason::MostRoom { with_room: 1, load: 0, capacity: 2, idle_since: second(3) };
    given([online(ANA), wrote(EVA), online(FLO)])
        .when(transfers(ANA, of(EVA), to_campaign(SUPPORT)))
        .then([transferred(Some(ANA), to_campaign(SUPPORT)), assigned(of(EVA), FLO, most_room)])
        .then_holds(FLO, [of(EVA)]);
}

#[test]
fn a_transfer_to_a_campaign_where_nobody_has_room_waits_in_its_queue() {
    given([working_in(ANA, &[SALES]), online(ANA), wrote(EVA)])
        .when(transfers(ANA, of(EVA), to_campaign(SUPPORT)))
        .then([
            transferred(Some(ANA), to_campaign(SUPPORT)),
            queued(of(EVA), SUPPORT, QueueCause::Transferred, second(4)),
        ])
        .and([online(FLO)])
        .then_holds(FLO, [of(EVA)]);
}

#[test]
fn a_transfer_to_a_campaign_goes_to_its_exclusive_agent() {
    given([exclusive(EVA, SUPPORT, FLO), online(ANA), wrote(EVA), with_capacity(BEN, 9), online(BEN)])
        .and([online(FLO)])
        .when(transfers(ANA, of(EVA), to_campaign(SUPPORT)))
        .then([
            transferred(Some(ANA), to_campaign(SUPPORT)),
            assigned(of(EVA), FLO, AssignReason::Exclusive),
        ]);
}

#[test]
fn a_transfer_to_a_campaign_waits_for_its_exclusive_agent() {
    given([exclusive(EVA, SUPPORT, FLO), online(ANA), wrote(EVA)])
        .when(transfers(ANA, of(EVA), to_campaign(SUPPORT)))
        .then([
            transferred(Some(ANA), to_campaign(SUPPORT)),
            kept(of(EVA), SUPPORT, QueueCause::Transferred, second(4), (FLO, None)),
        ]);
}

#[test]
fn who_gives_a_conversation_to_a_campaign_is_the_last_to_get_it_there() {
    given([with_capacity(ANA, 9), online(ANA), wrote(EVA), online(BEN)])
        .when(transfers(ANA, of(EVA), to_campaign(SUPPORT)))
        .then_accepted()
        .then_holds(ANA, [])
        .then_holds(BEN, [of(EVA)]);
}

#[test]
fn who_gives_a_conversation_to_a_campaign_gets_it_there_when_nobody_else_can() {
    given([online(ANA), wrote(EVA)])
        .when(transfers(ANA, of(EVA), to_campaign(SUPPORT)))
        .then([
            transferred(Some(ANA), to_campaign(SUPPORT)),
            queued(of(EVA), SUPPORT, QueueCause::Transferred, second(3)),
            assigned(of(EVA), ANA, waited_longest(3, 0)),
        ])
        .then_holds(ANA, [of(EVA)]);
}

#[test]
fn who_gives_a_conversation_to_a_campaign_first_gets_what_has_waited_longer() {
    given([online(ANA), wrote(EVA), wrote(LUIS), wrote(MIA)])
        .when(transfers(ANA, of(EVA), to_campaign(SUPPORT)))
        .then([
            transferred(Some(ANA), to_campaign(SUPPORT)),
            queued(of(EVA), SUPPORT, QueueCause::Transferred, second(5)),
            assigned(of(MIA), ANA, waited_longest(4, 1)),
        ])
        .then_waits(of(EVA));
}

#[test]
fn who_gives_a_conversation_to_a_campaign_where_they_are_its_exclusive_agent_has_it_there() {
    given([exclusive(EVA, SUPPORT, ANA), online(ANA), wrote(EVA), online(FLO)])
        .when(transfers(ANA, of(EVA), to_campaign(SUPPORT)))
        .then_accepted()
        .then_holds(ANA, [of(EVA)]);
}

fn waited_longest(waiting_since: u64, load: u16) -> AssignReason {
    AssignReason::WaitedLongest { waiting_since: second(waiting_since), priority: 0, load, capacity: 2 }
}

#[test]
fn after_a_transfer_the_rules_of_the_new_campaign_apply() {
    given([online(ANA), wrote(EVA), online(FLO), transfers(ANA, of(EVA), to_campaign(SUPPORT))])
        .and([finishes_with(FLO, of(EVA), "fixed", None)])
        .then_is_not_open(of(EVA));
}

#[test]
fn a_transferred_conversation_goes_back_to_the_queue_of_its_new_campaign() {
    given([online(ANA), wrote(EVA), online(FLO), transfers(ANA, of(EVA), to_campaign(SUPPORT))])
        .and([offline(ANA)])
        .when(offline(FLO))
        .then_ends_in(queued(of(EVA), SUPPORT, QueueCause::Released, second(2)));
}

#[test]
fn a_supervisor_transfers_what_another_has() {
    given([online(ANA), wrote(EVA), online(BEN)])
        .when(transfers(SUE, of(EVA), to_agent(BEN)))
        .then_accepted()
        .then_holds(ANA, [])
        .then_holds(BEN, [of(EVA)]);
}

#[test]
fn a_supervisor_transfers_what_waits() {
    given([wrote(EVA), online(FLO)])
        .when(transfers(SUE, of(EVA), to_campaign(SUPPORT)))
        .then_accepted()
        .then_holds(FLO, [of(EVA)])
        .and([online(ANA)])
        .then_holds(ANA, []);
}

refusals! {
    a_transfer_needs_a_note:
        given [online(ANA), wrote(EVA), online(BEN)]
        when transfers_with_note(ANA, of(EVA), to_agent(BEN), " \t ")
        => Rejection::NoteRequired;
    the_note_of_a_transfer_is_not_too_long:
        given [online(ANA), wrote(EVA), online(BEN)]
        when transfers_with_note(ANA, of(EVA), to_agent(BEN), &"n".repeat(NOTE_CHARS_MAX + 1))
        => Rejection::InvalidText("note".into());
    who_does_not_have_the_conversation_does_not_transfer_it:
        given [online(ANA), wrote(EVA), online(BEN)]
        when transfers(BEN, of(EVA), to_agent(BEN))
        => Rejection::NotAssignedAgent(of(EVA));
    an_auditor_does_not_transfer:
        given [online(ANA), wrote(EVA), online(BEN)]
        when transfers(TOM, of(EVA), to_agent(BEN))
        => Rejection::NotAssignedAgent(of(EVA));
    a_finished_conversation_is_not_transferred:
        given [online(ANA), wrote(EVA), finishes(ANA, of(EVA)), online(BEN)]
        when transfers(ANA, of(EVA), to_agent(BEN))
        => Rejection::ConversationNotOpen(of(EVA));
    nothing_is_transferred_to_a_stranger:
        given [online(ANA), wrote(EVA)]
        when transfers(ANA, of(EVA), to_agent("nobody"))
        => Rejection::UnknownAgent(agent("nobody"));
    nothing_is_transferred_to_who_has_it:
        given [online(ANA), wrote(EVA)]
        when transfers(ANA, of(EVA), to_agent(ANA))
        => Rejection::TransferToSelf(agent(ANA));
    nothing_is_transferred_to_who_is_offline:
        given [online(ANA), wrote(EVA)]
        when transfers(ANA, of(EVA), to_agent(BEN))
        => Rejection::AgentOffline(agent(BEN));
    nothing_is_transferred_to_who_is_away:
        given [online(ANA), wrote(EVA), away(BEN)]
        when transfers(ANA, of(EVA), to_agent(BEN))
        => Rejection::AgentOffline(agent(BEN));
    nothing_is_transferred_to_who_works_in_another_campaign:
        given [online(ANA), wrote(EVA), online(FLO)]
        when transfers(ANA, of(EVA), to_agent(FLO))
        => Rejection::AgentNotInCampaign(agent(FLO), campaign(SALES));
    nothing_is_transferred_to_who_handles_another_channel:
        given [online(ANA), wrote(EVA), online(WEB_ONLY)]
        when transfers(ANA, of(EVA), to_agent(WEB_ONLY))
        => Rejection::AgentNotOnChannel(agent(WEB_ONLY), channel(WA));
    nothing_is_transferred_to_who_is_full:
        given [online(BEN), wrote(LUIS), wrote(MIA), online(ANA), wrote(EVA)]
        when transfers(ANA, of(EVA), to_agent(BEN))
        => Rejection::AgentFull(agent(BEN), 2);
    nothing_is_transferred_to_an_auditor:
        given [
            redefined(AgentDefined { role: Role::Auditor, ..definition(BEN) }),
            online(BEN).by(Actor::Administrator),
            online(ANA),
            wrote(EVA),
        ]
        when transfers(ANA, of(EVA), to_agent(BEN))
        => Rejection::NotAttending(agent(BEN));
    nothing_is_transferred_to_a_campaign_that_does_not_exist:
        given [online(ANA), wrote(EVA)]
        when transfers(ANA, of(EVA), to_campaign("nowhere"))
        => Rejection::UnknownCampaign(campaign("nowhere"));
    nothing_is_transferred_to_the_campaign_it_is_in:
        given [online(ANA), wrote(EVA)]
        when transfers(ANA, of(EVA), to_campaign(SALES))
        => Rejection::TransferToSameCampaign(campaign(SALES));
    nothing_is_transferred_to_a_campaign_of_other_channels:
        given [online(ANA), wrote(EVA)]
        when transfers(ANA, of(EVA), to_campaign(BILLING))
        => Rejection::CampaignNotOnChannel(campaign(BILLING), channel(WA));
    a_campaign_transfer_is_offered_only_when_the_channel_has_two:
        given [online(ANA), wrote_on(EVA, WEB, 1)]
        when transfers(ANA, opened_by(EVA, WEB, 1), to_campaign(SUPPORT))
        => Rejection::OnlyOneCampaign(channel(WEB));
}
