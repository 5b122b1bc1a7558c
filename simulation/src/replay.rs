//! The log once more, through the domain: each commit is what the command comes to in the state before it, no rule is
//! broken in the state after it, and every refusal was right at some moment while its client waited.

use std::collections::{BTreeMap, HashMap};

use bytes::Bytes;
use engine::Replica;
use engine::domain::{Stage, State, apply, decide};
use engine::log::RecordedFrame;
use schemas::command::Due;
use schemas::frame::{Commit, Frame, NO_FRAME, hash};
use schemas::{Actor, AgentId, Command, CommandId, Event, Position, Submission, Timestamp};

use crate::centre::workspace;
use crate::process::SHARD;
use crate::record::{Asked, Book, Told};

/// What a replay of the log found.
#[derive(Default)]
pub(crate) struct Replay {
    pub(crate) state: State,
    /// Where each command's last event is, as often as it is there.
    pub(crate) commits: HashMap<CommandId, Vec<(Position, Vec<Event>)>>,
    pub(crate) wrong: Vec<String>,
    last_at: Timestamp,
    loads: BTreeMap<AgentId, u16>,
}

pub(crate) fn replay(frames: &[Bytes], book: &Book) -> Replay {
    let asked: HashMap<CommandId, &Asked> = book.asked.iter().map(|a| (a.submission.id, a)).collect();
    let mut replay = Replay::default();
    let mut doubted: Vec<&Asked> = book.asked.iter().filter(|asked| is_to_be_judged(asked)).collect();
    let mut previous = NO_FRAME;
    for (bytes, sequence) in frames.iter().zip(1_u64..) {
        replay.judge(&mut doubted, sequence - 1, true);
        let frame = Frame::decode(bytes).unwrap();
        if frame.previous != previous {
            replay.wrong.push(format!("frame {sequence} does not continue the one before it"));
        }
        previous = hash(bytes);
        let mut index = 0;
        for commit in &frame.commits {
            let first = Position { shard: frame.shard, sequence, index };
            replay.commit(commit, first, asked.get(&commit.header.command).copied());
            index += commit.events.len() as u32;
            // Within a frame, any of its commits may be the one that a refusal rests on.
            replay.judge(&mut doubted, sequence, false);
        }
    }
    replay.judge(&mut doubted, frames.len() as u64, true);
    for asked in doubted {
        let Asked { client, submission, head_asked, head_after, told, times, .. } = asked;
        replay.wrong.push(format!(
            "c{client} was told {told:?} to {submission:?} after {times}, which is right at no frame from \
             {head_asked} to {head_after}"
        ));
    }
    replay
}

/// Refusals, and commands for which there was nothing to do: both rest on a state.
fn is_to_be_judged(asked: &Asked) -> bool {
    match &asked.told {
        Told::Refused(_) => true,
        Told::Accepted(outcome) => is_nothing(asked, outcome),
        Told::Unknown => false,
    }
}

/// Whether it was so already, so that the log need not have the command.
pub(crate) fn is_nothing(asked: &Asked, outcome: &engine::Outcome) -> bool {
    outcome.events.is_empty() && !outcome.repeated && asked.submission.fingerprint == 0
}

impl Replay {
    /// Drops the doubts that the state puts out, which is that of frame `sequence` or one on the way to it. What was
    /// in the log before the question is in the answer.
    fn judge(&mut self, doubted: &mut Vec<&Asked>, sequence: u64, is_whole: bool) {
        doubted.retain(|asked| {
            let first = asked.head_asked + u64::from(!is_whole);
            if !(first..=asked.head_after).contains(&sequence) {
                return true;
            }
            let decided = decide(&self.state, &asked.submission, self.last_at);
            match &asked.told {
                Told::Refused(rejection) => decided.as_ref() != Err(rejection),
                Told::Accepted(_) => decided.as_ref().map(Vec::is_empty) != Ok(true),
                Told::Unknown => false,
            }
        });
    }

    fn commit(&mut self, commit: &Commit, first: Position, asked: Option<&Asked>) {
        let (header, events) = (&commit.header, &commit.events);
        let submission = asked.map(|asked| asked.submission.clone()).or_else(|| ending_a_wait(commit));
        match submission.map(|submission| decide(&self.state, &submission, header.at)) {
            None => self.wrong.push(format!("nobody asked for {commit:?}, at {first}")),
            Some(Ok(decided)) if decided == *events => {}
            Some(decided) => {
                self.wrong.push(format!("at {first} is {events:?}, and it should be {decided:?}"))
            }
        }
        if header.at < self.last_at {
            self.wrong.push(format!("time goes back at {first}"));
        }
        apply(&mut self.state, header, first, events);
        self.last_at = header.at;
        let last = Position { index: first.index + (events.len() as u32).saturating_sub(1), ..first };
        self.commits.entry(header.command).or_default().push((last, events.clone()));
        self.rules(first);
    }

    fn rules(&mut self, at: Position) {
        let workspace = workspace();
        let Some(ws) = self.state.workspace(&workspace) else { return };
        let (mut held, mut open) = (BTreeMap::new(), BTreeMap::new());
        for agent in ws.agents() {
            let id = agent.definition.agent.clone();
            let before = self.loads.insert(id.clone(), agent.load.total()).unwrap_or_default();
            if agent.load.total() > agent.definition.capacity.max(before) {
                self.wrong.push(format!("{id} holds {} at {at}", agent.load.total()));
            }
            for conversation in &agent.holding {
                if let Some(other) = held.insert(*conversation, id.clone()) {
                    self.wrong.push(format!("{conversation} is with {id} and {other} at {at}"));
                }
            }
        }
        for (id, conversation) in ws.conversations() {
            if let Some(other) = open.insert((conversation.contact, conversation.channel.clone()), *id) {
                self.wrong.push(format!("{id} and {other} are open with one contact at {at}"));
            }
            let is_held = held.get(id) == conversation.agent();
            if !is_held || conversation.stage == Stage::Loose {
                self.wrong.push(format!(
                    "{id} is {:?} and with {:?} at {at}",
                    conversation.stage,
                    held.get(id)
                ));
            }
        }
    }
}

/// The writer's own command, if the commit is one.
fn ending_a_wait(commit: &Commit) -> Option<Submission> {
    let header = &commit.header;
    let conversation = commit.events.first()?.conversation()?;
    (header.actor == Actor::System).then(|| Submission {
        workspace: header.workspace.clone(),
        id: header.command,
        fingerprint: header.fingerprint,
        actor: Actor::System,
        command: Command::PassDeadline(Due::Conversation(conversation)),
    })
}

/// What everybody who has read this log holds.
pub(crate) fn replica(frames: &[Bytes]) -> Replica {
    let mut replica = Replica::empty(SHARD);
    for (bytes, sequence) in frames.iter().zip(1..) {
        let frame = Frame::decode(bytes).unwrap();
        replica.apply(&RecordedFrame { sequence, hash: hash(bytes), bytes_len: bytes.len(), frame });
    }
    replica
}
