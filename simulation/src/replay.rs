//! The log once more, through the domain and beside the model: each commit is what the command comes to in the state
//! before it, the model says the same of the state after it, and every refusal was right at some moment while its
//! client waited.

use std::collections::{BTreeMap, HashMap};
use std::panic::{AssertUnwindSafe, catch_unwind};

use bytes::Bytes;
use engine::Replica;
use engine::domain::{Stage, State, apply, decide};
use engine::log::RecordedFrame;
use model::centre::workspace;
use model::invariants::{self, Before};
use model::{Reference, Verdict, compare};
use schemas::frame::{Commit, Frame, NO_FRAME, hash};
use schemas::{AgentId, CommandId, Event, Position, Rejection, Submission, Timestamp};

use crate::check::Driven;
use crate::doubt::Doubts;
use crate::process::SHARD;
use crate::record::{Asked, Book, Told};
use crate::shadow::meant;

/// What a replay of the log found.
pub(crate) struct Replay {
    state: State,
    reference: Reference,
    before: Before,
    /// Where each command's last event is, as often as it is there.
    pub(crate) commits: HashMap<CommandId, Vec<(Position, Vec<Event>)>>,
    pub(crate) driven: Driven,
    pub(crate) wrong: Vec<String>,
    /// The domain and the model have parted, and what comes after says nothing.
    is_lost: bool,
    last: Position,
    last_at: Timestamp,
    loads: BTreeMap<AgentId, u16>,
}

pub(crate) fn replay(frames: &[Bytes], book: &Book) -> Replay {
    let all = book.asked.iter();
    let asked: HashMap<_, _> = all.map(|a| (a.submission.id, a.submission.clone())).collect();
    let mut replay = Replay::new();
    let mut doubts = Doubts::of(&book.asked);
    let mut previous = NO_FRAME;
    for (bytes, sequence) in frames.iter().zip(1_u64..) {
        doubts.judge(sequence - 1, true, |asked| replay.is_right(asked));
        let frame = Frame::decode(bytes).unwrap();
        if frame.previous != previous {
            replay.wrong.push(format!("frame {sequence} does not continue the one before it"));
        }
        previous = hash(bytes);
        let mut index = 0;
        for commit in &frame.commits {
            let first = Position { shard: frame.shard, sequence, index };
            replay.commit(commit, first, &asked);
            index += commit.events.len() as u32;
            // Within a frame, any of its commits may be the one that a refusal rests on.
            doubts.judge(sequence, false, |asked| replay.is_right(asked));
        }
        if replay.is_lost {
            return replay;
        }
    }
    doubts.judge(frames.len() as u64, true, |asked| replay.is_right(asked));
    replay.wrong.extend(doubts.wrong());
    replay
}

impl Replay {
    fn new() -> Self {
        Self {
            state: State::default(),
            reference: Reference::default(),
            before: Before::default(),
            commits: HashMap::new(),
            driven: Driven::new(),
            wrong: Vec::new(),
            is_lost: false,
            last: Position::start(SHARD),
            last_at: Timestamp::default(),
            loads: BTreeMap::new(),
        }
    }

    /// Whether what a client was told that leaves nothing in the log is right in this state.
    fn is_right(&mut self, asked: &Asked) -> bool {
        let Asked { submission, told, latest, .. } = asked;
        if let Told::Refused(Rejection::KeyReused) = told {
            let before = self.state.remembered(&submission.workspace, submission.id);
            return before.is_some_and(|before| before.fingerprint != submission.fingerprint);
        }
        for at in [self.last_at, *latest] {
            let verdict = match (told, decide(&self.state, submission, at)) {
                (Told::Refused(rejection), Err(decided)) if *rejection == decided => {
                    Verdict::Refused(rejection.code())
                }
                (Told::Accepted(_), Ok(events)) if events.is_empty() => Verdict::Nothing,
                (Told::Refused(_) | Told::Accepted(_) | Told::Unknown, _) => continue,
            };
            let model = self.reference.take(&submission.actor, &submission.command, submission.id, at);
            if model != verdict {
                let last = self.last;
                let wrong =
                    format!("after {last}, the model says {model:?} to {submission:?}, not {verdict:?}");
                self.wrong.push(wrong);
                self.is_lost = true;
            }
            return true;
        }
        false
    }

    fn commit(&mut self, commit: &Commit, first: Position, asked: &HashMap<CommandId, Submission>) {
        let (header, events) = (&commit.header, &commit.events);
        let due = self.reference.due(header.at);
        let Some((actor, command)) = meant(&self.reference, asked, commit) else {
            self.wrong.push(format!("nobody asked for {commit:?}, at {first}"));
            self.is_lost = true;
            return;
        };
        let (workspace, fingerprint) = (header.workspace.clone(), header.fingerprint);
        let submission = Submission { workspace, id: header.command, fingerprint, actor, command };
        let own = |due| Submission::of_deadline(header.workspace.clone(), due, self.last).id;
        if let Some(due) = due
            && own(due.clone()) != header.command
        {
            self.wrong.push(format!("{due:?} was due before what is at {first}, and did not happen"));
        }
        match decide(&self.state, &submission, header.at) {
            Ok(decided) if decided == *events => {}
            decided => self.wrong.push(format!("at {first} is {events:?}, and it should be {decided:?}")),
        }
        if header.at < self.last_at {
            self.wrong.push(format!("time goes back at {first}"));
        }
        apply(&mut self.state, header, first, events);
        self.last_at = header.at;
        let position = Position { index: first.index + (events.len() as u32).saturating_sub(1), ..first };
        if !events.is_empty() {
            self.last = position;
        }
        self.commits.entry(header.command).or_default().push((position, events.clone()));
        let outcome = if events.is_empty() { "nothing" } else { "accepted" };
        let kind = self.driven.entry(model::kind(&submission.command)).or_default();
        *kind.entry(outcome).or_default() += 1;
        self.beside_the_model(&submission, events, first);
        self.rules(first);
    }

    fn beside_the_model(&mut self, submission: &Submission, events: &[Event], at: Position) {
        let Submission { actor, command, id, .. } = submission;
        let verdict = self.reference.take(actor, command, *id, self.last_at);
        let expected = if events.is_empty() { Verdict::Nothing } else { Verdict::Happened };
        if verdict != expected {
            self.wrong.push(format!("the model says {verdict:?} to {submission:?} at {at}: {events:?}"));
            self.is_lost = true;
            return;
        }
        let compared = catch_unwind(AssertUnwindSafe(|| {
            compare::same(&self.state, &self.reference);
            invariants::hold(&self.state, self.last_at, &mut self.before);
            invariants::hold_of(events, &self.state);
        }));
        if let Err(panic) = compared {
            let text = panic.downcast_ref::<String>().map_or("?", String::as_str);
            self.wrong.push(format!("after {submission:?} at {at}: {text}"));
            self.is_lost = true;
        }
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
                let stage = &conversation.stage;
                self.wrong.push(format!("{id} is {stage:?} and with {:?} at {at}", held.get(id)));
            }
        }
    }
}

/// What everybody who has read this log holds.
pub(crate) fn replica(frames: &[Bytes]) -> Replica {
    let mut replica = Replica::empty(SHARD);
    follow(&mut replica, frames);
    replica
}

/// Has a replica take in the frames after those it has.
pub(crate) fn follow(replica: &mut Replica, frames: &[Bytes]) {
    for (bytes, sequence) in frames.iter().zip(replica.sequence() + 1..) {
        let frame = Frame::decode(bytes).unwrap();
        replica.apply(&RecordedFrame { sequence, hash: hash(bytes), bytes_len: bytes.len(), frame });
    }
}
