//! Finish: with a disposition of the campaign, and a sub-disposition when it has any. What comes after is new.

use schemas::command::Due;
use schemas::event::{AfterWorkEnded, CampaignDefined, ConversationFinished, Event, NoteAdded, NoteKind};
use schemas::limits::NOTE_CHARS_MAX;
use schemas::{Actor, Command, ConversationId, Rejection};

use super::centre::*;
use super::harness::{Step, given, second};

fn finished(agent_of_it: Option<&str>, with: &str, sub: Option<&str>) -> Event {
    ConversationFinished {
        conversation: of(EVA),
        agent: agent_of_it.map(agent),
        disposition: disposition(with),
        sub_disposition: sub.map(disposition),
        after_work_until: None,
    }
    .into()
}

fn notes(who: &str, conversation: ConversationId, text: &str) -> Step {
    let text = text.to_owned();
    Step::new(as_agent(who), Command::AddNote { conversation, text, kind: NoteKind::Note })
}

#[test]
fn a_conversation_is_finished_with_a_disposition_of_its_campaign() {
    given([online(ANA), wrote(EVA)])
        .when(finishes_with(ANA, of(EVA), "solved", None))
        .then([finished(Some(ANA), "solved", None)])
        .then_is_not_open(of(EVA))
        .then_holds(ANA, []);
}

#[test]
fn a_disposition_that_has_sub_dispositions_is_finished_with_one() {
    given([online(ANA), wrote(EVA)])
        .when(finishes_with(ANA, of(EVA), "sold", Some("sold-card")))
        .then([finished(Some(ANA), "sold", Some("sold-card"))]);
}

#[test]
fn a_supervisor_finishes_what_another_has() {
    given([online(ANA), wrote(EVA)])
        .when(finishes(SUE, of(EVA)))
        .then([finished(Some(ANA), "solved", None)])
        .then_holds(ANA, []);
}

#[test]
fn a_supervisor_finishes_what_waits() {
    given([wrote(EVA)])
        .when(finishes(SUE, of(EVA)))
        .then([finished(None, "solved", None)])
        .and([online(ANA)])
        .then_holds(ANA, []);
}

#[test]
fn a_kept_conversation_that_is_finished_waits_for_nobody() {
    given([exclusive(EVA, SALES, ANA), wrote(EVA), finishes(SUE, of(EVA))])
        .then_no_wait_ends()
        .and([online(ANA)])
        .then_holds(ANA, []);
}

#[test]
fn a_message_after_finish_opens_a_new_conversation() {
    given([online(ANA), wrote(EVA), finishes(ANA, of(EVA)), wrote_again(EVA)])
        .then_is_not_open(of(EVA))
        .then_holds(ANA, [opened_by(EVA, WA, 2)]);
}

#[test]
fn a_note_is_part_of_the_record() {
    let added = NoteAdded { conversation: of(EVA), text: "wants a blue one".into(), kind: NoteKind::Note };
    given([online(ANA), wrote(EVA)]).when(notes(ANA, of(EVA), "wants a blue one")).then([added.into()]);
}

/// Sales gives a minute for what is to be done after a conversation.
fn sales_has_after_work() -> Step {
    defines(Command::DefineCampaign(CampaignDefined { after_work_seconds: 60, ..sales() }))
}

fn is_done_after(id: &str, conversation: ConversationId) -> Step {
    Step::new(as_agent(id), Command::EndAfterWork { conversation, agent: agent(id) })
}

fn after_work_is_over(id: &str, conversation: ConversationId) -> Step {
    let due = Due::AfterWork(agent(id), conversation);
    Step::new(Actor::System, Command::PassDeadline(due)).after(60)
}

fn is_done(id: &str, conversation: ConversationId) -> Event {
    AfterWorkEnded { conversation, agent: agent(id) }.into()
}

