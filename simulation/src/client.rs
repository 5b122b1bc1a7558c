//! Clients: each asks for one thing after the other, at any process, and asks again, elsewhere too, until it is told
//! what came of it or gives up.

use std::sync::{Arc, Mutex};

use engine::{Outcome, SubmitError};
use schemas::Submission;
use tokio::time::{Instant, sleep};

use crate::centre;
use crate::process::Machine;
use crate::record::{Asked, Book, Told};
use crate::world::Shared;

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
    loop {
        let pause = {
            let mut world = scene.world.lock();
            if world.is_calm {
                return;
            }
            world.chance.millis(0..300)
        };
        sleep(pause).await;
        let deed = {
            let mut world = scene.world.lock();
            let quarrels = world.plan.quarrel;
            centre::deed(&mut world.chance, &scene.book.lock().unwrap(), quarrels)
        };
        ask(&scene, number, deed, None, 12).await;
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
    let head_before = scene.world.lock().head_ever();
    let (mut times, mut head_asked) = (0, head_before);
    let told = loop {
        if times == times_max {
            break Told::Unknown;
        }
        times += 1;
        let at = place.unwrap_or_else(|| scene.world.lock().chance.below(scene.places()));
        head_asked = scene.world.lock().head_ever();
        let answer = submit(scene, at, &submission).await;
        match answer {
            Ok(outcome) => break Told::Accepted(outcome),
            Err(SubmitError::Rejected(rejection)) => break Told::Refused(rejection),
            Err(SubmitError::Overloaded | SubmitError::Unavailable(_)) => {
                let pause = scene.world.lock().chance.millis(0..400);
                sleep(pause).await;
            }
        }
    };
    let head_after = scene.world.lock().head_ever();
    scene.world.tell(|| {
        let what = match &told {
            Told::Accepted(o) if o.repeated => format!("at {} again", o.position),
            Told::Accepted(o) => format!("at {} with {} events", o.position, o.events.len()),
            Told::Refused(rejection) => format!("refused: {rejection}"),
            Told::Unknown => "unknown".to_owned(),
        };
        let command = format!("{:?}", submission.command);
        let name: String = command.chars().take_while(|c| c.is_alphanumeric()).collect();
        format!("c{client} {name} {} after {times}: {what}", submission.id)
    });
    let asked = Asked { client, submission, head_before, head_asked, head_after, times, told: told.clone() };
    scene.book.lock().unwrap().note(asked);
    told
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
