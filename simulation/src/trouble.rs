//! What goes wrong besides single calls: processes die, stand still and come back, lines are cut, clocks jump, the
//! key of the lease goes, and in some days somebody damages the log.

use std::time::Duration;

use engine::Role;
use tokio::time::{Instant, sleep};

use crate::client::Scene;
use crate::consumer;
use crate::plan::Damage;
use crate::process::Machine;

/// A client of NATS notices after this that nothing answers.
const NOTICED_AFTER: Duration = Duration::from_secs(3);
/// A leader is new for at most so long.
const NEW_FOR_MAX: Duration = Duration::from_millis(1_500);

const LOOK_EVERY: Duration = Duration::from_millis(50);

#[derive(Debug, Clone, Copy)]
enum Trouble {
    Kill,
    Stop,
    Cut,
    Clock,
    DeleteKey,
    PlannedEnd,
    LoseConsumers,
    NewLeader,
}

/// Makes trouble until the time of faults is over, or clients have asked for as much as they do in this act, and undoes
/// all of it before it returns. `lines` is the last number that was given to a line.
pub(crate) async fn make(scene: &Scene, act: usize, lines: &mut usize) {
    let (faults_last, mut damage) = {
        let world = scene.world.lock();
        (world.plan.faults_last, world.plan.damage)
    };
    let until = Instant::now() + faults_last;
    let damage_at = Instant::now() + faults_last / 2;
    let mut under_way = Vec::new();
    let goes_on = || {
        let world = scene.world.lock();
        match world.plan.steps {
            Some(steps) => world.steps * world.plan.acts < steps * (act + 1),
            None => Instant::now() < until,
        }
    };
    while goes_on() {
        let (pause, steps) = {
            let mut world = scene.world.lock();
            let steps_max = world.plan.trouble_steps_max;
            (world.chance.millis(100..1_500), world.steps + world.chance.below(steps_max))
        };
        sleep(pause).await;
        while goes_on() && scene.world.lock().steps < steps {
            sleep(LOOK_EVERY).await;
        }
        if damage.is_some() && Instant::now() > damage_at {
            inflict(scene, damage.take());
        }
        let Some(trouble) = choose(scene) else { continue };
        let place = victim(scene);
        *lines += 1;
        under_way.push(tokio::spawn(happen(scene.clone(), trouble, place, *lines)));
    }
    scene.world.lock().no_more_ambushes = true;
    under_way.append(&mut scene.world.lock().under_way);
    for trouble in under_way {
        trouble.await.unwrap();
    }
}

/// Somebody, and half of the time whoever writes.
fn victim(scene: &Scene) -> usize {
    let is_writer = |place: &usize| {
        let engine = scene.machine(*place).and_then(|machine| machine.engine());
        engine.is_some_and(|engine| engine.health().borrow().role == Role::Writer)
    };
    let writer = (0..scene.places()).find(is_writer);
    let mut world = scene.world.lock();
    let anybody = world.chance.below(scene.places());
    writer.filter(|_| world.chance.permille(500)).unwrap_or(anybody)
}

fn choose(scene: &Scene) -> Option<Trouble> {
    let mut world = scene.world.lock();
    let plan = &world.plan;
    // Nobody starts again on a log that was damaged: it would be taken for what it is.
    let kill = if plan.damage.is_some() { 0 } else { 1 };
    let weights = [
        (Trouble::Kill, plan.kill * kill),
        (Trouble::Stop, plan.stop),
        (Trouble::Cut, plan.cut),
        (Trouble::Clock, plan.clock),
        (Trouble::DeleteKey, plan.delete_key),
        (Trouble::PlannedEnd, plan.planned_end * kill),
        (Trouble::LoseConsumers, plan.lose_consumers),
        (Trouble::NewLeader, plan.new_leader),
    ];
    let all: Vec<Trouble> =
        weights.iter().flat_map(|(trouble, times)| std::iter::repeat_n(*trouble, *times as usize)).collect();
    world.chance.pick(&all).copied()
}

