//! A cluster of three nodes, all on this machine, with three copies of each frame.

use super::sync::commands_per_second;
use crate::nodes::Sync;
use crate::row::{Bar, Table};
use crate::scale::Scale;

const NODES: usize = 3;

pub(crate) async fn measure(table: &mut Table, scale: Scale) {
    let time = scale.time(1_500, 5_000);
    let name = format!("engine: commands/s, 256 in flight, {NODES} nodes on this machine");
    let both = async {
        let one = commands_per_second(1, Sync::Always, time).await;
        (one, commands_per_second(NODES, Sync::Always, time).await)
    };
    if let Some((one, three)) = table.attempt(&name, both).await {
        table.add(name, (three, "/s"), ("one node", one), Bar::None);
    }
}
