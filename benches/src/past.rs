//! A past for an empty log: the conversations of many days, decided by the engine's own rules at times long gone, and
//! written in frames as the writer closes them, one in flight. It is the writer without callers that wait, and so it
//! fills a log several times faster than commands that are submitted do.

#[cfg(test)]
mod test;

use std::time::Duration;

use engine::domain::{self, State};
use engine::log::Log;
use indicatif::ProgressBar;
use schemas::command::{AttemptResult, Receipt};
use schemas::frame::{CommitHeader, FrameBuilder, FrameHash, NO_FRAME, hash};
use schemas::limits::FRAME_BYTES_TARGET;
use schemas::{
    Actor, AgentId, ChannelKind, Command, CommandId, Content, ConversationId, DeliveryStatus, Event,
    FieldSet, FrameId, MessageId, Position, Presence, ShardId, Submission, Timestamp,
};
use tests::books;
use tests::centre::{Centre, agent, channel, contact, disposition, inbound, submission, workspace};
use tokio::task::JoinHandle;

/// So many conversations go on at the same time.
const LIVE: u64 = 2_000;
/// So many conversations one agent has at most.
const CAPACITY: u16 = 500;
/// When the network says that it was so.
const REPORTED_AT: Timestamp = Timestamp::from_millis(1_700_000_000_000);

/// What has happened.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Lives {
    pub(crate) conversations: u64,
    /// Messages each way in a conversation; every answer has an attempt and three receipts.
    pub(crate) rounds: u64,
    /// One conversation of so many is still open; 0 for none.
    pub(crate) open_of: u64,
    /// How long it took, up to now.
    pub(crate) span: Duration,
}

impl Lives {
    /// Three for the first message, seven for each round but the first message, and one for the end.
    pub(crate) const fn events_each(rounds: u64) -> u64 {
        3 + 6 * rounds + (rounds - 1) + 1
    }

    const fn commands_each(&self) -> u64 {
        7 * self.rounds + 1
    }

    pub(crate) const fn open(&self) -> u64 {
        match self.open_of {
            0 => 0,
            open_of => self.conversations / open_of,
        }
    }

    /// Agents who have room for everything that is open at a time.
    pub(crate) const fn agents(&self) -> u64 {
        (self.open() + 2 * LIVE) / CAPACITY as u64 + 1
    }
}

/// The id of the conversation with this number.
pub(crate) fn conversation(number: u64) -> ConversationId {
    let id = CommandId::of_inbound(&workspace(), &channel(), &provider_id(number, 0));
    ConversationId::from(MessageId::from(id))
}

fn provider_id(number: u64, round: u64) -> String {
    format!("wamid.in.{number}.{round}")
}

/// A conversation that goes on.
struct Live {
    number: u64,
    conversation: ConversationId,
    agent: AgentId,
    last_sent: Option<MessageId>,
}

/// The writer of the past.
pub(crate) struct Past {
    /// Where it is written; without it, only the state is wanted.
    log: Option<Log>,
    state: State,
    frame: FrameBuilder,
    /// Frames that are closed.
    sequence: u64,
    previous: FrameHash,
    in_flight: Option<JoinHandle<()>>,
    began: Timestamp,
    /// Between two commands, in microseconds.
    step_micros: u64,
    commands: u64,
    events: u64,
}

impl Past {
    /// Begins with a contact centre whose agents are online.
    pub(crate) async fn begin(log: Option<Log>, lives: &Lives) -> Self {
        let now = engine::clock::now().millis();
        let commands = lives.conversations * lives.commands_each() + 2 * lives.agents() + 20;
        let mut past = Self {
            log,
            state: State::default(),
            frame: FrameBuilder::default(),
            sequence: 0,
            previous: NO_FRAME,
            in_flight: None,
            began: Timestamp::from_millis(now - lives.span.as_millis() as u64),
            step_micros: lives.span.as_micros() as u64 / commands,
            commands: 0,
            events: 0,
        };
        let agents = lives.agents() as usize;
        let kind = ChannelKind::Whatsapp;
        for command in
            (Centre { agents, capacity: CAPACITY, campaigns: 1, kind, ..Centre::default() }).commands()
        {
            past.accept(submission(Actor::Administrator, command)).await;
        }
        for number in 0..agents {
            let agent = agent(number);
            let online = Command::ChangePresence { agent: agent.clone(), presence: Presence::Online };
            past.accept(submission(Actor::Agent(agent), online)).await;
        }
        past
    }

    /// Lets all conversations live; `progress` counts events.
    pub(crate) async fn live(&mut self, lives: &Lives, progress: &ProgressBar) {
        for first in (0..lives.conversations).step_by(LIVE as usize) {
            let mut live = Vec::new();
            for number in first..lives.conversations.min(first + LIVE) {
                live.push(self.open(number).await);
            }
            for round in 0..lives.rounds {
                self.round(&mut live, round).await;
            }
            for life in live {
                if lives.open_of > 0 && life.number % lives.open_of == 0 {
                    // Its customer has the last word, and waits.
                    let text = "and one more thing";
                    self.accept(inbound(life.number, &provider_id(life.number, lives.rounds), text)).await;
                } else {
                    self.finish_conversation(&life).await;
                }
            }
            progress.set_position(self.events);
        }
    }

    /// A contact writes, is written down, and that is all.
    pub(crate) async fn meet(&mut self, number: u64, set: Vec<FieldSet>) {
        let life = self.open(number).await;
        let command = Command::UpdateContact { contact: contact(number), set };
        self.accept(submission(Actor::Agent(life.agent.clone()), command)).await;
        self.finish_conversation(&life).await;
    }