async fn happen(scene: Scene, trouble: Trouble, place: usize, line: usize) {
    let lasts = {
        let mut world = scene.world.lock();
        if world.chance.permille(700) {
            world.chance.millis(50..1_500)
        } else {
            world.chance.millis(1_500..6_000)
        }
    };
    let Some(machine) = scene.machine(place) else { return };
    let name = machine.name.clone();
    match trouble {
        Trouble::Kill => {
            scene.machines.lock().unwrap()[place] = None;
            scene.world.tell(|| format!("{name} is killed for {lasts:?}"));
            kill(&scene, &machine);
            sleep(lasts).await;
            start(&scene, place, line);
        }
        Trouble::PlannedEnd => {
            scene.machines.lock().unwrap()[place] = None;
            scene.world.tell(|| format!("{name} is to end"));
            machine.end();
            // One that was still starting, or cannot write, is killed at last.
            sleep(lasts + Duration::from_secs(3)).await;
            kill(&scene, &machine);
            start(&scene, place, line);
        }
        Trouble::Stop => {
            scene.world.tell(|| format!("{name} stands still for {lasts:?}"));
            machine.stop();
            sleep(lasts).await;
            scene.world.tell(|| format!("{name} wakes"));
            machine.wake();
        }
        Trouble::Cut => cut(&scene, &machine, lasts).await,
        Trouble::Clock => {
            let ahead = scene.world.lock().chance.millis(0..20_000).as_millis() as i64 - 10_000;
            scene.world.tell(|| format!("the clock of {name} is {ahead} ms ahead"));
            machine.set_clock(ahead);
        }
        Trouble::DeleteKey => {
            let mut world = scene.world.lock();
            world.tell("the key of the lease is deleted".to_owned());
            world.store.delete_key();
        }
        Trouble::LoseConsumers => {
            let mut world = scene.world.lock();
            world.tell("all consumers are gone".to_owned());
            consumer::lose_all(&mut world);
        }
        Trouble::NewLeader => {
            {
                let mut world = scene.world.lock();
                let lacks = 1 + world.chance.below(3) as u64;
                world.tell(format!("a leader that lacks {lacks} frames answers"));
                world.store.lacks = lacks;
            }
            sleep(lasts.min(NEW_FOR_MAX)).await;
            let mut world = scene.world.lock();
            world.tell("the leader has taken in everything".to_owned());
            world.store.lacks = 0;
        }
    }
}

/// Nothing of it goes on, and its disk is what it was at some moment just now.
fn kill(scene: &Scene, machine: &Machine) {
    machine.kill();
    let mut world = scene.world.lock();
    projections::simulated::crash(&machine.name, |bound| world.chance.below(bound));
}

pub(crate) fn start(scene: &Scene, place: usize, line: usize) {
    let ahead = scene.world.lock().chance.millis(0..2_000).as_millis() as i64 - 1_000;
    let machine = Machine::start(&scene.world, place, line, ahead);
    scene.machines.lock().unwrap()[place] = Some(machine);
}

async fn cut(scene: &Scene, machine: &Machine, lasts: Duration) {
    let set = |out: bool, into: bool| {
        let mut world = scene.world.lock();
        if let Some(line) = world.lines.get_mut(&machine.line) {
            (line.cut_out, line.cut_in) = (out, into);
        }
    };
    let way = scene.world.lock().chance.below(3);
    let (out, into) = [(true, true), (true, false), (false, true)][way];
    scene.world.tell(|| format!("{} is cut off (out {out}, in {into}) for {lasts:?}", machine.name));
    set(out, into);
    sleep(lasts.min(NOTICED_AFTER)).await;
    if lasts > NOTICED_AFTER {
        scene.world.lock().set_connected(machine.line, false);
        sleep(lasts - NOTICED_AFTER).await;
        scene.world.lock().set_connected(machine.line, true);
    }
    scene.world.tell(|| format!("{} is connected", machine.name));
    set(false, false);
}

fn inflict(scene: &Scene, damage: Option<Damage>) {
    let mut world = scene.world.lock();
    let head = world.store.frames.len();
    let by = 1 + world.chance.below(head / 2);
    world.is_damaged = true;
    match damage {
        Some(Damage::Shortened) => {
            world.tell(format!("the log is shortened by {by} frames, from {head}"));
            world.frames_before = world.store.frames.clone();
            world.store.frames.truncate(head - by);
        }
        Some(Damage::Purged) => {
            world.tell(format!("the first {by} frames of {head} are purged"));
            world.store.purged = by as u64;
        }
        None => {}
    }
}
