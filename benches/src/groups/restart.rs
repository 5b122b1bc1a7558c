//! kill -9 of `atender serve` and the first command that it takes when it is started again. The worst case for the hot
//! state is measured here: all of the log is of the days that the windows remember.

use std::time::Duration;

use crate::deployment::{Deployment, Serving};
use crate::http_load::post;
use crate::job;
use crate::past::{Lives, conversation};
use crate::row::{Bar, Table};
use crate::scale::{Scale, words};

use super::rebuild::{Reading, read_alone, write};

const SPAN: Duration = Duration::from_secs(7 * 24 * 60 * 60);
const READY_SECONDS_MAX: f64 = 10.0;
const MIB: f64 = 1024.0 * 1024.0;
/// Commands between the start and the kill.
const COMMANDS: u64 = 200;

pub(crate) async fn measure(table: &mut Table, scale: Scale) {
    let lives = Lives { conversations: scale.of(50_000, 1_000_000), rounds: 1, open_of: 10, span: SPAN };
    let name = "ready again after kill -9, all events of the last days";
    let Some((log, ready, resident)) = table.attempt(name, restarted(&lives)).await else { return };
    let events = words(log.events);
    let limit = ("reading frames alone", log.took.as_secs_f64());
    let name = format!("ready again after kill -9, {events} events of the last 7 days");
    table.add(name, (ready.as_secs_f64(), "s"), limit, Bar::ValueAtMost(READY_SECONDS_MAX));
    let name = format!("atender with {events} events of the last 7 days: resident");
    table.add(name, (resident as f64 / MIB, "MiB"), ("the frames", log.bytes as f64 / MIB), Bar::None);
}

async fn restarted(lives: &Lives) -> (Reading, Duration, u64) {
    let deployment = Deployment::new();
    let (nats, log) = deployment.nats().await;
    write(log.clone(), lives).await;
    let reading = read_alone(&log).await;
    job::rebuild(&deployment.nats_dir(), &deployment.views_dir()).await;
    nats.stop().await;
    let ready = ready_again(&deployment).await;
    let serving = deployment.serve().await;
    serving.ready().await;
    let resident = serving.memory().resident;
    serving.stop().await;
    (reading, ready, resident)
}

/// How long after its start an atender that was killed takes a command.
pub(super) async fn ready_again(deployment: &Deployment) -> Duration {
    let serving = deployment.serve().await;
    serving.ready().await;
    for number in 0..COMMANDS {
        serving.first_success(&command(&serving, number)).await;
    }
    serving.snapshot_made().await;
    serving.kill().await;
    let serving = deployment.serve().await;
    let ready = serving.first_success(&command(&serving, COMMANDS)).await;
    serving.stop().await;
    ready
}

/// A note on the first conversation, which is open.
fn command(serving: &Serving, number: u64) -> Vec<u8> {
    let path = format!("/v1/conversations/{}/notes", conversation(0));
    let body = format!("{{\"text\":\"note {number}\"}}");
    post(&path, &[("authorization", &serving.authorization())], body.as_bytes())
}
