//! The rows on the disk: the one file that calls sled. Every call is fenced against panics inside it.
//! Plain inserts only: a sled batch takes a lock that every reader of every view in the process waits for.

use std::any::Any;
use std::fs::File;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::thread;
use std::time::{Duration, Instant};

use super::CACHE_BYTES;
use super::bytes::Bytes;
use super::error::Fault;
use super::merge::{Layer, Window};
#[cfg(feature = "simulation")]
use super::simulated;

/// Rows and journal agree up to here, and the journal no longer holds what is before.
const CHECKPOINT: &[u8] = b"checkpoint";
/// No row is newer than this; written before the rows it speaks of.
const REACHED: &[u8] = b"reached";
/// sled's threads keep a closed database locked for a moment.
const UNLOCK_WAIT: Duration = Duration::from_secs(5);
const UNLOCK_PAUSE: Duration = Duration::from_millis(10);

#[derive(Debug)]
pub(super) enum Disk {
    Sled {
        rows: sled::Tree,
        /// sled's default tree, so that marks and rows can never share a key.
        marks: sled::Db,
        data_file: PathBuf,
    },
    #[cfg(feature = "simulation")]
    Simulated(simulated::Rows),
}

impl Disk {
    pub(super) fn open(folder: &Path) -> Result<Disk, Fault> {
        let path = folder.join("rows");
        #[cfg(feature = "simulation")]
        if let Some(rows) = simulated::Rows::open(&path) {
            return Ok(Disk::Simulated(rows));
        }
        // No flusher thread: the journal covers a crash, and its clean-up of space made no difference when measured.
        let config = sled::Config::new().path(&path).cache_capacity(CACHE_BYTES).flush_every_ms(None);
        let give_up = Instant::now() + UNLOCK_WAIT;
        loop {
            let attempt = fence(|| {
                let marks = config.open()?;
                let rows = marks.open_tree("rows")?;
                Ok((marks, rows))
            });
            match attempt {
                Ok((marks, rows)) => {
                    return Ok(Disk::Sled { rows, marks, data_file: path.join("db") });
                }
                Err(Fault::Locked) if Instant::now() < give_up => thread::sleep(UNLOCK_PAUSE),
                Err(fault) => return Err(fault),
            }
        }
    }

    pub(super) fn get(&self, key: &[u8]) -> Result<Option<Bytes>, Fault> {
        match self {
            Disk::Sled { rows, .. } => fence(|| Ok(rows.get(key)?.map(Bytes))),
            #[cfg(feature = "simulation")]
            Disk::Simulated(rows) => Ok(rows.get(simulated::ROW, key).map(Bytes::from)),
        }
    }

    pub(super) fn set(&self, key: &Bytes, change: Option<&Bytes>) -> Result<(), Fault> {
        match self {
            Disk::Sled { rows, .. } => fence(|| match change {
                Some(value) => rows.insert(&key.0, &value.0).map(drop),
                None => rows.remove(&key.0).map(drop),
            }),
            #[cfg(feature = "simulation")]
            Disk::Simulated(rows) => rows.set(simulated::ROW, key, change.map(|value| &value[..])),
        }
    }

    pub(super) fn range(&self, window: &Window, reverse: bool) -> Layer<'static> {
        let rows = match self {
            Disk::Sled { rows, .. } => rows,
            #[cfg(feature = "simulation")]
            Disk::Simulated(rows) => return rows.range(window, reverse),
        };
        let mut rows = rows.range::<&[u8], _>(window.bounds());
        Box::new(std::iter::from_fn(move || {
            let next = fence(|| if reverse { rows.next_back() } else { rows.next() }.transpose());
            next.map(|row| row.map(|(key, value)| (Bytes(key), Some(Bytes(value))))).transpose()
        }))
    }

    pub(super) fn is_empty(&self) -> Result<bool, Fault> {
        match self {
            Disk::Sled { rows, .. } => fence(|| Ok(rows.first()?.is_none())),
            #[cfg(feature = "simulation")]
            Disk::Simulated(rows) => Ok(rows.is_empty()),
        }
    }

    pub(super) fn checkpoint(&self) -> Result<u64, Fault> {
        self.mark(CHECKPOINT)
    }

    pub(super) fn reached(&self) -> Result<u64, Fault> {
        self.mark(REACHED)
    }

    pub(super) fn set_reached(&self, n: u64) -> Result<(), Fault> {
        self.set_mark(REACHED, n)
    }

    /// Makes every row written so far durable, as the rows of checkpoint `n`.
    pub(super) fn settle(&self, n: u64) -> Result<(), Fault> {
        self.set_reached(n)?;
        self.set_mark(CHECKPOINT, n)?;
        self.drain()?;
        // sled's flush writes and waits, but never syncs the length of the file.
        match self {
            Disk::Sled { data_file, .. } => File::open(data_file)?.sync_all()?,
            #[cfg(feature = "simulation")]
            Disk::Simulated(_) => {}
        }
        Ok(())
    }

    /// Waits until sled's buffers are written; they have no limit of their own.
    pub(super) fn drain(&self) -> Result<(), Fault> {
        match self {
            Disk::Sled { marks, .. } => fence(|| marks.flush().map(drop)),
            #[cfg(feature = "simulation")]
            Disk::Simulated(rows) => rows.drain(),
        }
    }

    fn set_mark(&self, name: &[u8], n: u64) -> Result<(), Fault> {
        match self {
            Disk::Sled { marks, .. } => fence(|| marks.insert(name, &n.to_be_bytes()).map(drop)),
            #[cfg(feature = "simulation")]
            Disk::Simulated(rows) => rows.set(simulated::MARK, name, Some(&n.to_be_bytes())),
        }
    }

    fn mark(&self, name: &[u8]) -> Result<u64, Fault> {
        let mark = match self {
            Disk::Sled { marks, .. } => fence(|| Ok(marks.get(name)?.map(Bytes)))?,
            #[cfg(feature = "simulation")]
            Disk::Simulated(rows) => rows.get(simulated::MARK, name).map(Bytes::from),
        };
        match mark {
            None => Ok(0),
            Some(bytes) => match <[u8; 8]>::try_from(&bytes[..]) {
                Ok(bytes) => Ok(u64::from_be_bytes(bytes)),
                Err(_) => Err(Fault::Damaged(format!("a mark of {} bytes", bytes.len()))),
            },
        }
    }
}

fn fence<T>(work: impl FnOnce() -> Result<T, sled::Error>) -> Result<T, Fault> {
    match catch_unwind(AssertUnwindSafe(work)) {
        Ok(done) => done.map_err(fault),
        Err(panic) => Err(Fault::Panicked(words(panic.as_ref()))),
    }
}

fn fault(error: sled::Error) -> Fault {
    match error {
        sled::Error::Io(error) if error.to_string().starts_with("could not acquire lock") => Fault::Locked,
        sled::Error::Io(error) => error.into(),
        other => Fault::Damaged(other.to_string()),
    }
}

fn words(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().map(|text| (*text).to_owned());
    text.or_else(|| panic.downcast_ref::<String>().cloned()).unwrap_or_else(|| "no message".to_owned())
}
