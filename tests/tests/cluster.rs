//! The cluster that the other tests break: three nodes, of which any one can go, and come back.
#![allow(clippy::unwrap_used, reason = "a test may")]

use bytes::Bytes;
use engine::log::{AppendError, Log, LogConfig};
use schemas::ShardId;
use tempfile::TempDir;
use tests::ask::eventually;
use tests::cluster::{NODES, NatsCluster};

/// Appends behind `last`, until the log has the frame.
async fn append(log: &Log, last: u64) {
    let frame = Bytes::from(last.to_string());
    let taken = async || match log.append(frame.clone(), last).await {
        Ok(()) => Some(()),
        // Perhaps by a first try whose acknowledgement was lost with the leader, or which is not applied yet.
        Err(AppendError::Fenced) => {
            log.read(last + 1).await.ok().flatten().map(|found| assert_eq!(found, frame))
        }
        Err(AppendError::Unknown(_)) => None,
        Err(AppendError::Refused(reason)) => panic!("{reason}"),
    };
    eventually("the cluster takes a frame", taken).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn it_takes_frames_while_one_node_is_killed_stopped_or_cut_off() {
    let dir = TempDir::new().unwrap();
    let mut cluster = NatsCluster::start(dir.path()).await;
    // Not of the one that is cut off later: that one still takes its clients, and can do nothing for them.
    let client = cluster.connect(&[0, 1]).await;
    let log = Log::open(&client, LogConfig { shard: ShardId(0), replicas: NODES }).await.unwrap();
    append(&log, 0).await;
    cluster.nodes[0].kill().await;
    append(&log, 1).await;
    cluster.nodes[0].start();
    cluster.answers().await;

    cluster.nodes[1].pause().await;
    append(&log, 2).await;
    cluster.nodes[1].resume();
    cluster.answers().await;

    cluster.cut_off(2, true);
    let is_alone = async || (cluster.nodes[2].routes().await == Some(0)).then_some(());
    eventually("the node is cut off", is_alone).await;
    append(&log, 3).await;
    cluster.cut_off(2, false);
    cluster.answers().await;
    // A leader that was just elected, or does not know yet that it is none any more, tells of less than there is.
    eventually("all four are there", async || (log.head().await.ok()? == 4).then_some(())).await;
    for last in 0..4_u64 {
        let frame = eventually("a frame is read", async || log.read(last + 1).await.ok()?).await;
        assert_eq!(frame, last.to_string(), "frame {}", last + 1);
    }
}
