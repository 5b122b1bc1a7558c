//! At every stage of a frame's life, under load: atender dies there, or stands still there while nats-server is
//! killed, and then goes on.

use rustix::process::Signal;
use tokio::join;

use super::Report;
use super::stage::{Network, ONLY, Stage, rounds};
use crate::signal;

/// The stages, and the latest time that atender comes there before the fault falls. What comes of closing a view is
/// for the scenario of flushes.
const STAGES: [(&str, u64); 9] = [
    ("append.before", 40),
    ("append.answered", 40),
    ("answers.before", 40),
    ("answers.after", 40),
    ("views.commit.before", 40),
    ("views.commit.after", 40),
    ("store.journal.before", 4),
    ("store.journal.after", 4),
    ("store.row.after", 200),
];
/// Each stage with each of the two killed, so many times.
pub(super) const ROUNDS: u32 = STAGES.len() as u32 * 2 * 4;

pub(super) async fn run(count: u32, seed: u64, report: &Report) {
    let round = async |stage: &mut Stage, number: u32| {
        let (point, nth_max) = STAGES[number as usize % STAGES.len()];
        let nth = 1 + stage.chance.below(nth_max);
        stage.places[ONLY].take().kill().await;
        if (number as usize / STAGES.len()).is_multiple_of(2) {
            atender_dies(stage, &format!("{point}:{nth}")).await;
            report.count("deaths of atender at a stage");
        } else {
            nats_dies(stage, &format!("{point}:{nth}:stop")).await;
            report.count("kills of nats-server at a stage");
        }
    };
    rounds("at-each-stage", (Network::Own, 1), (count, seed), report, round).await;
}

async fn atender_dies(stage: &mut Stage, fault: &str) {
    stage.restart_with_fault(ONLY, fault).await;
    // It may have come there before it answered anybody.
    if let Some(process) = stage.places[ONLY].take_if_there() {
        let ended = process.ended().await;
        assert!(!ended.success(), "{fault}: {ended}");
    }
    stage.restart(ONLY).await;
}

async fn nats_dies(stage: &mut Stage, fault: &str) {
    let starting = stage.begin_with_fault(ONLY, fault);
    let pid = starting.pid();
    let nats = stage.node();
    // It may come there before it answers anybody.
    let while_it_stands_still = async {
        signal::stopped(pid).await;
        nats.kill().await;
        nats.start();
        nats.answers().await;
        signal::send(pid, Signal::CONT);
    };
    let (answers, ()) = join!(starting.answers(), while_it_stands_still);
    stage.places[ONLY].is_started(answers.unwrap());
}
