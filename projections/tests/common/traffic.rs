//! Made-up traffic of a contact centre, the same for the same seed: commits as the engine would write them.

use schemas::event::NoteKind;
use std::collections::BTreeMap;

use std::collections::VecDeque;

use schemas::event::*;
use schemas::frame::CommitHeader;
use schemas::*;
use schemas::{Absence, Routing, Skills};

pub const AGENTS: usize = 4;
pub const CAMPAIGNS: [&str; 2] = ["sales", "support"];
pub const CHANNELS: [&str; 2] = ["wa-hidden", "wa-main"];
const START_MILLIS: u64 = 1_767_225_600_000;

pub fn workspace() -> WorkspaceId {
    WorkspaceId::new("default").unwrap()
}

pub fn agent(number: usize) -> AgentId {
    AgentId::new(&format!("agent-{number}")).unwrap()
}

pub fn campaign(number: usize) -> CampaignId {
    CampaignId::new(CAMPAIGNS[number]).unwrap()
}

pub fn channel(number: usize) -> ChannelId {
    ChannelId::new(CHANNELS[number]).unwrap()
}

pub fn conversation_id(number: u64) -> ConversationId {
    ConversationId::from_bytes(blake3_16("conversation", number))
}

pub fn message_id(number: u64) -> MessageId {
    MessageId::from_bytes(blake3_16("message", number))
}

pub fn contact_id(number: u64) -> ContactId {
    ContactId::from_bytes(blake3_16("contact", number))
}

/// Ids as scattered as real ones.
fn blake3_16(kind: &str, number: u64) -> [u8; 16] {
    let id = CommandId::of_step(&workspace(), kind, &[], number);
    *id.as_bytes()
}

/// xorshift: the same numbers everywhere.
pub struct Random(u64);

impl Random {
    pub fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1)
    }

    pub fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        ((self.0 >> 11) % limit as u64) as usize
    }
}

#[derive(Clone)]
struct Sent {
    message: MessageId,
    ordinal: u32,
    status: DeliveryStatus,
    attempts: u16,
}

struct Open {
    id: ConversationId,
    contact: ContactId,
    channel: usize,
    campaign: usize,
    agent: Option<usize>,
    sent: Vec<Sent>,
    sent_before: u32,
}

/// Conversations of one workspace, and what happens in them next.
pub struct Traffic {
    random: Random,
    pub now: u64,
    conversations: u64,
    messages: u64,
    commands: u64,
    open: Vec<Open>,
    open_wanted: usize,
    /// Contacts that are another one now.
    merged: BTreeMap<ContactId, ContactId>,
    /// Outbound messages of finished conversations, of which something may still be heard.
    late: VecDeque<(ConversationId, Sent)>,
}

impl Traffic {
    /// Keeps about `open_wanted` conversations open.
    pub fn new(seed: u64, open_wanted: usize) -> Self {
        let (open, late) = (Vec::new(), VecDeque::new());
        let random = Random::new(seed);
        Self {
            random,
            now: START_MILLIS,
            conversations: 0,
            messages: 0,
            commands: 0,
            open,
            open_wanted,
            merged: BTreeMap::new(),
            late,
        }
    }

    /// How many conversations there have been; their ids are [`conversation_id`] of 0 up to this.
    pub fn conversations(&self) -> u64 {
        self.conversations
    }

    fn commit(&mut self, actor: Actor, events: Vec<Event>) -> (CommitHeader, Vec<Event>) {
        self.commands += 1;
        self.now += self.random.below(5) as u64;
        let header = CommitHeader {
            workspace: workspace(),
            command: CommandId::from_bytes(blake3_16("command", self.commands)),
            fingerprint: 0,
            actor,
            at: Timestamp::from_millis(self.now),
        };
        (header, events)
    }

