//! A frame: one message of the log, holding commits; a commit holds the events of one accepted command.
//! The layout is fixed and described in `schemas/README.md`; decoding takes any bytes to a value or an error.

use serde::{Deserialize, Serialize};

use crate::codec::{DecodeError, decode_first, encode};
use crate::command::{Actor, Submission};
use crate::event::Event;
use crate::ids::{CommandId, FrameId, WorkspaceId};
use crate::limits::FRAME_BYTES_MAX;
use crate::position::ShardId;
use crate::time::Timestamp;

const FORMAT: u8 = 1;
const MAGIC: &[u8; 3] = b"atf";
const COMMITS_AT: usize = 62;
/// Bytes before the first commit.
const HEADER_BYTES: usize = 66;
/// Bytes before an event's payload: type number, version, length.
const EVENT_HEADER_BYTES: usize = 7;

/// The BLAKE3 hash of a frame's bytes, carried by the frame after it.
pub type FrameHash = [u8; 32];

/// What the first frame of a shard carries as the hash of the one before.
pub const NO_FRAME: FrameHash = [0; 32];

/// The hash of a whole encoded frame.
pub fn hash(frame: &[u8]) -> FrameHash {
    *blake3::hash(frame).as_bytes()
}

/// Who did what, and when, around the events of one command.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CommitHeader {
    /// Where it took effect.
    pub workspace: WorkspaceId,
    /// The command's id.
    pub command: CommandId,
    /// The request's fingerprint; 0 if it had none.
    pub fingerprint: u64,
    /// Who asked for it.
    pub actor: Actor,
    /// When it was decided. Never before the commit ahead of it.
    pub at: Timestamp,
}

impl CommitHeader {
    /// The header of the commit that accepts `submission`.
    pub fn of(submission: &Submission, at: Timestamp) -> Self {
        Self {
            workspace: submission.workspace.clone(),
            command: submission.id,
            fingerprint: submission.fingerprint,
            actor: submission.actor.clone(),
            at,
        }
    }
}

/// The events of one accepted command.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Commit {
    /// Who did it and when.
    pub header: CommitHeader,
    /// What happened, in order. Empty for a command that changed nothing but must be remembered.
    pub events: Vec<Event>,
}

/// One message of the log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Frame {
    /// The shard it was written for.
    pub shard: ShardId,
    /// Its writer's name for it.
    pub id: FrameId,
    /// The hash of the frame before.
    pub previous: FrameHash,
    /// When it was closed.
    pub written_at: Timestamp,
    /// Its commits, in order.
    pub commits: Vec<Commit>,
}

impl Frame {
    /// Reads a frame that fills `bytes` exactly.
    ///
    /// # Errors
    /// [`DecodeError`] for bytes that are cut, left over or follow no format, and for unknown events.
    pub fn decode(bytes: &[u8]) -> Result<Self, DecodeError> {
        let mut reader = Reader::new(bytes)?;
        let shard = ShardId(u16::from_le_bytes(reader.array()?));
        let id = FrameId::from_bytes(reader.array()?);
        let previous = reader.array()?;
        let written_at = Timestamp::from_millis(u64::from_le_bytes(reader.array()?));
        let count = u32::from_le_bytes(reader.array()?) as usize;
        let mut commits = Vec::with_capacity(count.min(1024));
        for _ in 0..count {
            commits.push(reader.commit()?);
        }
        reader.end()?;
        Ok(Self { shard, id, previous, written_at, commits })
    }

    /// The id in an encoded frame, to tell one's own frame from another's.
    ///
    /// # Errors
    /// [`DecodeError`] when `bytes` do not begin like a frame.
    pub fn id_of(bytes: &[u8]) -> Result<FrameId, DecodeError> {
        let mut reader = Reader::new(bytes)?;
        let _shard: [u8; 2] = reader.array()?;
        Ok(FrameId::from_bytes(reader.array()?))
    }

    /// How many events it holds.
    pub fn events(&self) -> usize {
        self.commits.iter().map(|commit| commit.events.len()).sum()
    }
}

/// Collects commits into the bytes of a frame.
#[derive(Debug, Default)]
pub struct FrameBuilder {
    body: Vec<u8>,
    commits: u32,
    events: u32,
}

impl FrameBuilder {
    /// Adds a commit and gives back the index, in the frame, of its first event.
    pub fn push(&mut self, header: &CommitHeader, events: &[Event]) -> u32 {
        let first = self.events;
        let start = self.body.len();
        self.body.extend_from_slice(&[0; 4]);
        encode(header, &mut self.body);
        self.body.extend_from_slice(&(events.len() as u16).to_le_bytes());
        for event in events {
            self.push_event(event);
        }
        patch_length(&mut self.body, start);
        self.commits += 1;
        self.events += events.len() as u32;
        first
    }