#[test]
fn what_is_to_be_done_after_a_conversation_takes_its_room() {
    given([sales_has_after_work(), with_capacity(ANA, 1), online(ANA), wrote(EVA), wrote(LUIS)])
        .and([finishes(ANA, of(EVA))])
        .then_waits(of(LUIS))
        .then_next_is_due(second(66), Due::AfterWork(agent(ANA), of(EVA)))
        .when(is_done_after(ANA, of(EVA)))
        .then_begins_with(is_done(ANA, of(EVA)))
        .then_holds(ANA, [of(LUIS)])
        .then_no_wait_ends();
}

#[test]
fn the_time_for_what_is_to_be_done_after_a_conversation_ends() {
    given([sales_has_after_work(), with_capacity(ANA, 1), online(ANA), wrote(EVA), wrote(LUIS)])
        .and([finishes(ANA, of(EVA))])
        .when(after_work_is_over(ANA, of(EVA)))
        .then_begins_with(is_done(ANA, of(EVA)))
        .then_holds(ANA, [of(LUIS)]);
}

#[test]
fn it_does_not_end_before_its_time() {
    given([sales_has_after_work(), online(ANA), wrote(EVA), finishes(ANA, of(EVA))])
        .when(after_work_is_over(ANA, of(EVA)).after(59))
        .then_nothing();
}

#[test]
fn who_goes_has_nothing_to_do_any_more() {
    given([sales_has_after_work(), online(ANA), wrote(EVA), finishes(ANA, of(EVA)), offline(ANA)])
        .then_no_wait_ends();
}

#[test]
fn what_a_supervisor_finishes_leaves_the_agent_nothing_to_do() {
    given([sales_has_after_work(), with_capacity(ANA, 1), online(ANA), wrote(EVA), wrote(LUIS)])
        .and([finishes(SUE, of(EVA))])
        .then_holds(ANA, [of(LUIS)]);
}

#[test]
fn who_is_away_and_done_is_given_nothing() {
    given([sales_has_after_work(), online(ANA), wrote(EVA), finishes(ANA, of(EVA)), away(ANA), wrote(LUIS)])
        .when(is_done_after(ANA, of(EVA)))
        .then([is_done(ANA, of(EVA))]);
}

#[test]
fn a_supervisor_who_watches_leaves_a_coaching_note() {
    let text = || "offer a discount".to_owned();
    let coaches = Command::AddNote { conversation: of(EVA), text: text(), kind: NoteKind::Coaching };
    given([online(ANA), wrote(EVA)]).when(Step::new(as_agent(SUE), coaches)).then([NoteAdded {
        conversation: of(EVA),
        text: text(),
        kind: NoteKind::Coaching,
    }
    .into()]);
}

