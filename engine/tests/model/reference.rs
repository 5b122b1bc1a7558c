//! The model: who has which conversation, told as plainly as possible. It keeps lists and looks through all of them
//! every time; nothing of it is taken from the domain.

use std::collections::BTreeMap;

use engine::domain::Connection;
use schemas::command::{Due, IdentityChange, InboundMessage};
use schemas::event::{AgentDefined, CampaignDefined};
use schemas::masters::NOT_RESPONDING;
use schemas::{
    Absence, Actor, AgentId, CampaignId, ChannelId, Command, CommandId, ContactId, ConversationId,
    ExclusiveWait, MessageId, Needs, Presence, Role, Routing, RoutingPolicy, Timestamp, Timing,
    TransferTarget,
};

use super::centre::{self, CAMPAIGNS, CHANNELS};
use super::delivery::Messages;
use super::timing::Waits;

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
    pub(super) connection: Connection,
    /// After which conversations they still have something to do, and until when.
    pub(super) after_work: Vec<(ConversationId, Timestamp)>,
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
        priority: u8,
        kept: Option<(AgentId, Option<Timestamp>)>,
        overflow: Option<(Timestamp, CampaignId)>,
    },
    /// `turn` orders what one agent is offered.
    Offered {
        agent: AgentId,
        since: Timestamp,
        until: Timestamp,
        turn: u64,
    },
    Over,
}

#[derive(Debug, Clone)]
pub(super) struct Talk {
    pub(super) id: ConversationId,
    pub(super) contact: ContactId,
    /// Where what is sent goes.
    pub(super) address: String,
    pub(super) channel: ChannelId,
    pub(super) campaign: CampaignId,
    pub(super) needs: Needs,
    pub(super) declined: Vec<AgentId>,
    /// From whom the supervisor who has it took it over.
    pub(super) taken_from: Option<AgentId>,
    /// Who is asked whether they take it over, and until when.
    pub(super) asked: Option<(AgentId, Timestamp)>,
    pub(super) opened_at: Timestamp,
    pub(super) waits: Waits,
    pub(super) place: Place,
}

