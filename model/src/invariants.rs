//! What must hold after every step whatever happened, checked on the state alone, without the model.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

use engine::domain::{AfterWork, Agent, Connection, Conversation, Stage, State, Workspace};
use schemas::command::Due;
use schemas::routing::meets;
use schemas::{AgentId, ConversationId, DeliveryStatus, Event, MessageId, RoutingPolicy, Timestamp};

use crate::centre::{self, CAMPAIGNS, CHANNELS};
use crate::timing::is_open;

/// What was seen after the step before.
#[derive(Debug, Default)]
pub struct Before {
    /// How often each message was sent again, and its status.
    statuses: BTreeMap<MessageId, (u16, DeliveryStatus)>,
    loads: BTreeMap<AgentId, u16>,
}

pub fn hold(state: &State, now: Timestamp, before: &mut Before) {
    let Some(ws) = state.workspace(&centre::workspace()) else {
        return;
    };
    each_conversation_has_at_most_one_agent(ws);
    one_is_open_for_each_contact_and_channel(ws);
    nobody_waits_beside_an_agent_with_room(ws, now);
    queues_go_by_waiting_time(ws);
    deadlines_are_the_waits_that_end(state, ws);
    nobody_holds_more_than_they_may(ws, before);
    statuses_go_up(ws, before);
}

/// What views read in an event is what the state says after it.
pub fn hold_of(events: &[Event], state: &State) {
    let mut statuses = BTreeMap::new();
    for event in events {
        if let Event::DeliveryUpdated(updated) = event {
            let before = statuses.insert(updated.message, updated.status);
            assert!(before <= Some(updated.status), "a status goes down: {events:?}");
        }
    }
    let ws = state.workspace(&centre::workspace());
    for event in events {
        if let Event::ConversationAssigned(assigned) = event {
            let is_open = ws.is_some_and(|ws| ws.conversation(assigned.conversation).is_some());
            assert!(is_open, "what is over is given to somebody: {events:?}");
        }
    }
    for (id, status) in statuses {
        let found = ws.and_then(|ws| ws.outbound(id)).expect("it was updated");
        assert_eq!(found.status, status, "the status of {id} after {events:?}");
    }
}

fn each_conversation_has_at_most_one_agent(ws: &Workspace) {
    let mut held = BTreeMap::new();
    for agent in ws.agents() {
        let of_others = agent.lent.len() + agent.asked.len();
        let taken = agent.holding.len() + agent.offered.len() + agent.after_work.len() + of_others;
        assert_eq!(usize::from(agent.load.total()), taken, "what is counted and what is held or offered");
        for id in &agent.holding {
            let before = held.insert(*id, &agent.definition.agent);
            assert_eq!(before, None, "{id} is held twice");
        }
    }
    for (id, conversation) in ws.conversations() {
        assert_ne!(conversation.stage, Stage::Loose, "{id} is nowhere");
        assert_eq!(held.remove(id), conversation.agent(), "who has {id}");
    }
    assert!(held.is_empty(), "held and not open: {held:?}");
}

fn one_is_open_for_each_contact_and_channel(ws: &Workspace) {
    let mut open = BTreeSet::new();
    for (id, conversation) in ws.conversations() {
        let key = (conversation.contact, conversation.channel.clone());
        assert!(open.insert(key), "{id} is a second one of its contact and channel");
    }
}

fn has_room(agent: &Agent) -> bool {
    agent.is_available() && agent.load.total() < agent.definition.capacity
}

fn could_take(agent: &Agent, conversation: &Conversation) -> bool {
    let definition = &agent.definition;
    let on_kind = definition.capacity_of.get(&conversation.kind);
    has_room(agent)
        && agent.serves(&conversation.campaign, &conversation.channel)
        && on_kind.is_none_or(|most| agent.load.on(conversation.kind) < *most)
}

/// Whether the campaign's policy could have given it to them.
fn is_chosen(ws: &Workspace, agent: &Agent, conversation: &Conversation) -> bool {
    let routing = &ws.campaign(&conversation.campaign).expect("a campaign").routing;
    let own = &agent.definition.skills;
    routing.policy != RoutingPolicy::Manual
        && meets(own, &routing.skills)
        && meets(own, &conversation.needs.skills)
        && !conversation.declined.contains(&agent.definition.agent)
}

/// Whether its campaign gives anything now: it is open, and its queue is not just about to be routed.
fn is_given(ws: &Workspace, conversation: &Conversation, now: Timestamp) -> bool {
    let campaign = ws.campaign(&conversation.campaign).expect("a campaign");
    let is_open = campaign.timing.business_hours.is_none() || is_open(now);
    let due = Due::Campaign(conversation.campaign.clone());
    is_open && !ws.deadlines().any(|(at, other)| *at <= now && *other == due)
}

