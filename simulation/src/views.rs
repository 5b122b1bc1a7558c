//! The views of the processes, each on the disk of its machine, and what must have become of them: those of a rebuild.

use std::path::Path;
use std::time::Duration;

use engine::log::{Log, LogConfig, LogError};
use projections::{Change, Digest, Views, ViewsError, digest, rebuild, simulated};
use schemas::Position;
use tokio::time::sleep;

use crate::client::Scene;
use crate::network::connect;
use crate::process::{Machine, SHARD};
use crate::screen::{self, Stretch};
use crate::world::Shared;

const START_AGAIN_AFTER: Duration = Duration::from_millis(300);
/// Once all is calm, the views are where the log is within this.
const CAUGHT_UP_WITHIN: Duration = Duration::from_secs(3);

/// Starts the views of a process, as soon as the log lets it.
pub(crate) async fn start(world: Shared, machine: Machine, log: Log) {
    let lag_frames_max = world.lock().plan.lag_frames_max;
    loop {
        match simulated::start(&log, Path::new(&machine.name), lag_frames_max).await {
            Ok(views) => {
                world.tell(|| format!("{} has views at {}", machine.name, views.applied()));
                return machine.has_views(views);
            }
            Err(ViewsError::Log(LogError::Unavailable { .. })) => sleep(START_AGAIN_AFTER).await,
            Err(error) => {
                let mut world = world.lock();
                world.tell(format!("{} cannot have views: {error:?}", machine.name));
                if !world.is_damaged {
                    world.wrong.push(format!("{} cannot have views: {error:?}", machine.name));
                }
                return;
            }
        }
    }
}

/// All that is wrong with the views, now that nothing is written any more, and with what was seen on screens. The names
/// are of this act alone.
pub(crate) async fn check(
    scene: &Scene,
    machines: &[Machine],
    seen: &[Vec<Stretch>],
    act: usize,
) -> Vec<String> {
    let head = scene.world.lock().store.head();
    let head = Position { shard: SHARD, sequence: head, index: 0 };
    let mut wrong = Vec::new();
    let expected = match rebuilt(scene, act).await {
        Ok(expected) => expected,
        Err(error) => return vec![format!("the views cannot be rebuilt: {error:?}")],
    };
    match told(scene, act, head).await {
        Ok((digests, changes)) => {
            differences("views that had the frames one by one", &digests, &expected, &mut wrong);
            seen.iter().for_each(|stretches| wrong.extend(screen::check(stretches, &changes)));
        }
        Err(error) => wrong.push(format!("the views cannot be told all: {error}")),
    }
    for machine in machines {
        let name = machine.name.clone();
        let Some(views) = machine.views() else {
            wrong.push(format!("{name} has no views"));
            continue;
        };
        match ended(views, &name, head).await {
            Ok(digests) => differences(&format!("the views of {name}"), &digests, &expected, &mut wrong),
            Err(error) => wrong.push(format!("the views of {name}: {error}")),
        }
        for aside in simulated::put_aside(&name) {
            wrong.push(format!("{name} could not open a view of a sound log: {aside} was put aside"));
        }
    }
    wrong
}

type Digests = Vec<(&'static str, Digest)>;

fn digests(name: &str) -> Result<Digests, ViewsError> {
    Ok(digest(Path::new(name))?.into_iter().collect())
}

async fn rebuilt(scene: &Scene, act: usize) -> Result<Digests, ViewsError> {
    let name = format!("rebuilt {act}");
    let log = log(scene, &name, usize::MAX - 2 * act);
    rebuild(&log, Path::new(&name), |_| {}).await?;
    digests(&name)
}

/// Views that begin with the first frame and tell every change, and the changes.
async fn told(
    scene: &Scene,
    act: usize,
    head: Position,
) -> Result<(Digests, Vec<std::sync::Arc<Change>>), String> {
    let name = format!("told {act}");
    let log = log(scene, &name, usize::MAX - 2 * act - 1);
    let views = simulated::start(&log, Path::new(&name), u64::MAX).await.map_err(|e| format!("{e:?}"))?;
    let heard = views.feed().subscribe(Some(Position::start(SHARD)));
    let mut heard = heard.map_err(|error| error.to_string())?;
    // All the time, for a feed keeps only so many.
    let heard = async {
        let mut changes = Vec::new();
        loop {
            match heard.next().await.map_err(|error| error.to_string())? {
                more if more.is_empty() => return Ok::<_, String>(changes),
                more => changes.extend(more),
            }
        }
    };
    let (digests, changes) = tokio::join!(ended(views, &name, head), heard);
    Ok((digests?, changes?))
}

/// What the views hold when they have had the whole log and are closed.
async fn ended(views: Views, name: &str, head: Position) -> Result<Digests, String> {
    views.wait_for(head, CAUGHT_UP_WITHIN).await.map_err(|stale| stale.to_string())?;
    if let Some(bad) = views.health().into_iter().find(|view| view.failed.is_some() || !view.is_served) {
        return Err(format!("{bad:?}"));
    }
    views.shutdown().await.map_err(|error| format!("{error:?}"))?;
    digests(name).map_err(|error| format!("{error:?}"))
}

fn differences(what: &str, found: &Digests, expected: &Digests, wrong: &mut Vec<String>) {
    let pairs = found.iter().zip(expected).filter(|(found, expected)| found != expected);
    wrong.extend(
        pairs.map(|(found, expected)| format!("{what} are {found:?}, and a rebuild is {expected:?}")),
    );
}

fn log(scene: &Scene, name: &str, line: usize) -> Log {
    Log::simulated(connect(&scene.world, name, line), LogConfig { shard: SHARD, replicas: 1 })
}
