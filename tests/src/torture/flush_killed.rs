//! A view's directory whose process dies in the middle of a flush: while the journal or the rows are written, at
//! every step of folding the journal into the rows, and at any moment while sled itself writes.

use super::Report;
use super::stage::{Network, ONLY, Stage, rounds};

/// Steps of a flush under load, and the latest time that atender comes there before it dies.
const WHILE_AT_WORK: [(&str, u64); 3] =
    [("store.journal.before", 6), ("store.journal.after", 6), ("store.row.after", 400)];
/// Steps of folding the journal into the rows, which each of the three views does when it is closed.
const WHILE_CLOSING: [&str; 3] = ["store.settle.before", "store.settle.after", "store.journal.cleared"];
const VIEWS: u64 = 3;
/// sled writes for about so long.
const SLED_WRITES_MS: u64 = 4;

pub(super) async fn run(count: u32, seed: u64, report: &Report) {
    let round = async |stage: &mut Stage, number: u32| {
        stage.places[ONLY].take().terminate().await;
        match number % 3 {
            0 => at_work(stage).await,
            1 => closing(stage).await,
            _ => in_sled(stage).await,
        }
        report.count("deaths of atender in a flush");
        stage.restart(ONLY).await;
    };
    rounds("flush-killed", (Network::Own, 1), (count, seed), report, round).await;
}

async fn at_work(stage: &mut Stage) {
    let (point, nth_max) = *stage.chance.choose(&WHILE_AT_WORK).expect("there are some");
    let fault = format!("{point}:{}", 1 + stage.chance.below(nth_max));
    stage.restart_with_fault(ONLY, &fault).await;
    dies(stage).await;
}

async fn closing(stage: &mut Stage) {
    let point = *stage.chance.choose(&WHILE_CLOSING).expect("there are some");
    let fault = format!("{point}:{}", 1 + stage.chance.below(VIEWS));
    stage.restart_with_fault(ONLY, &fault).await;
    stage.at_work().await;
    stage.any_moment().await;
    stage.places[ONLY].process().tell_to_end();
    dies(stage).await;
}

async fn in_sled(stage: &mut Stage) {
    let fault = format!("store.settle.before:{}:stop", 1 + stage.chance.below(VIEWS));
    stage.restart_with_fault(ONLY, &fault).await;
    stage.at_work().await;
    stage.places[ONLY].process().tell_to_end();
    stage.places[ONLY].process().stopped().await;
    let moment = stage.chance.time(SLED_WRITES_MS);
    stage.places[ONLY].process().resume();
    tokio::time::sleep(moment).await;
    stage.places[ONLY].take().kill().await;
}

async fn dies(stage: &mut Stage) {
    if let Some(process) = stage.places[ONLY].take_if_there() {
        let ended = process.ended().await;
        assert!(!ended.success(), "it was to die in a flush, and ended well: {ended}");
    }
}