fn nobody_waits_beside_an_agent_with_room(ws: &Workspace, now: Timestamp) {
    for (id, conversation) in ws.conversations() {
        let Stage::Waiting { reserved, .. } = &conversation.stage else {
            continue;
        };
        for agent in ws.agents().filter(|agent| could_take(agent, conversation)) {
            let theirs = match reserved {
                Some(kept) => kept.agent == agent.definition.agent,
                None => is_chosen(ws, agent, conversation),
            };
            let theirs = theirs && is_given(ws, conversation, now);
            assert!(!theirs, "{id} waits, and {:?} has room", agent.definition.agent);
        }
        if let Some(kept) = reserved {
            let serves = ws
                .agent(&kept.agent)
                .is_some_and(|a| a.serves(&conversation.campaign, &conversation.channel));
            assert!(serves, "{id} is kept for {:?}, who cannot take it", kept.agent);
        }
    }
}

fn queues_go_by_waiting_time(ws: &Workspace) {
    let mut queued: BTreeSet<ConversationId> = BTreeSet::new();
    let mut check = |ids: Vec<ConversationId>| {
        let since = ids.iter().map(|id| match &ws.conversation(*id).expect("open").stage {
            Stage::Waiting { since, number, priority, .. } => (Reverse(*priority), *since, *number),
            Stage::Offered { .. } | Stage::Assigned(_) | Stage::Loose => {
                panic!("{id} is in a queue and does not wait")
            }
        });
        assert!(since.is_sorted(), "a queue out of order: {ids:?}");
        queued.extend(ids);
    };
    for campaign in (0..CAMPAIGNS.len()).map(centre::campaign) {
        for channel in (0..CHANNELS.len()).map(centre::channel) {
            check(ws.queue(&campaign, &channel));
        }
    }
    for agent in ws.agents() {
        check(ws.kept_for(&agent.definition.agent).collect());
    }
    let waits = |conversation: &Conversation| matches!(conversation.stage, Stage::Waiting { .. });
    let waiting = ws.conversations().filter(|(_, c)| waits(c)).map(|(id, _)| *id);
    assert_eq!(queued, waiting.collect::<BTreeSet<_>>(), "what waits and what is in a queue");
}

fn deadlines_are_the_waits_that_end(state: &State, ws: &Workspace) {
    let mut expected = BTreeSet::new();
    for (id, conversation) in ws.conversations() {
        let mut times = Vec::new();
        match &conversation.stage {
            Stage::Waiting { reserved, overflow, .. } => {
                times.extend(reserved.iter().filter_map(|kept| kept.until));
                times.extend(overflow.iter().map(|leaves| leaves.at));
            }
            Stage::Offered { until, .. } => times.push(*until),
            Stage::Assigned(_) => {
                times.extend(conversation.silence.and_then(|silence| silence.until));
                times.extend(conversation.transfer_offer.as_ref().map(|asked| asked.until));
            }
            Stage::Loose => {}
        }
        let due = conversation.answers.due.filter(|due| !due.is_missed);
        times.extend(due.map(|due| due.at));
        expected.extend(times.into_iter().min().map(|at| (at, Due::Conversation(*id))));
    }
    for ((contact, campaign), exclusive) in ws.exclusive_agents() {
        let due = || Due::ExclusiveAgent(*contact, campaign.clone());
        expected.extend(exclusive.until.map(|until| (until, due())));
    }
    for agent in ws.agents() {
        let id = || agent.definition.agent.clone();
        let after = |work: &AfterWork| (work.until, Due::AfterWork(id(), work.conversation));
        expected.extend(agent.after_work.iter().map(after));
        if let Connection::Lost { until } = agent.connection {
            expected.insert((until, Due::Agent(agent.definition.agent.clone())));
        }
    }
    let deadlines: BTreeSet<_> = ws.deadlines().cloned().collect();
    expected.extend(deadlines.iter().filter(|(_, due)| matches!(due, Due::Campaign(_))).cloned());
    assert_eq!(deadlines, expected, "deadlines");
    let next = state.next_deadline().map(|(at, _, due)| (at, due.clone()));
    assert_eq!(next.as_ref(), expected.first(), "the next deadline");
}

/// More only when the capacity was lowered, and then not more than before.
fn nobody_holds_more_than_they_may(ws: &Workspace, before: &mut Before) {
    for agent in ws.agents() {
        let id = agent.definition.agent.clone();
        let held = before.loads.insert(id.clone(), agent.load.total()).unwrap_or_default();
        let most = agent.definition.capacity.max(held);
        assert!(agent.load.total() <= most, "{id} holds {}, and may hold {most}", agent.load.total());
    }
}

fn statuses_go_up(ws: &Workspace, before: &mut Before) {
    for (id, outbound) in ws.outbound_messages() {
        let now = (outbound.resends, outbound.status);
        let before = before.statuses.insert(*id, now).unwrap_or_default();
        assert!(now >= before, "{id} went from {before:?} to {now:?}");
    }
}