refusals! {
    an_agent_coaches_nobody:
        given [online(ANA), wrote(EVA)]
        when Step::new(as_agent(ANA), Command::AddNote {
            conversation: of(EVA),
            text: "well done".into(),
            kind: NoteKind::Coaching,
        })
        => Rejection::Forbidden;
    there_is_at_most_an_hour_after_a_conversation:
        given []
        when defines(Command::DefineCampaign(CampaignDefined { after_work_seconds: 3_601, ..sales() }))
        => Rejection::AfterWorkOutOfRange(3_601);
    nobody_is_done_twice:
        given [sales_has_after_work(), online(ANA), wrote(EVA), finishes(ANA, of(EVA)), is_done_after(ANA, of(EVA))]
        when is_done_after(ANA, of(EVA))
        => Rejection::NoAfterWork(agent(ANA), of(EVA));
    nobody_is_done_for_another:
        given [sales_has_after_work(), online(ANA), wrote(EVA), finishes(ANA, of(EVA))]
        when is_done_after(ANA, of(EVA)).by(as_agent(BEN))
        => Rejection::Forbidden;
    a_disposition_exists:
        given [online(ANA), wrote(EVA)]
        when finishes_with(ANA, of(EVA), "nothing", None)
        => Rejection::UnknownDisposition(disposition("nothing"));
    a_disposition_is_one_of_the_campaign:
        given [online(ANA), wrote(EVA)]
        when finishes_with(ANA, of(EVA), "fixed", None)
        => Rejection::DispositionNotAllowed(disposition("fixed"), campaign(SALES));
    a_sub_disposition_is_not_a_disposition:
        given [online(ANA), wrote(EVA)]
        when finishes_with(ANA, of(EVA), "sold-card", None)
        => Rejection::DispositionNotAllowed(disposition("sold-card"), campaign(SALES));
    what_has_become_a_sub_disposition_is_not_a_disposition:
        given [
            online(ANA),
            wrote(EVA),
            defines(Command::DefineDisposition(a_disposition("solved", Some("fixed")))),
        ]
        when finishes_with(ANA, of(EVA), "solved", None)
        => Rejection::DispositionNotAllowed(disposition("solved"), campaign(SALES));
    transfer_is_not_a_disposition_to_finish_with:
        given [online(ANA), wrote(EVA)]
        when finishes_with(ANA, of(EVA), "transfer", None)
        => Rejection::UnknownDisposition(disposition("transfer"));
    a_disposition_with_sub_dispositions_needs_one:
        given [online(ANA), wrote(EVA)]
        when finishes_with(ANA, of(EVA), "sold", None)
        => Rejection::SubDispositionRequired(disposition("sold"));
    a_disposition_without_sub_dispositions_takes_none:
        given [online(ANA), wrote(EVA)]
        when finishes_with(ANA, of(EVA), "solved", Some("sold-card"))
        => Rejection::SubDispositionUnexpected(disposition("solved"));
    a_sub_disposition_is_one_of_the_disposition:
        given [online(ANA), wrote(EVA)]
        when finishes_with(ANA, of(EVA), "sold", Some("fixed"))
        => Rejection::NotASubDisposition(disposition("fixed"), disposition("sold"));
    who_does_not_have_the_conversation_does_not_finish_it:
        given [online(ANA), wrote(EVA), online(BEN)]
        when finishes(BEN, of(EVA))
        => Rejection::NotAssignedAgent(of(EVA));
    nobody_but_a_supervisor_finishes_what_waits:
        given [wrote(EVA)]
        when finishes(ANA, of(EVA))
        => Rejection::NotAssignedAgent(of(EVA));
    an_auditor_does_not_finish:
        given [online(ANA), wrote(EVA)]
        when finishes(TOM, of(EVA))
        => Rejection::NotAssignedAgent(of(EVA));
    a_conversation_is_finished_once:
        given [online(ANA), wrote(EVA), finishes(ANA, of(EVA))]
        when finishes(ANA, of(EVA))
        => Rejection::ConversationNotOpen(of(EVA));
    who_does_not_have_the_conversation_writes_no_notes_on_it:
        given [online(ANA), wrote(EVA)]
        when notes(BEN, of(EVA), "hm")
        => Rejection::NotAssignedAgent(of(EVA));
    an_auditor_writes_no_notes:
        given [online(ANA), wrote(EVA)]
        when notes(TOM, of(EVA), "hm")
        => Rejection::NotAssignedAgent(of(EVA));
    a_note_says_something:
        given [online(ANA), wrote(EVA)]
        when notes(ANA, of(EVA), " ")
        => Rejection::InvalidText("note".into());
    a_note_is_not_too_long:
        given [online(ANA), wrote(EVA)]
        when notes(ANA, of(EVA), &"n".repeat(NOTE_CHARS_MAX + 1))
        => Rejection::InvalidText("note".into());
    a_finished_conversation_gets_no_notes:
        given [online(ANA), wrote(EVA), finishes(ANA, of(EVA))]
        when notes(ANA, of(EVA), "hm")
        => Rejection::ConversationNotOpen(of(EVA));
}
