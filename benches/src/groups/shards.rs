//! Four shards beside one: as many logs on one nats-server, and as many engines in one process.

use std::time::Duration;

use futures_util::future::join_all;
use tests::nats::TestNats;

use crate::load::closed_loop;
use crate::parts::{self, open_log, start_engine};
use crate::row::{Bar, Table};
use crate::scale::Scale;

const SHARDS: u16 = 4;
const IN_FLIGHT: u64 = 256;

pub(crate) async fn measure(table: &mut Table, scale: Scale) {
    let time = scale.time(1_500, 5_000);
    let name = format!("engine: commands/s, {SHARDS} shards, {IN_FLIGHT} in flight each");
    let both = async { (commands_per_second(1, time).await, commands_per_second(SHARDS, time).await) };
    if let Some((one, four)) = table.attempt(&name, both).await {
        table.add(name, (four, "/s"), ("one shard", one), Bar::None);
    }
}

async fn commands_per_second(shards: u16, time: Duration) -> f64 {
    let nats = TestNats::start().await;
    let mut loads = Vec::new();
    for shard in 0..shards {
        let engine = start_engine(open_log(&nats.client, shard, 1).await).await;
        let send = parts::sends(&engine, parts::open_conversations(&engine).await);
        loads.push(closed_loop(IN_FLIGHT, time, send));
    }
    join_all(loads).await.into_iter().map(crate::load::Done::per_second).sum()
}
