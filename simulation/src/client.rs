//! Clients: each asks at any process, often for several things at once, and asks again, elsewhere too, until it is told
//! what came of it or gives up; and later once more, for no reason.

use std::sync::{Arc, Mutex};

use engine::{Outcome, SubmitError};
use model::{Steps, centre::workspace};
use schemas::{Rejection, Submission};
use tokio::time::{Instant, sleep};

use crate::centre;
use crate::process::{Machine, latest};
use crate::record::{Asked, Book, Told};
use crate::world::{Shared, World};

/// A client asks once more for something of so many that it was told of last.
const ASKED_AGAIN_OF: usize = 20;
const TIMES_MAX: usize = 12;

/// Everything clients and troublemakers have in common.
#[derive(Clone)]
pub(crate) struct Scene {
    pub(crate) world: Shared,
    /// The process at each place, unless it is down.
    pub(crate) machines: Arc<Mutex<Vec<Option<Machine>>>>,
    pub(crate) book: Arc<Mutex<Book>>,
}

impl Scene {
    pub(crate) fn machine(&self, place: usize) -> Option<Machine> {
        self.machines.lock().unwrap()[place].clone()
    }

    pub(crate) fn places(&self) -> usize {
        self.machines.lock().unwrap().len()
    }
}

/// Asks until the day is calm.
pub(crate) async fn client(scene: Scene, number: usize) {
    let mut steps = Steps::of(scene.world.lock().chance.next());
    loop {
        let pause = {
            let mut world = scene.world.lock();
            if world.is_calm {
                return;
            }
            let pause_ms_max = world.plan.pause_ms_max;
            world.chance.millis(0..pause_ms_max)
        };
        sleep(pause).await;
        let (deeds, again) = choose(&scene, &mut steps);
        if let Some((before, submission)) = again {
            ask_again(&scene, number, before, submission).await;
        }
        // The last of them is asked twice at once, so that one meets the other on the way.
        let twice = scene.world.lock().chance.permille(50);
        let doubled = deeds.last().filter(|_| twice).cloned();
        let mut asking = Vec::new();
        for deed in deeds.into_iter().chain(doubled) {
            let scene = scene.clone();
            asking.push(tokio::spawn(async move { ask(&scene, number, deed, None, TIMES_MAX).await }));
        }
        for asked in asking {
            asked.await.unwrap();
        }
    }
}

/// What to ask next, and what to ask once more.
fn choose(scene: &Scene, steps: &mut Steps) -> (Vec<Submission>, Option<(Asked, Submission)>) {
    let world = &mut *scene.world.lock();
    let at_once = if world.chance.permille(200) { 2 + world.chance.below(3) } else { 1 };
    let deeds: Vec<_> = (0..at_once).filter_map(|_| deed(world, steps)).collect();
    for deed in &deeds {
        world.shadow.asked.insert(deed.id, deed.clone());
    }
    world.steps += deeds.len();
    let book = scene.book.lock().unwrap();
    let recent = &book.asked[book.asked.len().saturating_sub(ASKED_AGAIN_OF)..];
    let again = world.chance.pick(recent).filter(|_| world.chance.permille(50)).cloned();
    let again = again.map(|before| {
        let mut submission = before.submission.clone();
        // Something else, under the same key.
        submission.fingerprint += 2 * u64::from(world.chance.permille(200));
        (before, submission)
    });
    (deeds, again)
}

fn deed(world: &mut World, steps: &mut Steps) -> Option<Submission> {
    let quarrels = world.plan.quarrel;
    if world.chance.permille(quarrels) {
        return Some(centre::quarrel(&mut world.chance));
    }
    world.commands += 1;
    let number = world.commands;
    let (actor, command, id) = steps.draw().resolve(&world.shadow.reference, number)?;
    Some(Submission { workspace: workspace(), id, fingerprint: number % 2, actor, command })
}

