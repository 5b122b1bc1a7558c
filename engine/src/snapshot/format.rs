//! The bytes of a snapshot: a header, the state's records in chunks, and the hash of all that. Written and read as a
//! stream; any bytes are read as a replica or an error. The layout is described in `schemas/README.md`.

use std::io::{self, Read, Write};

use schemas::frame::FrameHash;
use schemas::{Position, ShardId, Timestamp, decode_first, encode};

use super::SnapshotError;
use crate::domain::{Loading, Record};
use crate::replica::Replica;

/// Goes up when the layout changes, and when the same events come to another state: a snapshot of another version
/// is ignored, and the log read instead.
pub const VERSION: u8 = 1;

const MAGIC: [u8; 3] = *b"ats";
const HEADER_BYTES: usize = 74;
const HASH_BYTES: usize = 32;
/// A chunk is closed when it has this size.
const CHUNK_BYTES: usize = 64 * 1024;
/// The largest chunk: a full one, and the largest record.
const CHUNK_BYTES_MAX: usize = 512 * 1024;

/// What a snapshot says of itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Header {
    pub(super) shard: ShardId,
    /// The last frame it reflects.
    pub(super) sequence: u64,
    /// The hash of that frame.
    pub(super) frame: FrameHash,
    /// The size of the log up to that frame.
    pub(super) log_bytes: u64,
    last: Position,
    last_at: Timestamp,
}

/// Writes a replica, with the size that the log has up to its frame.
///
/// # Errors
/// What `out` says.
pub fn write(replica: &Replica, log_bytes: u64, out: impl Write) -> io::Result<()> {
    let mut out = Hashing::new(out);
    out.write(&header_of(replica, log_bytes))?;
    let mut chunk = Vec::with_capacity(2 * CHUNK_BYTES);
    replica.state.records(|record| {
        encode(record, &mut chunk);
        if chunk.len() >= CHUNK_BYTES { out.write_chunk(&mut chunk) } else { Ok(()) }
    })?;
    if !chunk.is_empty() {
        out.write_chunk(&mut chunk)?;
    }
    out.write_chunk(&mut chunk)?;
    let hash = out.hash();
    out.inner.write_all(&hash)?;
    out.inner.flush()
}

fn header_of(replica: &Replica, log_bytes: u64) -> [u8; HEADER_BYTES] {
    let parts: [&[u8]; 9] = [
        &MAGIC,
        &[VERSION],
        &replica.shard.0.to_le_bytes(),
        &replica.sequence.to_le_bytes(),
        &replica.previous,
        &log_bytes.to_le_bytes(),
        &replica.last.sequence.to_le_bytes(),
        &replica.last.index.to_le_bytes(),
        &replica.last_at.millis().to_le_bytes(),
    ];
    let (mut header, mut at) = ([0; HEADER_BYTES], 0);
    for part in parts {
        header[at..at + part.len()].copy_from_slice(part);
        at += part.len();
    }
    header
}

/// Reads a replica.
///
/// # Errors
/// [`SnapshotError`] for bytes that are not wholly a snapshot of this version.
pub fn read(input: impl Read) -> Result<Replica, SnapshotError> {
    let mut loading = Loading::default();
    let header = read_chunks(input, |mut chunk| {
        while !chunk.is_empty() {
            let (record, rest) =
                decode_first::<Record>("record", chunk).map_err(|e| damaged(e.to_string()))?;
            loading.take(record).map_err(damaged)?;
            chunk = rest;
        }
        Ok(())
    })?;
    let Header { shard, sequence, frame, last, last_at, .. } = header;
    Ok(Replica { shard, state: loading.finish(), sequence, previous: frame, last, last_at })
}

/// Reads all of a snapshot, and makes nothing of its state.
pub(super) fn verify(input: impl Read) -> Result<Header, SnapshotError> {
    read_chunks(input, |_| Ok(()))
}

pub(super) fn read_header(input: impl Read) -> Result<Header, SnapshotError> {
    Hashing::new(input).read_header()
}

fn read_chunks(
    input: impl Read,
    mut each: impl FnMut(&[u8]) -> Result<(), SnapshotError>,
) -> Result<Header, SnapshotError> {
    let mut input = Hashing::new(input);
    let header = input.read_header()?;
    let mut chunk = Vec::new();
    while input.read_chunk(&mut chunk)? {
        each(&chunk)?;
    }
    let expected = input.hash();
    let mut found = [0; HASH_BYTES];
    input.fill(&mut found)?;
    if found != expected {
        return Err(damaged("its checksum is wrong"));
    }
    match input.inner.read(&mut [0])? {
        0 => Ok(header),
        _ => Err(damaged("bytes follow its end")),
    }
}

fn damaged(reason: impl Into<String>) -> SnapshotError {
    SnapshotError::Damaged(reason.into())
}

/// Hashes whatever goes through.
struct Hashing<T> {
    inner: T,
    hasher: blake3::Hasher,
}

impl<T> Hashing<T> {
    fn new(inner: T) -> Self {
        Self { inner, hasher: blake3::Hasher::new() }
    }

    fn hash(&self) -> [u8; HASH_BYTES] {
        *self.hasher.finalize().as_bytes()
    }
}

impl<T: Write> Hashing<T> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.hasher.update(bytes);
        self.inner.write_all(bytes)
    }

    /// Writes a chunk and leaves it empty; an empty one ends the snapshot.
    fn write_chunk(&mut self, chunk: &mut Vec<u8>) -> io::Result<()> {
        if chunk.len() > CHUNK_BYTES_MAX {
            return Err(io::Error::other("a record is larger than a chunk may be"));
        }
        self.write(&(chunk.len() as u32).to_le_bytes())?;
        self.write(chunk)?;
        chunk.clear();
        Ok(())
    }
}

impl<T: Read> Hashing<T> {
    fn fill(&mut self, bytes: &mut [u8]) -> Result<(), SnapshotError> {
        self.inner.read_exact(bytes).map_err(|error| match error.kind() {
            io::ErrorKind::UnexpectedEof => damaged("it is cut short"),
            _ => SnapshotError::Unreadable(error),
        })?;
        self.hasher.update(bytes);
        Ok(())
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N], SnapshotError> {
        let mut array = [0; N];
        self.fill(&mut array)?;
        Ok(array)
    }

    fn u64(&mut self) -> Result<u64, SnapshotError> {
        Ok(u64::from_le_bytes(self.array()?))
    }

    fn read_header(&mut self) -> Result<Header, SnapshotError> {
        if self.array()? != MAGIC {
            return Err(damaged("it does not begin like a snapshot"));
        }
        let [version] = self.array()?;
        if version != VERSION {
            return Err(SnapshotError::OtherVersion(version));
        }
        let shard = ShardId(u16::from_le_bytes(self.array()?));
        let (sequence, frame, log_bytes) = (self.u64()?, self.array()?, self.u64()?);
        let last = Position { shard, sequence: self.u64()?, index: u32::from_le_bytes(self.array()?) };
        let last_at = Timestamp::from_millis(self.u64()?);
        Ok(Header { shard, sequence, frame, log_bytes, last, last_at })
    }

    /// Reads a chunk; false for the empty one that ends the snapshot.
    fn read_chunk(&mut self, chunk: &mut Vec<u8>) -> Result<bool, SnapshotError> {
        let bytes = u32::from_le_bytes(self.array()?) as usize;
        if bytes > CHUNK_BYTES_MAX {
            return Err(damaged("a chunk is larger than chunks are"));
        }
        chunk.resize(bytes, 0);
        self.fill(chunk)?;
        Ok(bytes > 0)
    }
}
