//! All figures of one length of log. What cannot be measured is missing, and the others are there.

use std::time::Duration;

use super::pages::{self, Pages};
use crate::deployment::{Deployment, disk_bytes};
use crate::groups::rebuild::{Reading, read_alone, write};
use crate::groups::restart::ready_again;
use crate::job;
use crate::load::closed_loop;
use crate::parts::{self, start_engine};
use crate::past::Lives;
use crate::row::Table;
use crate::scale::{Scale, words};

const IN_FLIGHT: u64 = 256;

pub(super) struct Figures {
    pub(super) lives: Lives,
    pub(super) log: Reading,
    /// Bytes of the log on the disk.
    pub(super) log_disk: u64,
    pub(super) built: Built,
    pub(super) pages: Option<Pages>,
    pub(super) ready_again: Option<Duration>,
    /// Commands a second of an engine that has read the log.
    pub(super) commands: Option<f64>,
}

/// The views, built.
#[derive(Debug, Clone, Copy)]
pub(super) struct Built {
    pub(super) per_second: f64,
    /// Resident bytes at the most.
    pub(super) peak: u64,
    /// Bytes on the disk.
    pub(super) disk: u64,
}

impl Figures {
    pub(super) async fn take(table: &mut Table, lives: Lives, scale: Scale) -> Option<Self> {
        let of = |what: &str| format!("{what} with {} conversations", words(lives.conversations));
        let deployment = Deployment::new();
        let (log, log_disk, built) =
            table.attempt(&of("log and views"), log_and_views(&deployment, &lives)).await?;
        let pages = table.attempt(&of("pages"), pages::measure(&deployment, &lives, scale)).await;
        let ready_again = table.attempt(&of("ready again"), ready_again(&deployment)).await;
        let time = scale.time(1_000, 4_000);
        let commands = table.attempt(&of("commands/s"), commands_per_second(&deployment, time)).await;
        Some(Self { lives, log, log_disk, built, pages, ready_again, commands })
    }
}

async fn log_and_views(deployment: &Deployment, lives: &Lives) -> (Reading, u64, Built) {
    let (nats, log) = deployment.nats().await;
    write(log.clone(), lives).await;
    let reading = read_alone(&log).await;
    let log_disk = disk_bytes(&deployment.nats_dir());
    let built = job::rebuild(&deployment.nats_dir(), &deployment.views_dir()).await;
    nats.stop().await;
    let built = Built {
        per_second: built.events as f64 / built.seconds,
        peak: built.resident_peak,
        disk: disk_bytes(&deployment.views_dir()),
    };
    (reading, log_disk, built)
}

/// Of an engine that has read the log.
async fn commands_per_second(deployment: &Deployment, time: Duration) -> f64 {
    let (nats, log) = deployment.nats().await;
    let engine = start_engine(log).await;
    let send = parts::sends(&engine, parts::open_more_conversations(&engine).await);
    let rate = closed_loop(IN_FLIGHT, time, send).await.per_second();
    nats.stop().await;
    rate
}
