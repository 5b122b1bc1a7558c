//! One command alone beside one raw durable publish, in turns, so that both see the same disk.

use tests::nats::TestNats;

use crate::load::{Latencies, one_by_one};
use crate::parts::{self, MESSAGE_BYTES, start_engine};
use crate::raw::Raw;
use crate::row::{Bar, Table};
use crate::scale::Scale;

const AT_A_TIME: u64 = 50;

pub(crate) async fn measure(table: &mut Table, scale: Scale) {
    let name = "engine: one command alone";
    let measured = table.attempt(name, in_turns(scale.of(3_000, 20_000))).await;
    let Some((commands, raw)) = measured else { return };
    for (quantile_name, quantile) in [("p50", 0.5), ("p99", 0.99)] {
        let (value, limit) = (commands.quantile(quantile), raw.quantile(quantile));
        let name = format!("{name}, {quantile_name}");
        table.add(name, (value, "ms"), ("raw durable publish", limit), Bar::AtMost(1.5));
    }
}

async fn in_turns(total: u64) -> (Latencies, Latencies) {
    let nats = TestNats::start().await;
    let engine = start_engine(nats.log().await).await;
    let send = parts::sends(&engine, parts::open_conversations(&engine).await);
    let raw = Raw::open(&nats.client).await;
    let (mut of_commands, mut of_raw) = (Latencies::default(), Latencies::default());
    for _ in 0..total / AT_A_TIME {
        one_by_one(&mut of_raw, AT_A_TIME, |_| raw.publish(MESSAGE_BYTES)).await;
        one_by_one(&mut of_commands, AT_A_TIME, &send).await;
    }
    (of_commands, of_raw)
}
