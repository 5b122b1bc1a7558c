//! Who may do what: the checks that the command families share.

use schemas::limits::NAME_CHARS_MAX;
use schemas::{Actor, AgentId, ConversationId, Rejection, Role};

use super::state::{Conversation, Workspace};

/// What an actor may do in this workspace.
pub(super) fn role(ws: &Workspace, actor: &Actor) -> Option<Role> {
    match actor {
        Actor::Administrator => Some(Role::Administrator),
        Actor::Agent(id) => ws.agents.get(id).map(|agent| agent.definition.role),
        Actor::System | Actor::Channel(_) => None,
    }
}

/// Whether the actor may act on what others attend.
pub(super) fn supervises(ws: &Workspace, actor: &Actor) -> bool {
    role(ws, actor).is_some_and(Role::supervises)
}

pub(super) fn require_supervisor(ws: &Workspace, actor: &Actor) -> Result<(), Rejection> {
    if supervises(ws, actor) { Ok(()) } else { Err(Rejection::Forbidden) }
}

pub(super) fn require_administrator(ws: &Workspace, actor: &Actor) -> Result<(), Rejection> {
    if role(ws, actor) == Some(Role::Administrator) { Ok(()) } else { Err(Rejection::Forbidden) }
}

pub(super) fn require_system(actor: &Actor) -> Result<(), Rejection> {
    if *actor == Actor::System { Ok(()) } else { Err(Rejection::Forbidden) }
}

/// The actor is this agent, and not an auditor, or supervises.
pub(super) fn require_self_or_supervisor(
    ws: &Workspace,
    actor: &Actor,
    agent: &AgentId,
) -> Result<(), Rejection> {
    if is(actor, agent) && role(ws, actor) != Some(Role::Auditor) {
        Ok(())
    } else {
        require_supervisor(ws, actor)
    }
}

/// The actor has the conversation, or supervises.
pub(super) fn require_holder_or_supervisor(
    ws: &Workspace,
    actor: &Actor,
    id: ConversationId,
    conversation: &Conversation,
) -> Result<(), Rejection> {
    let holds = conversation.agent().is_some_and(|agent| is(actor, agent));
    if holds || supervises(ws, actor) { Ok(()) } else { Err(Rejection::NotAssignedAgent(id)) }
}

/// Whether the actor is this agent.
pub(super) fn is(actor: &Actor, agent: &AgentId) -> bool {
    matches!(actor, Actor::Agent(id) if id == agent)
}

/// A text that says something, in at most `max` characters.
pub(super) fn require_text(what: &str, text: &str, max: usize) -> Result<(), Rejection> {
    let good = !text.trim().is_empty() && text.chars().nth(max).is_none();
    if good { Ok(()) } else { Err(Rejection::InvalidText(what.to_owned())) }
}

/// What a network calls something or somebody, in at most `bytes_max` bytes.
pub(super) fn require_network_id(what: &str, text: &str, bytes_max: usize) -> Result<(), Rejection> {
    if text.len() > bytes_max {
        return Err(Rejection::InvalidText(what.to_owned()));
    }
    require_text(what, text, bytes_max)
}

pub(super) fn require_name(name: &str) -> Result<(), Rejection> {
    require_text("name", name, NAME_CHARS_MAX)
}
