//! Days on which a campaign was closed, in order and not.

use schemas::event::{
    CampaignDefined, ConversationAssigned, ConversationOpened, MessageReceived, MessageSubmitted,
};
use schemas::{
    Absence, AgentId, BusinessHours, ChannelId, ChannelKind, ContactId, Content, ExclusiveWait, MessageId,
    ProjectId, Routing, ShardId, Timestamp, Timing,
};

use super::*;

const HERE: ConversationId = ConversationId::from_bytes([1; 16]);

fn campaign() -> CampaignId {
    CampaignId::new("care").unwrap()
}

fn with_holidays(holidays: &[&str]) -> Event {
    let hours = BusinessHours {
        time_zone: "UTC".into(),
        weekly: Vec::new(),
        holidays: holidays.iter().map(|day| (*day).to_owned()).collect(),
        outside_text: None,
    };
    CampaignDefined {
        campaign: campaign(),
        project: ProjectId::new("help").unwrap(),
        name: "Care".into(),
        channels: Vec::new(),
        dispositions: Vec::new(),
        hours_shown: 1,
        external_resources: false,
        exclusive_wait: ExclusiveWait::Forever,
        exclusive_days: None,
        routing: Routing::default(),
        absence: Absence::Queue,
        after_work_seconds: 0,
        timing: Timing { business_hours: Some(Box::new(hours)), ..Timing::default() },
    }
    .into()
}

fn closes() -> Event {
    with_holidays(&["2026-12-25"])
}

fn opens() -> Event {
    with_holidays(&[])
}

fn begins() -> Event {
    ConversationOpened {
        conversation: HERE,
        contact: ContactId::from_bytes([1; 16]),
        identity: "1".into(),
        network: ChannelKind::Whatsapp,
        profile_name: None,
        channel: ChannelId::new("wa").unwrap(),
        campaign: campaign(),
    }
    .into()
}

fn writes() -> Event {
    MessageReceived {
        conversation: HERE,
        message: MessageId::from_bytes([1; 16]),
        provider_id: "1".into(),
        content: Content::Text("hello".into()),
        written_at: Timestamp::from_millis(0),
    }
    .into()
}

fn is_told() -> Event {
    MessageSubmitted {
        conversation: HERE,
        message: MessageId::from_bytes([2; 16]),
        ordinal: 0,
        author: Author::System(SystemCause::OutOfHours),
        channel: ChannelId::new("wa").unwrap(),
        to: "1".into(),
        content: Content::Text("closed".into()),
    }
    .into()
}

fn is_given(reason: AssignReason) -> Event {
    ConversationAssigned { conversation: HERE, agent: AgentId::new("ana").unwrap(), reason }.into()
}

#[track_caller]
fn assert_problems(problems: u64, events: impl IntoIterator<Item = Event>) {
    let (mut hours, mut attendance) = (HoursBook::default(), Attendance::default());
    let at = Position::start(ShardId(0));
    for event in [opens()].into_iter().chain(events) {
        attendance.take(at, &event);
        hours.take(at, &event, &attendance);
    }
    let check = hours.check();
    assert_eq!(check.problems, problems, "{check}");
}

#[test]
fn who_writes_while_it_is_closed_is_told_once_and_given_when_it_opens() {
    let by_routing = is_given(AssignReason::Exclusive);
    assert_problems(0, [closes(), begins(), writes(), is_told(), writes(), opens(), by_routing, writes()]);
}

#[test]
fn who_is_not_told_or_told_twice_or_for_nothing_is_found() {
    assert_problems(1, [closes(), begins(), writes()]);
    assert_problems(1, [closes(), begins(), writes(), is_told(), writes(), is_told()]);
    assert_problems(1, [begins(), writes(), is_told()]);
    assert_problems(1, [closes(), opens(), begins(), writes(), is_told()]);
}

#[test]
fn who_is_attended_is_not_told_that_nobody_is_there() {
    let taken = is_given(AssignReason::Picked);
    assert_problems(0, [closes(), begins(), writes(), is_told(), taken.clone(), writes()]);
    assert_problems(1, [begins(), writes(), taken, closes(), writes(), is_told()]);
}

#[test]
fn what_a_closed_campaign_gives_by_itself_is_found() {
    let by_hand = is_given(AssignReason::Picked);
    assert_problems(0, [closes(), begins(), by_hand]);
    assert_problems(1, [closes(), begins(), is_given(AssignReason::Exclusive)]);
}
