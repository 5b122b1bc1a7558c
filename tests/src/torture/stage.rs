//! A contact centre at work on processes of its own, for a scenario to break and mend; at its end the checker looks
//! at everything that was recorded. Everything ends with it, also when a test panics.

mod nats;
mod place;

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use engine::log::Log;
use engine::patience::patiently_read;
use engine::snapshot::{Found, Snapshots};
use futures_util::future::join_all;
use gateway::demo::whatsapp_stand_in::{
    Fault, RandomFaults, StandIn, StandInOptions, StatusScript, WebhookTarget,
};
use projections::{Views, digest, rebuild};
use schemas::event::{Author, SystemCause};
use schemas::{Event, MessageId, Position, ShardId};
use tokio::task::spawn_blocking;

use super::{Report, program};
use crate::ask::eventually;
use crate::books;
use crate::chance::Chance;
use crate::checker::{Digests, Evidence, check};
use crate::cluster::NatsCluster;
use crate::load::{Addresses, Load, open_centre};
use crate::log_copy::LogCopy;
use crate::nats_node::NatsNode;
use crate::process::{Launch, Starting};
use crate::proxy::Proxy;
use crate::record::Told;
use crate::server::{ACCESS_TOKEN, APP_SECRET, NUMBER};
use nats::Nats;
pub(super) use nats::Network;
pub(super) use place::Place;

/// Rounds on one log, until the checker looks and a new one begins: what is read and rebuilt stays small.
const ROUNDS_PER_LOG: u32 = 25;
/// Before a fault, and after it, so many commands more are accepted.
const ACCEPTED_BETWEEN: u64 = 20;
/// A fault comes at any moment of this, and not just when an answer has come.
const MOMENT_MS: u64 = 150;
const ADMIN_TOKEN: &str = "administrator-of-the-torture";

/// The place of the only process.
pub(super) const ONLY: usize = 0;
/// Of several, so many.
pub(super) const PROCESSES: usize = 3;

pub(super) struct Stage {
    pub(super) chance: Chance,
    pub(super) report: Report,
    pub(super) places: Vec<Place>,
    nats: Nats,
    load: Load,
    stand_in: StandIn,
    dir: Dir,
}

/// The directory of a stage: gone with it, unless a test panics.
struct Dir {
    path: PathBuf,
    seed: u64,
}

impl Drop for Dir {
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("the seed was {}; logs and data are in {}", self.seed, self.path.display());
        } else if let Err(error) = std::fs::remove_dir_all(&self.path) {
            eprintln!("{} could not be removed: {error}", self.path.display());
        }
    }
}

/// Runs rounds of a fault under load on so many processes; the checker looks after every 25 and at the end.
pub(super) async fn rounds(
    name: &str,
    (network, processes): (Network, usize),
    (count, seed): (u32, u64),
    report: &Report,
    mut round: impl AsyncFnMut(&mut Stage, u32),
) {
    let numbers: Vec<u32> = (0..count).collect();
    for (log, numbers) in (0..).zip(numbers.chunks(ROUNDS_PER_LOG as usize)) {
        let mut stage = Stage::open(name, (network, processes), seed.wrapping_add(log), report).await;
        for number in numbers {
            stage.at_work().await;
            stage.any_moment().await;
            round(&mut stage, *number).await;
            report.round_is_over();
        }
        stage.at_work().await;
        stage.close().await;
    }
}

impl Stage {
    async fn open(name: &str, (network, processes): (Network, usize), seed: u64, report: &Report) -> Self {
        let dir = Dir { path: report.dir().join(format!("{name}-{seed}")), seed };
        std::fs::create_dir_all(&dir.path).unwrap();
        let stand_in = stand_in(seed).await;
        let nats = Nats::start(network, &dir.path).await;
        let mut places = Vec::new();
        for number in 0..processes {
            let data = dir.path.join(format!("data-{number}"));
            let launch = Launch::new(program(), &data, &stand_in.base_url())
                .env("ATENDER_ADMIN_TOKEN", ADMIN_TOKEN)
                // As often as they may be made: a torture's log is short.
                .env("ATENDER_SNAPSHOT_AFTER_BYTES", "1")
                .logs_to(dir.path.join(format!("atender-{number}.log")));
            places.push(Place::open(nats.tell(launch), ADMIN_TOKEN).await);
        }
        let urls = places.iter().map(|place| place.url.clone()).collect();
        let addresses = Addresses { urls, admin_token: ADMIN_TOKEN.to_owned() };
        open_centre(&addresses.admin()).await;
        // Receipts come to one of them.
        let url = format!("{}/webhooks/whatsapp", places[0].url);
        stand_in.deliver_to(WebhookTarget { url, app_secret: APP_SECRET.into() });
        let load = Load::start(&addresses, seed).await;
        let chance = Chance::of(seed, "faults", 0);
        Self { chance, report: report.clone(), places, nats, load, stand_in, dir }
    }

