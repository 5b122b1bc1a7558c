//! Agents: who they are, and whether they take conversations. Room that appears is filled at once; what an agent
//! who leaves held goes back to be assigned.

use schemas::event::{AgentDefined, ConversationReleased, Event, PresenceChanged, QueueCause};
use schemas::limits::{AWAY_REASON_CHARS_MAX, CAPACITY_MAX};
use schemas::{Actor, AgentId, Presence, Rejection, Timestamp};

use super::configuration::{require_short_list, require_space};
use super::permission::{require_administrator, require_name, require_self_or_supervisor, require_text};
use super::routing::{Router, fill};
use super::state::{Agent, Workspace, serves};

type Decision = Result<Vec<Event>, Rejection>;

pub(super) fn define_agent(ws: &Workspace, agent: &AgentDefined, actor: &Actor, now: Timestamp) -> Decision {
    require_administrator(ws, actor)?;
    require_name(&agent.name)?;
    require_short_list("campaigns", agent.campaigns.len())?;
    require_short_list("channels", agent.channels.len())?;
    if agent.capacity > CAPACITY_MAX {
        return Err(Rejection::TooMany(format!(
            "conversations at once; at most {CAPACITY_MAX} are allowed"
        )));
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
    if before.presence == Presence::Online {
        events.extend(fill(ws, agent, before.load()));
    }
    events.extend(unreserve(ws, agent, now));
    Ok(events)
}

/// Conversations kept for an agent who cannot take them any more go to whoever can.
fn unreserve(ws: &Workspace, agent: &AgentDefined, now: Timestamp) -> Vec<Event> {
    let mut router = Router::new(ws, now, Some(&agent.agent));
    let mut events = Vec::new();
    for (since, _, id) in ws.reserved.get(&agent.agent).into_iter().flatten() {
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
        require_text("reason", reason, AWAY_REASON_CHARS_MAX)?;
    }
    if agent.presence == *presence {
        return Ok(vec![]);
    }
    let mut events = vec![
        PresenceChanged {
            agent: id.clone(),
            presence: presence.clone(),
        }
        .into(),
    ];
    match presence {
        Presence::Online => events.extend(fill(ws, &agent.definition, agent.load())),
        Presence::Away { .. } => {}
        Presence::Offline => events.extend(release_all(ws, agent, now)),
    }
    Ok(events)
}

fn release_all(ws: &Workspace, agent: &Agent, now: Timestamp) -> Vec<Event> {
    let id = &agent.definition.agent;
    let mut router = Router::new(ws, now, Some(id));
    let mut events = Vec::new();
    for conversation_id in &agent.holding {
        let Some(conversation) = ws.conversations.get(conversation_id) else {
            continue;
        };
        events.push(
            ConversationReleased {
                conversation: *conversation_id,
                agent: id.clone(),
            }
            .into(),
        );
        // These customers have waited before; they go ahead of those who came after them.
        let loose = conversation.loose(*conversation_id, conversation.opened_at, QueueCause::Released);
        events.push(router.route(&loose));
    }
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
        ws.agents_of
            .entry(campaign.clone())
            .or_default()
            .insert(event.agent.clone());
    }
    let agent = ws.agents.entry(event.agent.clone()).or_insert_with(|| Agent {
        definition: event.clone(),
        presence: Presence::Offline,
        holding: Vec::new(),
        idle_since: at,
    });
    agent.definition = event.clone();
}

pub(super) fn presence_changed(ws: &mut Workspace, event: &PresenceChanged, at: Timestamp) {
    if let Some(agent) = ws.agents.get_mut(&event.agent) {
        if event.presence == Presence::Online {
            agent.idle_since = at;
        }
        agent.presence = event.presence.clone();
    }
}