    fn push_event(&mut self, event: &Event) {
        let (number, version) = event.number_and_version();
        self.body.extend_from_slice(&number.to_le_bytes());
        self.body.push(version);
        let length_at = self.body.len();
        self.body.extend_from_slice(&[0; 4]);
        event.encode(&mut self.body);
        patch_length(&mut self.body, length_at);
    }

    /// Takes the last commit back out. `to` and `first_event` are what [`FrameBuilder::bytes`] and
    /// [`FrameBuilder::push`] gave before and for it.
    pub fn undo(&mut self, to: usize, first_event: u32) {
        self.body.truncate(to - HEADER_BYTES);
        self.commits -= 1;
        self.events = first_event;
    }

    /// The size the frame has now.
    pub fn bytes(&self) -> usize {
        HEADER_BYTES + self.body.len()
    }

    /// How many events are in it.
    pub fn events(&self) -> u32 {
        self.events
    }

    /// How many commits are in it.
    pub fn commits(&self) -> u32 {
        self.commits
    }

    /// Whether no commit is in it.
    pub fn is_empty(&self) -> bool {
        self.commits == 0
    }

    /// Closes the frame and leaves the builder empty for the next.
    pub fn finish(
        &mut self,
        shard: ShardId,
        id: FrameId,
        previous: &FrameHash,
        written_at: Timestamp,
    ) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(self.bytes());
        bytes.extend_from_slice(MAGIC);
        bytes.push(FORMAT);
        bytes.extend_from_slice(&shard.0.to_le_bytes());
        bytes.extend_from_slice(id.as_bytes());
        bytes.extend_from_slice(previous);
        bytes.extend_from_slice(&written_at.millis().to_le_bytes());
        debug_assert_eq!(bytes.len(), COMMITS_AT);
        bytes.extend_from_slice(&self.commits.to_le_bytes());
        bytes.append(&mut self.body);
        self.commits = 0;
        self.events = 0;
        bytes
    }
}

fn patch_length(body: &mut [u8], at: usize) {
    let length = (body.len() - at - 4) as u32;
    body[at..at + 4].copy_from_slice(&length.to_le_bytes());
}

struct Reader<'a> {
    rest: &'a [u8],
}

impl<'a> Reader<'a> {
    fn new(bytes: &'a [u8]) -> Result<Self, DecodeError> {
        if bytes.len() > FRAME_BYTES_MAX {
            return Err(DecodeError::malformed("frame", "larger than a frame may be"));
        }
        let mut reader = Self { rest: bytes };
        if reader.array::<3>()? != *MAGIC {
            return Err(DecodeError::malformed("frame", "does not begin like a frame"));
        }
        match reader.array::<1>()? {
            [FORMAT] => Ok(reader),
            [other] => Err(DecodeError::UnknownFormat(other)),
        }
    }

    fn take(&mut self, length: usize) -> Result<&'a [u8], DecodeError> {
        let (taken, rest) =
            self.rest.split_at_checked(length).ok_or_else(|| DecodeError::malformed("frame", "cut short"))?;
        self.rest = rest;
        Ok(taken)
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N], DecodeError> {
        let mut array = [0; N];
        array.copy_from_slice(self.take(N)?);
        Ok(array)
    }

    fn sized(&mut self) -> Result<Self, DecodeError> {
        let length = u32::from_le_bytes(self.array()?) as usize;
        Ok(Self { rest: self.take(length)? })
    }

    fn commit(&mut self) -> Result<Commit, DecodeError> {
        let commit = self.sized()?;
        let (header, rest) = decode_first("commit header", commit.rest)?;
        let mut body = Self { rest };
        let count = u16::from_le_bytes(body.array()?) as usize;
        let mut events = Vec::with_capacity(count.min(body.rest.len() / EVENT_HEADER_BYTES));
        for _ in 0..count {
            let number = u16::from_le_bytes(body.array()?);
            let [version] = body.array()?;
            events.push(Event::decode(number, version, body.sized()?.rest)?);
        }
        body.end()?;
        Ok(Commit { header, events })
    }

    fn end(&self) -> Result<(), DecodeError> {
        match self.rest.len() {
            0 => Ok(()),
            left => Err(DecodeError::LeftOver { what: "frame", left }),
        }
    }
}