    /// Waits until some more commands have been accepted.
    pub(super) async fn at_work(&self) {
        let enough = self.accepted() + ACCEPTED_BETWEEN;
        eventually("commands are accepted", async || (self.accepted() >= enough).then_some(())).await;
    }

    /// How many commands have been accepted so far.
    pub(super) fn accepted(&self) -> u64 {
        self.load.accepted()
    }

    /// A moment that nobody chose.
    pub(super) async fn any_moment(&mut self) {
        let moment = self.chance.time(MOMENT_MS);
        tokio::time::sleep(moment).await;
    }

    pub(super) fn node(&mut self) -> &mut NatsNode {
        match &mut self.nats {
            Nats::Own(node, _) => node,
            Nats::Supervised | Nats::Cluster(_) => panic!("the stage has no server of its own"),
        }
    }

    pub(super) fn proxy(&self) -> Proxy {
        match &self.nats {
            Nats::Own(_, proxy) => proxy.clone(),
            Nats::Supervised | Nats::Cluster(_) => panic!("the stage has no network of its own"),
        }
    }

    pub(super) fn cluster(&mut self) -> &mut NatsCluster {
        match &mut self.nats {
            Nats::Cluster(cluster) => cluster,
            Nats::Supervised | Nats::Own(..) => panic!("the stage has no cluster"),
        }
    }

    /// The place whose process writes, when exactly one says that it does.
    pub(super) async fn writer(&self) -> usize {
        let the_one = async || {
            let say = join_all(self.places.iter().map(Place::writes)).await;
            let writers: Vec<usize> =
                (0..).zip(say).filter(|(_, says)| *says == Some(true)).map(|(n, _)| n).collect();
            match writers[..] {
                [one] => Some(one),
                _ => None,
            }
        };
        eventually("one process writes", the_one).await
    }

    /// The place of another process, which comes to write after that at `before` has stopped.
    pub(super) async fn heir(&self, before: usize) -> usize {
        let others = || (0..).zip(&self.places).filter(move |(number, _)| *number != before);
        let one_of_them = async || {
            let say = join_all(others().map(async |(number, place)| (number, place.writes().await))).await;
            say.into_iter().find(|(_, says)| *says == Some(true)).map(|(number, _)| number)
        };
        eventually("another process writes", one_of_them).await
    }

    /// Something happened to the process at `writer`, so that another one has to write, and comes to.
    pub(super) async fn count_heir_of(&self, writer: usize, what: &'static str) {
        self.heir(writer).await;
        self.report.count(what);
    }

    /// atender is started again on what it has kept.
    pub(super) async fn restart(&mut self, place: usize) {
        self.places[place].restart().await;
        self.report.count("starts of atender");
    }

    /// As [`Stage::restart`], with a fault at a point; it may end before it answers.
    pub(super) async fn restart_with_fault(&mut self, place: usize, fault: &str) {
        self.places[place].restart_with_fault(fault).await;
        self.report.count("starts of atender");
    }

    /// As [`Stage::restart_with_fault`], and waits for nothing.
    pub(super) fn begin_with_fault(&self, place: usize, fault: &str) -> Starting {
        self.report.count("starts of atender");
        self.places[place].begin_with_fault(fault)
    }

    pub(super) async fn snapshots_are_whole(&self) {
        whole_snapshots(self.places[ONLY].data_dir()).await;
    }

    async fn close(mut self) {
        let (records, last) = self.load.end().await;
        for place in &self.places {
            let shows_all = async || place.is_read(Some(last)).await.then_some(());
            eventually("the views show everything", shows_all).await;
        }
        for place in &mut self.places {
            place.take().terminate().await;
        }
        self.report.add_records(records.counts());
        let mut evidence =
            Evidence { records, taken_by_network: taken(&self.stand_in), ..Evidence::default() };
        self.stand_in.stop().await;
        let (log, server) = self.nats.log(&self.places[ONLY].data_dir().join("nats")).await;
        rebuild(&log, &self.dir.path.join("fresh-views"), |_| {}).await.unwrap();
        evidence.fresh_views = digest_of(self.dir.path.join("fresh-views")).await;
        evidence.log = LogCopy::take(&log).await;
        for (number, place) in self.places.iter().enumerate() {
            let kept = place.data_dir().join("views");
            look_at_snapshots(&log, place.data_dir(), &self.report).await;
            bring_up_to_date(&log, &kept).await;
            evidence.views.push((format!("process {number}"), digest_of(kept).await));
        }
        if let Some(server) = server {
            server.stop().await;
        }
        conclude(&evidence, last, &self.report, self.dir.seed);
    }
}

