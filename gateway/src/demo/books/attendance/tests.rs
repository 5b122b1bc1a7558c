//! The fold of who has what, with days that are in order and days that are not.

use std::collections::BTreeMap;

use schemas::event::{AgentDefined, ConversationFinished};
use schemas::{DispositionId, Role, Skills};

use super::*;

fn agent(name: &str) -> AgentId {
    AgentId::new(name).unwrap()
}

fn defined(name: &str, capacity: u16) -> Event {
    let (campaigns, channels) = (vec![], vec![]);
    let role = Role::Agent;
    let (capacity_of, skills) = (BTreeMap::new(), Skills::new());
    let agent = agent(name);
    let (name, may_set_exclusive) = (name.into(), true);
    AgentDefined { agent, name, role, campaigns, channels, capacity, capacity_of, skills, may_set_exclusive }
        .into()
}

fn opened(id: u8, contact: u8) -> Event {
    ConversationOpened {
        conversation: ConversationId::from_bytes([id; 16]),
        contact: ContactId::from_bytes([contact; 16]),
        identity: "1".into(),
        network: schemas::ChannelKind::Whatsapp,
        profile_name: None,
        channel: ChannelId::new("wa").unwrap(),
        campaign: CampaignId::new("help").unwrap(),
    }
    .into()
}

fn assigned(id: u8, name: &str, reason: AssignReason) -> Event {
    ConversationAssigned { conversation: ConversationId::from_bytes([id; 16]), agent: agent(name), reason }
        .into()
}

fn finished(id: u8, name: &str) -> Event {
    let disposition = DispositionId::new("solved").unwrap();
    let conversation = ConversationId::from_bytes([id; 16]);
    ConversationFinished {
        conversation,
        agent: Some(agent(name)),
        disposition,
        sub_disposition: None,
        after_work_until: None,
    }
    .into()
}

#[track_caller]
fn assert_problems(events: &[Event], problems: u64) {
    let mut attendance = Attendance::default();
    for event in [defined("ana", 1), defined("ben", 2)].iter().chain(events) {
        attendance.take(Position::start(schemas::ShardId(0)), event);
    }
    let check = attendance.check();
    assert_eq!(check.problems, problems, "{check}");
}

#[test]
fn a_quiet_day_is_in_order() {
    use AssignReason::{Exclusive, Given};
    let events = [
        opened(1, 1),
        assigned(1, "ana", Exclusive),
        assigned(1, "ben", Given),
        opened(2, 2),
        assigned(2, "ana", Exclusive),
        finished(1, "ben"),
        opened(3, 1),
    ];
    assert_problems(&events, 0);
}

#[test]
fn two_agents_of_one_conversation_are_found() {
    let twice = [assigned(1, "ana", AssignReason::Picked), assigned(1, "ben", AssignReason::Picked)];
    assert_problems(&[&[opened(1, 1)], &twice[..]].concat(), 1);
}

#[test]
fn an_agent_over_capacity_is_found() {
    let events = [1, 2].map(|id| [opened(id, id), assigned(id, "ana", AssignReason::Exclusive)]).concat();
    assert_problems(&events, 1);
}

#[test]
fn two_open_conversations_of_a_contact_are_found() {
    assert_problems(&[opened(1, 1), opened(2, 1)], 1);
}

#[test]
fn what_happens_to_a_finished_conversation_is_found() {
    let events =
        [opened(1, 1), assigned(1, "ana", AssignReason::Picked), finished(1, "ana"), finished(1, "ana")];
    assert_problems(&events, 1);
}