    /// The masters that all the rest is about.
    pub fn masters(&mut self) -> Vec<(CommitHeader, Vec<Event>)> {
        let client = ClientId::new("acme").unwrap();
        let project = ProjectId::new("launch").unwrap();
        let mut events: Vec<Event> = vec![
            WorkspaceCreated { name: "Default".into() }.into(),
            ClientDefined {
                client: client.clone(),
                name: "Acme".into(),
                history_conversations: 10,
                contact_fields: Vec::new(),
            }
            .into(),
            ProjectDefined { project: project.clone(), client, name: "Launch".into() }.into(),
        ];
        for (number, id) in CHANNELS.iter().enumerate() {
            let defined = ChannelDefined {
                channel: channel(number),
                kind: ChannelKind::Whatsapp,
                address: format!("address of {id}"),
                name: format!("Channel {id}"),
                entry_campaign: None,
                show_status: number == 1,
            };
            events.push(defined.into());
        }
        for (number, id) in CAMPAIGNS.iter().enumerate() {
            let defined = CampaignDefined {
                campaign: campaign(number),
                project: project.clone(),
                name: format!("Campaign {id}"),
                channels: vec![channel(0), channel(1)],
                dispositions: vec![DispositionId::new("solved").unwrap()],
                hours_shown: 72,
                external_resources: false,
                exclusive_wait: ExclusiveWait::Forever,
                exclusive_days: None,
                routing: Routing::default(),
                absence: Absence::Queue,
                after_work_seconds: 0,
                timing: Timing::default(),
            };
            events.push(defined.into());
        }
        for number in 0..AGENTS {
            let defined = AgentDefined {
                agent: agent(number),
                name: format!("Agent {number}"),
                role: Role::Agent,
                campaigns: vec![campaign(0), campaign(1)],
                channels: vec![channel(0), channel(1)],
                capacity: 500,
                capacity_of: BTreeMap::new(),
                skills: Skills::new(),
                may_set_exclusive: true,
            };
            events.push(defined.into());
            events.push(PresenceChanged { agent: agent(number), presence: Presence::Online }.into());
        }
        let solved = DispositionId::new("solved").unwrap();
        events.push(DispositionDefined { disposition: solved, name: "Solved".into(), parent: None }.into());
        events.into_iter().map(|event| self.commit(Actor::Administrator, vec![event])).collect()
    }

    /// Whatever happens next.
    pub fn next(&mut self) -> (CommitHeader, Vec<Event>) {
        if self.open.len() < self.open_wanted {
            return self.opens();
        }
        let place = self.random.below(self.open.len());
        match self.random.below(100) {
            0..25 => self.receives(place),
            25..45 => self.sends(place),
            45..80 => self.hears(place),
            80..82 => self.notes(place),
            82..83 => self.clock(place),
            83..86 => self.transfers(place),
            86..89 => self.waits_again(place),
            89..91 => self.exclusive(place),
            91..92 => self.presence(),
            92..95 => self.late(),
            95..96 => self.parks(),
            96..98 => self.finishes(place),
            98 => self.contacts(place),
            _ => self.opens(),
        }
    }

    fn text(&mut self, what: &str) -> Content {
        let words = 5 + self.random.below(30);
        Content::Text(format!("{what} {} {}", self.messages, "word ".repeat(words)))
    }

    fn received(&mut self, conversation: ConversationId) -> Event {
        self.messages += 1;
        MessageReceived {
            conversation,
            message: message_id(self.messages),
            provider_id: format!("wamid.{:032x}", self.messages),
            content: self.text("in"),
            written_at: Timestamp::from_millis(self.now - 500),
        }
        .into()
    }

    fn opens(&mut self) -> (CommitHeader, Vec<Event>) {
        let id = conversation_id(self.conversations);
        self.conversations += 1;
        let contact = self.a_contact();
        let (at_channel, at_campaign) = (self.random.below(2), self.random.below(2));
        let opened = ConversationOpened {
            conversation: id,
            contact,
            identity: format!("34600{:06}", self.conversations % 1_000_000),
            network: ChannelKind::Whatsapp,
            profile_name: self
                .conversations
                .is_multiple_of(2)
                .then(|| format!("Contact {}", self.conversations)),
            channel: channel(at_channel),
            campaign: campaign(at_campaign),
        };
        let mut open = Open {
            id,
            contact,
            channel: at_channel,
            campaign: at_campaign,
            agent: None,
            sent: Vec::new(),
            sent_before: 0,
        };
        let received = self.received(id);
        let placed = self.place(&mut open, QueueCause::Opened);
        let actor = Actor::Channel(channel(at_channel));
        self.open.push(open);
        self.commit(actor, vec![opened.into(), received, placed])
    }

