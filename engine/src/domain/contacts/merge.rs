//! Several ids turn out to be one contact. The first of them goes on; where more than one has an open conversation on a
//! channel, one goes on for all: one that somebody has before one that nobody has, and of those the oldest.

use std::collections::{BTreeMap, BTreeSet};

use schemas::event::{ContactsMerged, ConversationJoined, ConversationMerged, Event, ResponseAwaited};
use schemas::{
    Actor, AgentId, CampaignId, ChannelId, ContactId, ConversationId, Identity, Rejection, Timestamp,
};

use super::super::conversation::leave_stage;
use super::super::permission::require_supervisor;
use super::super::routing::refill_of;
use super::super::state::{Conversation, Workspace};

/// What becomes of the contacts that are one.
pub(in super::super) struct Merge<'a> {
    ws: &'a Workspace,
    /// Who goes on.
    contact: ContactId,
    /// Whose ids stand for them from now on, none twice.
    merged: Vec<(ContactId, Option<Identity>)>,
    /// Conversations that end, with those in which they go on.
    ended: Vec<(ConversationId, ConversationId)>,
    /// Conversations that go on, by channel; empty when nobody is merged.
    open: BTreeMap<&'a ChannelId, ConversationId>,
}

pub(in super::super) fn by_hand(
    ws: &Workspace,
    contact: ContactId,
    other: ContactId,
    actor: &Actor,
    now: Timestamp,
) -> Result<Vec<Event>, Rejection> {
    require_supervisor(ws, actor)?;
    let merge = Merge::new(ws, contact, [(other, None)]);
    let mut events = merge.events();
    let freed = merge.refill(&events, now);
    events.extend(freed);
    Ok(events)
}

impl<'a> Merge<'a> {
    /// These ids are one contact, the one that `first` stands for.
    pub(in super::super) fn new(
        ws: &'a Workspace,
        first: ContactId,
        others: impl IntoIterator<Item = (ContactId, Option<Identity>)>,
    ) -> Self {
        let contact = ws.resolve(first);
        let mut merged: Vec<(ContactId, Option<Identity>)> = Vec::new();
        for (id, identity) in others {
            let other = ws.resolve(id);
            if other != contact && merged.iter().all(|(known, _)| *known != other) {
                merged.push((other, identity));
            }
        }
        let mut merge = Self { ws, contact, merged, ended: Vec::new(), open: BTreeMap::new() };
        if !merge.merged.is_empty() {
            merge.choose();
        }
        merge
    }

    fn choose(&mut self) {
        let all = std::iter::once(self.contact).chain(self.merged.iter().map(|(id, _)| *id));
        let mut found: BTreeMap<&'a ChannelId, Vec<(bool, Timestamp, ConversationId)>> = BTreeMap::new();
        for (id, conversation) in all.flat_map(|contact| self.ws.open_of(contact)) {
            let rank = (conversation.agent().is_none(), conversation.opened_at, id);
            found.entry(&conversation.channel).or_default().push(rank);
        }
        for (channel, mut ranked) in found {
            ranked.sort_unstable();
            let mut ranked = ranked.into_iter().map(|(.., id)| id);
            let Some(goes_on) = ranked.next() else { continue };
            self.open.insert(channel, goes_on);
            self.ended.extend(ranked.map(|id| (id, goes_on)));
        }
    }

    /// Who goes on.
    pub(in super::super) fn contact(&self) -> ContactId {
        self.contact
    }

    /// The open conversations of whoever goes on.
    pub(in super::super) fn open(&self) -> Vec<ConversationId> {
        if self.merged.is_empty() {
            return self.ws.open_of(self.contact).into_iter().map(|(id, _)| id).collect();
        }
        self.open.values().copied().collect()
    }

    /// The one on a channel.
    pub(in super::super) fn open_on(&self, channel: &ChannelId) -> Option<ConversationId> {
        if self.merged.is_empty() {
            return self.ws.open.get(&(self.contact, channel.clone())).copied();
        }
        self.open.get(channel).copied()
    }

