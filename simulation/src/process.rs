//! The processes of a day: each with an engine, at a place that keeps its name when one is killed and another starts.

use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use engine::log::{Log, LogConfig, LogError};
use engine::simulated::Process;
use engine::{Engine, EngineConfig, Replica, WriterError};
use projections::Views;
use schemas::{ShardId, Timestamp};
use tokio::time::sleep;

use crate::network::connect;
use crate::views;
use crate::world::Shared;

pub(crate) const SHARD: ShardId = ShardId(0);
const OPENING: u64 = 1_800_000_000_000;
/// No clock is ahead of the others by more.
const AHEAD_MS_MAX: u64 = 10_000;
/// When nothing goes wrong, an engine that is let go ends within this.
const ENDS_WITHIN: Duration = Duration::from_secs(5);
const START_AGAIN_AFTER: Duration = Duration::from_millis(300);

/// What no clock shows yet so long after the opening.
pub(crate) fn latest(elapsed: Duration) -> Timestamp {
    Timestamp::from_millis(OPENING + elapsed.as_millis() as u64 + AHEAD_MS_MAX)
}

/// One process, from its start to its end.
#[derive(Clone)]
pub(crate) struct Machine {
    pub(crate) name: String,
    pub(crate) line: usize,
    process: Process,
    engine: Arc<Mutex<Option<Engine>>>,
    ended: Arc<Mutex<Option<Result<(), WriterError>>>>,
    views: Arc<Mutex<Option<Views>>>,
    ahead_ms: Arc<AtomicI64>,
}

impl Machine {
    /// The process number `line` at this place; its clock is `ahead_ms` ahead of the others.
    pub(crate) fn start(world: &Shared, place: usize, line: usize, ahead_ms: i64) -> Self {
        let name = format!("p{place}");
        let ahead_ms = Arc::new(AtomicI64::new(ahead_ms));
        let (of_clock, of_chance, ahead) = (world.clone(), world.clone(), Arc::clone(&ahead_ms));
        let clock = move || {
            let elapsed = of_clock.lock().elapsed().as_millis() as u64;
            Timestamp::from_millis((OPENING + elapsed).saturating_add_signed(ahead.load(Ordering::Relaxed)))
        };
        let chance = move |bytes: &mut [u8]| of_chance.lock().chance.fill(bytes);
        let machine = Self {
            name: name.clone(),
            line,
            process: Process::new(clock, chance),
            engine: Arc::default(),
            ended: Arc::default(),
            views: Arc::default(),
            ahead_ms,
        };
        let log = Log::simulated(connect(world, &name, line), LogConfig { shard: SHARD, replicas: 1 });
        let answer_within = world.lock().plan.answer_within;
        if let Some(line) = world.lock().lines.get_mut(&line) {
            line.process = Some(machine.process.clone());
        }
        world.tell(|| format!("{name} starts on line {line}"));
        machine.process.spawn(views::start(world.clone(), machine.clone(), log.clone()));
        machine.process.spawn(live(world.clone(), machine.clone(), log, answer_within));
        machine
    }

    /// A handle on its engine, once it has one.
    pub(crate) fn engine(&self) -> Option<Engine> {
        self.engine.lock().unwrap().clone()
    }

    /// What its engine ended with, if it did.
    pub(crate) fn ended(&self) -> Option<Result<(), WriterError>> {
        self.ended.lock().unwrap().clone()
    }

    /// Its views, once it has them.
    pub(crate) fn views(&self) -> Option<Views> {
        self.views.lock().unwrap().clone()
    }

    pub(crate) fn has_views(&self, views: Views) {
        *self.views.lock().unwrap() = Some(views);
    }

    /// Lets go of its engine, which then ends by itself, and closes its views.
    pub(crate) fn end(&self) {
        self.engine.lock().unwrap().take();
        if let Some(views) = self.views.lock().unwrap().take() {
            self.process.spawn(views.shutdown());
        }
    }

    pub(crate) fn stop(&self) {
        self.process.stop();
    }

    pub(crate) fn wake(&self) {
        self.process.wake();
    }

    pub(crate) fn set_clock(&self, ahead_ms: i64) {
        self.ahead_ms.store(ahead_ms, Ordering::Relaxed);
    }

    pub(crate) fn kill(&self) {
        self.process.kill();
        self.engine.lock().unwrap().take();
        self.views.lock().unwrap().take();
    }

    /// Lets go of its engine, and gives back the replica that this had when it had ended.
    pub(crate) async fn last_replica(&self) -> Option<Replica> {
        drop(self.process.replicas());
        self.engine.lock().unwrap().take();
        for _ in 0..ENDS_WITHIN.as_millis() {
            if self.ended().is_some() {
                return self.process.replicas().pop();
            }
            sleep(Duration::from_millis(1)).await;
        }
        None
    }
}

async fn live(world: Shared, machine: Machine, log: Log, answer_within: Duration) {
    loop {
        let config = EngineConfig {
            queue_max: 256,
            answer_within,
            name: machine.name.clone(),
            ..EngineConfig::default()
        };
        let (engine, task) = match Engine::start(log.clone(), config).await {
            Ok(started) => started,
            Err(LogError::Unavailable { what, .. }) => {
                world.tell(|| format!("{} cannot start: {what} failed", machine.name));
                sleep(START_AGAIN_AFTER).await;
                continue;
            }
            Err(error) => {
                world.tell(|| format!("{} cannot start: {error}", machine.name));
                *machine.ended.lock().unwrap() = Some(Err(error.into()));
                return;
            }
        };
        world.tell(|| format!("{} is ready", machine.name));
        *machine.engine.lock().unwrap() = Some(engine);
        let ended = task.await;
        world.tell(|| format!("{} has ended: {ended:?}", machine.name));
        match ended {
            Ok(ended) => *machine.ended.lock().unwrap() = Some(ended),
            Err(panic) => world.lock().wrong.push(format!("{} panicked: {panic}", machine.name)),
        }
        return;
    }
}
