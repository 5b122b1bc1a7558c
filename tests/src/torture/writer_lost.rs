//! The process that writes is lost to the others: stopped for longer than its lease and woken, killed, or ended in
//! order. Another takes over, and one that was only stopped finds that out and follows.

use super::Report;
use super::stage::{Network, PROCESSES, Stage, rounds};
use crate::ask::eventually;

pub(super) async fn run(count: u32, seed: u64, report: &Report) {
    let round = async |stage: &mut Stage, number: u32| {
        let writer = stage.writer().await;
        match number % 4 {
            0 | 2 => stopped(stage, writer).await,
            1 => {
                stage.places[writer].take().kill().await;
                stage.count_heir_of(writer, "kills of the writer").await;
                stage.restart(writer).await;
            }
            _ => {
                stage.places[writer].take().terminate().await;
                stage.count_heir_of(writer, "planned ends of the writer").await;
                stage.restart(writer).await;
            }
        }
    };
    rounds("writer-lost", (Network::Own, PROCESSES), (count, seed), report, round).await;
}

async fn stopped(stage: &mut Stage, writer: usize) {
    stage.places[writer].process().pause();
    stage.count_heir_of(writer, "stops of the writer").await;
    stage.at_work().await;
    stage.any_moment().await;
    stage.places[writer].process().resume();
    let follows = async || stage.places[writer].writes().await.filter(|writes| !writes);
    eventually("the woken one follows", follows).await;
}
