//! The log, folded: everything the checks need of it.

use std::collections::HashMap;

use engine::log::{FrameReader, Log};
use schemas::event::MessageReceived;
use schemas::frame::CommitHeader;
use schemas::{Actor, AgentId, ConversationId, Event, Position, ShardId};

use super::BooksError;
use super::attendance::Attendance;
use super::contacts::ContactBook;
use super::hours::HoursBook;
use super::lines::{Line, line};
use super::outbound::OutboundBook;
use crate::demo::letters::{Number, fingerprint, number_of};

/// A message of a customer, as the log has it.
#[derive(Debug)]
pub(super) struct Received {
    pub(super) times: u32,
    pub(super) conversation: ConversationId,
    pub(super) content: [u8; 16],
    /// Who had the conversation when it came.
    pub(super) holder: Option<AgentId>,
}

/// The events of a conversation.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Events {
    pub(super) count: u64,
    pub(super) last: Option<Position>,
}

/// What the log says.
#[derive(Debug, Default)]
pub(super) struct Ledger {
    pub(super) attendance: Attendance,
    pub(super) hours: HoursBook,
    pub(super) contacts: ContactBook,
    pub(super) outbound: OutboundBook,
    pub(super) received: HashMap<Number, Received>,
    /// Messages in the log that no customer of the demo wrote.
    pub(super) strange: Vec<String>,
    /// The lines of each conversation.
    pub(super) lines: HashMap<ConversationId, Vec<Line>>,
    /// The events of each conversation, lines or not.
    pub(super) events: HashMap<ConversationId, Events>,
    /// The last event of any conversation; agents come and go besides.
    pub(super) last_of_any: Option<Position>,
    /// The last event of all.
    pub(super) last: Option<Position>,
}

impl Ledger {
    fn take(&mut self, header: &CommitHeader, position: Position, event: &Event) {
        self.last = Some(position);
        self.attendance.take(position, event);
        self.hours.take(position, event, &self.attendance);
        self.contacts.take(position, event);
        self.outbound.take(position, event);
        if let Event::MessageReceived(received) = event {
            self.receive(header, received);
        }
        if let Some(conversation) = event.conversation() {
            self.last_of_any = Some(position);
            let events = self.events.entry(conversation).or_default();
            *events = Events { count: events.count + 1, last: Some(position) };
            if let Some(line) = line(header, position, event) {
                self.lines.entry(conversation).or_default().push(line);
            }
        }
    }

    fn receive(&mut self, header: &CommitHeader, event: &MessageReceived) {
        let Some(number) = number_of(&event.provider_id) else {
            // Somebody tries the API by hand while the demo runs.
            if header.actor != Actor::Administrator {
                self.strange.push(format!("nobody wrote {}", event.provider_id));
            }
            return;
        };
        let holder = self.attendance.holder(event.conversation).cloned();
        let content = fingerprint(&event.content);
        let first = Received { times: 0, conversation: event.conversation, content, holder };
        self.received.entry(number).or_insert(first).times += 1;
    }
}

/// Folds the log as it grows.
pub(super) struct Follower<'a> {
    log: &'a Log,
    reader: FrameReader,
    pub(super) ledger: Ledger,
}

impl<'a> Follower<'a> {
    pub(super) async fn open(log: &'a Log) -> Result<Self, BooksError> {
        Ok(Self { log, reader: log.follow(1).await?, ledger: Ledger::default() })
    }

    /// Takes in all there is now.
    pub(super) async fn read_to_head(&mut self) -> Result<(), BooksError> {
        let head = self.log.head().await?;
        while self.reader.next_sequence() <= head {
            let recorded = self.reader.next().await?;
            let mut index = 0;
            for commit in &recorded.frame.commits {
                for event in &commit.events {
                    let position = position(self.log.shard(), recorded.sequence, index);
                    self.ledger.take(&commit.header, position, event);
                    index += 1;
                }
            }
        }
        Ok(())
    }
}

fn position(shard: ShardId, sequence: u64, index: u32) -> Position {
    Position { shard, sequence, index }
}