#[derive(Debug, Default)]
pub(super) struct Reference {
    pub(super) people: BTreeMap<AgentId, Person>,
    /// All that ever were, the finished ones too.
    pub(super) talks: Vec<Talk>,
    pub(super) exclusive: BTreeMap<(ContactId, CampaignId), AgentId>,
    /// Until when, where it ends.
    pub(super) exclusive_until: BTreeMap<(ContactId, CampaignId), Timestamp>,
    /// Ids that turned out to be another contact, with who that is now.
    pub(super) known_as: BTreeMap<ContactId, ContactId>,
    routings: BTreeMap<CampaignId, Routing>,
    pub(super) timings: BTreeMap<CampaignId, Timing>,
    /// Campaigns whose queue is looked through again, and when.
    pub(super) unrouted: BTreeMap<CampaignId, Timestamp>,
    /// Released just now, and counted with those it was taken over from until all are.
    still_lent: Vec<(AgentId, ConversationId)>,
    /// Whom a campaign that goes by turns gave to last.
    last: BTreeMap<CampaignId, AgentId>,
    pub(super) messages: Messages,
    turns_given: u64,
    turns_queued: u64,
    /// How many commands came.
    pub(super) taken: u64,
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
        id: CommandId,
        now: Timestamp,
    ) -> Verdict {
        self.now = now;
        self.taken += 1;
        match command {
            Command::DefineAgent(definition) => self.define(definition),
            Command::ChangePresence { agent, presence } => self.change_presence(actor, agent, presence),
            Command::ReceiveMessage(message) => self.receive(id, message),
            Command::Assign { conversation, agent } => self.assign(actor, *conversation, agent),
            Command::Transfer { conversation, to, .. } => self.transfer(actor, *conversation, to),
            Command::Finish { conversation, .. } => self.finish(actor, *conversation),
            Command::PassDeadline(Due::ExclusiveAgent(contact, campaign)) => self.expire(*contact, campaign),
            Command::SetExclusiveAgent { contact, campaign, agent, until } => {
                self.set_exclusive(self.who(*contact), campaign, agent, *until)
            }
            Command::RemoveExclusiveAgent { contact, campaign } => {
                self.remove_exclusive(self.who(*contact), campaign)
            }
            Command::MergeContacts { contact, other } => {
                only_if!(self.supervises(actor));
                let freed = self.become_one(self.who(*contact), &[*other]);
                self.fill_freed(freed)
            }
            Command::ChangeIdentity(change) => self.change_identity(change),
            Command::AddContactNote { .. } => {
                only_if!(matches!(
                    self.role(actor),
                    Some(Role::Agent | Role::Supervisor | Role::Administrator)
                ));
                Verdict::Happened
            }
            Command::PassDeadline(Due::Conversation(talk)) => self.end_wait(*talk, id),
            Command::PassDeadline(Due::AfterWork(agent, conversation)) => {
                let over = |(id, until): &(_, Timestamp)| id == conversation && *until <= now;
                if self.people[agent].after_work.iter().any(over) {
                    self.end_after_work(agent, *conversation)
                } else {
                    Verdict::Nothing
                }
            }
            Command::OfferTransfer { conversation, agent, .. } => {
                self.offer_transfer(actor, *conversation, agent)
            }
            Command::WithdrawTransfer { conversation } => {
                only_if!(self.holds(actor, *conversation) || self.supervises(actor));
                self.end_question(*conversation)
            }
            Command::TakeOver { conversation } => self.take_over(actor, *conversation),
            Command::GiveBack { conversation } => self.give_back(actor, *conversation),
            Command::EndAfterWork { conversation, agent } => {
                let themselves =
                    *actor == Actor::Agent(agent.clone()) && self.role(actor) != Some(Role::Auditor);
                only_if!(themselves || self.supervises(actor));
                self.end_after_work(agent, *conversation)
            }
            Command::PassDeadline(Due::Agent(id)) => self.give_up(id),
            Command::ReportConnection { agent, is_connected } => self.connection(agent, *is_connected),
            Command::PassDeadline(Due::Campaign(id)) => self.route_queue(id),
            Command::DefineCampaign(campaign) => self.define_campaign(campaign),
            Command::AcceptOffer { conversation } => self.answer_offer(actor, *conversation, true),
            Command::DeclineOffer { conversation } => self.answer_offer(actor, *conversation, false),
            Command::SetNeeds { conversation, needs } => self.set_needs(actor, *conversation, needs),
            Command::Send { conversation, .. } => {
                let message = MessageId::from(id);
                only_if!(self.holds(actor, *conversation));
                let channel = self.talk(*conversation).expect("held, so open").channel.clone();
                self.answered(*conversation);
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

    /// When the last command was taken.
    pub(super) fn now(&self) -> Timestamp {
        self.now
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
            Place::Waiting { .. } | Place::Offered { .. } | Place::Over => None,
        }
    }

    /// Who is offered it.
    pub(super) fn offered_to(&self, id: ConversationId) -> Option<AgentId> {
        match &self.talk(id)?.place {
            Place::Offered { agent, .. } => Some(agent.clone()),
            Place::With { .. } | Place::Waiting { .. } | Place::Over => None,
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
                Place::With { .. } | Place::Waiting { .. } | Place::Offered { .. } | Place::Over => {}
            }
        }
        held.sort_unstable();
        held.into_iter().map(|(_, id)| id).collect()
    }

    /// What an agent is offered, in the order of the offers.
    pub(super) fn offers(&self, to: &AgentId) -> Vec<ConversationId> {
        let mut offers: Vec<(u64, ConversationId)> = Vec::new();
        for talk in &self.talks {
            match &talk.place {
                Place::Offered { agent, turn, .. } if agent == to => offers.push((*turn, talk.id)),
                Place::With { .. } | Place::Waiting { .. } | Place::Offered { .. } | Place::Over => {}
            }
        }
        offers.sort_unstable();
        offers.into_iter().map(|(_, id)| id).collect()
    }

    fn load(&self, agent: &AgentId) -> usize {
        let after_work = self.people[agent].after_work.len();
        let lent = self.lent(agent).len() + self.still_lent.iter().filter(|(from, _)| from == agent).count();
        self.holding(agent).len() + self.offers(agent).len() + after_work + lent + self.asked(agent).len()
    }

    /// What they are asked to take over.
    pub(super) fn asked(&self, agent: &AgentId) -> Vec<ConversationId> {
        let asked = self.open().filter(|talk| whom(talk).as_ref() == Some(agent));
        asked.map(|talk| talk.id).collect()
    }

    fn offer_transfer(&mut self, actor: &Actor, id: ConversationId, agent: &AgentId) -> Verdict {
        let Some(talk) = self.talk(id).cloned() else {
            return Verdict::Refused;
        };
        only_if!(self.holds(actor, id) || self.supervises(actor));
        let holder = self.holder(id);
        only_if!(holder.is_some() && talk.asked.is_none());
        only_if!(holder.as_ref() != Some(agent) && talk.taken_from.as_ref() != Some(agent));
        only_if!(self.can_take(agent, &talk));
        let time = self.routings[&talk.campaign].offer_seconds.unwrap_or(60);
        let until = self.now.plus(seconds(time.into()));
        self.talks.iter_mut().find(|talk| talk.id == id).expect("it is open").asked =
            Some((agent.clone(), until));
        Verdict::Happened
    }

    /// They do not take it over, and may get something else.
    fn end_question(&mut self, id: ConversationId) -> Verdict {
        let talk = self.talks.iter_mut().find(|talk| talk.id == id).expect("it was opened");
        let Some((agent, _)) = talk.asked.take() else {
            return Verdict::Refused;
        };
        self.fill(&agent);
        Verdict::Happened
    }

    /// They leave, or do not attend these any more.
    fn ask_no_more(&mut self, agent: &AgentId, which: impl Fn(&Self, &Talk) -> bool) {
        for id in self.asked(agent) {
            if which(self, self.talk(id).expect("it is open")) {
                self.talks.iter_mut().find(|talk| talk.id == id).expect("it is open").asked = None;
            }
        }
    }

    /// What was taken over from them.
    pub(super) fn lent(&self, agent: &AgentId) -> Vec<ConversationId> {
        let lent = self.open().filter(|talk| talk.taken_from.as_ref() == Some(agent));
        lent.map(|talk| talk.id).collect()
    }

    fn take_over(&mut self, actor: &Actor, id: ConversationId) -> Verdict {
        only_if!(self.supervises(actor));
        let Actor::Agent(by) = actor else {
            return Verdict::Refused;
        };
        let Some(from) = self.holder(id) else {
            return Verdict::Refused;
        };
        if from == *by {
            return Verdict::Nothing;
        }
        only_if!(self.talk(id).expect("it is held").taken_from.is_none());
        let asked = whom(self.talk(id).expect("it is held"));
        let has_room = self.load(by) < usize::from(self.people[by].definition.capacity);
        only_if!(asked.as_ref() == Some(by) || has_room);
        self.turns_given += 1;
        let turn = self.turns_given;
        self.set_place(id, Place::With { agent: by.clone(), turn });
        self.talks.iter_mut().find(|talk| talk.id == id).expect("it is open").taken_from = Some(from);
        self.changed_hands(id);
        if let Some(asked) = asked.filter(|asked| asked != by) {
            self.fill(&asked);
        }
        Verdict::Happened
    }

    fn give_back(&mut self, actor: &Actor, id: ConversationId) -> Verdict {
        only_if!(self.supervises(actor));
        let Some(talk) = self.talk(id).cloned() else {
            return Verdict::Refused;
        };
        let (Some(to), Some(by)) = (talk.taken_from.clone(), self.holder(id)) else {
            return Verdict::Refused;
        };
        only_if!(self.serves(&to, &talk));
        self.hold(id, &to);
        for freed in std::iter::once(by).chain(whom(&talk)) {
            self.fill(&freed);
        }
        Verdict::Happened
    }

    fn hold(&mut self, id: ConversationId, agent: &AgentId) {
        self.turns_given += 1;
        let turn = self.turns_given;
        self.set_place(id, Place::With { agent: agent.clone(), turn });
        self.changed_hands(id);
    }

    /// Back to whom it was taken over from, when the supervisor leaves, if they attend it and are there.
    fn goes_back(&mut self, id: ConversationId) -> bool {
        let talk = self.talk(id).expect("it is held").clone();
        self.still_lent.extend(whom(&talk).map(|asked| (asked, id)));
        let Some(to) = talk.taken_from.clone() else {
            return false;
        };
        if !self.serves(&to, &talk) || self.people[&to].presence == Presence::Offline {
            self.still_lent.push((to, id));
            return false;
        }
        self.hold(id, &to);
        true
    }

    fn fill_lenders(&mut self) {
        let mut lenders: Vec<AgentId> = self.still_lent.drain(..).map(|(from, _)| from).collect();
        lenders.sort_unstable();
        lenders.dedup();
        for from in lenders {
            self.fill(&from);
        }
    }

    fn end_after_work(&mut self, agent: &AgentId, conversation: ConversationId) -> Verdict {
        let work = &mut self.people.get_mut(agent).expect("a known agent").after_work;
        let before = work.len();
        work.retain(|(id, _)| *id != conversation);
        only_if!(work.len() < before);
        self.fill(agent);
        Verdict::Happened
    }

    fn serves(&self, agent: &AgentId, talk: &Talk) -> bool {
        let definition = &self.people[agent].definition;
        definition.role != Role::Auditor
            && definition.campaigns.contains(&talk.campaign)
            && definition.channels.contains(&talk.channel)
    }

    fn is_there(&self, agent: &AgentId) -> bool {
        let person = &self.people[agent];
        person.presence == Presence::Online && !matches!(person.connection, Connection::Lost { .. })
    }

    fn has_room(&self, agent: &AgentId) -> bool {
        self.is_there(agent) && self.load(agent) < usize::from(self.people[agent].definition.capacity)
    }

    fn has_room_for(&self, agent: &AgentId, talk: &Talk) -> bool {
        let of_kind = |channel: &ChannelId| centre::kind(channel.as_str());
        let kind = of_kind(&talk.channel);
        let done = self.people[agent].after_work.iter().map(|(id, _)| *id);
        let lent = self.still_lent.iter().filter(|(from, _)| from == agent).map(|(_, id)| *id);
        let lent = self.lent(agent).into_iter().chain(lent);
        let all = self.holding(agent).into_iter().chain(self.offers(agent)).chain(done).chain(lent);
        let all = all.chain(self.asked(agent));
        // The finished ones count too.
        let held = all.filter_map(|id| self.talks.iter().find(|talk| talk.id == id));
        let on_kind = held.filter(|held| of_kind(&held.channel) == kind).count();
        let most = self.people[agent].definition.capacity_of.get(&kind);
        self.has_room(agent) && most.is_none_or(|most| on_kind < usize::from(*most))
    }

    fn can_do(&self, agent: &AgentId, talk: &Talk) -> bool {
        let own = &self.people[agent].definition.skills;
        if talk.declined.contains(agent) {
            return false;
        }
        let all = talk.needs.skills.iter().chain(&self.routings[&talk.campaign].skills);
        all.into_iter().all(|(skill, level)| own.get(skill).is_some_and(|own| own >= level))
    }

    fn set_place(&mut self, id: ConversationId, place: Place) {
        let talk = self.talks.iter_mut().find(|talk| talk.id == id).expect("it was opened");
        talk.place = place;
        talk.taken_from = None;
        talk.asked = None;
    }

    fn give(&mut self, id: ConversationId, agent: &AgentId) {
        self.turns_given += 1;
        let turn = self.turns_given;
        self.set_place(id, Place::With { agent: agent.clone(), turn });
        self.talks.iter_mut().find(|talk| talk.id == id).expect("it is open").declined.clear();
        self.people.get_mut(agent).expect("a known agent").idle_since = self.now;
        self.changed_hands(id);
    }

    /// Theirs at once, or once they accept it.
    fn give_or_offer(&mut self, id: ConversationId, agent: &AgentId, since: Timestamp) {
        let campaign = &self.talk(id).expect("it is open").campaign;
        let Some(seconds) = self.routings[campaign].offer_seconds else {
            return self.give(id, agent);
        };
        self.turns_given += 1;
        let (agent, turn) = (agent.clone(), self.turns_given);
        self.people.get_mut(&agent).expect("a known agent").idle_since = self.now;
        let until = self.now.plus(self::seconds(seconds.into()));
        self.set_place(id, Place::Offered { agent, since, until, turn });
    }

    fn answer_offer(&mut self, actor: &Actor, id: ConversationId, is_accepted: bool) -> Verdict {
        let asked = self.talk(id).and_then(whom).filter(|asked| *actor == Actor::Agent(asked.clone()));
        if let Some(asked) = asked {
            if !is_accepted {
                return self.end_question(id);
            }
            let from = self.talk(id).expect("it is open").taken_from.clone();
            let before = self.holder(id).into_iter().chain(from);
            self.give(id, &asked);
            for freed in before {
                self.fill(&freed);
            }
            return Verdict::Happened;
        }
        let Some(agent) = self.offered_to(id) else {
            return Verdict::Refused;
        };
        only_if!(*actor == Actor::Agent(agent.clone()));
        if is_accepted {
            self.give(id, &agent);
        } else {
            self.end_offer(id, &agent, true);
            self.fill(&agent);
        }
        Verdict::Happened
    }

    /// It goes to somebody else, or waits; to the exclusive agent again only if it was not they who left it.
    fn end_offer(&mut self, id: ConversationId, agent: &AgentId, is_left: bool) {
        let talk = self.talks.iter_mut().find(|talk| talk.id == id).expect("it is open");
        let Place::Offered { since, .. } = talk.place else { panic!("{id} is not offered") };
        talk.place = nowhere(since);
        if is_left {
            talk.declined.push(agent.clone());
        }
        self.route(id, since, Some(agent));
    }

    fn withdraw(&mut self, agent: &AgentId, which: impl Fn(&Self, &Talk) -> bool) {
        for id in self.offers(agent) {
            if which(self, self.talk(id).expect("it is open")) {
                self.end_offer(id, agent, false);
            }
        }
    }

    fn queue(&mut self, id: ConversationId, since: Timestamp, kept: Option<(AgentId, Option<Timestamp>)>) {
        self.turns_queued += 1;
        let turn = self.turns_queued;
        let talk = self.talk(id).expect("it is open");
        let routing = &self.routings[&talk.campaign];
        let priority = talk.needs.priority.unwrap_or(routing.priority);
        let leaves = routing.overflow.as_ref().filter(|to| kept.is_none() && works_on(&to.campaign, talk));
        let campaign = talk.campaign.clone();
        let begins = self.closed_until(&campaign).unwrap_or(self.now);
        let overflow = leaves.map(|to| (begins.plus(seconds(to.after_seconds)), to.campaign.clone()));
        self.set_place(id, Place::Waiting { since, turn, priority, kept, overflow });
        if let Some(opens_at) = self.opens_after(&campaign) {
            self.route_again(&campaign, opens_at);
        }
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
        let is_there = |agent: &AgentId| self.serves(agent, talk) && !talk.declined.contains(agent);
        if let Some(agent) = exclusive.filter(is_there) {
            let opens_at = self.closed_until(&talk.campaign);
            let begins = opens_at.unwrap_or(self.now);
            if opens_at.is_none() && giver != Some(&agent) && self.has_room_for(&agent, talk) {
                return self.give_or_offer(talk.id, &agent, since);
            }
            match wait_in(&talk.campaign) {
                ExclusiveWait::Seconds(0) if opens_at.is_none() => {}
                ExclusiveWait::Seconds(seconds) => {
                    let until = begins.plus(self::seconds(seconds));
                    return self.queue(talk.id, since, Some((agent, Some(until))));
                }
                ExclusiveWait::Forever => return self.queue(talk.id, since, Some((agent, None))),
            }
        }
        if !self.assign_by_policy(talk.id, since, giver) {
            self.queue(talk.id, since, None);
        }
    }

    fn assign_by_policy(&mut self, id: ConversationId, since: Timestamp, giver: Option<&AgentId>) -> bool {
        let talk = self.talk(id).expect("it is open").clone();
        if self.is_closed(&talk.campaign) {
            return false;
        }
        let policy = self.routings[&talk.campaign].policy;
        let mut free: Vec<AgentId> = self.people.keys().cloned().collect();
        free.retain(|agent| {
            giver != Some(agent)
                && self.serves(agent, &talk)
                && self.has_room_for(agent, &talk)
                && self.can_do(agent, &talk)
        });
        let idle_since = |agent: &AgentId| self.people[agent].idle_since;
        let best = match policy {
            RoutingPolicy::Manual => None,
            RoutingPolicy::LongestIdle => {
                free.into_iter().min_by_key(|agent| (idle_since(agent), agent.clone()))
            }
            RoutingPolicy::MostRoom => free.into_iter().min_by_key(|agent| {
                let room = usize::from(self.people[agent].definition.capacity) - self.load(agent);
                (usize::MAX - room, idle_since(agent), agent.clone())
            }),
            RoutingPolicy::RoundRobin => {
                let last = self.last.get(&talk.campaign);
                let is_later = |agent: &&AgentId| last.is_none_or(|last| *agent > last);
                free.iter().find(is_later).or(free.first()).cloned()
            }
        };
        let Some(agent) = best else {
            return false;
        };
        if policy == RoutingPolicy::RoundRobin {
            self.last.insert(talk.campaign.clone(), agent.clone());
        }
        self.give_or_offer(id, &agent, since);
        true
    }

    /// What waits for anybody in a campaign, the first ones first.
    fn waiting_in(&self, campaign: &CampaignId) -> Vec<(Timestamp, ConversationId)> {
        let mut waiting = Vec::new();
        for talk in self.open().filter(|talk| talk.campaign == *campaign) {
            if let Place::Waiting { since, turn, priority, kept: None, .. } = &talk.place {
                waiting.push((u8::MAX - priority, *since, *turn, talk.id));
            }
        }
        waiting.sort_unstable();
        waiting.into_iter().map(|(_, since, _, id)| (since, id)).collect()
    }

    fn define_campaign(&mut self, campaign: &CampaignDefined) -> Verdict {
        let id = &campaign.campaign;
        if self.routings.get(id) == Some(&campaign.routing) && self.timing_of(id) == campaign.timing {
            return Verdict::Nothing;
        }
        self.routings.insert(id.clone(), campaign.routing.clone());
        self.timings.insert(id.clone(), campaign.timing.clone());
        if self.has_waiting(id) {
            self.route_again(id, self.now);
        }
        Verdict::Happened
    }

    pub(super) fn routing_of(&self, campaign: &CampaignId) -> Routing {
        self.routings.get(campaign).cloned().unwrap_or_default()
    }

    fn has_waiting(&self, campaign: &CampaignId) -> bool {
        !self.waiting_in(campaign).is_empty() || !self.kept(|talk, _| talk.campaign == *campaign).is_empty()
    }

    /// At the earliest of the times.
    fn route_again(&mut self, campaign: &CampaignId, at: Timestamp) {
        let before = self.unrouted.get(campaign).copied();
        self.unrouted.insert(campaign.clone(), before.map_or(at, |before| before.min(at)));
    }

    fn route_queue(&mut self, campaign: &CampaignId) -> Verdict {
        if self.unrouted.get(campaign).is_none_or(|at| *at > self.now) {
            return Verdict::Nothing;
        }
        self.unrouted.remove(campaign);
        let agents: Vec<AgentId> = self.people.keys().cloned().collect();
        for agent in agents.iter().filter(|_| !self.is_closed(campaign)).collect::<Vec<_>>() {
            for (since, id) in self.kept(|talk, whose| whose == agent && talk.campaign == *campaign) {
                if self.has_room_for(agent, self.talk(id).expect("it waits")) {
                    self.give_or_offer(id, agent, since);
                }
            }
        }
        for (since, id) in self.waiting_in(campaign) {
            self.assign_by_policy(id, since, None);
        }
        if let Some(opens_at) = self.opens_after(campaign).filter(|_| self.has_waiting(campaign)) {
            self.route_again(campaign, opens_at);
        }
        Verdict::Happened
    }

    fn set_needs(&mut self, actor: &Actor, id: ConversationId, needs: &Needs) -> Verdict {
        let Some(talk) = self.talk(id).cloned() else {
            return Verdict::Refused;
        };
        only_if!(self.holds(actor, id) || self.supervises(actor));
        if talk.needs == *needs {
            return Verdict::Nothing;
        }
        self.talks.iter_mut().find(|talk| talk.id == id).expect("it is open").needs = needs.clone();
        if let Place::Waiting { since, kept, .. } = talk.place
            && (kept.is_some() || !self.assign_by_policy(id, since, None))
        {
            self.queue(id, since, kept);
        }
        Verdict::Happened
    }

    /// Whatever waits and they can take, what is kept for them first, then by waiting time.
    fn fill(&mut self, agent: &AgentId) {
        while self.has_room(agent) {
            let mut waiting = Vec::new();
            let takes = |talk: &&Talk| {
                self.serves(agent, talk) && self.has_room_for(agent, talk) && !self.is_closed(&talk.campaign)
            };
            for talk in self.open().filter(takes) {
                let is_routed = self.routings[&talk.campaign].policy != RoutingPolicy::Manual;
                match &talk.place {
                    Place::Waiting { since, turn, priority, kept: None, .. }
                        if is_routed && self.can_do(agent, talk) =>
                    {
                        waiting.push((true, u8::MAX - priority, *since, *turn, talk.id));
                    }
                    Place::Waiting { since, turn, priority, kept: Some((whose, _)), .. }
                        if whose == agent =>
                    {
                        waiting.push((false, u8::MAX - priority, *since, *turn, talk.id));
                    }
                    Place::Waiting { .. } | Place::With { .. } | Place::Offered { .. } | Place::Over => {}
                }
            }
            let Some((_, _, since, _, id)) = waiting.into_iter().min() else {
                return;
            };
            self.give_or_offer(id, agent, since);
        }
    }

    fn define(&mut self, definition: &AgentDefined) -> Verdict {
        let id = &definition.agent;
        let definition = definition.clone();
        match self.people.get_mut(id) {
            Some(person) if person.definition == definition => return Verdict::Nothing,
            Some(person) => person.definition = definition,
            None => {
                let (presence, connection) = (Presence::Offline, Connection::None);
                let (after_work, idle_since) = (Vec::new(), self.now);
                let person = Person { definition, presence, connection, after_work, idle_since };
                self.people.insert(id.clone(), person);
            }
        }
        self.withdraw(id, |model, talk| !model.serves(id, talk));
        self.ask_no_more(id, |model, talk| !model.serves(id, talk));
        self.fill(id);
        if self.people[id].definition.role == Role::Auditor {
            self.release(id, false);
        }
        for (since, id) in self.kept(|talk, whose| whose == id && !self.serves(id, talk)) {
            let talk = self.talk(id).expect("it waits").clone();
            self.route_to(&talk, since, None, None);
        }
        Verdict::Happened
    }

    /// Those kept conversations, in order.
    fn kept(&self, which: impl Fn(&Talk, &AgentId) -> bool) -> Vec<(Timestamp, ConversationId)> {
        let mut found = Vec::new();
        for talk in self.open() {
            match &talk.place {
                Place::Waiting { since, turn, priority, kept: Some((whose, _)), .. }
                    if which(talk, whose) =>
                {
                    found.push((u8::MAX - priority, *since, *turn, talk.id));
                }
                Place::Waiting { .. } | Place::With { .. } | Place::Offered { .. } | Place::Over => {}
            }
        }
        found.sort_unstable();
        found.into_iter().map(|(_, since, _, id)| (since, id)).collect()
    }

    fn change_presence(&mut self, actor: &Actor, agent: &AgentId, presence: &Presence) -> Verdict {
        let themselves = *actor == Actor::Agent(agent.clone()) && self.role(actor) != Some(Role::Auditor);
        only_if!(themselves || self.supervises(actor));
        let person = self.people.get_mut(agent).expect("a known agent");
        let is_lost = matches!(person.connection, Connection::Lost { .. });
        if person.presence == *presence && !is_lost {
            return Verdict::Nothing;
        }
        if is_lost {
            person.connection = Connection::None;
        }
        person.presence = presence.clone();
        match presence {
            Presence::Online => {
                person.idle_since = self.now;
                self.fill(agent);
            }
            Presence::Away { .. } => {
                self.withdraw(agent, |_, _| true);
                self.ask_no_more(agent, |_, _| true);
            }
            Presence::Offline => {
                person.after_work.clear();
                self.withdraw(agent, |_, _| true);
                self.ask_no_more(agent, |_, _| true);
                self.release(agent, true);
            }
        }
        Verdict::Happened
    }

    fn connection(&mut self, agent: &AgentId, is_connected: bool) -> Verdict {
        let person = self.people.get_mut(agent).expect("a known agent");
        let was_lost = matches!(person.connection, Connection::Lost { .. });
        match (person.connection == Connection::Live, is_connected) {
            (true, true) | (false, false) => return Verdict::Nothing,
            (false, true) => person.connection = Connection::Live,
            (true, false) if person.presence == Presence::Offline => person.connection = Connection::None,
            (true, false) => {
                let until = self.now.plus(seconds(schemas::limits::GRACE_SECONDS_DEFAULT));
                person.connection = Connection::Lost { until };
            }
        }
        if was_lost {
            self.fill(agent);
        }
        Verdict::Happened
    }

    /// They did not come back in time.
    fn give_up(&mut self, agent: &AgentId) -> Verdict {
        let person = self.people.get_mut(agent).expect("a known agent");
        match person.connection {
            Connection::Lost { until } if until <= self.now => {}
            Connection::None | Connection::Live | Connection::Lost { .. } => return Verdict::Nothing,
        }
        person.connection = Connection::None;
        person.presence = Presence::Offline;
        person.after_work.clear();
        self.withdraw(agent, |_, _| true);
        self.ask_no_more(agent, |_, _| true);
        let mut held = Vec::new();
        for (turn, id) in self.holding(agent).into_iter().enumerate() {
            held.push((self.talk(id).expect("it is held").opened_at, turn, id));
        }
        held.sort_unstable();
        for (opened_at, _, id) in held {
            let absence = self.talk(id).expect("it is held").campaign.clone();
            if self.goes_back(id) {
                continue;
            }
            if centre::absence(absence.as_str()) == Absence::Keep {
                self.still_lent.retain(|(_, lent)| *lent != id);
                continue;
            }
            let released = self.talks.iter_mut().find(|talk| talk.id == id).expect("it is open");
            (released.taken_from, released.asked) = (None, None);
            let talk = self.talk(id).expect("it is held").clone();
            let exclusive = self.exclusive.get(&(talk.contact, talk.campaign.clone())).cloned();
            match centre::absence(talk.campaign.as_str()) {
                Absence::Keep => {}
                Absence::Queue => {
                    let another = exclusive.filter(|other| other != agent);
                    self.route_to(&talk, opened_at, Some(agent), another);
                }
                Absence::ExclusiveWait => {
                    self.route_to(&talk, opened_at, Some(agent), Some(agent.clone()));
                }
            }
        }
        self.fill_lenders();
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
            if self.goes_back(id) {
                continue;
            }
            let released = self.talks.iter_mut().find(|talk| talk.id == id).expect("it is open");
            (released.taken_from, released.asked) = (None, None);
            let talk = self.talk(id).expect("it is held").clone();
            let exclusive = self.exclusive.get(&(talk.contact, talk.campaign.clone())).cloned();
            let exclusive = exclusive.filter(|other| comes_back || other != agent);
            self.route_to(&talk, opened_at, Some(agent), exclusive);
        }
        self.fill_lenders();
    }

    /// Who an id is.
    pub(super) fn who(&self, id: ContactId) -> ContactId {
        self.known_as.get(&id).copied().unwrap_or(id)
    }

    /// These are one contact, the first. Gives whose rooms were taken by conversations that end by that, which they
    /// still are until those are filled; nothing if they are one already.
    fn become_one(&mut self, first: ContactId, others: &[ContactId]) -> Option<Vec<AgentId>> {
        let mut freed = Vec::new();
        let mut happened = false;
        let others: Vec<ContactId> = others.iter().map(|id| self.who(*id)).collect();
        for other in others {
            // One of those before may have been the same.
            let other = self.who(other);
            if other == first {
                continue;
            }
            happened = true;
            self.known_as.values_mut().filter(|who| **who == other).for_each(|who| *who = first);
            self.known_as.insert(other, first);
            for campaign in (0..CAMPAIGNS.len()).map(centre::campaign) {
                let (from, to) = ((other, campaign.clone()), (first, campaign));
                let until = self.exclusive_until.remove(&from);
                if let Some(agent) = self.exclusive.remove(&from)
                    && !self.exclusive.contains_key(&to)
                {
                    self.exclusive.insert(to.clone(), agent);
                    self.exclusive_until.extend(until.map(|until| (to, until)));
                }
            }
            self.talks.iter_mut().filter(|talk| talk.contact == other).for_each(|talk| talk.contact = first);
        }
        for channel in (0..CHANNELS.len()).map(centre::channel) {
            let is_one = |talk: &&Talk| talk.contact == first && talk.channel == channel;
            let mut open: Vec<_> = self
                .open()
                .filter(is_one)
                .map(|talk| (self.holder(talk.id).is_none(), talk.opened_at, talk.id))
                .collect();
            open.sort_unstable();
            let goes_on = open.first().map(|(.., id)| *id);
            for (.., ended) in open.into_iter().skip(1) {
                let talk = self.talk(ended).expect("it is open").clone();
                self.owes(goes_on.expect("one goes on"), &talk);
                let placed = self.holder(ended).or(self.offered_to(ended));
                let others = talk.taken_from.clone().into_iter().chain(whom(&talk));
                for agent in placed.into_iter().chain(others) {
                    self.still_lent.push((agent.clone(), ended));
                    freed.push(agent);
                }
                self.set_place(ended, Place::Over);
            }
        }
        freed.sort_unstable();
        freed.dedup();
        happened.then_some(freed)
    }

    fn fill_freed(&mut self, freed: Option<Vec<AgentId>>) -> Verdict {
        self.still_lent.clear();
        let Some(freed) = freed else {
            return Verdict::Nothing;
        };
        freed.iter().for_each(|agent| self.fill(agent));
        Verdict::Happened
    }

    fn change_identity(&mut self, change: &IdentityChange) -> Verdict {
        let ((from_id, from), (to_id, to)) = (&change.from, &change.to);
        only_if!(from != to);
        let contact = self.who(*from_id);
        let freed = self.become_one(contact, &[*to_id]);
        let kind = centre::kind(change.channel.as_str());
        let mut is_moved = false;
        for talk in self.talks.iter_mut().filter(|talk| talk.place != Place::Over) {
            let is_there = centre::kind(talk.channel.as_str()) == kind && talk.address == *from;
            if talk.contact == contact && is_there {
                talk.address.clone_from(to);
                is_moved = true;
            }
        }
        match self.fill_freed(freed) {
            Verdict::Nothing if is_moved => Verdict::Happened,
            verdict => verdict,
        }
    }

    fn receive(&mut self, command: CommandId, message: &InboundMessage) -> Verdict {
        let (contact, channel) = (self.who(message.contact), &message.channel);
        let also: Vec<ContactId> = message.also.iter().map(|(id, _)| *id).collect();
        let freed = self.become_one(contact, &also);
        let id = self.take_in(command, contact, channel, &message.identity);
        self.heard(id, command);
        self.fill_freed(freed);
        Verdict::Happened
    }

    /// The open one, or a new one.
    fn take_in(
        &mut self,
        command: CommandId,
        contact: ContactId,
        channel: &ChannelId,
        address: &str,
    ) -> ConversationId {
        let open = self.open().find(|talk| talk.contact == contact && talk.channel == *channel);
        if let Some(open) = open {
            return open.id;
        }
        let id = ConversationId::from(MessageId::from(command));
        let entry = CHANNELS.iter().find(|(id, _)| *id == channel.as_str()).expect("a channel").1;
        self.talks.push(Talk {
            id,
            contact,
            address: address.to_owned(),
            channel: channel.clone(),
            campaign: CampaignId::new(entry).expect("a good id"),
            needs: Needs::default(),
            declined: Vec::new(),
            taken_from: None,
            asked: None,
            opened_at: self.now,
            waits: Waits::default(),
            place: nowhere(self.now),
        });
        self.route(id, self.now, None);
        id
    }

    fn can_take(&self, agent: &AgentId, talk: &Talk) -> bool {
        let whose = [self.offered_to(talk.id), talk.taken_from.clone(), whom(talk)];
        let is_theirs = whose.contains(&Some(agent.clone()));
        self.people.contains_key(agent)
            && self.serves(agent, talk)
            && (self.has_room_for(agent, talk) || is_theirs && self.is_there(agent))
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
            Place::Offered { agent: whose, .. } => whose == agent,
            Place::Waiting { kept, .. } => kept.as_ref().is_none_or(|(whose, _)| whose == agent),
        };
        let placed = before.or(self.offered_to(id)).filter(|placed| placed != agent);
        let others = talk.taken_from.iter().cloned().chain(whom(&talk)).filter(|other| other != agent);
        only_if!(self.supervises(actor) || (*actor == Actor::Agent(agent.clone()) && free));
        only_if!(self.can_take(agent, &talk));
        self.give(id, agent);
        for freed in placed.into_iter().chain(others) {
            self.fill(&freed);
        }
        Verdict::Happened
    }

    fn transfer(&mut self, actor: &Actor, id: ConversationId, to: &TransferTarget) -> Verdict {
        let Some(talk) = self.talk(id).cloned() else {
            return Verdict::Refused;
        };
        only_if!(self.holds(actor, id) || self.supervises(actor));
        let held = self.holder(id);
        let giver = held.clone().or(self.offered_to(id));
        match to {
            TransferTarget::Agent(agent) => {
                only_if!(held.as_ref() != Some(agent) && self.can_take(agent, &talk));
                self.give(id, agent);
                let asked = whom(&talk);
                let freed = giver.into_iter().chain(talk.taken_from).chain(asked);
                for freed in freed.filter(|freed| freed != agent) {
                    self.fill(&freed);
                }
                return Verdict::Happened;
            }
            TransferTarget::Campaign(campaign) => {
                only_if!(*campaign != talk.campaign && works_on(campaign, &talk));
                let moved = self.talks.iter_mut().find(|talk| talk.id == id).expect("it is open");
                moved.campaign = campaign.clone();
                self.changed_campaign(id);
                let moved = self.talks.iter_mut().find(|talk| talk.id == id).expect("it is open");
                // Whom it was taken over from has room again only after it has found its place.
                // Out of the giver's hands before anything else is looked at.
                moved.place = nowhere(self.now);
                let moved = moved.clone();
                let exclusive = self.exclusive.get(&(talk.contact, campaign.clone())).cloned();
                let asked = whom(&talk);
                let whose = [giver.as_ref(), talk.taken_from.as_ref(), asked.as_ref()];
                match exclusive {
                    Some(own)
                        if whose.contains(&Some(&own))
                            && self.serves(&own, &moved)
                            && self.is_there(&own) =>
                    {
                        self.give(id, &own);
                    }
                    Some(_) | None => self.route(id, self.now, giver.as_ref()),
                }
            }
        }
        let asked = whom(&talk);
        for freed in giver.into_iter().chain(talk.taken_from).chain(asked) {
            self.fill(&freed);
        }
        Verdict::Happened
    }

    fn finish(&mut self, actor: &Actor, id: ConversationId) -> Verdict {
        only_if!(self.talk(id).is_some() && (self.holds(actor, id) || self.supervises(actor)));
        let campaign = self.talk(id).expect("it is open").campaign.clone();
        let own = self.holder(id).filter(|holder| *actor == Actor::Agent(holder.clone()));
        let holder = self.holder(id).or(self.offered_to(id));
        let talk = self.talk(id).expect("it is open");
        let others: Vec<AgentId> = talk.taken_from.clone().into_iter().chain(whom(talk)).collect();
        self.set_place(id, Place::Over);
        if let Some(agent) = own.filter(|_| campaign.as_str() == "billing") {
            let until = self.now.plus(seconds(10));
            let person = self.people.get_mut(&agent).expect("a known agent");
            if person.presence != Presence::Offline {
                person.after_work.push((id, until));
                others.iter().for_each(|freed| self.fill(freed));
                return Verdict::Happened;
            }
        }
        for freed in holder.into_iter().chain(others) {
            self.fill(&freed);
        }
        Verdict::Happened
    }

    fn set_exclusive(
        &mut self,
        contact: ContactId,
        campaign: &CampaignId,
        agent: &AgentId,
        until: Option<Timestamp>,
    ) -> Verdict {
        let definition = &self.people[agent].definition;
        only_if!(definition.campaigns.contains(campaign) && definition.role != Role::Auditor);
        only_if!(until.is_none_or(|until| until > self.now));
        let key = (contact, campaign.clone());
        let before = self.exclusive.insert(key.clone(), agent.clone());
        let until_before = match until {
            Some(until) => self.exclusive_until.insert(key, until),
            None => self.exclusive_until.remove(&key),
        };
        if before.as_ref() == Some(agent) && until_before == until {
            return Verdict::Nothing;
        }
        self.route_kept_again(contact, campaign);
        Verdict::Happened
    }

    fn expire(&mut self, contact: ContactId, campaign: &CampaignId) -> Verdict {
        match self.exclusive_until.get(&(contact, campaign.clone())) {
            Some(until) if *until <= self.now => self.remove_exclusive(contact, campaign),
            Some(_) | None => Verdict::Nothing,
        }
    }

    fn remove_exclusive(&mut self, contact: ContactId, campaign: &CampaignId) -> Verdict {
        only_if!(self.exclusive.remove(&(contact, campaign.clone())).is_some());
        self.exclusive_until.remove(&(contact, campaign.clone()));
        self.route_kept_again(contact, campaign);
        Verdict::Happened
    }

    fn route_kept_again(&mut self, contact: ContactId, campaign: &CampaignId) {
        let kept = self.kept(|talk, _| talk.contact == contact && talk.campaign == *campaign);
        for (since, id) in kept {
            self.route(id, since, None);
        }
    }

    fn end_wait(&mut self, id: ConversationId, command: CommandId) -> Verdict {
        let Some(talk) = self.talk(id).cloned() else {
            return Verdict::Nothing;
        };
        if talk.asked.as_ref().is_some_and(|(_, until)| *until <= self.now) {
            return self.end_question(id);
        }
        match talk.place {
            Place::Waiting { since, kept: Some((ref agent, Some(until))), .. } if until <= self.now => {
                let is_there = self.serves(agent, &talk) && self.has_room_for(agent, &talk);
                if is_there && !self.is_closed(&talk.campaign) {
                    self.give_or_offer(id, agent, since);
                } else {
                    self.route_to(&talk, since, None, None);
                }
                Verdict::Happened
            }
            Place::Waiting { since, overflow: Some((at, campaign)), .. } if at <= self.now => {
                self.talks.iter_mut().find(|talk| talk.id == id).expect("it is open").campaign = campaign;
                self.changed_campaign(id);
                self.route(id, since, None);
                Verdict::Happened
            }
            Place::Offered { agent, until, .. } if until <= self.now => {
                let person = self.people.get_mut(&agent).expect("a known agent");
                person.presence = Presence::Away { reason: NOT_RESPONDING.into() };
                if matches!(person.connection, Connection::Lost { .. }) {
                    person.connection = Connection::None;
                }
                self.end_offer(id, &agent, true);
                self.withdraw(&agent, |_, _| true);
                self.ask_no_more(&agent, |_, _| true);
                Verdict::Happened
            }
            Place::Waiting { .. } | Place::With { .. } | Place::Offered { .. } | Place::Over => {
                self.time_passes(&talk, command)
            }
        }
    }

    /// Nobody has it any more.
    pub(super) fn close(&mut self, talk: &Talk) {
        let (holder, lender) = (self.holder(talk.id), talk.taken_from.clone());
        self.set_place(talk.id, Place::Over);
        for freed in holder.into_iter().chain(lender).chain(whom(talk)) {
            self.fill(&freed);
        }
    }
}

/// Who is asked whether they take it over.
pub(super) fn whom(talk: &Talk) -> Option<AgentId> {
    talk.asked.as_ref().map(|(agent, _)| agent.clone())
}

/// Between two places.
fn nowhere(since: Timestamp) -> Place {
    Place::Waiting { since, turn: 0, priority: 0, kept: None, overflow: None }
}

fn seconds(seconds: u32) -> std::time::Duration {
    std::time::Duration::from_secs(seconds.into())
}

fn works_on(campaign: &CampaignId, talk: &Talk) -> bool {
    CAMPAIGNS.iter().any(|c| c.0 == campaign.as_str() && c.1.contains(&talk.channel.as_str()))
}

fn wait_in(campaign: &CampaignId) -> ExclusiveWait {
    let found = CAMPAIGNS.iter().find(|(id, ..)| *id == campaign.as_str());
    found.expect("a campaign of the model").2
}
