//! A chunk: up to 32 entries of a conversation, one behind the other. An entry is the event as the log has it, with
//! its place and who caused it; old versions of events stay readable by the log's own upcasters.

use schemas::api::views::Entry;
use schemas::{Actor, DecodeError, Event, Position, ShardId, Timestamp, decode, encode};
use serde::{Deserialize, Serialize};

use crate::entries::entry_body;
use crate::recorded::Recorded;

const ENTRIES_MAX: usize = 32;
/// A chunk of more bytes takes no more entries. Small, because it is written again and again while it fills.
const BYTES_MAX: usize = 2 * 1024;
const LENGTH_BYTES: usize = 4;

#[derive(Serialize, Deserialize)]
struct Head {
    sequence: u64,
    index: u32,
    at: Timestamp,
    actor: Actor,
    number: u16,
    version: u8,
}

/// A chunk that takes more entries.
#[derive(Debug, Default)]
pub(super) struct Chunk {
    count: usize,
    bytes: Vec<u8>,
}

impl Chunk {
    /// Reads a stored chunk.
    pub(super) fn read(bytes: &[u8]) -> Result<Self, DecodeError> {
        let mut count = 0;
        for stored in stored(bytes) {
            stored?;
            count += 1;
        }
        Ok(Self { count, bytes: bytes.to_vec() })
    }

    pub(super) fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// Where its first entry is in the log; `None` while it is empty.
    pub(super) fn first(&self, shard: ShardId) -> Option<Position> {
        stored(&self.bytes).next()?.ok().map(|stored| stored.position(shard))
    }

    pub(super) fn is_full(&self) -> bool {
        self.count >= ENTRIES_MAX || self.bytes.len() >= BYTES_MAX
    }

    pub(super) fn push(&mut self, recorded: &Recorded<'_>) {
        let start = self.bytes.len();
        self.bytes.extend_from_slice(&[0; 2 * LENGTH_BYTES]);
        let (number, version) = recorded.event.number_and_version();
        let Position { sequence, index, .. } = recorded.position;
        let (at, actor) = (recorded.header.at, recorded.header.actor.clone());
        encode(&Head { sequence, index, at, actor, number, version }, &mut self.bytes);
        let payload_at = self.bytes.len();
        recorded.event.encode(&mut self.bytes);
        let head_length = (payload_at - start - 2 * LENGTH_BYTES) as u32;
        let payload_length = (self.bytes.len() - payload_at) as u32;
        self.bytes[start..start + LENGTH_BYTES].copy_from_slice(&head_length.to_be_bytes());
        self.bytes[start + LENGTH_BYTES..start + 2 * LENGTH_BYTES]
            .copy_from_slice(&payload_length.to_be_bytes());
        self.count += 1;
    }
}

/// An entry in a chunk, its event not read yet.
pub(crate) struct Stored<'a> {
    head: Head,
    payload: &'a [u8],
}

impl Stored<'_> {
    pub(super) fn position(&self, shard: ShardId) -> Position {
        Position { shard, sequence: self.head.sequence, index: self.head.index }
    }

    pub(super) fn bytes(&self) -> usize {
        self.payload.len()
    }

    /// The entry, and its ordinal among the outbound messages if it is one.
    pub(crate) fn entry(self, shard: ShardId) -> Result<(Entry, Option<u32>), DecodeError> {
        let position = self.position(shard);
        let Head { at, actor, number, version, .. } = self.head;
        let event = Event::decode(number, version, self.payload)?;
        let ordinal =
            if let Event::MessageSubmitted(submitted) = &event { Some(submitted.ordinal) } else { None };
        let body = entry_body(&event).ok_or_else(|| malformed("an event that is no entry"))?;
        Ok((Entry { position, at, by: actor, body }, ordinal))
    }
}

