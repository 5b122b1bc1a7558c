//! Times that something waits for. What a conversation waits for is in its state; the soonest of it is its deadline.

use schemas::command::Due;
use schemas::event::{Event, OfferEnd, QueueCause};
use schemas::{Actor, CommandId, ConversationId, Rejection, Timestamp};

use super::after_work;
use super::connection::give_up;
use super::exclusive::expire;
use super::inactivity;
use super::offer::time_out;
use super::overflow::overflow;
use super::permission::require_system;
use super::rerouting::route_queue;
use super::routing::Router;
use super::service_level;
use super::state::{Connection, Conversation, Stage, Workspace};
use super::transfer_offer;

/// What is due by now; nothing when it was done, or put off, meanwhile.
pub(super) fn pass(
    ws: &Workspace,
    due: &Due,
    command: CommandId,
    actor: &Actor,
    now: Timestamp,
) -> Result<Vec<Event>, Rejection> {
    require_system(actor)?;
    Ok(match due {
        Due::Conversation(id) => {
            let found = ws.conversations.get(id);
            found.map(|found| of_conversation(ws, *id, found, command, now)).unwrap_or_default()
        }
        Due::Campaign(id) if ws.unrouted.get(id).is_some_and(|at| *at <= now) => route_queue(ws, id, now),
        Due::Campaign(_) => vec![],
        Due::ExclusiveAgent(contact, campaign) => expire(ws, *contact, campaign, now),
        Due::AfterWork(agent, conversation) => after_work::pass(ws, agent, *conversation, now),
        Due::Agent(id) => match ws.agents.get(id) {
            Some(agent) if matches!(agent.connection, Connection::Lost { until } if until <= now) => {
                give_up(ws, agent, now)
            }
            Some(_) | None => vec![],
        },
    })
}

fn of_conversation(
    ws: &Workspace,
    id: ConversationId,
    conversation: &Conversation,
    command: CommandId,
    now: Timestamp,
) -> Vec<Event> {
    let is_over = |until: Option<Timestamp>| until.is_some_and(|until| until <= now);
    if let Some(asked) = conversation.transfer_offer.as_deref().filter(|asked| is_over(Some(asked.until))) {
        return transfer_offer::end(ws, id, conversation, asked, OfferEnd::TimedOut, now);
    }
    match &conversation.stage {
        Stage::Offered { agent, until, .. } if is_over(Some(*until)) => {
            time_out(ws, id, conversation, agent, now)
        }
        Stage::Waiting { since, reserved: Some(kept), .. } if is_over(kept.until) => {
            let loose = conversation.loose(id, *since, QueueCause::ExclusiveWaitOver);
            vec![Router::new(ws, now, None).route_after_wait(&loose, &kept.agent)]
        }
        Stage::Waiting { since, reserved: None, overflow: Some(leaves), .. } if is_over(Some(leaves.at)) => {
            overflow(ws, id, conversation, *since, leaves, now)
        }
        // One thing at a time: when two are due, the other comes next.
        Stage::Offered { .. } | Stage::Waiting { .. } | Stage::Assigned(_) | Stage::Loose => {
            match service_level::pass(id, conversation, now) {
                Some(missed) => vec![missed],
                None if matches!(conversation.stage, Stage::Assigned(_)) => {
                    inactivity::pass(ws, id, conversation, command, now)
                }
                None => vec![],
            }
        }
    }
}

impl Conversation {
    /// The soonest time at which something happens to it by itself.
    fn deadline(&self) -> Option<Timestamp> {
        let in_its_stage = self.stage_ends();
        in_its_stage.into_iter().chain(self.answers.deadline()).chain(self.silence_ends()).min()
    }

    fn stage_ends(&self) -> Option<Timestamp> {
        match &self.stage {
            Stage::Waiting { reserved: Some(kept), .. } => kept.until,
            Stage::Waiting { reserved: None, overflow, .. } => overflow.as_ref().map(|leaves| leaves.at),
            Stage::Offered { until, .. } => Some(*until),
            Stage::Assigned(_) => self.transfer_offer.as_ref().map(|asked| asked.until),
            Stage::Loose => None,
        }
    }
}

impl Workspace {
    /// Has the deadline of a conversation be what its state says; none if it is over.
    pub(super) fn rearm(&mut self, id: ConversationId) {
        let deadline = self.conversations.get(&id).and_then(Conversation::deadline);
        let armed = match deadline {
            Some(at) => self.armed.insert(id, at),
            None => self.armed.remove(&id),
        };
        if armed != deadline {
            let due = || Due::Conversation(id);
            self.deadlines.extend(deadline.map(|at| (at, due())));
            if let Some(before) = armed {
                self.deadlines.remove(&(before, due()));
            }
        }
    }
}
