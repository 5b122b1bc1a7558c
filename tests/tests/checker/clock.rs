//! Planted into what happens by the clock: an answer that is missed twice, too early or unheard; a customer who is warned
//! or a conversation that is closed without reason; and somebody who is told that it is closed, or is given something,
//! when they should not be.

use schemas::event::{
    AssignReason, Author, CampaignDefined, ConversationAssigned, ConversationFinished, ConversationOpened,
    ConversationQueued, Event, InactivityWarned, MessageReceived, MessageSubmitted, QueueCause,
    ResponseAwaited, ResponseKind, ResponseMissed, SystemCause,
};
use schemas::{Actor, BusinessHours, ChannelKind, Content, ConversationId, MessageId, Timestamp, Weekday};
use tests::centre::{agent, campaign, channel, contact, disposition, identity};
use tests::checker::{Evidence, Rule, check};

use super::day::{after, breaks, held, in_order, then};

fn says(conversation: ConversationId, author: Author, text: &str) -> Event {
    let submitted = MessageSubmitted {
        conversation,
        message: MessageId::from_bytes(engine::random::bytes()),
        ordinal: 1,
        channel: channel(),
        to: "somebody".to_owned(),
        author,
        content: Content::Text(text.to_owned()),
    };
    submitted.into()
}

fn writes(conversation: ConversationId, number: u8) -> Event {
    let received = MessageReceived {
        conversation,
        message: MessageId::from_bytes([number; 16]),
        provider_id: format!("later-{number}"),
        content: Content::Text("hello?".to_owned()),
        written_at: Timestamp::default(),
    };
    received.into()
}

/// An agent is to answer within five seconds; the times at which it is told that they did not, and which time that was.
fn missed(told: &[(u64, u64)]) -> Evidence {
    let mut evidence = in_order();
    let (conversation, agent) = held(&evidence);
    let kind = ResponseKind::Next;
    let awaited = ResponseAwaited { conversation, kind, due_at: Some(after(6)) };
    then(&mut evidence, Actor::Channel(channel()), 1, vec![awaited.into()]);
    for (second, due) in told {
        let (campaign, agent, due_at) = (campaign(1), Some(agent.clone()), after(*due));
        let missed = ResponseMissed { conversation, kind, due_at, campaign, agent };
        then(&mut evidence, Actor::System, *second, vec![missed.into()]);
    }
    let answer = says(conversation, Author::Agent(agent.clone()), "sorry");
    then(&mut evidence, Actor::Agent(agent), 20, vec![answer]);
    evidence
}

#[test]
fn an_answer_that_is_missed_is_told_once_when_it_was_due() {
    assert_eq!(check(&missed(&[(6, 6)])), []);
    for told in [&[(6, 6), (7, 6)][..], &[(5, 6)], &[(7, 7)], &[]] {
        breaks(&missed(told), Rule::MissedOnce);
    }
}

/// What may happen to a customer who is silent.
#[derive(Clone, Copy)]
enum Then {
    Writes,
    IsAnswered,
    /// And until when they may be silent.
    IsWarned(u64),
    IsWarnedWithoutAWord,
    IsClosed,
    IsClosedWithTwoFarewells,
}

fn silent(all: &[(u64, Then)]) -> Evidence {
    let mut evidence = in_order();
    let (conversation, agent) = held(&evidence);
    let warned = |second| InactivityWarned { conversation, close_at: after(second) }.into();
    let warning = || says(conversation, Author::System(SystemCause::InactivityWarning), "still there?");
    let farewell = || says(conversation, Author::System(SystemCause::InactivityClosed), "goodbye");
    let finished = ConversationFinished {
        conversation,
        agent: Some(agent.clone()),
        disposition: disposition(),
        sub_disposition: None,
        after_work_until: None,
    };
    for (second, then_it) in all {
        let (by, events) = match then_it {
            Then::Writes => (Actor::Channel(channel()), vec![writes(conversation, *second as u8)]),
            Then::IsAnswered => {
                let author = Author::Agent(agent.clone());
                (Actor::Agent(agent.clone()), vec![says(conversation, author, "how can I help?")])
            }
            Then::IsWarned(until) => (Actor::System, vec![warned(*until), warning()]),
            Then::IsWarnedWithoutAWord => (Actor::System, vec![warned(*second)]),
            Then::IsClosed => (Actor::System, vec![farewell(), finished.clone().into()]),
            Then::IsClosedWithTwoFarewells => {
                (Actor::System, vec![farewell(), farewell(), finished.clone().into()])
            }
        };
        then(&mut evidence, by, *second, events);
    }
    evidence
}

