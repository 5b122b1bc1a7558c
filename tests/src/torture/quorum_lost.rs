//! Two nodes of three are lost: nothing is accepted, everything is answered and can be read, and all goes on by itself
//! when they are back.

use futures_util::future::join_all;
use reqwest::Method;
use serde_json::json;

use super::Report;
use super::stage::{Network, PROCESSES, Place, Stage, rounds};
use crate::ask::{answer, eventually};
use crate::cluster::NODES;

pub(super) async fn run(count: u32, seed: u64, report: &Report) {
    let round = async |stage: &mut Stage, number: u32| {
        let stays = stage.chance.below(NODES as u64) as usize;
        let lost: Vec<(usize, bool)> =
            (0..NODES).filter(|node| *node != stays).map(|node| (node, stage.chance.percent(50))).collect();
        for (node, is_killed) in &lost {
            match is_killed {
                true => stage.cluster().nodes[*node].kill().await,
                false => stage.cluster().nodes[*node].pause().await,
            }
        }
        report.count("losses of two nodes");
        is_put_off(stage, number).await;
        for (node, is_killed) in &lost {
            match is_killed {
                true => stage.cluster().nodes[*node].start(),
                false => stage.cluster().nodes[*node].resume(),
            }
        }
        stage.cluster().answers().await;
    };
    rounds("quorum-lost", (Network::Cluster, PROCESSES), (count, seed), report, round).await;
}

/// Commands are told to come again, and views are shown as they were.
async fn is_put_off(stage: &mut Stage, number: u32) {
    join_all(stage.places.iter().map(|place| puts_off(place, number))).await;
    let accepted = stage.accepted();
    stage.any_moment().await;
    assert_eq!(stage.accepted(), accepted, "a command was accepted that no majority has");
}

async fn puts_off(place: &Place, number: u32) {
    let message = format!("quorum-{number}");
    let body = json!({"provider_id": message, "from": "visitor-quorum", "text": "anybody there?"});
    let put_off = async || {
        let request = place.admin.request(Method::POST, "/v1/channels/web/inbound").json(&body);
        (answer(request).await.status == 503).then_some(())
    };
    eventually("a command is put off", put_off).await;
    assert!(place.is_read(None).await, "views cannot be read while NATS has no majority");
}
