//! One node of three is killed, stopped or cut off from the others, in turn, and comes back; atender goes on meanwhile.

use super::Report;
use super::stage::{Network, PROCESSES, Stage, rounds};
use crate::cluster::NODES;

pub(super) async fn run(count: u32, seed: u64, report: &Report) {
    let round = async |stage: &mut Stage, number: u32| {
        let node = number as usize / 3 % NODES;
        let cluster = stage.cluster();
        let what = match number % 3 {
            0 => {
                cluster.nodes[node].kill().await;
                "kills of a node"
            }
            1 => {
                cluster.nodes[node].pause().await;
                "stops of a node"
            }
            _ => {
                cluster.cut_off(node, true);
                "nodes cut off"
            }
        };
        stage.report.count(what);
        stage.at_work().await;
        stage.any_moment().await;
        let cluster = stage.cluster();
        match number % 3 {
            0 => cluster.nodes[node].start(),
            1 => cluster.nodes[node].resume(),
            _ => cluster.cut_off(node, false),
        }
        cluster.answers().await;
    };
    rounds("node-lost", (Network::Cluster, PROCESSES), (count, seed), report, round).await;
}
