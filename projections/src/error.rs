//! Why a view cannot be started, fed or asked.

use engine::log::LogError;
use schemas::DecodeError;

use crate::cursor::BadCursor;
use crate::store::StoreError;
use crate::view::View;

/// Why a view does not answer. The remedy of a fault is always to build the view again from the log.
#[derive(Debug, thiserror::Error)]
pub enum ViewError {
    /// The disk, or sled.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A row that this program did not write.
    #[error("a row of the view cannot be read")]
    Row(#[from] DecodeError),
    /// It is being built from the log; the other views answer.
    #[error("view {view} is being built from the log: try again when it is there")]
    BeingBuilt {
        /// Which view.
        view: &'static str,
    },
    /// It has failed, and the other views go on without it.
    #[error("view {view} has failed, and is opened or built again when atender is started again")]
    Out {
        /// Which view.
        view: &'static str,
    },
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
    /// The projector stopped before it was done, or could not be started.
    #[error("the projector has stopped: {0}")]
    Stopped(String),
}

impl ViewsError {
    /// Wraps a fault with the name of the view it is of.
    pub(crate) fn of<E: Into<ViewError>>(view: View) -> impl Fn(E) -> Self {
        move |error| Self::View { view: view.name(), source: error.into() }
    }

    /// The error with its causes, in one line.
    pub(crate) fn reason(&self) -> String {
        let mut text = self.to_string();
        let mut cause = std::error::Error::source(self);
        while let Some(error) = cause {
            text = format!("{text}: {error}");
            cause = error.source();
        }
        text
    }
}
