//! The model: who has which conversation, told as plainly as possible. It keeps lists and looks through all of them
//! every time; nothing of it is taken from the domain.

use std::collections::BTreeMap;

use schemas::command::Due;
use schemas::event::AgentDefined;
use schemas::{
    Actor, AgentId, CampaignId, ChannelId, Command, CommandId, ContactId, ConversationId, ExclusiveWait,
    MessageId, Presence, Role, Timestamp, TransferTarget,
};

use super::centre::{CAMPAIGNS, CHANNELS};
use super::delivery::Messages;

/// What comes of a command.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Verdict {
    Refused,
    /// It is so already.
    Nothing,
    Happened,
}

#[derive(Debug, Clone)]
pub(super) struct Person {
    pub(super) definition: AgentDefined,
    pub(super) presence: Presence,
    pub(super) idle_since: Timestamp,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Place {
    /// `turn` orders what one agent has.
    With {
        agent: AgentId,
        turn: u64,
    },
    /// `turn` orders those who wait since the same time.
    Waiting {
        since: Timestamp,
        turn: u64,
        kept: Option<(AgentId, Option<Timestamp>)>,
    },
    Over,
}

#[derive(Debug, Clone)]
pub(super) struct Talk {
    pub(super) id: ConversationId,
    pub(super) contact: ContactId,
    pub(super) channel: ChannelId,
    pub(super) campaign: CampaignId,
    pub(super) opened_at: Timestamp,
    pub(super) place: Place,
}

#[derive(Debug, Default)]
pub(super) struct Reference {
    pub(super) people: BTreeMap<AgentId, Person>,
    /// All that ever were, the finished ones too.
    pub(super) talks: Vec<Talk>,
    pub(super) exclusive: BTreeMap<(ContactId, CampaignId), AgentId>,
    pub(super) messages: Messages,
    turns_given: u64,
    turns_queued: u64,
    now: Timestamp,
}

/// Refuses unless this holds.
macro_rules! only_if {
    ($condition:expr) => {
        if !$condition {
            return Verdict::Refused;
        }
    };
}

impl Reference {
    pub(super) fn take(
        &mut self,
        actor: &Actor,
        command: &Command,
        id: Option<CommandId>,
        now: Timestamp,
    ) -> Verdict {
        self.now = now;
        match command {
            Command::DefineAgent(definition) => self.define(definition),
            Command::ChangePresence { agent, presence } => self.change_presence(actor, agent, presence),
            Command::ReceiveMessage(message) => {
                let id = ConversationId::from(MessageId::from(id.expect("an inbound message has an id")));
                self.receive(id, message.contact, &message.channel)
            }
            Command::Assign { conversation, agent } => self.assign(actor, *conversation, agent),
            Command::Transfer { conversation, to, .. } => self.transfer(actor, *conversation, to),
            Command::Finish { conversation, .. } => self.finish(actor, *conversation),
            Command::SetExclusiveAgent { contact, campaign, agent } => {
                self.set_exclusive(*contact, campaign, agent)
            }
            Command::RemoveExclusiveAgent { contact, campaign } => self.remove_exclusive(*contact, campaign),
            Command::PassDeadline(Due::Conversation(id)) => self.end_wait(*id),
            Command::Send { conversation, .. } => {
                let message = MessageId::from(id.expect("a send has an id"));
                only_if!(self.holds(actor, *conversation));
                let channel = self.talk(*conversation).expect("held, so open").channel.clone();
                self.messages.submit(message, *conversation, channel)
            }
            Command::BeginAttempt { message } => self.messages.begin(*message),
            Command::EndAttempt { message, attempt, result } => self.messages.end(*message, *attempt, result),
            Command::Resend { conversation, message } => {
                only_if!(self.holds(actor, *conversation));
                self.messages.resend(*message)
            }
            Command::Settle { conversation, message, status } => {
                only_if!(self.supervises(actor) || self.holds(actor, *conversation));
                self.messages.settle(*message, *status)
            }
            Command::RecordReceipt(receipt) => self.messages.receipt(receipt),
            // The rest of the masters never change here.
            _ => Verdict::Happened,
        }
    }

    /// The conversation, if it is open.
    pub(super) fn talk(&self, id: ConversationId) -> Option<&Talk> {
        self.open().find(|talk| talk.id == id)
    }

    pub(super) fn open(&self) -> impl Iterator<Item = &Talk> {
        self.talks.iter().filter(|talk| talk.place != Place::Over)
    }

