//! Two workspaces on one NATS, each in a shard of its own and with two processes: what happens to one is nothing to the
//! other.
#![allow(clippy::unwrap_used, reason = "a test may")]

use schemas::api::Accepted;
use serde_json::{Value, json};
use tempfile::TempDir;
use tests::ask::{self, eventually, put, read_at};
use tests::nats_node::NatsNode;
use tests::process::{Launch, Process};
use tests::server::stand_in;

const PROGRAM: &str = env!("CARGO_BIN_EXE_atender-under-test");
/// In different shards of the four.
const WORKSPACES: [&str; 2] = ["north", "south"];

async fn define(process: &Process, client: &str) -> Accepted {
    put(&process.admin(), &format!("/v1/clients/{client}"), &json!({ "name": client })).await
}

/// The clients that this process shows, at the position of one that it has to show.
async fn clients(process: &Process, defined: &Accepted) -> Vec<String> {
    let page: Value = read_at(&process.admin(), "/v1/clients", defined.position).await;
    let ids = page["items"].as_array().unwrap().iter().map(|client| client["id"].as_str().unwrap());
    ids.map(str::to_owned).collect()
}

async fn writes(process: &Process) -> bool {
    ask::writes(&process.admin()).await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_process_that_dies_is_replaced_in_its_workspace_and_the_other_goes_on() {
    let dir = TempDir::new().unwrap();
    let nats = NatsNode::alone(dir.path()).await;
    let whatsapp = stand_in().await;
    let launch = |workspace: &str, number: usize| {
        Launch::new(PROGRAM, &dir.path().join(format!("{workspace}-{number}")), &whatsapp.base_url())
            .argument("--nats", &nats.url())
            .argument("--shards", "4")
            .argument("--workspace", workspace)
    };
    let [north, south] = WORKSPACES.map(|workspace| [launch(workspace, 0), launch(workspace, 1)]);
    let (writer, standby) = (north[0].start().await, north[1].start().await);
    let (other, beside) = (south[0].start().await, south[1].start().await);
    assert!(writes(&writer).await && writes(&other).await, "the first of each workspace writes");

    let first = define(&standby, "acme").await;
    let theirs = define(&beside, "initech").await;
    assert_ne!(first.position.shard, theirs.position.shard);
    assert_eq!(clients(&writer, &first).await, ["acme"]);

    writer.kill().await;
    let unharmed = define(&other, "umbrella").await;
    assert_eq!(clients(&beside, &unharmed).await, ["initech", "umbrella"]);
    eventually("the standby writes", async || writes(&standby).await.then_some(())).await;
    assert!(writes(&other).await && !writes(&beside).await, "the other workspace has a new writer");
    let after = define(&standby, "globex").await;
    let back = north[0].start().await;
    for process in [&standby, &back] {
        assert_eq!(clients(process, &after).await, ["acme", "globex"]);
    }
    assert!(!writes(&back).await, "the one that came back took the shard away");
    for process in [back, standby, beside, other] {
        process.terminate().await;
    }
    whatsapp.stop().await;
}
