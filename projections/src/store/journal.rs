//! The journal: each overlay is appended and synced here before its rows go to sled one by one, so that after a
//! crash they are written again and no overlay is ever found half there. It is emptied when sled is synced.
//!
//! A record, little-endian: `length u32, checksum u64, from u64, to u64, rows u32`, then for each row
//! `key length u16, key, value length u32, value`, where a value length of `u32::MAX` is a deletion. `length` and
//! `checksum` cover what follows them. Records form a chain: `from` is the `to` of the one before.

use std::fs::{File, OpenOptions};
use std::io::{self, Read, Seek, Write};
use std::path::Path;

use super::bytes::Bytes;
use super::error::Fault;
use super::overlay::Overlay;
#[cfg(feature = "simulation")]
use super::simulated;

const FRONT_BYTES: usize = 12;
const DELETED: u32 = u32::MAX;

#[derive(Debug)]
pub(super) struct Journal {
    file: JournalFile,
    bytes: u64,
    buffer: Vec<u8>,
}

#[derive(Debug)]
enum JournalFile {
    Real(File),
    #[cfg(feature = "simulation")]
    Simulated(simulated::JournalFile),
}

impl JournalFile {
    fn append(&mut self, bytes: &[u8]) -> io::Result<()> {
        match self {
            Self::Real(file) => file.write_all(bytes).and_then(|()| file.sync_data()),
            #[cfg(feature = "simulation")]
            Self::Simulated(file) => file.append(bytes),
        }
    }

    fn clear(&mut self) -> io::Result<()> {
        match self {
            Self::Real(file) => {
                file.set_len(0)?;
                file.rewind()?;
                file.sync_data()
            }
            #[cfg(feature = "simulation")]
            Self::Simulated(file) => file.clear(),
        }
    }

    fn read(&mut self) -> io::Result<Vec<u8>> {
        match self {
            Self::Real(file) => {
                let mut bytes = Vec::new();
                file.rewind()?;
                file.read_to_end(&mut bytes)?;
                Ok(bytes)
            }
            #[cfg(feature = "simulation")]
            Self::Simulated(file) => file.read(),
        }
    }
}

/// Rows of the frames after `from` up to `to`.
#[derive(Debug)]
pub(super) struct Record {
    pub(super) from: u64,
    pub(super) to: u64,
    pub(super) rows: Vec<(Bytes, Option<Bytes>)>,
}

impl Journal {
    pub(super) fn open(path: &Path) -> io::Result<Journal> {
        #[cfg(feature = "simulation")]
        if let Some(file) = simulated::JournalFile::open(path) {
            return Ok(Journal::of(JournalFile::Simulated(file)));
        }
        let file = OpenOptions::new().read(true).write(true).create(true).truncate(false).open(path)?;
        Ok(Journal::from_file(file))
    }

    pub(super) fn from_file(file: File) -> Journal {
        Journal::of(JournalFile::Real(file))
    }

    fn of(file: JournalFile) -> Journal {
        Journal { file, bytes: 0, buffer: Vec::new() }
    }

    pub(super) fn bytes(&self) -> u64 {
        self.bytes
    }

    /// Appends and syncs.
    pub(super) fn append(&mut self, from: u64, to: u64, rows: &Overlay) -> Result<(), Fault> {
        encode(&mut self.buffer, from, to, rows)?;
        self.file.append(&self.buffer)?;
        self.bytes += self.buffer.len() as u64;
        Ok(())
    }

    pub(super) fn clear(&mut self) -> io::Result<()> {
        self.file.clear()?;
        self.bytes = 0;
        Ok(())
    }

    /// All whole records, oldest first. A record cut short by the end of the file is the write a crash broke off:
    /// its rows cannot have reached sled, and it is left out. Anything else that does not read is damage.
    pub(super) fn read(&mut self) -> Result<Vec<Record>, Fault> {
        records(&self.file.read()?)
    }
}