    pub(super) fn holder(&self, id: ConversationId) -> Option<AgentId> {
        match &self.talk(id)?.place {
            Place::With { agent, .. } => Some(agent.clone()),
            Place::Waiting { .. } | Place::Over => None,
        }
    }

    fn holds(&self, actor: &Actor, id: ConversationId) -> bool {
        self.holder(id).is_some_and(|agent| *actor == Actor::Agent(agent))
    }

    fn role(&self, actor: &Actor) -> Option<Role> {
        match actor {
            Actor::Administrator => Some(Role::Administrator),
            Actor::Agent(id) => self.people.get(id).map(|person| person.definition.role),
            Actor::System | Actor::Channel(_) => None,
        }
    }

    fn supervises(&self, actor: &Actor) -> bool {
        self.role(actor).is_some_and(Role::supervises)
    }

    /// What an agent has, in the order they got it.
    pub(super) fn holding(&self, agent: &AgentId) -> Vec<ConversationId> {
        let mut held: Vec<(u64, ConversationId)> = Vec::new();
        for talk in &self.talks {
            match &talk.place {
                Place::With { agent: holder, turn } if holder == agent => held.push((*turn, talk.id)),
                Place::With { .. } | Place::Waiting { .. } | Place::Over => {}
            }
        }
        held.sort_unstable();
        held.into_iter().map(|(_, id)| id).collect()
    }

    fn load(&self, agent: &AgentId) -> usize {
        self.holding(agent).len()
    }

    fn serves(&self, agent: &AgentId, talk: &Talk) -> bool {
        let definition = &self.people[agent].definition;
        definition.role != Role::Auditor
            && definition.campaigns.contains(&talk.campaign)
            && definition.channels.contains(&talk.channel)
    }

    fn has_room(&self, agent: &AgentId) -> bool {
        let person = &self.people[agent];
        person.presence == Presence::Online && self.load(agent) < usize::from(person.definition.capacity)
    }

    fn set_place(&mut self, id: ConversationId, place: Place) {
        let talk = self.talks.iter_mut().find(|talk| talk.id == id).expect("it was opened");
        talk.place = place;
    }

    fn give(&mut self, id: ConversationId, agent: &AgentId) {
        self.turns_given += 1;
        let turn = self.turns_given;
        self.set_place(id, Place::With { agent: agent.clone(), turn });
        self.people.get_mut(agent).expect("a known agent").idle_since = self.now;
    }

    fn queue(&mut self, id: ConversationId, since: Timestamp, kept: Option<(AgentId, Option<Timestamp>)>) {
        self.turns_queued += 1;
        let turn = self.turns_queued;
        self.set_place(id, Place::Waiting { since, turn, kept });
    }

    /// Rule 1 and rule 5: the exclusive agent, else the most room, else the queue. `giver` gets nothing.
    fn route(&mut self, id: ConversationId, since: Timestamp, giver: Option<&AgentId>) {
        let talk = self.talk(id).expect("it is open").clone();
        let exclusive = self.exclusive.get(&(talk.contact, talk.campaign.clone())).cloned();
        self.route_to(&talk, since, giver, exclusive);
    }

    fn route_to(
        &mut self,
        talk: &Talk,
        since: Timestamp,
        giver: Option<&AgentId>,
        exclusive: Option<AgentId>,
    ) {
        if let Some(agent) = exclusive.filter(|agent| self.serves(agent, talk)) {
            if giver != Some(&agent) && self.has_room(&agent) {
                return self.give(talk.id, &agent);
            }
            match wait_in(&talk.campaign) {
                ExclusiveWait::Seconds(0) => {}
                ExclusiveWait::Seconds(seconds) => {
                    let until = self.now.plus(std::time::Duration::from_secs(seconds.into()));
                    return self.queue(talk.id, since, Some((agent, Some(until))));
                }
                ExclusiveWait::Forever => return self.queue(talk.id, since, Some((agent, None))),
            }
        }
        let mut free: Vec<AgentId> = self.people.keys().cloned().collect();
        free.retain(|agent| giver != Some(agent) && self.serves(agent, talk) && self.has_room(agent));
        let best = free.into_iter().min_by_key(|agent| {
            let person = &self.people[agent];
            let room = usize::from(person.definition.capacity) - self.load(agent);
            (usize::MAX - room, person.idle_since, agent.clone())
        });
        match best {
            Some(agent) => self.give(talk.id, &agent),
            None => self.queue(talk.id, since, None),
        }
    }