/// The same command again, some time later: it is what it was, or, if it left nothing, it is decided anew.
async fn ask_again(scene: &Scene, client: usize, before: Asked, submission: Submission) {
    let is_another = submission.fingerprint != before.submission.fingerprint;
    if !is_another {
        ask(scene, client, submission, None, TIMES_MAX).await;
        return;
    }
    if !matches!(before.told, Told::Accepted(_)) || before.is_nothing() {
        return;
    }
    let told = try_all(scene, &submission, None, TIMES_MAX).await.told;
    if !matches!(told, Told::Unknown | Told::Refused(Rejection::KeyReused)) {
        let wrong = format!("{submission:?} was asked under the key of another, and is {told:?}");
        scene.world.lock().wrong.push(wrong);
    }
}

/// Submits a command until there is an answer, so many times at most; at this place, or at any.
pub(crate) async fn ask(
    scene: &Scene,
    client: usize,
    submission: Submission,
    place: Option<usize>,
    times_max: usize,
) -> Told {
    let head_before = {
        let mut world = scene.world.lock();
        world.shadow.asked.insert(submission.id, submission.clone());
        world.head_ever()
    };
    let Tried { told, times, head_asked } = try_all(scene, &submission, place, times_max).await;
    let (head_after, latest) = {
        let world = scene.world.lock();
        (world.head_ever(), latest(world.elapsed()))
    };
    scene.world.tell(|| {
        let what = match &told {
            Told::Accepted(o) if o.repeated => format!("at {} again", o.position),
            Told::Accepted(o) => format!("at {} with {} events", o.position, o.events.len()),
            Told::Refused(rejection) => format!("refused: {rejection}"),
            Told::Unknown => "unknown".to_owned(),
        };
        let name = model::kind(&submission.command);
        format!("c{client} {name} {} after {times}: {what}", submission.id)
    });
    let told_it = told.clone();
    let asked = Asked { client, submission, head_before, head_asked, head_after, latest, times, told };
    scene.book.lock().unwrap().asked.push(asked);
    told_it
}

struct Tried {
    told: Told,
    times: usize,
    /// The last frame of the log at the last try.
    head_asked: u64,
}

async fn try_all(scene: &Scene, submission: &Submission, place: Option<usize>, times_max: usize) -> Tried {
    let (mut times, mut head_asked) = (0, scene.world.lock().head_ever());
    let told = loop {
        if times == times_max {
            break Told::Unknown;
        }
        times += 1;
        let at = place.unwrap_or_else(|| scene.world.lock().chance.below(scene.places()));
        head_asked = scene.world.lock().head_ever();
        let answer = submit(scene, at, submission).await;
        match answer {
            Ok(outcome) => break Told::Accepted(outcome),
            Err(SubmitError::Rejected(rejection)) => break Told::Refused(rejection),
            Err(SubmitError::Overloaded | SubmitError::Unavailable(_)) => {
                let pause = scene.world.lock().chance.millis(0..400);
                sleep(pause).await;
            }
        }
    };
    Tried { told, times, head_asked }
}

async fn submit(scene: &Scene, place: usize, submission: &Submission) -> Result<Outcome, SubmitError> {
    let machine = scene.machine(place);
    let Some((machine, engine)) = machine.and_then(|m| m.engine().map(|engine| (m, engine))) else {
        return Err(SubmitError::Unavailable("the process is not there".to_owned()));
    };
    let (submitted, asked_at) = (engine.submit(submission.clone()), Instant::now());
    drop(engine);
    let answer = submitted.await;
    let mut world = scene.world.lock();
    if let Err(SubmitError::Unavailable(reason)) = &answer
        && world.plan.damage.is_none()
        && asked_at.elapsed() < world.plan.answer_within
        && machine.engine().is_some()
    {
        // Whatever became of a frame or a lease, the process goes on with the command for as long as somebody waits.
        let wrong = format!("{} gave up {submission:?} before its time: {reason}", machine.name);
        world.wrong.push(wrong);
    }
    answer
}
