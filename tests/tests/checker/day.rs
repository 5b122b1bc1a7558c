//! A day in order, made by the rules alone: its log, and what clients and a listener would have recorded of it.

use engine::domain::{State, apply, decide};
use engine::log::RecordedFrame;
use schemas::command::{Command, Due, Receipt};
use schemas::event::NoteKind;
use schemas::frame::{Commit, CommitHeader, Frame, FrameBuilder, NO_FRAME, hash};
use schemas::{
    Actor, AgentId, CommandId, ConversationId, DeliveryStatus, Event, FrameId, MessageId, Position, Presence,
    ShardId, Submission, Timestamp, TransferTarget,
};
use tests::centre::{self, Centre, agent, campaign, channel, disposition};
use tests::checker::{Evidence, Rule, check};
use tests::log_copy::LogCopy;
use tests::record::{Asked, Listened, Told, Word};

const COMMITS_PER_FRAME: usize = 3;
/// The midnight at which the day begins.
const BEGIN_MS: u64 = 1_767_225_600_000;

/// Makes commits one after the other; what is refused is remembered and not written.
struct Maker {
    state: State,
    commits: Vec<(Commit, Position)>,
    refused: Vec<CommandId>,
}

impl Maker {
    fn submit(&mut self, submission: Submission) -> CommandId {
        let now = Timestamp::from_millis(BEGIN_MS + self.commits.len() as u64);
        let Ok(events) = decide(&self.state, &submission, now) else {
            self.refused.push(submission.id);
            return submission.id;
        };
        assert!(!events.is_empty(), "{submission:?}");
        let in_frame = self.commits.len() % COMMITS_PER_FRAME;
        let others = self.commits.iter().rev().take(in_frame);
        let index: usize = others.map(|(commit, _)| commit.events.len()).sum();
        let sequence = (self.commits.len() / COMMITS_PER_FRAME) as u64 + 1;
        let first = Position { shard: ShardId(0), sequence, index: index as u32 };
        let header = CommitHeader::of(&submission, now);
        apply(&mut self.state, &header, first, &events);
        let position = Position { index: first.index + events.len() as u32 - 1, ..first };
        self.commits.push((Commit { header, events }, position));
        submission.id
    }

    fn by(&mut self, actor: Actor, command: Command) -> CommandId {
        self.submit(centre::submission(actor, command))
    }

    fn log(&self) -> LogCopy {
        let (mut frames, mut previous) = (Vec::new(), NO_FRAME);
        for (commits, sequence) in self.commits.chunks(COMMITS_PER_FRAME).zip(1..) {
            let mut builder = FrameBuilder::default();
            for (commit, _) in commits {
                builder.push(&commit.header, &commit.events);
            }
            let id = FrameId::from_bytes([sequence as u8; 16]);
            let bytes = builder.finish(ShardId(0), id, &previous, Timestamp::default());
            previous = hash(&bytes);
            let frame = Frame::decode(&bytes).unwrap();
            frames.push(RecordedFrame { sequence, hash: previous, bytes_len: bytes.len(), frame });
        }
        LogCopy { frames }
    }
}

/// The evidence of a day in which all six actions happen; nothing is wrong with it.
pub(super) fn in_order() -> Evidence {
    let mut maker = Maker { state: State::default(), commits: Vec::new(), refused: Vec::new() };
    for command in (Centre { agents: 3, capacity: 2, ..Centre::default() }).commands() {
        let actor =
            if matches!(command, Command::CreateWorkspace(_)) { Actor::System } else { Actor::Administrator };
        maker.by(actor, command);
    }
    for number in 0..2 {
        let presence = Presence::Online;
        maker.by(Actor::Agent(agent(number)), Command::ChangePresence { agent: agent(number), presence });
    }
    for from in 0..5 {
        maker.submit(centre::inbound(from, &format!("m-{from}"), "hello"));
        maker.submit(centre::inbound(from, &format!("m-{from}-again"), "hello?"));
    }
    converse(&mut maker);
    let log = maker.log();
    let mut evidence = Evidence { log, ..Evidence::default() };
    record(&maker, &mut evidence);
    assert_eq!(check(&evidence), [], "a day in order");
    evidence
}