    /// One who writes, or wrote.
    fn a_contact(&mut self) -> ContactId {
        let mut contact = contact_id(self.random.below(1 + self.conversations as usize / 3) as u64);
        while let Some(now) = self.merged.get(&contact) {
            contact = *now;
        }
        contact
    }

    fn contacts(&mut self, place: usize) -> (CommitHeader, Vec<Event>) {
        let contact = self.open[place].contact;
        let of = |open: &Vec<Open>| -> Vec<ConversationId> {
            open.iter().filter(|open| open.contact == contact).map(|open| open.id).collect()
        };
        let conversations = of(&self.open);
        let identity =
            |number: u64| Identity { network: ChannelKind::Whatsapp, address: format!("34600{number:06}") };
        let other = self.a_contact();
        match self.random.below(6) {
            0 | 1 if other != contact => self.merges(contact, other),
            2 => {
                let (from, to) = (identity(self.conversations), identity(self.now % 1_000_000));
                let address = AddressChanged {
                    conversation: self.open[place].id,
                    from: from.address.clone(),
                    to: to.address.clone(),
                };
                let changed = IdentityChanged { contact, from, to, conversations };
                self.commit(Actor::Channel(channel(0)), vec![changed.into(), address.into()])
            }
            3 => {
                let text = format!("note {}", self.now);
                let note = ContactNoteAdded { contact, text, conversations };
                self.commit(Actor::Agent(agent(1)), vec![note.into()])
            }
            _ => {
                let name = (!self.now.is_multiple_of(3)).then(|| format!("María {} Gil", self.now));
                let own = ContactField::Own {
                    client: ClientId::new("acme").unwrap(),
                    field: FieldId::new("policy").unwrap(),
                };
                let set = vec![
                    FieldSet { field: ContactField::Name, value: name },
                    FieldSet { field: own, value: Some(self.now.to_string()) },
                ];
                self.commit(
                    Actor::Agent(agent(1)),
                    vec![ContactUpdated { contact, set, conversations }.into()],
                )
            }
        }
    }

    fn merges(&mut self, contact: ContactId, other: ContactId) -> (CommitHeader, Vec<Event>) {
        self.merged.insert(other, contact);
        for open in self.open.iter_mut().filter(|open| open.contact == other) {
            open.contact = contact;
        }
        let both = |open: &Open| open.contact == contact;
        let mut conversations: Vec<_> =
            self.open.iter().filter(|open| both(open)).map(|open| open.id).collect();
        let ended = (conversations.len() > 1).then(|| conversations.pop()).flatten();
        let address = format!("34600{:06}", self.now % 1_000_000);
        let identity = Some(Identity { network: ChannelKind::Whatsapp, address });
        let into = conversations[0];
        let mut events: Vec<Event> =
            vec![ContactsMerged { contact, merged: other, identity, conversations }.into()];
        if let Some(conversation) = ended {
            let place = self.open.iter().position(|open| open.id == conversation).unwrap();
            let open = self.open.swap_remove(place);
            events.push(ConversationMerged { conversation, into, agent: open.agent.map(agent) }.into());
            events.push(ConversationJoined { conversation: into, other: conversation }.into());
        }
        self.commit(Actor::Channel(channel(0)), events)
    }

    /// To an agent, or into the queue.
    fn place(&mut self, open: &mut Open, cause: QueueCause) -> Event {
        if self.random.below(4) == 0 {
            open.agent = None;
            let reserved = (self.random.below(3) == 0)
                .then(|| Reservation { agent: agent(self.random.below(AGENTS)), until: None });
            let since = Timestamp::from_millis(self.now);
            ConversationQueued {
                conversation: open.id,
                campaign: campaign(open.campaign),
                cause,
                since,
                priority: 0,
                overflow: None,
                reserved,
                opens_at: None,
            }
            .into()
        } else {
            let chosen = self.random.below(AGENTS);
            open.agent = Some(chosen);
            ConversationAssigned {
                conversation: open.id,
                agent: agent(chosen),
                reason: AssignReason::Exclusive,
            }
            .into()
        }
    }