/// Those that a start would find; each can be read, whatever died while one was made.
async fn whole_snapshots(data_dir: &Path) -> (Snapshots, Vec<Found>) {
    let snapshots = Snapshots::new(data_dir.join("snapshots"), ShardId(0));
    let listing = snapshots.clone();
    let found = spawn_blocking(move || listing.list()).await.unwrap().unwrap();
    assert!(found.iter().all(|found| found.readable.is_ok()), "{found:?}");
    (snapshots, found)
}

/// They fit the log too.
async fn look_at_snapshots(log: &Log, data_dir: &Path, report: &Report) {
    let (snapshots, found) = whole_snapshots(data_dir).await;
    for found in found {
        let fits = patiently_read("a frame", || snapshots.fits(&found, log)).await;
        fits.unwrap().unwrap();
        report.add("snapshots found whole", 1);
    }
}

/// Views may have been ended before they showed the last of the log.
async fn bring_up_to_date(log: &Log, kept: &Path) {
    let views = Views::start(log, kept, |_| {}).await.unwrap();
    let head = books::head(log).await;
    let shows_all = async || (views.applied().sequence >= head).then_some(());
    eventually("the views that were kept are brought up to date", shows_all).await;
    views.shutdown().await.unwrap();
}

async fn digest_of(dir: PathBuf) -> Digests {
    spawn_blocking(move || digest(&dir)).await.unwrap().unwrap()
}

fn conclude(evidence: &Evidence, last: Position, report: &Report, seed: u64) {
    report.count("logs checked");
    report.add("views compared", evidence.views.iter().map(|(_, views)| views.len() as u64).sum());
    report.add("frames in them", evidence.log.frames.len() as u64);
    report.add("messages taken by WhatsApp", evidence.taken_by_network.len() as u64);
    for happened in evidence.log.events() {
        if is_told_of(happened.event) {
            report.count(happened.event.name());
        }
        if let Event::MessageSubmitted(e) = happened.event {
            report.count(wrote(&e.author));
        }
    }
    report.add("contacts looked up", evidence.records.shown.len() as u64);
    let by_shortcut = evidence
        .records
        .asked
        .iter()
        .filter(|asked| asked.shortcut.is_some() && matches!(asked.told, Told::Accepted(_)));
    report.add("texts sent by shortcut", by_shortcut.count() as u64);
    let findings = check(evidence);
    let told: Vec<String> = findings.iter().take(20).map(ToString::to_string).collect();
    let count = findings.len();
    assert!(findings.is_empty(), "{count} findings up to {last}, seed {seed}:\n{}", told.join("\n"));
    assert!(evidence.views.iter().all(|(_, views)| views.values().all(|view| view.rows > 0)), "empty views");
}

fn wrote(author: &Author) -> &'static str {
    match author {
        Author::Agent(_) => "messages of agents",
        Author::System(SystemCause::OutOfHours) => "customers told of hours",
        Author::System(SystemCause::InactivityWarning) => "customers warned",
        Author::System(SystemCause::InactivityClosed) => "conversations closed by themselves",
    }
}

/// What the load must come to now and then, or it does not try what it says.
fn is_told_of(event: &Event) -> bool {
    matches!(
        event,
        Event::ConversationOffered(_)
            | Event::OfferEnded(_)
            | Event::ConversationOverflowed(_)
            | Event::NeedsSet(_)
            | Event::ConversationTakenOver(_)
            | Event::ConversationGivenBack(_)
            | Event::AfterWorkEnded(_)
            | Event::AgentDisconnected(_)
            | Event::ExclusiveAgentRemoved(_)
            | Event::ContactsMerged(_)
            | Event::ConversationMerged(_)
            | Event::IdentityChanged(_)
            | Event::ContactUpdated(_)
            | Event::ContactNoteAdded(_)
            | Event::ResponseMissed(_)
    )
}

/// A stand-in for WhatsApp that fails now and then, and whose receipts come twice and in any order.
async fn stand_in(seed: u64) -> StandIn {
    let options = StandInOptions::new(ACCESS_TOKEN, NUMBER, engine::clock::now().millis());
    let among = vec![
        Fault::GraphError { http_status: 429, code: 130_429 },
        Fault::Http500NoBody,
        Fault::AcceptThenDrop,
    ];
    let statuses = StatusScript { reordered: 0.3, duplicated: 0.3, unread: 0.2, ..StatusScript::default() };
    let random_faults = Some(RandomFaults { chance: 0.05, among });
    StandIn::start(StandInOptions { seed, random_faults, statuses, ..options }).await.unwrap()
}

fn taken(stand_in: &StandIn) -> HashMap<MessageId, usize> {
    let mut taken = HashMap::new();
    for message in stand_in.accepted() {
        if let Some(id) = message.callback_data.and_then(|data| data.parse::<MessageId>().ok()) {
            *taken.entry(id).or_default() += 1;
        }
    }
    taken
}
