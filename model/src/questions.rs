//! The model's offered transfers: an agent who has a conversation asks another whether they take it over.

use schemas::limits::{NOTE_CHARS_MAX, TRANSFER_OFFER_SECONDS_DEFAULT};
use schemas::{Actor, AgentId, ConversationId};

use crate::masters::is_text;
use crate::reference::{Reference, Talk, Verdict, only_if, or_refused, seconds};

/// Who is asked whether they take it over.
pub(crate) fn whom(talk: &Talk) -> Option<AgentId> {
    talk.asked.as_ref().map(|(agent, _)| agent.clone())
}

impl Reference {
    /// What they are asked to take over.
    pub fn asked(&self, agent: &AgentId) -> Vec<ConversationId> {
        let asked = self.open().filter(|talk| whom(talk).as_ref() == Some(agent));
        asked.map(|talk| talk.id).collect()
    }

    pub(crate) fn offer_transfer(
        &mut self,
        actor: &Actor,
        id: ConversationId,
        agent: &AgentId,
        note: &str,
    ) -> Verdict {
        let Some(talk) = self.talk(id).cloned() else {
            return Verdict::Refused("conversation_not_open");
        };
        only_if!(self.holds_or_supervises(actor, id), "not_assigned_agent");
        only_if!(!note.trim().is_empty(), "note_required");
        only_if!(is_text(note, NOTE_CHARS_MAX), "invalid_text");
        let holder = self.holder(id);
        only_if!(holder.is_some(), "attended_by_nobody");
        only_if!(self.people.contains_key(agent), "unknown_agent");
        let has_it = holder.as_ref() == Some(agent) || talk.taken_from.as_ref() == Some(agent);
        only_if!(!has_it, "transfer_to_self");
        only_if!(talk.asked.is_none(), "transfer_offered_already");
        or_refused!(self.can_take(agent, &talk));
        let time = self.routing(&talk.campaign).offer_seconds.unwrap_or(TRANSFER_OFFER_SECONDS_DEFAULT);
        let until = self.now.plus(seconds(time.into()));
        self.any(id).asked = Some((agent.clone(), until));
        Verdict::Happened
    }

    pub(crate) fn withdraw_transfer(&mut self, actor: &Actor, id: ConversationId) -> Verdict {
        only_if!(self.talk(id).is_some(), "conversation_not_open");
        only_if!(self.holds_or_supervises(actor, id), "not_assigned_agent");
        self.end_question(id)
    }

    /// Whoever is asked says whether they take it over.
    pub(crate) fn answer_question(
        &mut self,
        id: ConversationId,
        asked: &AgentId,
        is_accepted: bool,
    ) -> Verdict {
        if !is_accepted {
            return self.end_question(id);
        }
        let from = self.talk(id).expect("it is open").taken_from.clone();
        let before = self.holder(id).into_iter().chain(from);
        self.give(id, asked);
        for freed in before {
            self.fill(&freed);
        }
        Verdict::Happened
    }

    /// They do not take it over, and may get something else.
    pub(crate) fn end_question(&mut self, id: ConversationId) -> Verdict {
        let Some((agent, _)) = self.any(id).asked.take() else {
            return Verdict::Refused("no_transfer_offered");
        };
        self.fill(&agent);
        Verdict::Happened
    }

    /// They leave, or do not attend these any more.
    pub(crate) fn ask_no_more(&mut self, agent: &AgentId, which: impl Fn(&Self, &Talk) -> bool) {
        for id in self.asked(agent) {
            if which(self, self.talk(id).expect("it is open")) {
                self.any(id).asked = None;
            }
        }
    }

    fn any(&mut self, id: ConversationId) -> &mut Talk {
        self.talks.iter_mut().find(|talk| talk.id == id).expect("it is open")
    }
}
