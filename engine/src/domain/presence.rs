//! Agents: who they are, and whether they take conversations. Room that appears is filled at once; what an agent
//! who leaves held goes back to be assigned.

use schemas::event::{AgentDefined, ConversationReleased, Event, PresenceChanged, QueueCause};
use schemas::limits::{CAPACITY_MAX, NAME_ID_BYTES_MAX};
use schemas::{Actor, AgentId, ConversationId, Presence, Rejection, Role, Timestamp};

use super::configuration::{require_short_list, require_skills, require_space};
use super::offer::{withdraw, withdraw_unserved};
use super::permission::{require_administrator, require_name, require_self_or_supervisor};
use super::queues::QueuePlace;
use super::rooms::Load;
use super::routing::{Router, fill};
use super::state::{Agent, Connection, Conversation, Workspace, serves};
use super::take_over::{goes_back, refill_others};

type Decision = Result<Vec<Event>, Rejection>;

pub(super) fn define_agent(ws: &Workspace, agent: &AgentDefined, actor: &Actor, now: Timestamp) -> Decision {
    require_administrator(ws, actor)?;
    require_name(&agent.name)?;
    require_short_list("campaigns", agent.campaigns.len())?;
    require_short_list("channels", agent.channels.len())?;
    require_skills(&agent.skills)?;
    if agent.capacity > CAPACITY_MAX {
        return Err(Rejection::TooMany(format!("conversations at once; at most {CAPACITY_MAX} are allowed")));
    }
    if let Some(unknown) = agent.campaigns.iter().find(|id| !ws.campaigns.contains_key(id)) {
        return Err(Rejection::UnknownCampaign(unknown.clone()));
    }
    if let Some(unknown) = agent.channels.iter().find(|id| !ws.channels.contains_key(id)) {
        return Err(Rejection::UnknownChannel(unknown.clone()));
    }
    let before = ws.agents.get(&agent.agent);
    require_space("agents", ws.agents.len(), before.is_some())?;
    let Some(before) = before else {
        return Ok(vec![agent.clone().into()]);
    };
    if before.definition == *agent {
        return Ok(vec![]);
    }
    let mut events = vec![agent.clone().into()];
    let mut router = Router::new(ws, now, Some(&agent.agent));
    let (withdrawn, load) = withdraw_unserved(ws, before, agent, &mut router);
    events.extend(withdrawn);
    if before.is_available() {
        events.extend(fill(ws, agent, load, now));
    }
    if agent.role == Role::Auditor {
        events.extend(release_all(ws, before, false, &mut router, now));
    }
    events.extend(unreserve(ws, agent, &mut router));
    Ok(events)
}

/// Conversations kept for an agent who cannot take them any more go to whoever can.
fn unreserve<'a>(ws: &'a Workspace, agent: &AgentDefined, router: &mut Router<'a>) -> Vec<Event> {
    let mut events = Vec::new();
    for QueuePlace { since, conversation: id, .. } in ws.reserved.get(&agent.agent).into_iter().flatten() {
        let Some(conversation) = ws.conversations.get(id) else {
            continue;
        };
        if !serves(agent, &conversation.campaign, &conversation.channel) {
            let loose = conversation.loose(*id, *since, QueueCause::ExclusiveWaitOver);
            events.push(router.route_to(&loose, None));
        }
    }
    events
}

