//! A share of the torture: every scenario with few rounds. `make torture` runs them in full.
#![allow(clippy::unwrap_used, reason = "a test may")]

use indicatif::ProgressBar;
use tempfile::TempDir;
use tests::torture::{Report, scenario};

async fn torture(name: &str, rounds: u32) -> Report {
    // A test that fails leaves its logs and data behind.
    let dir = TempDir::new().unwrap().keep();
    let report = Report::new(dir.clone(), ProgressBar::hidden());
    (scenario(name).unwrap().run)(rounds, 1, report.clone()).await;
    assert_eq!(report.seen_of("rounds"), u64::from(rounds));
    // A run that nothing was asked in proves nothing.
    for what in
        ["commands accepted", "commands refused", "live events heard", "views compared", "logs checked"]
    {
        assert!(report.seen_of(what) > 0, "no {what}: {report}");
    }
    std::fs::remove_dir_all(dir).unwrap();
    report
}

#[tokio::test(flavor = "multi_thread")]
async fn atender_is_killed() {
    torture("atender_killed", 5).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nats_server_is_killed() {
    torture("nats_killed", 3).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_nats_server_that_atender_supervises_is_killed() {
    torture("supervised_nats_killed", 3).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn either_dies_at_each_stage_of_a_frame() {
    torture("at_each_stage", 18).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_network_fails() {
    torture("network", 12).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_view_dies_in_the_middle_of_a_flush() {
    torture("flush_killed", 6).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_writer_of_three_is_stopped_killed_or_ended() {
    torture("writer_lost", 4).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn two_believe_to_be_the_writer() {
    torture("two_writers", 4).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_node_of_three_is_killed_stopped_or_cut_off() {
    torture("node_lost", 3).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn two_nodes_of_three_are_lost() {
    torture("quorum_lost", 2).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn atender_dies_while_it_makes_a_snapshot() {
    let report = torture("snapshot_killed", 6).await;
    assert!(report.seen_of("snapshots found whole") > 0, "no snapshot was left to look at: {report}");
}
