//! kill -9 of the nats-server that atender supervises. Nobody starts it again but atender.

use rustix::process::Signal;

use super::Report;
use super::stage::{Network, ONLY, Stage, rounds};
use crate::ask::eventually;
use crate::signal;

pub(super) async fn run(count: u32, seed: u64, report: &Report) {
    let round = async |stage: &mut Stage, _number| {
        let pid = eventually("nats-server runs", async || stage.places[ONLY].process().nats_pid()).await;
        signal::send(pid, Signal::KILL);
        report.count("kills of nats-server");
        let another = async || stage.places[ONLY].process().nats_pid().filter(|other| *other != pid);
        eventually("atender has started another", another).await;
    };
    rounds("supervised-nats-killed", (Network::Supervised, 1), (count, seed), report, round).await;
}
