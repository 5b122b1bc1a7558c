//! The groups of rows, each in a file of its own.

mod age;
mod alone;
mod cluster;
mod contacts;
mod engine;
mod hot_state;
mod http;
mod push;
pub(crate) mod rebuild;
mod restart;
mod routing;
mod shards;
mod sync;
mod takeover;

use clap::ValueEnum;

use crate::row::Table;
use crate::scale::Scale;

/// What is measured, in this order.
#[derive(Debug, Clone, Copy, ValueEnum)]
pub(crate) enum Group {
    /// Commands a second beside raw frames and PostgreSQL
    Engine,
    /// One command alone beside a raw durable publish
    Alone,
    /// One shard and four
    Shards,
    /// Synced before each acknowledgement, and now and then
    Sync,
    /// A cluster of three nodes beside one node
    Cluster,
    /// Durable sends over HTTP beside an empty handler
    Http,
    /// From webhook to live push
    Push,
    /// The views built from the log
    Rebuild,
    /// Contacts found among many
    Contacts,
    /// Assignments from a long queue to many agents
    Routing,
    /// Memory of an open conversation
    HotState,
    /// Pages, memory, disk, and what grows with the log
    Age,
    /// Ready again after kill -9, with all of the log in the window that is remembered
    Restart,
    /// The writer of several processes dies or stands still
    Takeover,
}

impl Group {
    pub(crate) async fn measure(self, table: &mut Table, scale: Scale) {
        match self {
            Self::Engine => engine::measure(table, scale).await,
            Self::Alone => alone::measure(table, scale).await,
            Self::Shards => shards::measure(table, scale).await,
            Self::Sync => sync::measure(table, scale).await,
            Self::Cluster => cluster::measure(table, scale).await,
            Self::Http => http::measure(table, scale).await,
            Self::Push => push::measure(table, scale).await,
            Self::Rebuild => rebuild::measure(table, scale).await,
            Self::Contacts => contacts::measure(table, scale).await,
            Self::Routing => routing::measure(table, scale).await,
            Self::HotState => hot_state::measure(table).await,
            Self::Age => age::measure(table, scale).await,
            Self::Restart => restart::measure(table, scale).await,
            Self::Takeover => takeover::measure(table, scale).await,
        }
    }
}