/// What [`Journal::read`] makes of the bytes of the file.
pub(super) fn records(bytes: &[u8]) -> Result<Vec<Record>, Fault> {
    let mut rest = bytes;
    let mut records: Vec<Record> = Vec::new();
    while let Some((body, sum, after)) = cut(rest) {
        if checksum(body) != sum {
            if after.is_empty() {
                break;
            }
            return Err(Fault::Damaged("a journal record fails its checksum".to_owned()));
        }
        let record =
            decode(body).ok_or_else(|| Fault::Damaged("a journal record does not parse".to_owned()))?;
        if records.last().is_some_and(|last| last.to != record.from) {
            return Err(Fault::Damaged("the journal has a gap".to_owned()));
        }
        records.push(record);
        rest = after;
    }
    Ok(records)
}

fn encode(out: &mut Vec<u8>, from: u64, to: u64, rows: &Overlay) -> Result<(), Fault> {
    out.clear();
    out.resize(FRONT_BYTES, 0);
    out.extend(from.to_le_bytes());
    out.extend(to.to_le_bytes());
    out.extend(length(rows.len())?.to_le_bytes());
    for (key, change) in rows.iter() {
        // KEY_BYTES_MAX fits.
        out.extend((key.len() as u16).to_le_bytes());
        out.extend_from_slice(key);
        match change {
            Some(value) => {
                out.extend(length(value.len())?.to_le_bytes());
                out.extend_from_slice(value);
            }
            None => out.extend(DELETED.to_le_bytes()),
        }
    }
    let body_bytes = length(out.len() - FRONT_BYTES)?;
    let sum = checksum(&out[FRONT_BYTES..]);
    out[..4].copy_from_slice(&body_bytes.to_le_bytes());
    out[4..FRONT_BYTES].copy_from_slice(&sum.to_le_bytes());
    Ok(())
}

fn length(n: usize) -> Result<u32, Fault> {
    u32::try_from(n).map_err(|_| Fault::Io(io::ErrorKind::FileTooLarge.into()))
}

/// The body of the first record, its checksum, and what comes after; `None` when it is not whole.
fn cut(bytes: &[u8]) -> Option<(&[u8], u64, &[u8])> {
    let mut rest = bytes;
    let body_bytes = take_u32(&mut rest)?;
    let sum = take_u64(&mut rest)?;
    let body = take(&mut rest, body_bytes as usize)?;
    Some((body, sum, rest))
}

fn decode(body: &[u8]) -> Option<Record> {
    let mut rest = body;
    let from = take_u64(&mut rest)?;
    let to = take_u64(&mut rest)?;
    let count = take_u32(&mut rest)?;
    let mut rows = Vec::new();
    for _ in 0..count {
        let key_bytes = u16::from_le_bytes(take(&mut rest, 2)?.try_into().ok()?);
        let key = take(&mut rest, usize::from(key_bytes))?.into();
        let change = match take_u32(&mut rest)? {
            DELETED => None,
            value_bytes => Some(take(&mut rest, value_bytes as usize)?.into()),
        };
        rows.push((key, change));
    }
    rest.is_empty().then_some(Record { from, to, rows })
}

fn take<'a>(rest: &mut &'a [u8], n: usize) -> Option<&'a [u8]> {
    let (taken, after) = rest.split_at_checked(n)?;
    *rest = after;
    Some(taken)
}

fn take_u32(rest: &mut &[u8]) -> Option<u32> {
    Some(u32::from_le_bytes(take(rest, 4)?.try_into().ok()?))
}

fn take_u64(rest: &mut &[u8]) -> Option<u64> {
    Some(u64::from_le_bytes(take(rest, 8)?.try_into().ok()?))
}

/// FNV-1a: the enemy is a torn write, not a forger.
pub(super) fn checksum(bytes: &[u8]) -> u64 {
    bytes
        .iter()
        .fold(0xcbf2_9ce4_8422_2325, |sum, byte| (sum ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3))
}

/// What must hold for any bytes; see [`crate::properties`].
pub(crate) fn properties(bytes: &[u8]) {
    let Ok(records) = records(bytes) else { return };
    assert!(records.windows(2).all(|pair| pair[0].to == pair[1].from), "a gap in the journal was not seen");
    let rows = records.iter().flat_map(|record| &record.rows);
    let held: usize =
        rows.map(|(key, change)| key.len() + change.as_ref().map_or(0, |value| value.len())).sum();
    assert!(held <= bytes.len(), "rows of {held} bytes from a journal of {}", bytes.len());
    for (number, record) in records.iter().enumerate() {
        assert!(record.rows.len() * 6 <= bytes.len(), "record {number} holds rows that cannot be there");
    }
}
