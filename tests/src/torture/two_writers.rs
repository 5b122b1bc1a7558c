//! Two processes that both believe to hold the lease, under load: it is taken from one that lives and is not told, or
//! that stands still and is woken while its own clock still says that the lease is good.

use std::time::Duration;

use async_nats::jetstream::kv::Store;
use engine::kv::bucket;
use engine::lease::BUCKET;
use tokio::time::{Instant, timeout};

use super::Report;
use super::stage::{Network, PROCESSES, Stage, rounds};
use crate::ask::eventually;

/// What a holder who ends leaves in the key: the next one who looks takes the lease.
const NOBODY: &str = r#"{"holder":null}"#;
/// A holder that stood still for less than this believes in its lease when it is woken: it trusts it for 1.5 s from a
/// renewal, which is at most 0.4 s before it was stopped.
const BELIEVES: Duration = Duration::from_millis(900);
/// Somebody takes the lease within this, perhaps the same one again.
const TAKEN_WITHIN: Duration = Duration::from_secs(1);

pub(super) async fn run(count: u32, seed: u64, report: &Report) {
    let round = async |stage: &mut Stage, number: u32| {
        let both_believe = async || match number % 2 {
            0 => woken_too_early(stage).await,
            _ => not_told(stage).await,
        };
        eventually("two processes believe", both_believe).await;
    };
    rounds("two-writers", (Network::Own, PROCESSES), (count, seed), report, round).await;
}

async fn not_told(stage: &mut Stage) -> Option<()> {
    let writer = stage.writer().await;
    let leases = leases(stage).await;
    let_go(&leases).await;
    let _heir = timeout(TAKEN_WITHIN, stage.heir(writer)).await.ok()?;
    stage.report.count("leases taken from a writer that lives");
    Some(())
}

async fn woken_too_early(stage: &mut Stage) -> Option<()> {
    let writer = stage.writer().await;
    let leases = leases(stage).await;
    let since = Instant::now();
    stage.places[writer].process().pause();
    stage.places[writer].process().stopped().await;
    let_go(&leases).await;
    let heir = timeout(TAKEN_WITHIN, stage.heir(writer)).await;
    stage.places[writer].process().resume();
    let believes = since.elapsed() < BELIEVES;
    heir.ok()?;
    let follows = async || stage.places[writer].writes().await.filter(|writes| !writes);
    eventually("the woken one follows", follows).await;
    believes.then(|| stage.report.count("writers woken while they believe"))
}

async fn leases(stage: &mut Stage) -> Store {
    bucket(&stage.node().connect().await, BUCKET, 1).await.unwrap()
}

async fn let_go(leases: &Store) {
    leases.put("shard.0", NOBODY.into()).await.unwrap();
}
