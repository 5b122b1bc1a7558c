//! A supervisor takes a conversation over from its agent, whose room it still takes, and gives it back.

use std::collections::BTreeMap;

use schemas::event::{ConversationGivenBack, ConversationTakenOver, Event};
use schemas::{Actor, AgentId, ConversationId, Presence, Rejection, Timestamp};

use super::conversation::leave_stage;
use super::permission::require_supervisor;
use super::routing::{refill, refill_all, refill_of};
use super::state::{Conversation, Stage, Workspace};

type Decision = Result<Vec<Event>, Rejection>;

pub(super) fn take_over(ws: &Workspace, id: ConversationId, actor: &Actor, now: Timestamp) -> Decision {
    require_supervisor(ws, actor)?;
    let Actor::Agent(by) = actor else {
        return Err(Rejection::NobodyTakesOver);
    };
    let conversation = ws.open_conversation(id)?;
    let from = match &conversation.stage {
        Stage::Assigned(holder) if holder == by => return Ok(vec![]),
        Stage::Assigned(holder) => holder,
        Stage::Waiting { .. } | Stage::Offered { .. } | Stage::Loose => {
            return Err(Rejection::AttendedByNobody(id));
        }
    };
    if conversation.taken_from.is_some() {
        return Err(Rejection::TakenOverAlready(id, from.clone()));
    }
    let supervisor = ws.known_agent(by)?;
    // What they are asked to take over takes their room already.
    if conversation.asked() != Some(by) && !supervisor.load.leaves_room(&supervisor.definition) {
        return Err(Rejection::AgentFull(by.clone(), supervisor.definition.capacity));
    }
    let taken = ConversationTakenOver { conversation: id, from: from.clone(), by: by.clone() };
    let mut events = vec![taken.into()];
    if let Some(asked) = conversation.asked().filter(|asked| *asked != by) {
        events.extend(refill(ws, asked, conversation, &[], now));
    }
    Ok(events)
}

pub(super) fn give_back(ws: &Workspace, id: ConversationId, actor: &Actor, now: Timestamp) -> Decision {
    require_supervisor(ws, actor)?;
    let conversation = ws.open_conversation(id)?;
    let (Some(to), Some(by)) = (&conversation.taken_from, conversation.agent()) else {
        return Err(Rejection::NotTakenOver(id));
    };
    if !ws.agents.get(to).is_some_and(|agent| agent.serves(&conversation.campaign, &conversation.channel)) {
        return Err(Rejection::NobodyToGiveBackTo(id, to.clone()));
    }
    let given_back = ConversationGivenBack { conversation: id, by: by.clone(), to: to.clone() };
    let mut events = vec![given_back.into()];
    events.extend(refill_all(ws, conversation, &[], Some(to), now));
    Ok(events)
}

/// How a conversation goes back to its agent when the supervisor who took it over leaves; nothing if it cannot.
pub(super) fn goes_back(ws: &Workspace, id: ConversationId, conversation: &Conversation) -> Option<Event> {
    let (to, by) = (conversation.taken_from.as_ref()?, conversation.agent()?);
    let agent = ws.agents.get(to)?;
    let attends = agent.serves(&conversation.campaign, &conversation.channel);
    (attends && agent.presence != Presence::Offline)
        .then(|| ConversationGivenBack { conversation: id, by: by.clone(), to: to.clone() }.into())
}

/// What others get whose room is free when these conversations leave an agent: those from whom a released one was taken
/// over, and those who were asked to take over a released one, or one that goes back.
pub(super) fn refill_others(
    ws: &Workspace,
    (released, gone_back): (&[&Conversation], &[&Conversation]),
    before: &[Event],
    now: Timestamp,
) -> Vec<Event> {
    let mut freed: BTreeMap<&AgentId, Vec<&Conversation>> = BTreeMap::new();
    let lent = released.iter().filter_map(|lost| Some((lost.taken_from.as_ref()?, *lost)));
    let asked = released.iter().chain(gone_back).filter_map(|lost| Some((lost.asked()?, *lost)));
    for (agent, lost) in lent.chain(asked) {
        freed.entry(agent).or_default().push(lost);
    }
    let mut events = before.to_vec();
    for (agent, lost) in freed {
        let given = refill_of(ws, agent, &lost, &events, now);
        events.extend(given);
    }
    events.split_off(before.len())
}

pub(super) fn taken_over(ws: &mut Workspace, event: &ConversationTakenOver, at: Timestamp) {
    leave_stage(ws, event.conversation);
    ws.lend(&event.from, event.conversation);
    ws.hold(&event.by, event.conversation, at);
}

pub(super) fn given_back(ws: &mut Workspace, event: &ConversationGivenBack, at: Timestamp) {
    leave_stage(ws, event.conversation);
    ws.hold(&event.to, event.conversation, at);
}

impl Workspace {
    /// The agent whose conversation a supervisor has now still has no room for another.
    fn lend(&mut self, from: &AgentId, id: ConversationId) {
        let Some(conversation) = self.conversations.get_mut(&id) else {
            return;
        };
        conversation.taken_from = Some(from.clone());
        let kind = conversation.kind;
        self.change_agent(from, |agent| {
            agent.lent.push(id);
            agent.load = agent.load.plus(kind);
        });
    }

    /// Nobody gets the conversation back any more.
    pub(super) fn end_loan(&mut self, id: ConversationId) {
        let Some(conversation) = self.conversations.get_mut(&id) else {
            return;
        };
        let kind = conversation.kind;
        if let Some(from) = conversation.taken_from.take() {
            self.change_agent(&from, |agent| {
                agent.lent.retain(|lent| *lent != id);
                agent.load = agent.load.minus(kind);
            });
        }
    }
}
