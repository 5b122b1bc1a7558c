//! The live connections of agents: one that is lost has a time to come back; after it the agent is offline, and each of
//! their conversations goes where its campaign says.

use schemas::command::Due;
use schemas::event::{
    AgentConnected, AgentDisconnected, ConversationReleased, Event, PresenceChanged, QueueCause,
};
use schemas::{Absence, Actor, AgentId, Presence, Rejection, Timestamp};

use super::offer::withdraw;
use super::permission::require_system;
use super::routing::{Router, fill};
use super::state::{Agent, Connection, Workspace};
use super::take_over::{goes_back, refill_others};

pub(super) fn report(
    ws: &Workspace,
    id: &AgentId,
    is_connected: bool,
    actor: &Actor,
    now: Timestamp,
) -> Result<Vec<Event>, Rejection> {
    require_system(actor)?;
    let agent = ws.known_agent(id)?;
    Ok(match (agent.connection, is_connected) {
        (Connection::Live, true) | (Connection::None | Connection::Lost { .. }, false) => vec![],
        (Connection::None, true) => vec![AgentConnected { agent: id.clone() }.into()],
        (Connection::Lost { .. }, true) => {
            let mut events = vec![AgentConnected { agent: id.clone() }.into()];
            if agent.presence == Presence::Online {
                events.extend(fill(ws, &agent.definition, agent.load, now));
            }
            events
        }
        (Connection::Live, false) => {
            let grace = std::time::Duration::from_secs(ws.settings.grace_seconds.into());
            let until = (agent.presence != Presence::Offline).then(|| now.plus(grace));
            vec![AgentDisconnected { agent: id.clone(), until }.into()]
        }
    })
}

/// What happens to an agent whose connection did not come back in time.
pub(super) fn give_up(ws: &Workspace, agent: &Agent, now: Timestamp) -> Vec<Event> {
    let id = &agent.definition.agent;
    let mut router = Router::new(ws, now, Some(id));
    let mut events = vec![PresenceChanged { agent: id.clone(), presence: Presence::Offline }.into()];
    events.extend(withdraw(ws, agent, &mut router));
    let (mut released, mut gone_back) = (Vec::new(), Vec::new());
    for (conversation, found) in ws.held_by(agent) {
        if let Some(back) = goes_back(ws, conversation, found) {
            events.push(back);
            gone_back.push(found);
            continue;
        }
        let absence = ws.campaigns.get(&found.campaign).map(|campaign| campaign.absence).unwrap_or_default();
        // These customers have waited before; they go ahead of those who came after them.
        let loose = found.loose(conversation, found.opened_at, QueueCause::Released);
        let routed = match absence {
            Absence::Keep => continue,
            Absence::Queue => router.route_past(&loose, id),
            Absence::ExclusiveWait => router.route_to(&loose, Some(id)),
        };
        events.push(ConversationReleased { conversation, agent: id.clone() }.into());
        events.push(routed);
        released.push(found);
    }
    let given = refill_others(ws, (&released, &gone_back), &events, now);
    events.extend(given);
    events
}

impl Agent {
    /// When they count as offline if they are not back by then.
    fn deadline(&self) -> Option<Timestamp> {
        match self.connection {
            Connection::Lost { until } => Some(until),
            Connection::None | Connection::Live => None,
        }
    }
}

impl Workspace {
    /// Changes whether an agent can be reached live, and what they are waited for.
    pub(super) fn set_connection(&mut self, id: &AgentId, connection: Connection) {
        let before = self.agents.get(id).and_then(Agent::deadline);
        self.change_agent(id, |agent| agent.connection = connection);
        let after = self.agents.get(id).and_then(Agent::deadline);
        if let Some(at) = before {
            self.deadlines.remove(&(at, Due::Agent(id.clone())));
        }
        self.deadlines.extend(after.map(|at| (at, Due::Agent(id.clone()))));
    }
}

pub(super) fn connected(ws: &mut Workspace, event: &AgentConnected) {
    ws.set_connection(&event.agent, Connection::Live);
}

pub(super) fn disconnected(ws: &mut Workspace, event: &AgentDisconnected) {
    let connection = event.until.map_or(Connection::None, |until| Connection::Lost { until });
    ws.set_connection(&event.agent, connection);
}