    /// Whatever waits and they can take, what is kept for them first, then by waiting time.
    fn fill(&mut self, agent: &AgentId) {
        while self.has_room(agent) {
            let mut waiting = Vec::new();
            for talk in self.open().filter(|talk| self.serves(agent, talk)) {
                match &talk.place {
                    Place::Waiting { since, turn, kept: None } => {
                        waiting.push((true, *since, *turn, talk.id))
                    }
                    Place::Waiting { since, turn, kept: Some((whose, _)) } if whose == agent => {
                        waiting.push((false, *since, *turn, talk.id));
                    }
                    Place::Waiting { .. } | Place::With { .. } | Place::Over => {}
                }
            }
            let Some((.., id)) = waiting.into_iter().min() else {
                return;
            };
            self.give(id, agent);
        }
    }

    fn define(&mut self, definition: &AgentDefined) -> Verdict {
        let id = &definition.agent;
        let (presence, idle_since) = match self.people.get(id) {
            Some(person) if person.definition == *definition => return Verdict::Nothing,
            Some(person) => (person.presence.clone(), person.idle_since),
            None => (Presence::Offline, self.now),
        };
        let definition = definition.clone();
        self.people.insert(id.clone(), Person { definition, presence, idle_since });
        self.fill(id);
        if self.people[id].definition.role == Role::Auditor {
            self.release(id, false);
        }
        for (since, _, id) in self.kept(|talk, whose| whose == id && !self.serves(id, talk)) {
            let talk = self.talk(id).expect("it waits").clone();
            self.route_to(&talk, since, None, None);
        }
        Verdict::Happened
    }

    /// Those kept conversations, by waiting time.
    fn kept(&self, which: impl Fn(&Talk, &AgentId) -> bool) -> Vec<(Timestamp, u64, ConversationId)> {
        let mut found = Vec::new();
        for talk in self.open() {
            match &talk.place {
                Place::Waiting { since, turn, kept: Some((whose, _)) } if which(talk, whose) => {
                    found.push((*since, *turn, talk.id));
                }
                Place::Waiting { .. } | Place::With { .. } | Place::Over => {}
            }
        }
        found.sort_unstable();
        found
    }

    fn change_presence(&mut self, actor: &Actor, agent: &AgentId, presence: &Presence) -> Verdict {
        let themselves = *actor == Actor::Agent(agent.clone()) && self.role(actor) != Some(Role::Auditor);
        only_if!(themselves || self.supervises(actor));
        let person = self.people.get_mut(agent).expect("a known agent");
        if person.presence == *presence {
            return Verdict::Nothing;
        }
        person.presence = presence.clone();
        match presence {
            Presence::Online => {
                person.idle_since = self.now;
                self.fill(agent);
            }
            Presence::Away { .. } => {}
            Presence::Offline => self.release(agent, true),
        }
        Verdict::Happened
    }

    /// All they have goes back, in the order in which the customers came.
    fn release(&mut self, agent: &AgentId, comes_back: bool) {
        let mut held = Vec::new();
        for (turn, id) in self.holding(agent).into_iter().enumerate() {
            held.push((self.talk(id).expect("it is held").opened_at, turn, id));
        }
        held.sort_unstable();
        for (opened_at, _, id) in held {
            let talk = self.talk(id).expect("it is held").clone();
            let exclusive = self.exclusive.get(&(talk.contact, talk.campaign.clone())).cloned();
            let exclusive = exclusive.filter(|other| comes_back || other != agent);
            self.route_to(&talk, opened_at, Some(agent), exclusive);
        }
    }

    fn receive(&mut self, id: ConversationId, contact: ContactId, channel: &ChannelId) -> Verdict {
        if self.open().any(|talk| talk.contact == contact && talk.channel == *channel) {
            return Verdict::Happened;
        }
        let entry = CHANNELS.iter().find(|(id, _)| *id == channel.as_str()).expect("a channel").1;
        self.talks.push(Talk {
            id,
            contact,
            channel: channel.clone(),
            campaign: CampaignId::new(entry).expect("a good id"),
            opened_at: self.now,
            place: Place::Waiting { since: self.now, turn: 0, kept: None },
        });
        self.route(id, self.now, None);
        Verdict::Happened
    }

    fn can_take(&self, agent: &AgentId, talk: &Talk) -> bool {
        self.people.contains_key(agent) && self.serves(agent, talk) && self.has_room(agent)
    }