    fn receives(&mut self, place: usize) -> (CommitHeader, Vec<Event>) {
        let (id, from) = (self.open[place].id, channel(self.open[place].channel));
        let received = self.received(id);
        self.commit(Actor::Channel(from), vec![received])
    }

    fn sends(&mut self, place: usize) -> (CommitHeader, Vec<Event>) {
        let Some(sender) = self.open[place].agent else { return self.receives(place) };
        self.messages += 1;
        let content = self.text("out");
        let message = message_id(self.messages);
        let open = &mut self.open[place];
        let ordinal = open.sent_before;
        open.sent_before += 1;
        open.sent.push(Sent { message, ordinal, status: DeliveryStatus::Pending, attempts: 0 });
        let submitted = MessageSubmitted {
            conversation: open.id,
            message,
            ordinal,
            channel: channel(open.channel),
            to: "34600000000".into(),
            author: Author::Agent(agent(sender)),
            content,
        };
        self.commit(Actor::Agent(agent(sender)), vec![submitted.into()])
    }

    fn hears(&mut self, place: usize) -> (CommitHeader, Vec<Event>) {
        let open = &mut self.open[place];
        let (id, count) = (open.id, open.sent.len());
        if count == 0 {
            return self.sends(place);
        }
        // Mostly of the last messages, now and then of an old one.
        let back = self.random.below(3).min(count - 1);
        let mut sent = self.open[place].sent[count - 1 - back].clone();
        let event = self.hear(id, &mut sent);
        self.open[place].sent[count - 1 - back] = sent;
        self.commit(Actor::System, vec![event])
    }

    fn hear(&mut self, conversation: ConversationId, sent: &mut Sent) -> Event {
        let Sent { message, ordinal, status, .. } = *sent;
        let error = || DeliveryError { code: 131_047, detail: "re-engagement message".into() };
        if status == DeliveryStatus::Failed && self.random.below(3) == 0 {
            sent.status = DeliveryStatus::Pending;
            let submitted = Position { shard: ShardId(0), sequence: 1, index: 0 };
            return MessageResent { conversation, message, ordinal, submitted }.into();
        }
        if status == DeliveryStatus::Pending && self.random.below(3) > 0 {
            sent.attempts += 1;
            let attempt = sent.attempts;
            let provider_id = format!("wamid.{ordinal}.{attempt}.HBgLMzQ2MDAwMDAwMDAVAgARGBI");
            return match self.random.below(8) {
                0 => SendUncertain { conversation, message, ordinal, attempt }.into(),
                1 => {
                    let retry_at = Timestamp::from_millis(self.now + 1_000);
                    SendDeferred { conversation, message, ordinal, attempt, error: error(), retry_at }.into()
                }
                2..4 => SendAttempted { conversation, message, ordinal, attempt }.into(),
                4 => {
                    sent.status = DeliveryStatus::Sent;
                    MessageSettled { conversation, message, ordinal, status: sent.status }.into()
                }
                _ => SendAccepted { conversation, message, ordinal, attempt, provider_id }.into(),
            };
        }
        let receipt = DeliveryStatus::ALL[1 + [0, 0, 1, 1, 1, 2, 2, 2, 3, 4][self.random.below(10)]];
        sent.status = status.after(receipt);
        DeliveryUpdated {
            conversation,
            message,
            ordinal,
            receipt,
            reported_at: Timestamp::from_millis(self.now - self.random.below(1_000) as u64),
            provider_id: Some(format!("wamid.{ordinal}")),
            error: (receipt == DeliveryStatus::Failed).then(error),
            status: sent.status,
        }
        .into()
    }

    fn late(&mut self) -> (CommitHeader, Vec<Event>) {
        let Some((id, mut sent)) = self.late.pop_front() else { return self.opens() };
        let event = self.hear(id, &mut sent);
        self.commit(Actor::System, vec![event])
    }