    /// Opens conversations and leaves them so.
    pub(crate) async fn open_all(&mut self, conversations: u64) {
        for number in 0..conversations {
            self.open(number).await;
        }
    }

    /// Answers in each conversation that [`Past::open_all`] has opened, with an attempt and three receipts.
    pub(crate) async fn answer_all(&mut self, conversations: u64) {
        let mut live: Vec<Live> = (0..conversations).map(|number| self.live_one(number)).collect();
        self.round(&mut live, 0).await;
    }

    /// Submits a message in a conversation that [`Past::open_all`] has opened.
    pub(crate) async fn send(&mut self, number: u64) -> MessageId {
        let mut life = self.live_one(number);
        self.send_in(&mut life).await
    }

    /// Writes what is left, and gives back how many events there are.
    pub(crate) async fn end(mut self) -> u64 {
        self.close_frame().await;
        if let Some(in_flight) = self.in_flight.take() {
            in_flight.await.unwrap();
        }
        self.events
    }

    pub(crate) fn state(&self) -> &State {
        &self.state
    }

    /// Commands accepted so far.
    pub(crate) fn commands(&self) -> u64 {
        self.commands
    }

    fn live_one(&self, number: u64) -> Live {
        let conversation = conversation(number);
        let ws = self.state.workspace(&workspace()).unwrap();
        let agent = ws.conversation(conversation).unwrap().agent().unwrap().clone();
        Live { number, conversation, agent, last_sent: None }
    }

    async fn send_in(&mut self, life: &mut Live) -> MessageId {
        let text = "an answer of the agent, as long as they are".to_owned();
        let command = Command::Send { conversation: life.conversation, content: Content::Text(text) };
        let submission = submission(Actor::Agent(life.agent.clone()), command);
        let message = MessageId::from(submission.id);
        life.last_sent = Some(message);
        self.accept(submission).await;
        message
    }

    async fn open(&mut self, number: u64) -> Live {
        let text = "the first message of a conversation";
        let events = self.accept(inbound(number, &provider_id(number, 0), text)).await;
        let agent = events.iter().find_map(|event| match event {
            Event::ConversationAssigned(assigned) => Some(assigned.agent.clone()),
            _ => None,
        });
        Live { number, conversation: conversation(number), agent: agent.unwrap(), last_sent: None }
    }

    /// One message each way in all of them, step by step, as conversations go on beside each other.
    async fn round(&mut self, live: &mut [Live], round: u64) {
        if round > 0 {
            for life in &*live {
                let text = "a message of the customer, of usual length";
                self.accept(inbound(life.number, &provider_id(life.number, round), text)).await;
            }
        }
        for life in &mut *live {
            self.send_in(life).await;
        }
        for message in live.iter().filter_map(|life| life.last_sent) {
            self.accept(submission(Actor::System, Command::BeginAttempt { message })).await;
        }
        for message in live.iter().filter_map(|life| life.last_sent) {
            let result = AttemptResult::Accepted { provider_id: format!("wamid.{message}") };
            let command = Command::EndAttempt { message, attempt: 1, result };
            self.accept(submission(Actor::System, command)).await;
        }
        for status in [DeliveryStatus::Sent, DeliveryStatus::Delivered, DeliveryStatus::Read] {
            for message in live.iter().filter_map(|life| life.last_sent) {
                let command = Command::RecordReceipt(receipt(message, status));
                self.accept(submission(Actor::Channel(channel()), command)).await;
            }
        }
    }

    async fn finish_conversation(&mut self, life: &Live) {
        let (conversation, disposition) = (life.conversation, disposition());
        let command = Command::Finish { conversation, disposition, sub_disposition: None };
        self.accept(submission(Actor::Agent(life.agent.clone()), command)).await;
    }

    /// Decides, and collects the commit; a full frame leaves.
    async fn accept(&mut self, submission: Submission) -> Vec<Event> {
        let elapsed = Duration::from_micros(self.commands * self.step_micros);
        let at = self.began.plus(elapsed);
        let events = domain::decide(&self.state, &submission, at).unwrap();
        self.commands += 1;
        self.events += events.len() as u64;
        let header = CommitHeader::of(&submission, at);
        let sequence = self.sequence + 1;
        let index = match &self.log {
            Some(_) => self.frame.push(&header, &events),
            None => 0,
        };
        let first = Position { shard: ShardId(0), sequence, index };
        domain::apply(&mut self.state, &header, first, &events);
        if self.frame.bytes() >= FRAME_BYTES_TARGET {
            self.close_frame().await;
        }
        events
    }

    async fn close_frame(&mut self) {
        let Some(log) = self.log.clone() else { return };
        if self.frame.is_empty() {
            return;
        }
        let id = FrameId::from_bytes(engine::random::bytes());
        let at = self.began.plus(Duration::from_micros(self.commands * self.step_micros));
        let bytes = self.frame.finish(ShardId(0), id, &self.previous, at);
        self.previous = hash(&bytes);
        if let Some(in_flight) = self.in_flight.take() {
            in_flight.await.unwrap();
        }
        let expected = self.sequence;
        self.sequence += 1;
        self.in_flight = Some(tokio::spawn(async move { books::append(&log, bytes.into(), expected).await }));
    }
}

fn receipt(message: MessageId, status: DeliveryStatus) -> Receipt {
    Receipt {
        channel: channel(),
        message: Some(message),
        provider_id: Some(format!("wamid.{message}")),
        status,
        reported_at: REPORTED_AT,
        error: None,
    }
}