    /// Their exclusive agent in a campaign, once they are one.
    pub(in super::super) fn exclusive_agent(&self, campaign: &CampaignId) -> Option<&'a AgentId> {
        let all = std::iter::once(self.contact).chain(self.merged.iter().map(|(id, _)| *id));
        all.into_iter().find_map(|contact| self.ws.exclusive_agent(contact, campaign))
    }

    /// That they are one, and which conversations end by that.
    pub(in super::super) fn events(&self) -> Vec<Event> {
        let merged = self.merged.iter().map(|(merged, identity)| -> Event {
            ContactsMerged {
                contact: self.contact,
                merged: *merged,
                identity: identity.clone(),
                conversations: self.open(),
            }
            .into()
        });
        let mut events: Vec<Event> = merged.collect();
        for (conversation, into) in &self.ended {
            let found = self.ws.conversations.get(conversation);
            let agent = found.and_then(Conversation::agent).cloned();
            events.push(ConversationMerged { conversation: *conversation, into: *into, agent }.into());
            events.push(ConversationJoined { conversation: *into, other: *conversation }.into());
        }
        let goes_on: BTreeSet<ConversationId> = self.ended.iter().map(|(_, into)| *into).collect();
        events.extend(goes_on.into_iter().filter_map(|id| self.awaited_sooner(id)));
        events
    }

    /// Whether a customer waits for an answer in a conversation that goes on, or waited in one that ends in it.
    pub(in super::super) fn is_unanswered(&self, id: ConversationId, conversation: &Conversation) -> bool {
        conversation.answers.is_unanswered || self.ending_in(id).any(|ended| ended.answers.is_unanswered)
    }

    /// That the customer is to be answered by an earlier time, set in a conversation that ends in this one.
    fn awaited_sooner(&self, id: ConversationId) -> Option<Event> {
        let answers = self.ws.conversations.get(&id)?.answers;
        let own = answers.due.filter(|_| answers.is_unanswered).map(|due| due.at);
        let soonest = self.ending_in(id).filter_map(|ended| ended.answers.deadline()).min()?;
        let is_sooner = own.is_none_or(|own| soonest < own);
        let awaited = ResponseAwaited { conversation: id, kind: answers.kind(), due_at: Some(soonest) };
        is_sooner.then(|| awaited.into())
    }

    fn ending_in(&self, id: ConversationId) -> impl Iterator<Item = &'a Conversation> {
        let ended = self.ended.iter().filter(move |(_, into)| *into == id);
        ended.filter_map(|(ended, _)| self.ws.conversations.get(ended))
    }

    /// What those get whose room the ended ones took, after what happens `before` in the same decision.
    pub(in super::super) fn refill(&self, before: &[Event], now: Timestamp) -> Vec<Event> {
        if self.ended.is_empty() {
            return Vec::new();
        }
        let mut freed: BTreeMap<&AgentId, Vec<&Conversation>> = BTreeMap::new();
        for conversation in self.ended.iter().filter_map(|(id, _)| self.ws.conversations.get(id)) {
            for agent in conversation.takes_room_of() {
                freed.entry(agent).or_default().push(conversation);
            }
        }
        let mut events = before.to_vec();
        for (agent, lost) in freed {
            let given = refill_of(self.ws, agent, &lost, &events, now);
            events.extend(given);
        }
        events.split_off(before.len())
    }
}

pub(in super::super) fn contacts_merged(ws: &mut Workspace, event: &ContactsMerged) {
    let ContactsMerged { contact, merged, .. } = *event;
    ws.aliases.insert(merged, contact);
    let campaigns: Vec<CampaignId> = ws.campaigns.keys().cloned().collect();
    for campaign in campaigns {
        let Some(exclusive) = ws.exclusive.get(&(merged, campaign.clone())).cloned() else {
            continue;
        };
        ws.set_exclusive(merged, &campaign, None);
        if ws.exclusive_agent(contact, &campaign).is_none() {
            ws.set_exclusive(contact, &campaign, Some(exclusive));
        }
    }
    for id in &event.conversations {
        let Some(conversation) = ws.conversations.get_mut(id) else {
            continue;
        };
        // Only the one merged now: the others have events of their own.
        if conversation.contact == merged {
            conversation.contact = contact;
            let channel = conversation.channel.clone();
            ws.open.remove(&(merged, channel.clone()));
            ws.open.insert((contact, channel), *id);
        }
    }
}

pub(in super::super) fn conversation_merged(ws: &mut Workspace, event: &ConversationMerged) {
    leave_stage(ws, event.conversation);
    if let Some(conversation) = ws.conversations.remove(&event.conversation) {
        // Whoever has the one that goes on owes the answer.
        if conversation.answers.is_unanswered
            && let Some(goes_on) = ws.conversations.get_mut(&event.into)
        {
            goes_on.answers.is_unanswered = true;
            goes_on.silence = None;
        }
        let place = (conversation.contact, conversation.channel);
        // The one that goes on may stand there already.
        if ws.open.get(&place) == Some(&event.conversation) {
            ws.open.remove(&place);
        }
    }
}
