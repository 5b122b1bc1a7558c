//! What an agent has to do after a conversation takes its room until they are done, or its time is over.

use schemas::command::Due;
use schemas::event::{AfterWorkEnded, Event};
use schemas::{Actor, AgentId, ChannelKind, ConversationId, Rejection, Timestamp};
use serde::{Deserialize, Serialize};

use super::permission::require_self_or_supervisor;
use super::routing::fill;
use super::state::{Agent, Workspace};

/// What an agent still has to do after a conversation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct AfterWork {
    /// After which conversation.
    pub conversation: ConversationId,
    /// On which kind of channel it was.
    pub kind: ChannelKind,
    /// When its time is over.
    pub until: Timestamp,
}

pub(super) fn end(
    ws: &Workspace,
    conversation: ConversationId,
    id: &AgentId,
    actor: &Actor,
    now: Timestamp,
) -> Result<Vec<Event>, Rejection> {
    let agent = ws.known_agent(id)?;
    require_self_or_supervisor(ws, actor, id)?;
    let work = agent.after_work(conversation);
    let work = work.ok_or_else(|| Rejection::NoAfterWork(id.clone(), conversation))?;
    Ok(ended(ws, agent, work, now))
}

/// What happens when its time may be over.
pub(super) fn pass(ws: &Workspace, id: &AgentId, conversation: ConversationId, now: Timestamp) -> Vec<Event> {
    let Some(agent) = ws.agents.get(id) else {
        return Vec::new();
    };
    match agent.after_work(conversation) {
        Some(work) if work.until <= now => ended(ws, agent, work, now),
        Some(_) | None => Vec::new(),
    }
}

fn ended(ws: &Workspace, agent: &Agent, work: &AfterWork, now: Timestamp) -> Vec<Event> {
    let definition = &agent.definition;
    let event = AfterWorkEnded { conversation: work.conversation, agent: definition.agent.clone() };
    let mut events = vec![event.into()];
    if agent.is_available() {
        events.extend(fill(ws, definition, agent.load.minus(work.kind), now));
    }
    events
}

impl Agent {
    fn after_work(&self, conversation: ConversationId) -> Option<&AfterWork> {
        self.after_work.iter().find(|work| work.conversation == conversation)
    }
}

impl Workspace {
    pub(super) fn begin_after_work(&mut self, id: &AgentId, work: AfterWork) {
        self.deadlines.insert((work.until, Due::AfterWork(id.clone(), work.conversation)));
        self.change_agent(id, |agent| {
            agent.after_work.push(work);
            agent.load = agent.load.plus(work.kind);
        });
    }

    fn end_after_work(&mut self, id: &AgentId, conversation: ConversationId) {
        let found = self.agents.get(id).and_then(|agent| agent.after_work(conversation)).copied();
        if let Some(work) = found {
            self.deadlines.remove(&(work.until, Due::AfterWork(id.clone(), conversation)));
            self.change_agent(id, |agent| {
                agent.after_work.retain(|other| other.conversation != conversation);
                agent.load = agent.load.minus(work.kind);
            });
        }
    }

    /// Who goes has nothing to do any more.
    pub(super) fn end_all_after_work(&mut self, id: &AgentId) {
        let all = self.agents.get(id).map(|agent| agent.after_work.clone()).unwrap_or_default();
        all.iter().for_each(|work| self.end_after_work(id, work.conversation));
    }
}

pub(super) fn was_ended(ws: &mut Workspace, event: &AfterWorkEnded) {
    ws.end_after_work(&event.agent, event.conversation);
}