fn converse(maker: &mut Maker) {
    let ws = maker.state.workspace(&centre::workspace()).unwrap();
    let held: Vec<ConversationId> = ws.agent(&agent(0)).unwrap().holding.clone();
    let ana = || Actor::Agent(agent(0));
    let content = schemas::Content::Text("hi".to_owned());
    let sent = maker.by(ana(), Command::Send { conversation: held[0], content });
    for status in [DeliveryStatus::Read, DeliveryStatus::Sent] {
        let message = Some(MessageId::from(sent));
        let reported_at = Timestamp::default();
        let receipt =
            Receipt { channel: channel(), message, provider_id: None, status, reported_at, error: None };
        maker.by(Actor::Channel(channel()), Command::RecordReceipt(receipt));
    }
    let (to, note) = (TransferTarget::Campaign(campaign(1)), "for you".to_owned());
    maker.by(ana(), Command::Transfer { conversation: held[0], to, note });
    let finish = Command::Finish { conversation: held[1], disposition: disposition(), sub_disposition: None };
    maker.by(ana(), finish.clone());
    // It is finished, so that this is refused.
    maker.by(ana(), finish);
    maker.by(
        Actor::Administrator,
        Command::AddNote { conversation: held[0], text: "note".to_owned(), kind: NoteKind::Note },
    );
}

/// One client asked for everything, one command after the other; one listener heard everything.
fn record(maker: &Maker, evidence: &mut Evidence) {
    let accepted = maker.commits.iter().map(|(commit, at)| (commit.header.command, Told::Accepted(*at)));
    let refused =
        maker.refused.iter().map(|command| (*command, Told::Refused("conversation_not_open".into())));
    let asked = accepted.chain(refused).zip(0..).map(|((command, told), number)| Asked {
        client: "client".to_owned(),
        command,
        what: "a command".to_owned(),
        shortcut: None,
        asked: 2 * number,
        answered: 2 * number + 1,
        told,
        elsewhere_at: None,
    });
    evidence.records.asked = asked.collect();
    let pushed = evidence.log.events().filter(|happened| {
        !matches!(happened.event, Event::WorkspaceCreated(_) | Event::ConversationOpened(_))
    });
    let changes: Vec<Word> = pushed.map(|happened| Word::Change(happened.position)).collect();
    let until = evidence.log.commits().last().map(|placed| placed.position);
    let words = [Word::Hello(Position::start(ShardId(0)))].into_iter().chain(changes).collect();
    evidence.records.listened = vec![Listened { listener: "listener".to_owned(), words, until }];
}

/// Something more happens, so many seconds after that day began, which no client asked for and no listener hears.
pub(super) fn then(evidence: &mut Evidence, actor: Actor, second: u64, events: Vec<Event>) -> CommandId {
    let id = CommandId::from_bytes(engine::random::bytes());
    then_by(evidence, id, actor, second, events);
    id
}

/// As [`then`], by this command.
pub(super) fn then_by(evidence: &mut Evidence, id: CommandId, actor: Actor, second: u64, events: Vec<Event>) {
    let nothing = Command::PassDeadline(Due::Conversation(ConversationId::from_bytes([0; 16])));
    let submission = Submission { id, ..centre::submission(actor, nothing) };
    let header = CommitHeader::of(&submission, after(second));
    let last = evidence.log.frames.last_mut().unwrap();
    last.frame.commits.push(Commit { header, events });
}

/// So many seconds after the day began.
pub(super) fn after(second: u64) -> Timestamp {
    Timestamp::from_millis(BEGIN_MS + 1_000 * second)
}

/// A conversation that has an agent at the end of the day, and the agent.
pub(super) fn held(evidence: &Evidence) -> (ConversationId, AgentId) {
    let events: Vec<&Event> = evidence.log.events().map(|happened| happened.event).collect();
    let noted = events.iter().find_map(|event| match event {
        Event::NoteAdded(note) => Some(note.conversation),
        _ => None,
    });
    let conversation = noted.unwrap();
    let agent = events.iter().rev().find_map(|event| match event {
        Event::ConversationAssigned(e) if e.conversation == conversation => Some(e.agent.clone()),
        _ => None,
    });
    (conversation, agent.unwrap())
}

/// The checker must find that exactly this rule is broken.
#[track_caller]
pub(super) fn breaks(evidence: &Evidence, rule: Rule) {
    let findings = check(evidence);
    let rules: Vec<Rule> = findings.iter().map(|finding| finding.rule).collect();
    assert!(rules.contains(&rule), "{rule:?} was not found to be broken: {findings:?}");
    assert!(rules.iter().all(|found| *found == rule), "{findings:?}");
}

/// The first event that is of the wanted kind, with the number of its frame and of its commit there.
pub(super) fn find(evidence: &Evidence, is_wanted: impl Fn(&Event) -> bool) -> (usize, usize) {
    for (frame, recorded) in evidence.log.frames.iter().enumerate() {
        let has = |commit: &Commit| commit.events.iter().any(&is_wanted);
        if let Some(commit) = recorded.frame.commits.iter().position(has) {
            return (frame, commit);
        }
    }
    panic!("the day has no such event");
}

/// Every event of the log, to be changed where it is.
pub(super) fn events_mut(evidence: &mut Evidence) -> impl Iterator<Item = &mut Event> {
    let frames = evidence.log.frames.iter_mut();
    frames.flat_map(|recorded| &mut recorded.frame.commits).flat_map(|commit| &mut commit.events)
}
