//! Offers: accepted, declined, not answered, withdrawn.

use schemas::event::{
    AssignReason, CampaignDefined, ConversationOffered, Event, OfferEnd, OfferEnded, PresenceChanged,
    QueueCause,
};
use schemas::masters::NOT_RESPONDING;
use schemas::{Command, ConversationId, Presence, Rejection, Routing, Timestamp};

use super::centre::*;
use super::harness::{Step, given, second};

/// Sales gives an agent ten seconds to accept.
fn sales_offers() -> Step {
    sales_offers_for(10)
}

fn sales_offers_for(seconds: u16) -> Step {
    let routing = Routing { offer_seconds: Some(seconds), ..Routing::default() };
    defines(Command::DefineCampaign(CampaignDefined { routing, ..sales() }))
}

fn accepts(id: &str, conversation: ConversationId) -> Step {
    Step::new(as_agent(id), Command::AcceptOffer { conversation })
}

fn declines(id: &str, conversation: ConversationId) -> Step {
    Step::new(as_agent(id), Command::DeclineOffer { conversation })
}

fn offered(
    conversation: ConversationId,
    to: &str,
    reason: AssignReason,
    since: Timestamp,
    until: u64,
) -> Event {
    ConversationOffered { conversation, agent: agent(to), reason, since, until: second(until) }.into()
}

fn ended(conversation: ConversationId, of: &str, cause: OfferEnd) -> Event {
    OfferEnded { conversation, agent: agent(of), cause }.into()
}

#[test]
fn a_conversation_is_offered_with_the_reason_and_a_time() {
    let reason = AssignReason::MostRoom { with_room: 1, load: 0, capacity: 2, idle_since: second(2) };
    given([sales_offers(), online(ANA)])
        .when(wrote(EVA))
        .then_ends_in(offered(of(EVA), ANA, reason, second(3), 13))
        .then_is_offered(ANA, [of(EVA)])
        .then_holds(ANA, [])
        .then_next_wait_ends(second(13), of(EVA));
}

#[test]
fn what_is_accepted_is_theirs_and_its_time_is_over() {
    given([sales_offers(), online(ANA), wrote(EVA)])
        .when(accepts(ANA, of(EVA)))
        .then([assigned(of(EVA), ANA, AssignReason::Accepted)])
        .then_holds(ANA, [of(EVA)])
        .then_is_offered(ANA, [])
        .then_no_wait_ends();
}

#[test]
fn an_offer_takes_room() {
    given([sales_offers(), with_capacity(ANA, 1), online(ANA), wrote(EVA), wrote(LUIS)]).then_waits(of(LUIS));
}

#[test]
fn what_is_declined_goes_to_the_next() {
    let reason = AssignReason::MostRoom { with_room: 1, load: 0, capacity: 2, idle_since: second(3) };
    given([sales_offers(), online(ANA), online(BEN), wrote(EVA)])
        .when(declines(ANA, of(EVA)))
        .then([ended(of(EVA), ANA, OfferEnd::Declined), offered(of(EVA), BEN, reason, second(4), 15)]);
}

#[test]
fn what_everybody_declined_waits_where_it_was_and_for_somebody_else() {
    given([sales_offers(), wrote(EVA), online(ANA).after(5)])
        .when(declines(ANA, of(EVA)))
        .then_ends_in(queued(of(EVA), SALES, QueueCause::NotAccepted, second(2)))
        .and([offline(ANA), online(ANA)])
        .then_waits(of(EVA))
        .and([online(BEN)])
        .then_is_offered(BEN, [of(EVA)]);
}

#[test]
fn who_declined_one_is_offered_the_next() {
    given([
        sales_offers(),
        with_capacity(ANA, 1),
        online(ANA),
        wrote(EVA),
        wrote(LUIS),
        declines(ANA, of(EVA)),
    ])
    .then_is_offered(ANA, [of(LUIS)]);
}

#[test]
fn what_was_declined_may_be_offered_again_once_somebody_had_it() {
    given([sales_offers(), online(ANA), wrote(EVA), declines(ANA, of(EVA)), online(BEN)])
        .and([accepts(BEN, of(EVA)), offline(BEN)])
        .then_is_offered(ANA, [of(EVA)]);
}

#[test]
fn who_does_not_answer_is_away_and_loses_all_offers() {
    let away = Presence::Away { reason: NOT_RESPONDING.into() };
    given([sales_offers(), online(ANA), wrote(EVA), wrote(LUIS)])
        .when(wait_ends(of(EVA)).after(9))
        .then([
            PresenceChanged { agent: agent(ANA), presence: away }.into(),
            ended(of(EVA), ANA, OfferEnd::TimedOut),
            queued(of(EVA), SALES, QueueCause::NotAccepted, second(3)),
            ended(of(LUIS), ANA, OfferEnd::Withdrawn),
            queued(of(LUIS), SALES, QueueCause::NotAccepted, second(4)),
        ])
        .then_is_offered(ANA, []);
}

#[test]
fn who_did_not_answer_gets_what_they_had_not_declined_when_they_are_back() {
    given([sales_offers(), online(ANA), wrote(EVA), wrote(LUIS), wait_ends(of(EVA)).after(9), online(ANA)])
        .then_is_offered(ANA, [of(LUIS)])
        .then_waits(of(EVA));
}

#[test]
fn an_offer_before_its_time_is_nothing() {
    given([sales_offers(), online(ANA), wrote(EVA)]).when(wait_ends(of(EVA)).after(9)).then_nothing();
}

