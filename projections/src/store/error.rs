//! What the store can answer besides a row: faults of the disk underneath, and refusals of the store itself.

use std::io;
use std::path::PathBuf;
use std::sync::Arc;

use super::{KEY_BYTES_MAX, SCAN_ROWS_MAX, VALUE_BYTES_MAX};

/// What went wrong underneath.
#[derive(Debug, thiserror::Error)]
pub enum Fault {
    /// The file system refused.
    #[error("input or output failed")]
    Io(#[source] io::Error),
    /// Bytes on the disk are not what was written.
    #[error("stored bytes are damaged: {0}")]
    Damaged(String),
    /// The storage library hit a state it does not know.
    #[error("the storage library panicked: {0}")]
    Panicked(String),
    /// The files are open elsewhere.
    #[error("the files are open elsewhere")]
    Locked,
}

impl Fault {
    /// True when the files themselves are at fault, so that opening them again would not help.
    pub(super) fn blames_the_files(&self) -> bool {
        match self {
            Fault::Damaged(_) | Fault::Panicked(_) => true,
            Fault::Io(_) | Fault::Locked => false,
        }
    }
}

impl From<io::Error> for Fault {
    fn from(error: io::Error) -> Self {
        match error.kind() {
            // Files that end early or hold nonsense, as opposed to a disk that refuses.
            io::ErrorKind::UnexpectedEof | io::ErrorKind::InvalidData => Fault::Damaged(error.to_string()),
            _ => Fault::Io(error),
        }
    }
}

/// Why the store did not do what it was asked.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// Another live process, or another store of this one, holds the directory.
    #[error("view directory {} is in use by another process", path.display())]
    Locked {
        /// The directory.
        path: PathBuf,
    },
    /// The file system refused, outside of the rows.
    #[error("could not {doing} {}", path.display())]
    Io {
        /// What was tried.
        doing: &'static str,
        /// On what.
        path: PathBuf,
        /// The refusal.
        #[source]
        source: io::Error,
    },
    /// The directory does not open, for a reason that putting it aside would not cure.
    #[error("view directory {} does not open", path.display())]
    Open {
        /// The directory.
        path: PathBuf,
        /// Why.
        #[source]
        fault: Arc<Fault>,
    },
    /// A row could not be read. If the files are damaged, the next open puts them aside.
    #[error("a row could not be read")]
    Read {
        /// Why.
        #[source]
        fault: Arc<Fault>,
    },
    /// A write failed earlier; rows already present can still be read.
    #[error("the store takes no more writes until it is opened again")]
    Poisoned {
        /// What failed.
        #[source]
        cause: Arc<Fault>,
    },
    /// The store was closed or wiped.
    #[error("the store is closed")]
    Closed,
    /// Checkpoints only go up.
    #[error("checkpoint {given} does not follow {last}")]
    OutOfOrder {
        /// The sequence asked for.
        given: u64,
        /// The last one committed.
        last: u64,
    },
    /// A rebuild starts from nothing.
    #[error("a rebuild needs an empty store, this one is at checkpoint {checkpoint}")]
    NotEmpty {
        /// Where it is.
        checkpoint: u64,
    },
    /// `finish_bulk` without `begin_bulk`.
    #[error("no rebuild is under way")]
    NotBuilding,
    /// A key over its limit.
    #[error("key of {bytes} bytes is over the limit of {KEY_BYTES_MAX}")]
    KeyTooLong {
        /// Its length.
        bytes: usize,
    },
    /// A value over its limit.
    #[error("value of {bytes} bytes is over the limit of {VALUE_BYTES_MAX}")]
    ValueTooLong {
        /// Its length.
        bytes: usize,
    },
    /// A scan over its limit.
    #[error("scan of {asked} rows is over the limit of {SCAN_ROWS_MAX}")]
    ScanTooLong {
        /// Rows asked for.
        asked: usize,
    },
}

impl StoreError {
    /// Whether the files hold something else than what was written, so that opening them again would not help.
    pub fn is_damage(&self) -> bool {
        match self {
            Self::Read { fault } | Self::Open { fault, .. } | Self::Poisoned { cause: fault } => {
                fault.blames_the_files()
            }
            Self::Locked { .. }
            | Self::Io { .. }
            | Self::Closed
            | Self::OutOfOrder { .. }
            | Self::NotEmpty { .. }
            | Self::NotBuilding
            | Self::KeyTooLong { .. }
            | Self::ValueTooLong { .. }
            | Self::ScanTooLong { .. } => false,
        }
    }
}