#[test]
fn a_silent_customer_is_warned_and_then_the_conversation_closed() {
    use Then::{IsAnswered, IsClosed, IsClosedWithTwoFarewells, IsWarned, IsWarnedWithoutAWord, Writes};
    for right in [
        &[(1, IsAnswered), (2, IsWarned(3)), (3, IsClosed)][..],
        &[(1, IsAnswered), (2, IsWarned(3)), (3, IsAnswered), (4, IsWarned(5)), (5, IsClosed)],
        &[(1, IsAnswered), (2, IsWarned(9)), (3, Writes), (4, IsAnswered), (5, IsWarned(6))],
    ] {
        assert_eq!(check(&silent(right)), []);
    }
    for wrong in [
        &[(1, IsAnswered), (3, IsClosed)][..],
        &[(1, IsAnswered), (2, IsWarned(4)), (3, IsClosed)],
        &[(1, IsAnswered), (2, IsWarned(3)), (3, IsWarned(4))],
        &[(1, IsAnswered), (2, IsWarned(4)), (3, Writes), (4, IsClosed)],
        &[(1, IsAnswered), (2, Writes), (3, IsWarned(4))],
        &[(1, IsAnswered), (2, IsWarnedWithoutAWord)],
        &[(1, IsAnswered), (2, IsWarned(3)), (3, IsClosedWithTwoFarewells)],
    ] {
        breaks(&silent(wrong), Rule::ClosedOnce);
    }
}

const OPENED: ConversationId = ConversationId::from_bytes([9; 16]);

/// The first campaign is closed on that day, or not.
fn hours(evidence: &Evidence, is_open: bool) -> Event {
    let first = evidence.log.events().find_map(|happened| match happened.event {
        Event::CampaignDefined(e) if e.campaign == campaign(0) => Some(e.clone()),
        _ => None,
    });
    let mut defined: CampaignDefined = first.unwrap();
    let day = || after(0).to_string()[..10].to_owned();
    let open = schemas::OpenHours { days: vec![Weekday::Thu], from: "00:00".into(), to: "24:00".into() };
    defined.timing.business_hours = Some(Box::new(BusinessHours {
        time_zone: "UTC".to_owned(),
        weekly: vec![open],
        holidays: if is_open { vec![] } else { vec![day()] },
        outside_text: Some("closed".to_owned()),
    }));
    defined.into()
}

/// Somebody writes for the first time, and again; whether they are told each time that it is closed.
fn outside(is_open: bool, is_told: [bool; 2], text: &str) -> Evidence {
    let mut evidence = in_order();
    let defined = hours(&evidence, is_open);
    then(&mut evidence, Actor::Administrator, 1, vec![defined]);
    let opened = ConversationOpened {
        conversation: OPENED,
        contact: contact(9),
        identity: identity(9),
        network: ChannelKind::Whatsapp,
        profile_name: None,
        channel: channel(),
        campaign: campaign(0),
    };
    let queued = ConversationQueued {
        conversation: OPENED,
        campaign: campaign(0),
        cause: QueueCause::OutsideHours,
        since: after(1),
        priority: 0,
        reserved: None,
        overflow: None,
        opens_at: None,
    };
    let told = |is_told: bool| {
        is_told.then(|| says(OPENED, Author::System(SystemCause::OutOfHours), text)).into_iter()
    };
    let mut first = vec![opened.into(), writes(OPENED, 1), queued.into()];
    first.extend(told(is_told[0]));
    then(&mut evidence, Actor::Channel(channel()), 2, first);
    let again = std::iter::once(writes(OPENED, 2)).chain(told(is_told[1]));
    then(&mut evidence, Actor::Channel(channel()), 3, again.collect());
    evidence
}

#[test]
fn who_writes_while_it_is_closed_is_told_once() {
    assert_eq!(check(&outside(false, [true, false], "closed")), []);
    assert_eq!(check(&outside(true, [false, false], "closed")), []);
    for (is_open, is_told) in
        [(false, [true, true]), (false, [false, false]), (false, [false, true]), (true, [true, false])]
    {
        breaks(&outside(is_open, is_told, "closed"), Rule::ToldOnce);
    }
    breaks(&outside(false, [true, false], "open"), Rule::ToldOnce);
}

#[test]
fn a_closed_campaign_that_gives_something() {
    let given = |is_open: bool, reason: AssignReason| {
        let mut evidence = outside(is_open, [!is_open, false], "closed");
        let assigned = ConversationAssigned { conversation: OPENED, agent: agent(2), reason };
        then(&mut evidence, Actor::System, 4, vec![assigned.into()]);
        evidence
    };
    let idlest = || AssignReason::LongestIdle { with_room: 1, idle_since: after(0) };
    assert_eq!(check(&given(true, idlest())), []);
    assert_eq!(check(&given(false, AssignReason::Picked)), []);
    breaks(&given(false, idlest()), Rule::WhileClosed);
}