    fn assign(&mut self, actor: &Actor, id: ConversationId, agent: &AgentId) -> Verdict {
        only_if!(matches!(self.role(actor), Some(Role::Agent | Role::Supervisor | Role::Administrator)));
        let Some(talk) = self.talk(id).cloned() else {
            return Verdict::Refused;
        };
        let before = self.holder(id);
        if before.as_ref() == Some(agent) {
            return Verdict::Nothing;
        }
        let free = match &talk.place {
            Place::With { .. } | Place::Over => false,
            Place::Waiting { kept, .. } => kept.as_ref().is_none_or(|(whose, _)| whose == agent),
        };
        only_if!(self.supervises(actor) || (*actor == Actor::Agent(agent.clone()) && free));
        only_if!(self.can_take(agent, &talk));
        self.give(id, agent);
        if let Some(before) = before {
            self.fill(&before);
        }
        Verdict::Happened
    }

    fn transfer(&mut self, actor: &Actor, id: ConversationId, to: &TransferTarget) -> Verdict {
        let Some(talk) = self.talk(id).cloned() else {
            return Verdict::Refused;
        };
        only_if!(self.holds(actor, id) || self.supervises(actor));
        let giver = self.holder(id);
        match to {
            TransferTarget::Agent(agent) => {
                only_if!(giver.as_ref() != Some(agent) && self.can_take(agent, &talk));
                self.give(id, agent);
            }
            TransferTarget::Campaign(campaign) => {
                let works_there =
                    |id: &str| CAMPAIGNS.iter().any(|c| c.0 == id && c.1.contains(&talk.channel.as_str()));
                only_if!(*campaign != talk.campaign && works_there(campaign.as_str()));
                let moved = self.talks.iter_mut().find(|talk| talk.id == id).expect("it is open");
                moved.campaign = campaign.clone();
                // Out of the giver's hands before anything else is looked at.
                moved.place = Place::Waiting { since: self.now, turn: 0, kept: None };
                let moved = moved.clone();
                let exclusive = self.exclusive.get(&(talk.contact, campaign.clone()));
                match &giver {
                    Some(giver) if exclusive == Some(giver) && self.can_take(giver, &moved) => {
                        self.give(id, giver)
                    }
                    Some(_) | None => self.route(id, self.now, giver.as_ref()),
                }
            }
        }
        if let Some(giver) = giver {
            self.fill(&giver);
        }
        Verdict::Happened
    }

    fn finish(&mut self, actor: &Actor, id: ConversationId) -> Verdict {
        only_if!(self.talk(id).is_some() && (self.holds(actor, id) || self.supervises(actor)));
        let holder = self.holder(id);
        self.set_place(id, Place::Over);
        if let Some(holder) = holder {
            self.fill(&holder);
        }
        Verdict::Happened
    }

    fn set_exclusive(&mut self, contact: ContactId, campaign: &CampaignId, agent: &AgentId) -> Verdict {
        let definition = &self.people[agent].definition;
        only_if!(definition.campaigns.contains(campaign) && definition.role != Role::Auditor);
        let before = self.exclusive.insert((contact, campaign.clone()), agent.clone());
        if before.as_ref() == Some(agent) {
            return Verdict::Nothing;
        }
        self.route_kept_again(contact, campaign);
        Verdict::Happened
    }

    fn remove_exclusive(&mut self, contact: ContactId, campaign: &CampaignId) -> Verdict {
        only_if!(self.exclusive.remove(&(contact, campaign.clone())).is_some());
        self.route_kept_again(contact, campaign);
        Verdict::Happened
    }

    fn route_kept_again(&mut self, contact: ContactId, campaign: &CampaignId) {
        let kept = self.kept(|talk, _| talk.contact == contact && talk.campaign == *campaign);
        for (since, _, id) in kept {
            self.route(id, since, None);
        }
    }

    fn end_wait(&mut self, id: ConversationId) -> Verdict {
        let Some(talk) = self.talk(id).cloned() else {
            return Verdict::Nothing;
        };
        match talk.place {
            Place::Waiting { since, kept: Some((_, Some(until))), .. } if until <= self.now => {
                self.route_to(&talk, since, None, None);
                Verdict::Happened
            }
            Place::Waiting { .. } | Place::With { .. } | Place::Over => Verdict::Nothing,
        }
    }
}

fn wait_in(campaign: &CampaignId) -> ExclusiveWait {
    let found = CAMPAIGNS.iter().find(|(id, ..)| *id == campaign.as_str());
    found.expect("a campaign of the model").2
}
