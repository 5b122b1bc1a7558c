//! The model: who has which conversation, told as plainly as possible. It keeps lists and looks through all of them
//! every time; nothing of it is taken from the domain.

use std::collections::BTreeMap;

use engine::domain::Connection;
use schemas::command::{Due, InboundMessage};
use schemas::event::{AgentDefined, NoteKind};
use schemas::limits::{
    CONTENT_BYTES_MAX, IDENTITY_BYTES_MAX, NOTE_CHARS_MAX, PRIORITY_MAX, PROVIDER_ID_BYTES_MAX,
    TEXT_CHARS_MAX,
};
use schemas::masters::NOT_RESPONDING;
use schemas::{
    Absence, Actor, AgentId, CampaignId, ChannelId, Command, CommandId, ContactId, Content, ConversationId,
    DispositionId, ExclusiveWait, MessageId, Needs, Presence, Role, RoutingPolicy, Timestamp, TransferTarget,
};

use crate::contacts::check_also;
use crate::delivery::Messages;
use crate::masters::{Masters, check_skills, is_network_id, is_text};
use crate::questions::whom;
use crate::timing::Waits;

/// What comes of a command.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// With this code.
    Refused(&'static str),
    /// It is so already.
    Nothing,
    Happened,
}

#[derive(Debug, Clone)]
pub struct Person {
    pub definition: AgentDefined,
    pub presence: Presence,
    pub connection: Connection,
    /// After which conversations they still have something to do, and until when.
    pub after_work: Vec<(ConversationId, Timestamp)>,
    pub idle_since: Timestamp,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Place {
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
pub struct Talk {
    pub id: ConversationId,
    pub contact: ContactId,
    /// Where what is sent goes.
    pub address: String,
    pub channel: ChannelId,
    pub campaign: CampaignId,
    pub needs: Needs,
    pub declined: Vec<AgentId>,
    /// From whom the supervisor who has it took it over.
    pub taken_from: Option<AgentId>,
    /// Who is asked whether they take it over, and until when.
    pub asked: Option<(AgentId, Timestamp)>,
    pub opened_at: Timestamp,
    pub waits: Waits,
    pub place: Place,
}

#[derive(Debug, Clone, Default)]
pub struct Reference {
    pub people: BTreeMap<AgentId, Person>,
    /// Those that are open, in the order in which they were opened.
    pub talks: Vec<Talk>,
    /// Those that are over.
    pub finished: Vec<Talk>,
    pub exclusive: BTreeMap<(ContactId, CampaignId), AgentId>,
    /// Until when, where it ends.
    pub exclusive_until: BTreeMap<(ContactId, CampaignId), Timestamp>,
    /// Ids that turned out to be another contact, with who that is now.
    pub known_as: BTreeMap<ContactId, ContactId>,
    pub(crate) masters: Masters,
    /// Campaigns whose queue is looked through again, and when.
    pub unrouted: BTreeMap<CampaignId, Timestamp>,
    /// Released just now, and counted with those it was taken over from until all are.
    pub(crate) still_lent: Vec<(AgentId, ConversationId)>,
    /// Whom a campaign that goes by turns gave to last.
    last: BTreeMap<CampaignId, AgentId>,
    pub messages: Messages,
    turns_given: u64,
    turns_queued: u64,
    pub(crate) now: Timestamp,
}

/// Refuses with this code unless this holds.
macro_rules! only_if {
    ($condition:expr, $code:literal) => {
        if !$condition {
            return Verdict::Refused($code);
        }
    };
}
pub(crate) use only_if;

/// What a question comes to, unless it is refused.
macro_rules! or_refused {
    ($asked:expr) => {
        match $asked {
            Ok(answer) => answer,
            Err(code) => return Verdict::Refused(code),
        }
    };
}
pub(crate) use or_refused;

/// Why not.
pub(crate) type Code = &'static str;

impl Reference {
    /// What comes of a command, and all its consequences. One that is refused changes nothing.
    pub fn take(&mut self, actor: &Actor, command: &Command, id: CommandId, now: Timestamp) -> Verdict {
        self.now = now;
        only_if!(
            self.masters.is_created || matches!(command, Command::CreateWorkspace(_)),
            "unknown_workspace"
        );
        let verdict = self.dispatch(actor, command, id);
        let (over, open) = self.talks.drain(..).partition(|talk| talk.place == Place::Over);
        self.talks = open;
        self.finished.extend::<Vec<_>>(over);
        verdict
    }

    fn dispatch(&mut self, actor: &Actor, command: &Command, id: CommandId) -> Verdict {
        match command {
            Command::CreateWorkspace(created) => self.create(actor, created),
            Command::DefineClient(client) => self.define_client(actor, client),
            Command::DefineProject(project) => self.define_project(actor, project),
            Command::DefineChannel(channel) => self.define_channel(actor, channel),
            Command::DefineDisposition(disposition) => self.define_disposition(actor, disposition),
            Command::DefineSettings(settings) => self.define_settings(actor, settings),
            Command::DefineCampaign(campaign) => self.define_campaign(actor, campaign),
            Command::DefineAgent(definition) => self.define(actor, definition),
            Command::ChangePresence { agent, presence } => self.change_presence(actor, agent, presence),
            Command::ReportConnection { agent, is_connected } => self.connection(actor, agent, *is_connected),
            Command::ReceiveMessage(message) => self.receive(actor, id, message),
            Command::Assign { conversation, agent } => self.assign(actor, *conversation, agent),
            Command::AcceptOffer { conversation } => self.answer_offer(actor, *conversation, true),
            Command::DeclineOffer { conversation } => self.answer_offer(actor, *conversation, false),
            Command::Transfer { conversation, to, note } => self.transfer(actor, *conversation, to, note),
            Command::OfferTransfer { conversation, agent, note } => {
                self.offer_transfer(actor, *conversation, agent, note)
            }
            Command::WithdrawTransfer { conversation } => self.withdraw_transfer(actor, *conversation),
            Command::DefineText(text) => self.define_text(actor, text),
            Command::RemoveText(text) => self.remove_text(actor, text),
            Command::MergeContacts { contact, other } => self.merge_contacts(actor, *contact, *other),
            Command::ChangeIdentity(change) => self.change_identity(actor, change),
            Command::UpdateContact { set, .. } => self.update_contact(actor, set),
            Command::AddContactNote { text, .. } => self.add_contact_note(actor, text),
            Command::TakeOver { conversation } => self.take_over(actor, *conversation),
            Command::GiveBack { conversation } => self.give_back(actor, *conversation),
            Command::Finish { conversation, disposition, sub_disposition } => {
                self.finish(actor, *conversation, disposition, sub_disposition.as_ref())
            }
            Command::EndAfterWork { conversation, agent } => {
                only_if!(self.people.contains_key(agent), "unknown_agent");
                only_if!(self.is_self_or_supervises(actor, agent), "forbidden");
                self.end_after_work(agent, *conversation)
            }
            Command::SetNeeds { conversation, needs } => self.set_needs(actor, *conversation, needs),
            Command::AddNote { conversation, text, kind } => self.add_note(actor, *conversation, text, *kind),
            Command::SetExclusiveAgent { contact, campaign, agent, until } => {
                self.set_exclusive(actor, self.who(*contact), campaign, agent, *until)
            }
            Command::RemoveExclusiveAgent { contact, campaign } => {
                or_refused!(self.may_set_exclusive(actor, campaign));
                self.remove_exclusive(self.who(*contact), campaign)
            }
            Command::PassDeadline(due) => {
                only_if!(*actor == Actor::System, "forbidden");
                self.pass(due, id)
            }
            Command::Send { conversation, content } => self.send(actor, *conversation, content, id),
            Command::BeginAttempt { message } => {
                only_if!(*actor == Actor::System, "forbidden");
                self.messages.begin(*message)
            }
            Command::EndAttempt { message, attempt, result } => {
                only_if!(*actor == Actor::System, "forbidden");
                self.messages.end(*message, *attempt, result)
            }
            Command::Resend { conversation, message } => {
                only_if!(self.talk(*conversation).is_some(), "conversation_not_open");
                only_if!(self.holds(actor, *conversation), "not_assigned_agent");
                self.messages.resend(*conversation, *message)
            }
            Command::Settle { conversation, message, status } => {
                if self.talk(*conversation).is_some() {
                    only_if!(self.holds_or_supervises(actor, *conversation), "not_assigned_agent");
                } else {
                    only_if!(self.supervises(actor), "forbidden");
                }
                self.messages.settle(*conversation, *message, *status)
            }
            Command::RecordReceipt(receipt) => {
                or_refused!(self.may_report(actor, &receipt.channel));
                self.messages.receipt(receipt)
            }
        }
    }

    fn pass(&mut self, due: &Due, command: CommandId) -> Verdict {
        match due {
            Due::Conversation(id) => self.end_wait(*id, command),
            Due::ExclusiveAgent(contact, campaign) => self.expire(*contact, campaign),
            Due::AfterWork(agent, conversation) => {
                let over = |(id, until): &(_, Timestamp)| id == conversation && *until <= self.now;
                if self.people.get(agent).is_some_and(|person| person.after_work.iter().any(over)) {
                    self.end_after_work(agent, *conversation)
                } else {
                    Verdict::Nothing
                }
            }
            Due::Agent(id) => self.give_up(id),
            Due::Campaign(id) => self.route_queue(id),
        }
    }

    fn send(&mut self, actor: &Actor, id: ConversationId, content: &Content, command: CommandId) -> Verdict {
        let Some(talk) = self.talk(id) else {
            return Verdict::Refused("conversation_not_open");
        };
        let channel = talk.channel.clone();
        only_if!(self.holds(actor, id), "not_assigned_agent");
        let Content::Text(text) = content else {
            return Verdict::Refused("content_not_sendable");
        };
        only_if!(!text.trim().is_empty(), "empty_message");
        only_if!(text.chars().count() <= TEXT_CHARS_MAX, "message_too_long");
        self.answered(id);
        self.messages.submit(MessageId::from(command), id, channel)
    }

    fn add_note(&mut self, actor: &Actor, id: ConversationId, text: &str, kind: NoteKind) -> Verdict {
        only_if!(self.talk(id).is_some(), "conversation_not_open");
        match kind {
            NoteKind::Note => only_if!(self.holds_or_supervises(actor, id), "not_assigned_agent"),
            NoteKind::Coaching => only_if!(self.supervises(actor), "forbidden"),
        }
        only_if!(is_text(text, NOTE_CHARS_MAX), "invalid_text");
        Verdict::Happened
    }

    /// When the last command was taken.
    pub fn now(&self) -> Timestamp {
        self.now
    }

    /// The conversation, if it is open.
    pub fn talk(&self, id: ConversationId) -> Option<&Talk> {
        self.open().find(|talk| talk.id == id)
    }

    /// The conversation, over or not.
    fn any_talk(&self, id: ConversationId) -> Option<&Talk> {
        let mut all = self.talks.iter().chain(self.finished.iter().rev());
        all.find(|talk| talk.id == id)
    }

    pub fn open(&self) -> impl Iterator<Item = &Talk> {
        self.talks.iter().filter(|talk| talk.place != Place::Over)
    }

    pub fn holder(&self, id: ConversationId) -> Option<AgentId> {
        match &self.talk(id)?.place {
            Place::With { agent, .. } => Some(agent.clone()),
            Place::Waiting { .. } | Place::Offered { .. } | Place::Over => None,
        }
    }

    /// Who is offered it.
    pub fn offered_to(&self, id: ConversationId) -> Option<AgentId> {
        match &self.talk(id)?.place {
            Place::Offered { agent, .. } => Some(agent.clone()),
            Place::With { .. } | Place::Waiting { .. } | Place::Over => None,
        }
    }

    pub(crate) fn holds_or_supervises(&self, actor: &Actor, id: ConversationId) -> bool {
        self.holds(actor, id) || self.supervises(actor)
    }

    fn is_self_or_supervises(&self, actor: &Actor, agent: &AgentId) -> bool {
        let themselves = *actor == Actor::Agent(agent.clone()) && self.role(actor) != Some(Role::Auditor);
        themselves || self.supervises(actor)
    }

    pub(crate) fn holds(&self, actor: &Actor, id: ConversationId) -> bool {
        self.holder(id).is_some_and(|agent| *actor == Actor::Agent(agent))
    }

    pub(crate) fn role(&self, actor: &Actor) -> Option<Role> {
        match actor {
            Actor::Administrator => Some(Role::Administrator),
            Actor::Agent(id) => self.people.get(id).map(|person| person.definition.role),
            Actor::System | Actor::Channel(_) => None,
        }
    }

    pub(crate) fn supervises(&self, actor: &Actor) -> bool {
        self.role(actor).is_some_and(Role::supervises)
    }

    /// What an agent has, in the order they got it.
    pub fn holding(&self, agent: &AgentId) -> Vec<ConversationId> {
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
    pub fn offers(&self, to: &AgentId) -> Vec<ConversationId> {
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

    /// What was taken over from them.
    pub fn lent(&self, agent: &AgentId) -> Vec<ConversationId> {
        let lent = self.open().filter(|talk| talk.taken_from.as_ref() == Some(agent));
        lent.map(|talk| talk.id).collect()
    }

    fn take_over(&mut self, actor: &Actor, id: ConversationId) -> Verdict {
        only_if!(self.supervises(actor), "forbidden");
        let Actor::Agent(by) = actor else {
            return Verdict::Refused("nobody_takes_over");
        };
        only_if!(self.talk(id).is_some(), "conversation_not_open");
        let Some(from) = self.holder(id) else {
            return Verdict::Refused("attended_by_nobody");
        };
        if from == *by {
            return Verdict::Nothing;
        }
        only_if!(self.talk(id).expect("it is held").taken_from.is_none(), "taken_over_already");
        let asked = whom(self.talk(id).expect("it is held"));
        let has_room = self.load(by) < usize::from(self.people[by].definition.capacity);
        only_if!(asked.as_ref() == Some(by) || has_room, "agent_full");
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
        only_if!(self.supervises(actor), "forbidden");
        let Some(talk) = self.talk(id).cloned() else {
            return Verdict::Refused("conversation_not_open");
        };
        let (Some(to), Some(by)) = (talk.taken_from.clone(), self.holder(id)) else {
            return Verdict::Refused("not_taken_over");
        };
        only_if!(self.serves(&to, &talk), "nobody_to_give_back_to");
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
        only_if!(work.len() < before, "no_after_work");
        self.fill(agent);
        Verdict::Happened
    }

    fn serves(&self, agent: &AgentId, talk: &Talk) -> bool {
        let definition = &self.people[agent].definition;
        definition.role != Role::Auditor
            && definition.campaigns.contains(&talk.campaign)
            && definition.channels.contains(&talk.channel)
    }

    pub(crate) fn is_there(&self, agent: &AgentId) -> bool {
        let person = &self.people[agent];
        person.presence == Presence::Online && !matches!(person.connection, Connection::Lost { .. })
    }

    fn has_room(&self, agent: &AgentId) -> bool {
        self.is_there(agent) && self.load(agent) < usize::from(self.people[agent].definition.capacity)
    }

    fn has_room_for(&self, agent: &AgentId, talk: &Talk) -> bool {
        let of_kind = |channel: &ChannelId| self.masters.channels[channel].kind;
        let kind = of_kind(&talk.channel);
        let done = self.people[agent].after_work.iter().map(|(id, _)| *id);
        let lent = self.still_lent.iter().filter(|(from, _)| from == agent).map(|(_, id)| *id);
        let lent = self.lent(agent).into_iter().chain(lent);
        let all = self.holding(agent).into_iter().chain(self.offers(agent)).chain(done).chain(lent);
        let all = all.chain(self.asked(agent));
        // The finished ones count too.
        let held = all.filter_map(|id| self.any_talk(id));
        let on_kind = held.filter(|held| of_kind(&held.channel) == kind).count();
        let most = self.people[agent].definition.capacity_of.get(&kind);
        self.has_room(agent) && most.is_none_or(|most| on_kind < usize::from(*most))
    }

    fn can_do(&self, agent: &AgentId, talk: &Talk) -> bool {
        let own = &self.people[agent].definition.skills;
        if talk.declined.contains(agent) {
            return false;
        }
        let all = talk.needs.skills.iter().chain(&self.routing(&talk.campaign).skills);
        all.into_iter().all(|(skill, level)| own.get(skill).is_some_and(|own| own >= level))
    }

    pub(crate) fn set_place(&mut self, id: ConversationId, place: Place) {
        let talk = self.talks.iter_mut().find(|talk| talk.id == id).expect("it was opened");
        talk.place = place;
        talk.taken_from = None;
        talk.asked = None;
    }

    pub(crate) fn give(&mut self, id: ConversationId, agent: &AgentId) {
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
        let Some(seconds) = self.routing(campaign).offer_seconds else {
            return self.give(id, agent);
        };
        self.turns_given += 1;
        let (agent, turn) = (agent.clone(), self.turns_given);
        self.people.get_mut(&agent).expect("a known agent").idle_since = self.now;
        let until = self.now.plus(self::seconds(seconds.into()));
        self.set_place(id, Place::Offered { agent, since, until, turn });
    }

    fn answer_offer(&mut self, actor: &Actor, id: ConversationId, is_accepted: bool) -> Verdict {
        only_if!(self.talk(id).is_some(), "conversation_not_open");
        let asked = self.talk(id).and_then(whom).filter(|asked| *actor == Actor::Agent(asked.clone()));
        if let Some(asked) = asked {
            return self.answer_question(id, &asked, is_accepted);
        }
        let Some(agent) = self.offered_to(id) else {
            return Verdict::Refused("not_offered");
        };
        only_if!(*actor == Actor::Agent(agent.clone()), "not_offered");
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
        let routing = &self.routing(&talk.campaign);
        let priority = talk.needs.priority.unwrap_or(routing.priority);
        let leaves = routing
            .overflow
            .as_ref()
            .filter(|to| kept.is_none() && self.works_on(&to.campaign, &talk.channel));
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
            match self.masters.campaigns[&talk.campaign].exclusive_wait {
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
        let policy = self.routing(&talk.campaign).policy;
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

    fn has_waiting(&self, campaign: &CampaignId) -> bool {
        !self.waiting_in(campaign).is_empty() || !self.kept(|talk, _| talk.campaign == *campaign).is_empty()
    }

    /// At the earliest of the times.
    fn route_again(&mut self, campaign: &CampaignId, at: Timestamp) {
        let before = self.unrouted.get(campaign).copied();
        self.unrouted.insert(campaign.clone(), before.map_or(at, |before| before.min(at)));
    }

    /// Whatever waits there is looked through again.
    pub(crate) fn will_route(&mut self, id: &CampaignId) {
        if self.has_waiting(id) {
            self.route_again(id, self.now);
        }
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
            return Verdict::Refused("conversation_not_open");
        };
        only_if!(self.holds_or_supervises(actor, id), "not_assigned_agent");
        or_refused!(check_skills(&needs.skills));
        only_if!(needs.priority.unwrap_or_default() <= PRIORITY_MAX, "priority_too_high");
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
    pub(crate) fn fill(&mut self, agent: &AgentId) {
        while self.has_room(agent) {
            let mut waiting = Vec::new();
            let takes = |talk: &&Talk| {
                self.serves(agent, talk) && self.has_room_for(agent, talk) && !self.is_closed(&talk.campaign)
            };
            for talk in self.open().filter(takes) {
                let is_routed = self.routing(&talk.campaign).policy != RoutingPolicy::Manual;
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

    fn define(&mut self, actor: &Actor, definition: &AgentDefined) -> Verdict {
        or_refused!(self.check_agent(actor, definition));
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
        only_if!(self.people.contains_key(agent), "unknown_agent");
        only_if!(self.is_self_or_supervises(actor, agent), "forbidden");
        if let Presence::Away { reason } = presence {
            let known = &self.masters.settings.away_reasons;
            only_if!(known.iter().any(|known| known.id.as_str() == reason), "unknown_away_reason");
        }
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

    fn connection(&mut self, actor: &Actor, agent: &AgentId, is_connected: bool) -> Verdict {
        only_if!(*actor == Actor::System, "forbidden");
        only_if!(self.people.contains_key(agent), "unknown_agent");
        let person = self.people.get_mut(agent).expect("a known agent");
        let was_lost = matches!(person.connection, Connection::Lost { .. });
        match (person.connection == Connection::Live, is_connected) {
            (true, true) | (false, false) => return Verdict::Nothing,
            (false, true) => person.connection = Connection::Live,
            (true, false) if person.presence == Presence::Offline => person.connection = Connection::None,
            (true, false) => {
                let until = self.now.plus(seconds(self.masters.settings.grace_seconds));
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
            let absence = self.masters.campaigns[&self.talk(id).expect("it is held").campaign].absence;
            if self.goes_back(id) {
                continue;
            }
            if absence == Absence::Keep {
                self.still_lent.retain(|(_, lent)| *lent != id);
                continue;
            }
            let released = self.talks.iter_mut().find(|talk| talk.id == id).expect("it is open");
            (released.taken_from, released.asked) = (None, None);
            let talk = self.talk(id).expect("it is held").clone();
            let exclusive = self.exclusive.get(&(talk.contact, talk.campaign.clone())).cloned();
            match absence {
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

    fn receive(&mut self, actor: &Actor, command: CommandId, message: &InboundMessage) -> Verdict {
        let channel = &message.channel;
        or_refused!(self.may_report(actor, channel));
        only_if!(is_network_id(&message.provider_id, PROVIDER_ID_BYTES_MAX), "invalid_text");
        only_if!(is_network_id(&message.identity, IDENTITY_BYTES_MAX), "invalid_text");
        or_refused!(check_also(&message.also));
        only_if!(message.content.bytes() <= CONTENT_BYTES_MAX, "content_too_large");
        let contact = self.who(message.contact);
        let also: Vec<ContactId> = message.also.iter().map(|(id, _)| *id).collect();
        let all: Vec<ContactId> = also.iter().map(|id| self.who(*id)).chain([contact]).collect();
        let has_open = self.open().any(|talk| talk.channel == *channel && all.contains(&talk.contact));
        let entry = self.entry_of(channel);
        only_if!(has_open || entry.is_some(), "channel_without_campaign");
        let freed = self.become_one(contact, &also);
        let id = self.take_in(command, contact, entry, message);
        self.heard(id, command);
        self.fill_freed(freed);
        Verdict::Happened
    }

    /// The open one, or a new one.
    fn take_in(
        &mut self,
        command: CommandId,
        contact: ContactId,
        entry: Option<CampaignId>,
        InboundMessage { channel, identity, .. }: &InboundMessage,
    ) -> ConversationId {
        let open = self.open().find(|talk| talk.contact == contact && talk.channel == *channel);
        if let Some(open) = open {
            return open.id;
        }
        let id = ConversationId::from(MessageId::from(command));
        self.talks.push(Talk {
            id,
            contact,
            address: identity.clone(),
            channel: channel.clone(),
            campaign: entry.expect("it was looked for"),
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

    /// The first condition that is not met for the agent to be given it.
    pub(crate) fn can_take(&self, agent: &AgentId, talk: &Talk) -> Result<(), Code> {
        let definition = &self.people[agent].definition;
        let whose = [self.offered_to(talk.id), talk.taken_from.clone(), whom(talk)];
        let is_theirs = whose.contains(&Some(agent.clone()));
        if !definition.campaigns.contains(&talk.campaign) {
            Err("agent_not_in_campaign")
        } else if !definition.channels.contains(&talk.channel) {
            Err("agent_not_on_channel")
        } else if !self.serves(agent, talk) {
            Err("agent_does_not_attend")
        } else if !self.is_there(agent) {
            Err("agent_not_online")
        } else if is_theirs {
            Ok(())
        } else if !self.has_room(agent) {
            Err("agent_full")
        } else if !self.has_room_for(agent, talk) {
            Err("agent_full_on_kind")
        } else {
            Ok(())
        }
    }

    fn assign(&mut self, actor: &Actor, id: ConversationId, agent: &AgentId) -> Verdict {
        let role = self.role(actor);
        only_if!(matches!(role, Some(Role::Agent | Role::Supervisor | Role::Administrator)), "forbidden");
        let Some(talk) = self.talk(id).cloned() else {
            return Verdict::Refused("conversation_not_open");
        };
        only_if!(self.people.contains_key(agent), "unknown_agent");
        let before = self.holder(id);
        if before.as_ref() == Some(agent) {
            return Verdict::Nothing;
        }
        if !self.supervises(actor) {
            only_if!(*actor == Actor::Agent(agent.clone()), "forbidden");
            match &talk.place {
                Place::With { .. } => return Verdict::Refused("already_assigned"),
                Place::Waiting { kept: Some((whose, _)), .. } if whose != agent => {
                    return Verdict::Refused("reserved_for_exclusive_agent");
                }
                Place::Offered { agent: whose, .. } if whose != agent => {
                    return Verdict::Refused("offered_to_another");
                }
                Place::Waiting { .. } | Place::Offered { .. } | Place::Over => {}
            }
        }
        or_refused!(self.can_take(agent, &talk));
        let placed = before.or(self.offered_to(id)).filter(|placed| placed != agent);
        let others = talk.taken_from.iter().cloned().chain(whom(&talk)).filter(|other| other != agent);
        self.give(id, agent);
        for freed in placed.into_iter().chain(others) {
            self.fill(&freed);
        }
        Verdict::Happened
    }

    fn transfer(&mut self, actor: &Actor, id: ConversationId, to: &TransferTarget, note: &str) -> Verdict {
        let Some(talk) = self.talk(id).cloned() else {
            return Verdict::Refused("conversation_not_open");
        };
        only_if!(self.holds_or_supervises(actor, id), "not_assigned_agent");
        only_if!(!note.trim().is_empty(), "note_required");
        only_if!(is_text(note, NOTE_CHARS_MAX), "invalid_text");
        let held = self.holder(id);
        let giver = held.clone().or(self.offered_to(id));
        match to {
            TransferTarget::Agent(agent) => {
                only_if!(self.people.contains_key(agent), "unknown_agent");
                only_if!(held.as_ref() != Some(agent), "transfer_to_self");
                or_refused!(self.can_take(agent, &talk));
                self.give(id, agent);
                let asked = whom(&talk);
                let freed = giver.into_iter().chain(talk.taken_from).chain(asked);
                for freed in freed.filter(|freed| freed != agent) {
                    self.fill(&freed);
                }
                return Verdict::Happened;
            }
            TransferTarget::Campaign(campaign) => {
                or_refused!(self.can_go_to(campaign, &talk));
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
                            && self.is_there(&own)
                            && !self.is_closed(campaign) =>
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

    fn finish(
        &mut self,
        actor: &Actor,
        id: ConversationId,
        disposition: &DispositionId,
        sub: Option<&DispositionId>,
    ) -> Verdict {
        let Some(talk) = self.talk(id) else {
            return Verdict::Refused("conversation_not_open");
        };
        let campaign = talk.campaign.clone();
        only_if!(self.holds_or_supervises(actor, id), "not_assigned_agent");
        or_refused!(self.masters.may_finish_with(&campaign, disposition, sub));
        let after_work_seconds = self.masters.campaigns[&campaign].after_work_seconds;
        let own = self.holder(id).filter(|holder| *actor == Actor::Agent(holder.clone()));
        let holder = self.holder(id).or(self.offered_to(id));
        let talk = self.talk(id).expect("it is open");
        let others: Vec<AgentId> = talk.taken_from.clone().into_iter().chain(whom(talk)).collect();
        self.set_place(id, Place::Over);
        if let Some(agent) = own.filter(|_| after_work_seconds > 0) {
            let until = self.now.plus(seconds(after_work_seconds));
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

    pub(crate) fn may_set_exclusive(&self, actor: &Actor, campaign: &CampaignId) -> Result<(), Code> {
        if !self.masters.campaigns.contains_key(campaign) {
            return Err("unknown_campaign");
        }
        let may = match (self.role(actor), actor) {
            (Some(Role::Supervisor | Role::Administrator), _) => true,
            (Some(Role::Agent), Actor::Agent(id)) => {
                let definition = &self.people[id].definition;
                definition.may_set_exclusive && definition.campaigns.contains(campaign)
            }
            (Some(Role::Agent | Role::Auditor) | None, _) => false,
        };
        if may { Ok(()) } else { Err("forbidden") }
    }

    fn set_exclusive(
        &mut self,
        actor: &Actor,
        contact: ContactId,
        campaign: &CampaignId,
        agent: &AgentId,
        until: Option<Timestamp>,
    ) -> Verdict {
        or_refused!(self.may_set_exclusive(actor, campaign));
        only_if!(self.people.contains_key(agent), "unknown_agent");
        let definition = &self.people[agent].definition;
        only_if!(definition.campaigns.contains(campaign), "agent_not_in_campaign");
        only_if!(definition.role != Role::Auditor, "agent_does_not_attend");
        only_if!(until.is_none_or(|until| until > self.now), "expiry_not_ahead");
        let days = self.masters.campaigns[campaign].exclusive_days;
        let until = until.or(days.map(|days| self.now.plus(24 * 60 * seconds(60) * u32::from(days))));
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
        only_if!(self.exclusive.remove(&(contact, campaign.clone())).is_some(), "no_exclusive_agent");
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
        match talk.place.clone() {
            Place::Waiting { since, kept: Some((agent, Some(until))), .. } if until <= self.now => {
                let is_there = self.serves(&agent, &talk) && self.has_room_for(&agent, &talk);
                if is_there && !self.is_closed(&talk.campaign) {
                    self.give_or_offer(id, &agent, since);
                } else {
                    self.route_to(&talk, since, None, None);
                }
                Verdict::Happened
            }
            Place::Waiting { since, overflow: Some((at, campaign)), .. } if at <= self.now => {
                if !self.works_on(&campaign, &talk.channel) {
                    self.route_to(&talk, since, None, None);
                    return Verdict::Happened;
                }
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
    pub(crate) fn close(&mut self, talk: &Talk) {
        let (holder, lender) = (self.holder(talk.id), talk.taken_from.clone());
        self.set_place(talk.id, Place::Over);
        for freed in holder.into_iter().chain(lender).chain(whom(talk)) {
            self.fill(&freed);
        }
    }
}

/// Between two places.
fn nowhere(since: Timestamp) -> Place {
    Place::Waiting { since, turn: 0, priority: 0, kept: None, overflow: None }
}

pub(crate) fn seconds(seconds: u32) -> std::time::Duration {
    std::time::Duration::from_secs(seconds.into())
}
