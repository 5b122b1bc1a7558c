//! kill -9 of atender under load, and a start on what it has kept.

use super::Report;
use super::stage::{Network, ONLY, Stage, rounds};

pub(super) async fn run(count: u32, seed: u64, report: &Report) {
    let round = async |stage: &mut Stage, _number| {
        stage.places[ONLY].take().kill().await;
        report.count("kills of atender");
        stage.restart(ONLY).await;
    };
    rounds("atender-killed", (Network::Supervised, 1), (count, seed), report, round).await;
}
