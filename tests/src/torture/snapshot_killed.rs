//! atender dies while it makes a snapshot: before the file is written, before it has its name, and before the older
//! ones are removed.

use super::Report;
use super::stage::{Network, ONLY, Stage, rounds};

const STAGES: [&str; 3] = ["snapshot.write.before", "snapshot.written", "snapshot.renamed"];

pub(super) async fn run(count: u32, seed: u64, report: &Report) {
    let round = async |stage: &mut Stage, number: u32| {
        stage.places[ONLY].take().kill().await;
        let fault = format!("{}:1", STAGES[number as usize % STAGES.len()]);
        stage.restart_with_fault(ONLY, &fault).await;
        // The log has grown since the last one, so that it may come there before it answers anybody.
        if let Some(process) = stage.places[ONLY].take_if_there() {
            let ended = process.ended().await;
            assert!(!ended.success(), "{fault}: {ended}");
        }
        report.count("deaths of atender at a snapshot");
        stage.snapshots_are_whole().await;
        stage.restart(ONLY).await;
    };
    rounds("snapshot-killed", (Network::Own, 1), (count, seed), report, round).await;
}
