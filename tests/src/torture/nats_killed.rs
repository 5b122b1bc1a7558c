//! kill -9 of a nats-server that atender only uses, and a start on what it has stored. atender is not touched.

use super::Report;
use super::stage::{Network, Stage, rounds};

/// For at most so long there is no server.
const AWAY_MS: u64 = 300;

pub(super) async fn run(count: u32, seed: u64, report: &Report) {
    let round = async |stage: &mut Stage, _number| {
        let away = stage.chance.time(AWAY_MS);
        let nats = stage.node();
        nats.kill().await;
        report.count("kills of nats-server");
        tokio::time::sleep(away).await;
        nats.start();
        nats.answers().await;
    };
    rounds("nats-killed", (Network::Own, 1), (count, seed), report, round).await;
}