/// The entries of a chunk, oldest first.
pub(crate) fn stored(chunk: &[u8]) -> impl Iterator<Item = Result<Stored<'_>, DecodeError>> {
    let mut rest = chunk;
    std::iter::from_fn(move || {
        if rest.is_empty() {
            return None;
        }
        let read = split_first(rest);
        rest = read.as_ref().map_or(&[], |(_, rest)| rest);
        Some(read.map(|(stored, _)| stored))
    })
}

fn split_first(bytes: &[u8]) -> Result<(Stored<'_>, &[u8]), DecodeError> {
    let cut = || malformed("cut short");
    let (head, rest) = bytes.split_first_chunk::<LENGTH_BYTES>().ok_or_else(cut)?;
    let (payload, rest) = rest.split_first_chunk::<LENGTH_BYTES>().ok_or_else(cut)?;
    let (head, rest) = rest.split_at_checked(u32::from_be_bytes(*head) as usize).ok_or_else(cut)?;
    let (payload, rest) = rest.split_at_checked(u32::from_be_bytes(*payload) as usize).ok_or_else(cut)?;
    Ok((Stored { head: decode("entry", head)?, payload }, rest))
}

fn malformed(reason: &str) -> DecodeError {
    DecodeError::Malformed { what: "chunk of entries", reason: reason.to_owned() }
}

#[cfg(test)]
mod tests {
    use schemas::event::{NoteAdded, NoteKind};
    use schemas::frame::CommitHeader;
    use schemas::{CommandId, ConversationId, WorkspaceId};

    use super::*;
    use crate::keys::WorkspaceKey;

    const SHARD: ShardId = ShardId(3);

    fn with_note<T>(index: u32, text_bytes: usize, then: impl FnOnce(&Recorded<'_>) -> T) -> T {
        let workspace = WorkspaceId::new("default").unwrap();
        let header = CommitHeader {
            workspace: workspace.clone(),
            command: CommandId::from_bytes([1; 16]),
            fingerprint: 0,
            actor: Actor::System,
            at: Timestamp::from_millis(7),
        };
        let text = "n".repeat(text_bytes);
        let event =
            NoteAdded { conversation: ConversationId::from_bytes([2; 16]), text, kind: NoteKind::Note }
                .into();
        let position = Position { shard: SHARD, sequence: 9, index };
        let workspace = WorkspaceKey::of(&workspace);
        then(&Recorded { header: &header, workspace, position, event: &event })
    }

    fn chunk_of(index: u32, text_bytes: usize) -> Chunk {
        let mut chunk = Chunk::default();
        with_note(index, text_bytes, |note| chunk.push(note));
        chunk
    }

    #[test]
    fn a_chunk_reads_back_and_takes_more() {
        let mut chunk = chunk_of(3, 5);
        with_note(4, 6, |note| chunk.push(note));
        let mut again = Chunk::read(chunk.bytes()).unwrap();
        assert_eq!((again.first(SHARD).unwrap().index, again.count), (3, 2));
        with_note(5, 7, |note| again.push(note));
        let entries: Vec<_> = stored(again.bytes()).map(|s| s.unwrap().entry(SHARD).unwrap().0).collect();
        assert_eq!(entries.iter().map(|e| e.position.index).collect::<Vec<_>>(), [3, 4, 5]);
        assert!(entries.iter().all(|e| e.at == Timestamp::from_millis(7) && e.by == Actor::System));
    }

    #[test]
    fn a_chunk_is_full_by_number_or_by_size() {
        let mut chunk = Chunk::default();
        for index in 0..32 {
            assert!(!chunk.is_full());
            with_note(index, 5, |note| chunk.push(note));
        }
        assert!(chunk.is_full());
        assert!(chunk_of(0, BYTES_MAX).is_full());
    }

    #[test]
    fn a_cut_chunk_is_an_error_and_not_a_shorter_one() {
        let chunk = chunk_of(0, 5);
        for length in 1..chunk.bytes.len() {
            assert!(Chunk::read(&chunk.bytes()[..length]).is_err(), "cut to {length}");
        }
    }
}
