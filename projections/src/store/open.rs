//! Opening a view: lock, check the marks, put rows and journal in agreement; what does not open is put aside.

use std::io;
use std::path::Path;
use std::sync::Arc;

use super::Store;
use super::disk::Disk;
use super::error::{Fault, StoreError};
use super::folder::{Folder, State};
use super::journal::Journal;
use super::limits::Limits;
use super::overlay::Overlay;
use super::shared::Shared;
use super::writer::Writer;

/// What an open found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Opened {
    /// Nothing; the store is new.
    Fresh,
    /// A store, at its checkpoint.
    Existing,
    /// A rebuild that did not finish; the store is empty again.
    StartedOver,
    /// A store that does not open; it is kept beside, and this one is new.
    PutAside {
        /// Why it does not open.
        reason: String,
    },
}

impl Opened {
    /// Why the directory was put aside, if it was.
    pub fn was_put_aside(&self) -> Option<&str> {
        match self {
            Opened::PutAside { reason } => Some(reason),
            Opened::Fresh | Opened::Existing | Opened::StartedOver => None,
        }
    }
}

pub(super) fn open(dir: &Path, view: &str, version: u32, limits: Limits) -> Result<Store, StoreError> {
    let folder = Folder::lock(dir, view, version)?;
    let mut opened = match folder.state()? {
        State::Missing => Opened::Fresh,
        State::Sound => Opened::Existing,
        State::Building => {
            folder.remove()?;
            Opened::StartedOver
        }
        State::Wrong { reason } => put_aside(&folder, view, reason)?,
    };
    if opened != Opened::Existing {
        folder.create()?;
    }
    let mut contents = Contents::open(folder.path());
    if opened == Opened::Existing
        && let Err(fault) = &contents
        && !is_refusal(fault)
    {
        opened = put_aside(&folder, view, told(fault))?;
        folder.create()?;
        contents = Contents::open(folder.path());
    }
    let contents = contents.map_err(|fault| folder.refused(fault))?;
    start(folder, view, opened, contents, limits)
}

pub(super) fn start(
    folder: Folder,
    view: &str,
    opened: Opened,
    contents: Contents,
    limits: Limits,
) -> Result<Store, StoreError> {
    let Contents { disk, journal, checkpoint } = contents;
    let disk = Arc::new(disk);
    let path = folder.path().to_owned();
    let shared = Arc::new(Shared::new(view, path, limits, Arc::clone(&disk), checkpoint));
    let writer = Writer { shared: Arc::clone(&shared), disk, journal };
    let writer = writer.spawn().map_err(|error| folder.refused(Fault::Io(error)))?;
    Ok(Store {
        shared,
        folder,
        opened,
        frame: Overlay::default(),
        position: checkpoint,
        building: false,
        writer: Some(writer),
    })
}

pub(super) fn put_aside(folder: &Folder, view: &str, reason: String) -> Result<Opened, StoreError> {
    let kept = folder.put_aside()?;
    tracing::warn!(view, reason, kept = %kept.display(), "view put aside, to be rebuilt from the log");
    metrics::counter!("atender_view_put_aside_total", "view" => view.to_owned()).increment(1);
    Ok(Opened::PutAside { reason })
}

/// True when the machine says no, whatever the files hold: putting them aside would throw good rows away.
fn is_refusal(fault: &Fault) -> bool {
    const FILE_HANDLES_USED_UP: [i32; 2] = [23, 24];
    match fault {
        Fault::Locked => true,
        Fault::Io(error) => {
            matches!(
                error.kind(),
                io::ErrorKind::PermissionDenied
                    | io::ErrorKind::StorageFull
                    | io::ErrorKind::QuotaExceeded
                    | io::ErrorKind::ReadOnlyFilesystem
                    | io::ErrorKind::OutOfMemory
            ) || error.raw_os_error().is_some_and(|code| FILE_HANDLES_USED_UP.contains(&code))
        }
        Fault::Damaged(_) | Fault::Panicked(_) => false,
    }
}

fn told(fault: &Fault) -> String {
    match fault {
        Fault::Io(error) => format!("{fault}: {error}"),
        Fault::Damaged(_) | Fault::Panicked(_) | Fault::Locked => fault.to_string(),
    }
}

pub(super) struct Contents {
    disk: Disk,
    pub(super) journal: Journal,
    checkpoint: u64,
}

impl Contents {
    /// Writes again what the journal holds, so that the rows are those of one checkpoint whatever a crash left.
    pub(super) fn open(folder: &Path) -> Result<Contents, Fault> {
        let disk = Disk::open(folder)?;
        let mut journal = Journal::open(&folder.join("journal"))?;
        let records = journal.read()?;
        let settled = disk.checkpoint()?;
        let checkpoint = records.last().map_or(settled, |record| record.to);
        let begin = records.first().map_or(settled, |record| record.from);
        // Rows outside of what the journal covers: one of the two files is older than the other.
        if settled < begin || settled > checkpoint || disk.reached()? > checkpoint {
            return Err(Fault::Damaged("rows and journal do not fit together".to_owned()));
        }
        if checkpoint == 0 && !disk.is_empty()? {
            return Err(Fault::Damaged("rows of no checkpoint".to_owned()));
        }
        for (key, change) in records.iter().flat_map(|record| &record.rows) {
            disk.set(key, change.as_ref())?;
        }
        if !records.is_empty() {
            disk.settle(checkpoint)?;
        }
        journal.clear()?;
        Ok(Contents { disk, journal, checkpoint })
    }
}
