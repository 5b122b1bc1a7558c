//! Why a view cannot be started, fed or asked.

use engine::log::LogError;
use schemas::DecodeError;

use crate::cursor::BadCursor;
use crate::store::StoreError;

/// A fault of a view's store. The remedy is always to build the view again from the log.
#[derive(Debug, thiserror::Error)]
pub enum ViewError {
    /// The disk, or sled.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A row that this program did not write.
    #[error("a row of the view cannot be read")]
    Row(#[from] DecodeError),
}

/// Why a query has no answer.
#[derive(Debug, thiserror::Error)]
pub enum QueryError {
    /// The cursor is not one of this list.
    #[error(transparent)]
    Cursor(#[from] BadCursor),
    /// A fault of the view.
    #[error(transparent)]
    View(#[from] ViewError),
}

impl From<StoreError> for QueryError {
    fn from(error: StoreError) -> Self {
        Self::View(error.into())
    }
}

impl From<DecodeError> for QueryError {
    fn from(error: DecodeError) -> Self {
        Self::View(error.into())
    }
}

/// Why the views could not be started or rebuilt.
#[derive(Debug, thiserror::Error)]
pub enum ViewsError {
    /// The log cannot be followed.
    #[error(transparent)]
    Log(#[from] LogError),
    /// A view cannot be opened, or written.
    #[error("view {view} cannot be used")]
    View {
        /// Which view.
        view: &'static str,
        /// The cause.
        #[source]
        source: ViewError,
    },
    /// A view is ahead of the log: it was built from another one.
    #[error("the views reflect frame {checkpoint}, and the log ends at {head}: they are of another log")]
    AnotherLog {
        /// The last frame that a view reflects.
        checkpoint: u64,
        /// The last frame of the log.
        head: u64,
    },
    /// The projector stopped before it was done.
    #[error("the projector has stopped: {0}")]
    Stopped(String),
}
