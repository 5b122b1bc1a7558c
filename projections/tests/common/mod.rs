//! A log on a real nats-server, frames written to it, and the rows of views taken from the disk.
#![allow(clippy::unwrap_used, dead_code, unreachable_pub, reason = "a test may, and none uses all of this")]

pub mod damage;
pub mod follower;
pub mod gate;
pub mod scenes;
pub mod traffic;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use async_nats::Client;
use engine::log::{AppendError, Log, LogConfig};
use engine::nats_server::{NatsServer, NatsServerConfig};
use engine::patience::patiently_read;
use projections::store::Store;
use projections::{RebuildProgress, Views, ViewsError};
use schemas::frame::{CommitHeader, FrameBuilder, FrameHash, NO_FRAME, hash};
use schemas::{Event, FrameId, Position, ShardId, Timestamp};
use tempfile::TempDir;
use traffic::Traffic;

pub const SHARD: ShardId = ShardId(0);
pub const DEADLINE: Duration = Duration::from_secs(60);

/// The directory of a view, as this program names it.
pub fn directory(view: &str) -> String {
    let (_, version) = projections::versions().into_iter().find(|(name, _)| *name == view).unwrap();
    format!("{view}-v{version}")
}

pub struct Centre {
    pub dir: TempDir,
    pub server: NatsServer,
    pub client: Client,
    pub log: Log,
    pub head: u64,
    previous: FrameHash,
}

impl Centre {
    pub async fn new() -> Self {
        let dir = TempDir::new().unwrap();
        let config = NatsServerConfig { binary: None, dir: dir.path().join("nats") };
        let server = NatsServer::start(config).await.unwrap();
        let client = server.connect().await.unwrap();
        let log = Log::open(&client, LogConfig { shard: SHARD, replicas: 1 }).await.unwrap();
        Self { dir, server, client, log, head: 0, previous: NO_FRAME }
    }

    /// A centre whose log has masters and `frames` frames of traffic.
    pub async fn with_traffic(traffic: &mut Traffic, frames: usize) -> Self {
        let mut centre = Self::new().await;
        let masters = traffic.masters();
        centre.append(&masters).await;
        centre.go_on(traffic, frames).await;
        centre
    }

    /// Appends frames of one to four commits.
    pub async fn go_on(&mut self, traffic: &mut Traffic, frames: usize) {
        for number in 0..frames {
            let commits: Vec<_> = (0..=number % 4).map(|_| traffic.next()).collect();
            self.append(&commits).await;
        }
    }

    /// Appends one frame and gives the position of its last event.
    pub async fn append(&mut self, commits: &[(CommitHeader, Vec<Event>)]) -> Position {
        let mut builder = FrameBuilder::default();
        for (header, events) in commits {
            builder.push(header, events);
        }
        let index = builder.events().saturating_sub(1);
        let at = commits.last().map_or(Timestamp::default(), |(header, _)| header.at);
        let bytes = builder.finish(SHARD, FrameId::from_bytes([9; 16]), &self.previous, at);
        self.append_raw(bytes).await;
        Position { shard: SHARD, sequence: self.head, index }
    }

    pub async fn append_raw(&mut self, bytes: Vec<u8>) {
        self.previous = hash(&bytes);
        let until = Instant::now() + DEADLINE;
        // Without an acknowledgement in time it may be in the log all the same.
        while let Err(error) = self.log.append(bytes.clone().into(), self.head).await {
            let found = patiently_read("the frame", || self.log.read(self.head + 1)).await.unwrap();
            if found.is_some_and(|found| found == bytes) {
                break;
            }
            assert!(matches!(error, AppendError::Unknown(_)) && Instant::now() < until, "{error}");
        }
        self.head += 1;
    }

    /// The hash that the next frame has to carry.
    pub fn previous(&self) -> FrameHash {
        self.previous
    }

    pub async fn views(&self, name: &str) -> Views {
        self.try_views(name).await.unwrap()
    }

    pub async fn try_views(&self, name: &str) -> Result<Views, ViewsError> {
        Views::start(&self.log, &self.dir.path().join(name), |_: RebuildProgress| {}).await
    }

    /// Waits until `views` reflect the whole log.
    pub async fn up_to_date(&self, views: &Views) {
        let head = Position { shard: SHARD, sequence: self.head, index: 0 };
        views.wait_for(head, DEADLINE).await.unwrap();
    }

    /// Waits until the views are whole: all served, and nothing being built.
    pub async fn whole(&self, views: &Views) {
        eventually("all views are served", || {
            let health = views.health();
            health.iter().all(|view| view.is_served && view.building.is_none() && view.failed.is_none())
        })
        .await;
        self.up_to_date(views).await;
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    /// The rows of views that are shut down.
    pub fn rows(&self, name: &str) -> Rows {
        rows(&self.dir.path().join(name))
    }
}

/// Waits until something is so.
pub async fn eventually(what: &str, mut is_so: impl FnMut() -> bool) {
    let until = Instant::now() + DEADLINE;
    while !is_so() {
        assert!(Instant::now() < until, "it never came to this: {what}");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

/// All rows of all views, by view and key.
pub type Rows = BTreeMap<(&'static str, Vec<u8>), Vec<u8>>;

pub fn rows(dir: &Path) -> Rows {
    let mut rows = Rows::new();
    for view in ["inbox", "history", "status"] {
        let store = Store::open(dir, view, 1).unwrap();
        let mut after: Option<Vec<u8>> = None;
        loop {
            let page = store.scan(&[], after.as_deref(), false, 1_000).unwrap();
            let Some((last, _)) = page.last() else { break };
            after = Some(last.clone());
            rows.extend(page.into_iter().map(|(key, value)| ((view, key), value.to_vec())));
        }
    }
    rows
}

#[track_caller]
pub fn assert_same(found: &Rows, expected: &Rows) {
    for (key, value) in expected {
        match found.get(key) {
            None => panic!("row {key:?} is missing"),
            Some(found) if found != value => panic!("row {key:?} is {found:?} and not {value:?}"),
            Some(_) => {}
        }
    }
    for key in found.keys() {
        assert!(expected.contains_key(key), "row {key:?} should not be there");
    }
}