pub(super) fn change(
    ws: &Workspace,
    id: &AgentId,
    presence: &Presence,
    actor: &Actor,
    now: Timestamp,
) -> Decision {
    let agent = ws.known_agent(id)?;
    require_self_or_supervisor(ws, actor, id)?;
    if let Presence::Away { reason } = presence {
        let is_known = ws.settings.away_reasons.iter().any(|known| known.id.as_str() == reason);
        if !is_known {
            return Err(Rejection::UnknownAwayReason(reason.chars().take(NAME_ID_BYTES_MAX).collect()));
        }
    }
    let is_lost = matches!(agent.connection, Connection::Lost { .. });
    if agent.presence == *presence && !is_lost {
        return Ok(vec![]);
    }
    let mut events = vec![PresenceChanged { agent: id.clone(), presence: presence.clone() }.into()];
    match presence {
        Presence::Online => events.extend(fill(ws, &agent.definition, agent.load, now)),
        Presence::Away { .. } => {
            events.extend(withdraw(ws, agent, &mut Router::new(ws, now, Some(id))));
        }
        Presence::Offline => {
            let mut router = Router::new(ws, now, Some(id));
            events.extend(withdraw(ws, agent, &mut router));
            events.extend(release_all(ws, agent, true, &mut router, now));
        }
    }
    Ok(events)
}

impl Workspace {
    /// What an agent holds; who has waited longest first, so that they get what room there is.
    pub(super) fn held_by(&self, agent: &Agent) -> Vec<(ConversationId, &Conversation)> {
        let held = agent.holding.iter();
        let mut held: Vec<_> = held.filter_map(|id| self.conversations.get(id).map(|c| (*id, c))).collect();
        held.sort_by_key(|(_, conversation)| conversation.opened_at);
        held
    }
}

/// What the agent holds goes to whoever can take it. It may wait for them as its exclusive agent, if they come back.
fn release_all<'a>(
    ws: &'a Workspace,
    agent: &'a Agent,
    comes_back: bool,
    router: &mut Router<'a>,
    now: Timestamp,
) -> Vec<Event> {
    let id = &agent.definition.agent;
    let (mut events, mut released, mut gone_back) = (Vec::new(), Vec::new(), Vec::new());
    for (conversation_id, conversation) in ws.held_by(agent) {
        if let Some(back) = goes_back(ws, conversation_id, conversation) {
            events.push(back);
            gone_back.push(conversation);
            continue;
        }
        events.push(ConversationReleased { conversation: conversation_id, agent: id.clone() }.into());
        // These customers have waited before; they go ahead of those who came after them.
        let loose = conversation.loose(conversation_id, conversation.opened_at, QueueCause::Released);
        let exclusive = ws.exclusive_agent(conversation.contact, &conversation.campaign);
        let exclusive = exclusive.filter(|other| comes_back || *other != id);
        events.push(router.route_to(&loose, exclusive));
        released.push(conversation);
    }
    let given = refill_others(ws, (&released, &gone_back), &events, now);
    events.extend(given);
    events
}

pub(super) fn agent_defined(ws: &mut Workspace, event: &AgentDefined, at: Timestamp) {
    if let Some(before) = ws.agents.get(&event.agent) {
        for campaign in &before.definition.campaigns {
            if let Some(members) = ws.agents_of.get_mut(campaign) {
                members.remove(&event.agent);
            }
        }
    }
    for campaign in &event.campaigns {
        ws.agents_of.entry(campaign.clone()).or_default().insert(event.agent.clone());
    }
    ws.agents.entry(event.agent.clone()).or_insert_with(|| Agent {
        definition: event.clone(),
        presence: Presence::Offline,
        connection: Connection::None,
        holding: Vec::new(),
        offered: Vec::new(),
        after_work: Vec::new(),
        lent: Vec::new(),
        asked: Vec::new(),
        load: Load::default(),
        idle_since: at,
    });
    ws.change_agent(&event.agent, |agent| agent.definition = event.clone());
}

pub(super) fn presence_changed(ws: &mut Workspace, event: &PresenceChanged, at: Timestamp) {
    // Whoever says how they are is there, and whoever is offline is not waited for.
    if ws.agents.get(&event.agent).is_some_and(|agent| matches!(agent.connection, Connection::Lost { .. })) {
        ws.set_connection(&event.agent, Connection::None);
    }
    if event.presence == Presence::Offline {
        ws.end_all_after_work(&event.agent);
    }
    ws.change_agent(&event.agent, |agent| {
        if event.presence == Presence::Online {
            agent.idle_since = at;
        }
        agent.presence = event.presence.clone();
    });
}
