//! The process that writes a shard dies or stands still, and another one takes a command.

use std::time::{Duration, Instant};

use futures_util::future::join_all;
use gateway::api_client::ApiClient;
use reqwest::Method;
use serde_json::{Value, json};
use tests::ask::writes;
use tokio::time::sleep;

use crate::deployment::{Deployment, Serving};
use crate::nodes::{Nodes, Sync};
use crate::row::{Bar, Table};
use crate::scale::Scale;

const PROCESSES: usize = 3;
const SECONDS_MAX: f64 = 3.0;
/// A standby that has nothing to read takes the lease as soon as it has run out.
const LEASE: (&str, f64) = ("the lease", engine::lease::TTL.as_millis() as f64 / 1_000.0);
const LOOK_EVERY: Duration = Duration::from_millis(20);

pub(crate) async fn measure(table: &mut Table, scale: Scale) {
    let rounds = scale.of(3, 10);
    for (what, kills) in [("kill -9", true), ("SIGSTOP", false)] {
        let name = format!(
            "{what} of the writer: another of {PROCESSES} processes takes a command, worst of {rounds}"
        );
        if let Some(worst) = table.attempt(&name, worst(rounds, kills)).await {
            table.add(name, (worst.as_secs_f64(), "s"), LEASE, Bar::ValueAtMost(SECONDS_MAX));
        }
    }
}

async fn worst(rounds: u64, kills: bool) -> Duration {
    let nats = Nodes::start(1, Sync::Always).await;
    nats.client().await;
    let url = nats.url();
    let deployments: Vec<Deployment> = (0..PROCESSES).map(|_| Deployment::new()).collect();
    let mut processes = Vec::new();
    for deployment in &deployments {
        processes.push(deployment.serve_on(&url).await);
    }
    let mut worst = Duration::ZERO;
    for round in 0..rounds {
        join_all(processes.iter().map(Serving::ready)).await;
        let writer = writer(&processes).await;
        let other = api(&processes[(writer + 1) % PROCESSES]);
        let since = Instant::now();
        let stopped = if kills {
            processes.remove(writer).kill().await;
            None
        } else {
            processes[writer].pause();
            Some(&processes[writer])
        };
        let (path, body) = (format!("/v1/clients/client-{round}"), json!({ "name": "Client" }));
        while other.send::<Value>(Method::PUT, &path, &body).await.is_err() {
            sleep(LOOK_EVERY).await;
        }
        worst = worst.max(since.elapsed());
        match stopped {
            Some(stopped) => stopped.resume(),
            None => processes.insert(writer, deployments[writer].serve_on(&url).await),
        }
    }
    for process in processes {
        process.stop().await;
    }
    worst
}

/// The one process that says that it writes.
async fn writer(processes: &[Serving]) -> usize {
    loop {
        let say = join_all(processes.iter().map(async |process| writes(&api(process)).await)).await;
        let says_so = (0..).zip(say).filter(|(_, says)| *says == Some(true));
        let writers: Vec<usize> = says_so.map(|(number, _)| number).collect();
        if let [writer] = writers[..] {
            return writer;
        }
        sleep(LOOK_EVERY).await;
    }
}

fn api(process: &Serving) -> ApiClient {
    ApiClient::new(&format!("http://{}", process.addr), &process.admin_token)
}