    /// Something that happens by itself.
    fn clock(&mut self, place: usize) -> (CommitHeader, Vec<Event>) {
        let (conversation, kind) = (self.open[place].id, ResponseKind::Next);
        let at = Timestamp::from_millis(self.now);
        let campaign = campaign(self.open[place].campaign);
        let agent = self.open[place].agent.map(agent);
        let event = match self.random.below(5) {
            0 => ResponseAwaited { conversation, kind, due_at: Some(at) }.into(),
            1 => ResponseAwaited { conversation, kind, due_at: None }.into(),
            2 => ResponseMissed { conversation, kind, due_at: at, campaign, agent }.into(),
            3 => InactivityWarned { conversation, close_at: at }.into(),
            _ => InactivityPutOff { conversation, until: Some(at) }.into(),
        };
        self.commit(Actor::System, vec![event])
    }

    fn notes(&mut self, place: usize) -> (CommitHeader, Vec<Event>) {
        let note = NoteAdded {
            conversation: self.open[place].id,
            text: format!("note {}", self.now),
            kind: NoteKind::Note,
        };
        self.commit(Actor::Agent(agent(0)), vec![note.into()])
    }

    fn transfers(&mut self, place: usize) -> (CommitHeader, Vec<Event>) {
        let mut open = self.open.swap_remove(place);
        let from = open.agent.map(agent);
        open.campaign = 1 - open.campaign;
        let transferred = ConversationTransferred {
            conversation: open.id,
            from,
            to: TransferTarget::Campaign(campaign(open.campaign)),
            note: "they know better".into(),
            disposition: DispositionId::new("transfer").unwrap(),
        };
        let placed = self.place(&mut open, QueueCause::Transferred);
        self.open.push(open);
        self.commit(Actor::Agent(agent(1)), vec![transferred.into(), placed])
    }

    fn waits_again(&mut self, place: usize) -> (CommitHeader, Vec<Event>) {
        let mut open = self.open.swap_remove(place);
        let before = open.agent.map(agent);
        let released = before.map(|agent| ConversationReleased { conversation: open.id, agent }.into());
        let placed = self.place(&mut open, QueueCause::Released);
        self.open.push(open);
        self.commit(Actor::System, released.into_iter().chain([placed]).collect())
    }

    fn exclusive(&mut self, place: usize) -> (CommitHeader, Vec<Event>) {
        let open = &self.open[place];
        let (contact, campaign, agent) = (open.contact, campaign(open.campaign), agent(2));
        let conversation = Some(open.id);
        let event = if self.now.is_multiple_of(2) {
            ExclusiveAgentSet { contact, campaign, agent: agent.clone(), until: None, conversation }.into()
        } else {
            ExclusiveAgentRemoved { contact, campaign, agent: agent.clone(), conversation }.into()
        };
        self.commit(Actor::Agent(agent), vec![event])
    }

    fn presence(&mut self) -> (CommitHeader, Vec<Event>) {
        let who = agent(self.random.below(AGENTS));
        let presence = match self.random.below(3) {
            0 => Presence::Online,
            1 => Presence::Away { reason: "lunch".into() },
            _ => Presence::Offline,
        };
        self.commit(Actor::Agent(who.clone()), vec![PresenceChanged { agent: who, presence }.into()])
    }

    fn parks(&mut self) -> (CommitHeader, Vec<Event>) {
        let parked = ReceiptParked {
            channel: channel(0),
            provider_id: format!("wamid.unknown.{}", self.now),
            receipt: DeliveryStatus::Sent,
            reported_at: Timestamp::from_millis(self.now),
            error: None,
        };
        self.commit(Actor::Channel(channel(0)), vec![parked.into()])
    }

    fn finishes(&mut self, place: usize) -> (CommitHeader, Vec<Event>) {
        let open = self.open.swap_remove(place);
        self.late.extend(open.sent.iter().rev().take(2).map(|sent| (open.id, sent.clone())));
        let finished = ConversationFinished {
            conversation: open.id,
            agent: open.agent.map(agent),
            disposition: DispositionId::new("solved").unwrap(),
            sub_disposition: None,
            after_work_until: None,
        };
        self.commit(Actor::Agent(agent(0)), vec![finished.into()])
    }
}
