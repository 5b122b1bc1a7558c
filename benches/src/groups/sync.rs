//! What it costs that every acknowledged write is on the disk.

use std::time::Duration;

use crate::load::closed_loop;
use crate::nodes::{Nodes, Sync};
use crate::parts::{self, start_engine};
use crate::row::{Bar, Table};
use crate::scale::Scale;

const IN_FLIGHT: u64 = 256;

pub(crate) async fn measure(table: &mut Table, scale: Scale) {
    let time = scale.time(1_500, 5_000);
    let name = format!("engine: commands/s, {IN_FLIGHT} in flight, synced before each ack");
    let both = async {
        (commands_per_second(1, Sync::Always, time).await, commands_per_second(1, Sync::Default, time).await)
    };
    if let Some((always, default)) = table.attempt(&name, both).await {
        table.add(name, (always, "/s"), ("synced now and then (not safe)", default), Bar::None);
    }
}

/// With as many replicas as nodes.
pub(super) async fn commands_per_second(nodes: usize, sync: Sync, time: Duration) -> f64 {
    let nodes = Nodes::start(nodes, sync).await;
    let client = nodes.client().await;
    let engine = start_engine(nodes.log(&client).await).await;
    let send = parts::sends(&engine, parts::open_conversations(&engine).await);
    closed_loop(IN_FLIGHT, time, send).await.per_second()
}
