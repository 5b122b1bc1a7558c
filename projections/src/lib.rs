//! The views of the log, in sled: one projector a file, what feeds them, and their queries.
//! Everything here can be thrown away and built again from the log; nothing here writes to it.

#[cfg(test)]
extern crate self as projections;

mod building;
mod change;
mod contacts;
mod cursor;
mod digest;
mod entries;
mod error;
mod fed;
mod feed;
mod history;
mod hot;
mod inbox;
mod joining;
mod keys;
mod live;
mod opening;
mod paging;
mod progress;
mod projectors;
#[doc(hidden)]
pub mod properties;
mod queries;
mod reading;
mod rebuild;
mod recorded;
mod rows;
mod runner;
#[cfg(feature = "simulation")]
pub mod simulated;
mod slot;
mod status;
pub mod store;
mod view;
mod views;
mod work;

/// How many views there are.
pub const VIEWS: usize = 4;

/// The views by name, each with the version that this program writes.
pub const fn versions() -> [(&'static str, u32); VIEWS] {
    [
        (inbox::NAME, inbox::VERSION),
        (history::NAME, history::VERSION),
        (status::NAME, status::VERSION),
        (contacts::NAME, contacts::VERSION),
    ]
}

pub use change::{Audience, Change};
pub use contacts::{BadQuery, Contacts, Query, limits as search_limits};
pub use cursor::BadCursor;
pub use digest::{Digest, digest};
pub use error::{QueryError, ViewError, ViewsError};
pub use feed::{Feed, Subscription, TooOld};
pub use history::History;
pub use inbox::{Inbox, OpenCounts};
pub use progress::RebuildProgress;
pub use queries::StatusShown;
pub use rebuild::{Rebuilt, rebuild};
pub use rows::AgentRow;
pub use status::Statuses;
pub use views::{Stale, ViewHealth, Views};