#[test]
fn who_goes_away_loses_their_offers_and_keeps_what_they_have() {
    given([sales_offers(), online(ANA), wrote(EVA), accepts(ANA, of(EVA)), wrote(LUIS), away(ANA)])
        .then_holds(ANA, [of(EVA)])
        .then_is_offered(ANA, [])
        .then_waits(of(LUIS));
}

#[test]
fn who_handles_the_channel_no_more_loses_the_offer() {
    given([sales_offers(), online(ANA), wrote(EVA)])
        .when(handling(ANA, &[WEB]))
        .then_has(ended(of(EVA), ANA, OfferEnd::Withdrawn))
        .then_waits(of(EVA));
}

#[test]
fn what_an_exclusive_agent_cannot_take_any_more_is_not_kept_for_them() {
    given([sales_offers(), exclusive(EVA, SALES, ANA), online(ANA), wrote(EVA), handling(ANA, &[WEB])])
        .then_waits(of(EVA));
}

#[test]
fn what_waits_is_offered_to_who_comes_online() {
    let reason = AssignReason::WaitedLongest { waiting_since: second(2), priority: 0, load: 0, capacity: 2 };
    given([sales_offers(), wrote(EVA)]).when(online(ANA)).then_ends_in(offered(
        of(EVA),
        ANA,
        reason,
        second(2),
        13,
    ));
}

#[test]
fn an_exclusive_agent_is_offered_it_and_it_is_not_kept_for_them_when_they_decline() {
    given([sales_offers(), exclusive(EVA, SALES, ANA), online(ANA)])
        .when(wrote(EVA))
        .then_ends_in(offered(of(EVA), ANA, AssignReason::Exclusive, second(4), 14))
        .and([declines(ANA, of(EVA))])
        .then_waits(of(EVA));
}

#[test]
fn an_exclusive_agent_who_goes_away_is_waited_for() {
    given([sales_offers(), exclusive(EVA, SALES, ANA), online(ANA), wrote(EVA), away(ANA)]).then_is_kept(
        of(EVA),
        ANA,
        Some(second(65)),
    );
}

#[test]
fn what_is_picked_or_given_is_theirs_at_once() {
    given([
        sales_offers(),
        wrote(EVA),
        wrote(LUIS),
        with_capacity(ANA, 0),
        online(ANA),
        with_capacity(ANA, 2),
    ])
    .and([declines(ANA, of(EVA)), takes(ANA, of(EVA))])
    .then_holds(ANA, [of(EVA)]);
}

#[test]
fn to_take_what_one_is_offered_is_to_accept_it() {
    given([sales_offers(), with_capacity(ANA, 1), online(ANA), wrote(EVA)])
        .when(takes(ANA, of(EVA)))
        .then([assigned(of(EVA), ANA, AssignReason::Accepted)]);
}

#[test]
fn a_supervisor_gives_what_is_offered_to_somebody_else() {
    given([sales_offers(), online(ANA), wrote(EVA), online(BEN)])
        .when(assigns(as_agent(SUE), of(EVA), BEN))
        .then([ended(of(EVA), ANA, OfferEnd::Withdrawn), assigned(of(EVA), BEN, AssignReason::Given)])
        .then_is_offered(ANA, []);
}

#[test]
fn who_loses_an_offer_to_a_supervisor_is_offered_the_next() {
    given([
        sales_offers(),
        with_capacity(ANA, 1),
        online(ANA),
        wrote(EVA),
        wrote(LUIS),
        finishes(SUE, of(EVA)),
    ])
    .then_is_offered(ANA, [of(LUIS)]);
}

#[test]
fn what_is_offered_can_be_finished_by_a_supervisor() {
    given([sales_offers(), online(ANA), wrote(EVA), finishes(SUE, of(EVA))])
        .then_is_not_open(of(EVA))
        .then_is_offered(ANA, [])
        .then_no_wait_ends();
}

refusals! {
    nobody_accepts_what_another_is_offered:
        given [sales_offers(), online(ANA), wrote(EVA)]
        when accepts(BEN, of(EVA))
        => Rejection::NotOffered(of(EVA));
    nobody_accepts_what_waits:
        given [wrote(EVA)]
        when accepts(ANA, of(EVA))
        => Rejection::NotOffered(of(EVA));
    nobody_declines_what_they_have:
        given [online(ANA), wrote(EVA)]
        when declines(ANA, of(EVA))
        => Rejection::NotOffered(of(EVA));
    what_is_finished_is_accepted_by_nobody:
        given [online(ANA), wrote(EVA), finishes(ANA, of(EVA))]
        when accepts(ANA, of(EVA))
        => Rejection::ConversationNotOpen(of(EVA));
    nobody_takes_what_another_is_offered:
        given [sales_offers(), online(ANA), wrote(EVA), online(BEN)]
        when takes(BEN, of(EVA))
        => Rejection::OfferedToAnother(of(EVA), agent(ANA));
    nobody_writes_in_what_they_have_not_accepted:
        given [sales_offers(), online(ANA), wrote(EVA)]
        when sends(ANA, of(EVA), "hello")
        => Rejection::NotAssignedAgent(of(EVA));
    an_offer_has_a_time:
        given []
        when sales_offers_for(0)
        => Rejection::OfferOutOfRange(0);
    an_offer_ends_within_ten_minutes:
        given []
        when sales_offers_for(601)
        => Rejection::OfferOutOfRange(601);
    nobody_says_of_themselves_that_they_do_not_respond:
        given []
        when Step::new(as_agent(ANA), Command::ChangePresence {
            agent: agent(ANA),
            presence: Presence::Away { reason: NOT_RESPONDING.into() },
        })
        => Rejection::UnknownAwayReason(NOT_RESPONDING.into());
}
