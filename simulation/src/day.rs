//! One day, from its seed: the centre opens, clients ask while things go wrong, all comes to rest, and it is looked
//! at what became of it.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use engine::Role;
use projections::simulated::Disks;
use tokio::time::{Instant, sleep};

use crate::centre;
use crate::check::{Driven, check};
use crate::client::{Scene, ask, client};
use crate::plan::{Damage, Plan};
use crate::process::Machine;
use crate::record::{Book, Told};
use crate::rest;
use crate::screen::screen;
use crate::trouble;
use crate::world::Shared;

/// When faults are over, everybody is well again within this.
const RECOVERED_WITHIN: Duration = Duration::from_secs(12);
/// A log that is unfit is given up by all within this.
const NOTICED_WITHIN: Duration = Duration::from_secs(30);
const LOOK_EVERY: Duration = Duration::from_millis(100);

/// What a day came to.
#[derive(Debug)]
pub struct Day {
    pub seed: u64,
    /// The same for the same seed: a hash of all that happened, in order.
    pub hash: String,
    pub trace: Vec<String>,
    /// What must not be. Empty for a good day.
    pub wrong: Vec<String>,
    pub frames: u64,
    /// How many commands clients asked for, each once or several times.
    pub steps: usize,
    pub driven: Driven,
    pub accepted: usize,
    pub refused: usize,
    pub unknown: usize,
}

/// Lives through the day of this plan.
pub fn run(plan: &Plan) -> Day {
    let runtime =
        tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build().unwrap();
    runtime.block_on(live(plan.clone()))
}

async fn live(plan: Plan) -> Day {
    let _disks = Disks::begin();
    let world = Shared::new(plan.clone());
    world.lock().is_calm = true;
    world.tell(|| format!("{plan:?}"));
    let machines = (0..plan.processes).map(|place| Some(Machine::start(&world, place, place, 0)));
    let machines = Arc::new(Mutex::new(machines.collect()));
    let scene = Scene { world: world.clone(), machines, book: Arc::new(Mutex::new(Book::default())) };
    for command in centre::opening() {
        ask(&scene, 0, command, None, 100).await;
    }

    let screens: Vec<_> = (0..plan.processes).map(|_| tokio::spawn(screen(scene.clone()))).collect();
    let mut lines = plan.processes;
    for act in 0..plan.acts {
        if act > 0 {
            let wrong = rest::end(&scene, &[], act).await;
            world.lock().wrong.extend(wrong);
            rest::begin_anew(&scene, &mut lines);
        }
        in_trouble(&scene, &plan, act, &mut lines).await;
    }
    sleep(Duration::from_secs(6)).await;
    world.lock().is_over = true;
    let mut seen = Vec::new();
    for screen in screens {
        seen.push(screen.await.unwrap());
    }
    if plan.damage.is_none() {
        let wrong = rest::end(&scene, &seen, 0).await;
        world.lock().wrong.extend(wrong);
    }
    close(&scene, &plan)
}

/// Clients ask while things go wrong, until nothing does any more and everybody has been told.
async fn in_trouble(scene: &Scene, plan: &Plan, act: usize, lines: &mut usize) {
    {
        let mut world = scene.world.lock();
        (world.is_calm, world.no_more_ambushes) = (false, false);
    }
    let clients: Vec<_> =
        (1..=plan.clients).map(|number| tokio::spawn(client(scene.clone(), number))).collect();
    trouble::make(scene, act, lines).await;
    scene.world.lock().is_calm = true;
    scene.world.tell(|| "calm".to_owned());
    match plan.damage {
        Some(_) => given_up(scene).await,
        None => recovered(scene).await,
    }
    for client in clients {
        client.await.unwrap();
    }
}

/// All processes are well: one writes, the others stand by, and each gets commands through.
async fn recovered(scene: &Scene) {
    let until = Instant::now() + RECOVERED_WITHIN;
    for place in 0..scene.places() {
        let knock = centre::knock(&mut scene.world.lock().chance);
        let told = ask(scene, 0, knock, Some(place), 40).await;
        if !matches!(told, Told::Accepted(_)) || Instant::now() > until {
            scene.world.lock().wrong.push(format!("p{place} does not get commands through: {told:?}"));
        }
    }
    loop {
        let how: Vec<_> = (0..scene.places()).map(|place| how(scene, place)).collect();
        let is_well = |(_, trouble): &(Role, Option<String>)| trouble.is_none();
        let writers = how.iter().flatten().filter(|(role, _)| *role == Role::Writer).count();
        if writers == 1 && how.iter().all(|how| how.as_ref().is_some_and(is_well)) {
            return;
        }
        if Instant::now() > until {
            scene.world.lock().wrong.push(format!("not well in time: {how:?}"));
            return;
        }
        sleep(LOOK_EVERY).await;
    }
}

fn how(scene: &Scene, place: usize) -> Option<(Role, Option<String>)> {
    let health = scene.machine(place)?.engine()?.health();
    let health = health.borrow().clone();
    Some((health.role, health.trouble))
}

/// Every process has seen that the log is unfit, and ended.
async fn given_up(scene: &Scene) {
    let until = Instant::now() + NOTICED_WITHIN;
    let has_ended =
        |place| scene.machine(place).is_none_or(|machine| matches!(machine.ended(), Some(Err(_))));
    while !(0..scene.places()).all(has_ended) && !scene.world.lock().went_on {
        if Instant::now() > until {
            let health: Vec<_> =
                (0..scene.places()).map(|place| (has_ended(place), how(scene, place))).collect();
            let text = format!("somebody has not seen that the log is unfit: {health:?}");
            scene.world.lock().wrong.push(text);
            return;
        }
        let knock = centre::knock(&mut scene.world.lock().chance);
        ask(scene, 0, knock, None, 1).await;
        sleep(LOOK_EVERY).await;
    }
}

fn close(scene: &Scene, plan: &Plan) -> Day {
    let mut world = scene.world.lock();
    let book = scene.book.lock().unwrap();
    let frames = if plan.damage == Some(Damage::Shortened) {
        world.frames_before.clone()
    } else {
        world.store.frames.clone()
    };
    let mut driven = Driven::new();
    if !world.went_on {
        let (wrong, found) = check(&frames, &book);
        world.wrong.extend(wrong);
        driven = found;
    }
    let mut hasher = blake3::Hasher::new();
    for line in world.trace() {
        hasher.update(line.as_bytes());
    }
    let count = |of: fn(&Told) -> bool| book.asked.iter().filter(|asked| of(&asked.told)).count();
    Day {
        seed: plan.seed,
        hash: hasher.finalize().to_hex().to_string(),
        trace: world.trace().to_vec(),
        wrong: world.wrong.clone(),
        frames: frames.len() as u64,
        steps: world.steps,
        driven,
        accepted: count(|told| matches!(told, Told::Accepted(_))),
        refused: count(|told| matches!(told, Told::Refused(_))),
        unknown: count(|told| matches!(told, Told::Unknown)),
    }
}
