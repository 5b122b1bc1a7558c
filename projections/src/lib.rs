//! The views of the log, in sled: one projector a file, the runner that feeds them, and their queries.
//! Everything here can be thrown away and built again from the log; nothing here writes to it.

mod change;
mod cursor;
mod digest;
mod entries;
mod error;
mod feed;
mod history;
mod hot;
mod inbox;
mod keys;
mod paging;
mod projectors;
mod queries;
mod rebuild;
mod recorded;
mod rows;
mod runner;
mod status;
pub mod store;
mod views;

pub use change::{Audience, Change};
pub use cursor::BadCursor;
pub use digest::{Digest, digest};
pub use error::{QueryError, ViewError, ViewsError};
pub use feed::{Feed, Subscription, TooOld};
pub use history::History;
pub use inbox::{Inbox, OpenCounts};
pub use queries::StatusShown;
pub use rebuild::{Rebuilt, rebuild};
pub use rows::AgentRow;
pub use runner::RebuildProgress;
pub use status::Statuses;
pub use views::{Stale, ViewHealth, Views};
