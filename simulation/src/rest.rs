//! When all has come to rest: every process ends as planned, and what it holds then is what the log makes, whether all
//! of it is read or a snapshot and the rest.

use std::time::Duration;

use engine::{Replica, snapshot};
use tokio::time::sleep;

use crate::client::Scene;
use crate::process::{Machine, latest};
use crate::replay::{follow, replica};
use crate::screen::Stretch;
use crate::trouble;
use crate::views;

const LOOK_EVERY: Duration = Duration::from_millis(30);
/// Whatever is due follows so closely on something else no more often than this.
const QUIET_LOOKS_MAX: usize = 4_000;
/// Everything that is known is everywhere within this, when nothing goes wrong.
const SETTLED_AFTER: Duration = Duration::from_secs(1);

/// Waits until nothing is on its way, and nothing is due before long; gives back what does not come to an end.
async fn quiet(scene: &Scene) -> Option<String> {
    for _ in 0..QUIET_LOOKS_MAX {
        let head = scene.world.lock().store.head();
        sleep(LOOK_EVERY).await;
        let world = scene.world.lock();
        let next = world.shadow.reference.deadlines().into_iter().next();
        let is_far = next.is_none_or(|(at, _)| at > latest(world.elapsed()).max(world.shadow.last_at));
        if is_far && world.store.head() == head {
            return None;
        }
    }
    let due = scene.world.lock().shadow.reference.deadlines().into_iter().next();
    Some(format!("it does not come to rest; the first thing that is due is {due:?}"))
}

/// Ends all processes, and looks at what they leave. Gives back all that is wrong.
pub(crate) async fn end(scene: &Scene, seen: &[Vec<Stretch>], act: usize) -> Vec<String> {
    sleep(SETTLED_AFTER).await;
    let unquiet = quiet(scene).await;
    let machines: Vec<Machine> = (0..scene.places()).filter_map(|place| scene.machine(place)).collect();
    let mut wrong: Vec<String> = unquiet.into_iter().collect();
    let mut replicas = Vec::new();
    for machine in &machines {
        if let Some(ended) = machine.ended() {
            wrong.push(format!("{} has ended: {ended:?}", machine.name));
        }
        replicas.push((machine.name.clone(), machine.last_replica().await));
    }
    let frames = scene.world.lock().store.frames.clone();
    let expected = replica(&frames);
    let is_same =
        |replica: &Option<Replica>| replica.as_ref().map(Replica::digest) == Some(expected.digest());
    for (name, replica) in replicas.iter().filter(|(_, replica)| !is_same(replica)) {
        let (at, head) = (replica.as_ref().map(Replica::sequence), frames.len());
        wrong.push(format!("the replica of {name} is another than the log's: at {at:?} of {head}"));
    }
    let at = scene.world.lock().chance.below(frames.len());
    let mut bytes = Vec::new();
    snapshot::write(&replica(&frames[..at]), 0, &mut bytes).unwrap();
    let mut from_snapshot = snapshot::read(bytes.as_slice()).unwrap();
    follow(&mut from_snapshot, &frames[at..]);
    if from_snapshot.digest() != expected.digest() {
        let head = frames.len();
        wrong.push(format!("a snapshot at {at} and the log until {head} make another state than the log"));
    }
    wrong.extend(views::check(scene, &machines, seen, act).await);
    wrong
}

/// All processes have been ended, and start again.
pub(crate) fn begin_anew(scene: &Scene, lines: &mut usize) {
    scene.world.tell(|| "all start again".to_owned());
    for place in 0..scene.places() {
        if let Some(machine) = scene.machine(place) {
            machine.kill();
        }
        *lines += 1;
        trouble::start(scene, place, *lines);
    }
}
