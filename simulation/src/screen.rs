//! Screens: each hears the changes of the views from one process, and goes on at another one when that one is gone.
//! It must miss nothing and hear nothing twice, unless it was told to read the views anew.

use std::sync::Arc;
use std::time::Duration;

use projections::{Change, Subscription, Views};
use schemas::Position;
use tokio::time::{sleep, timeout};

use crate::client::Scene;
use crate::process::SHARD;

const PATIENCE: Duration = Duration::from_millis(400);
const READS_ANEW_AFTER: Duration = Duration::from_millis(20);

/// What a screen heard since it read the views.
pub(crate) struct Stretch {
    from: Position,
    heard: Vec<Arc<Change>>,
    /// How far its views were when all was over, if it was connected then: it must have heard everything until there.
    last: Option<Position>,
}

impl Stretch {
    fn from(from: Position) -> Self {
        Self { from, heard: Vec::new(), last: None }
    }

    fn last(&self) -> Position {
        self.heard.last().map_or(self.from, |change| change.position)
    }

    /// Something was passed over, because a view was not there: to go on elsewhere, everything has to be read anew.
    fn has_gaps(&self) -> bool {
        self.heard.last().is_some_and(|change| change.has_gaps)
    }
}

/// Listens until screens are to be switched off.
pub(crate) async fn screen(scene: Scene) -> Vec<Stretch> {
    let mut stretches = vec![Stretch::from(Position::start(SHARD))];
    while !scene.world.lock().is_over {
        let place = scene.world.lock().chance.below(scene.places());
        let Some((line, views)) = scene.machine(place).and_then(|m| Some((m.line, m.views()?))) else {
            sleep(PATIENCE).await;
            continue;
        };
        let resumed = stretches.last().filter(|stretch| !stretch.has_gaps()).map(Stretch::last);
        match resumed.map(|after| views.feed().subscribe(Some(after))) {
            Some(Ok(subscription)) => {
                listen(&scene, (place, line), &views, subscription, &mut stretches).await;
            }
            Some(Err(_)) | None => {
                let applied = views.applied();
                scene.world.tell(|| format!("a screen reads the views of p{place} anew, at {applied}"));
                stretches.push(Stretch::from(applied));
                sleep(READS_ANEW_AFTER).await;
            }
        }
    }
    stretches
}

async fn listen(
    scene: &Scene,
    (place, line): (usize, usize),
    views: &Views,
    mut subscription: Subscription,
    stretches: &mut [Stretch],
) {
    let Some(stretch) = stretches.last_mut() else { return };
    let mut applied = views.applied();
    loop {
        let next = timeout(PATIENCE, subscription.next()).await;
        let (before, now) = (applied, views.applied());
        if now < applied {
            scene.world.lock().wrong.push(format!("the views of p{place} go back from {applied} to {now}"));
        }
        applied = now;
        match next {
            Ok(Ok(changes)) if !changes.is_empty() => stretch.heard.extend(changes),
            // It was shut down, or the screen was too slow.
            Ok(_) => return,
            Err(_) => {
                let mut world = scene.world.lock();
                if world.is_over {
                    stretch.last = Some(before);
                    return;
                }
                let is_there = scene.machine(place).is_some_and(|machine| machine.line == line);
                if !is_there || (!world.is_calm && world.chance.permille(200)) {
                    return;
                }
            }
        }
    }
}

/// What a screen heard beside `all` there was.
pub(crate) fn check(stretches: &[Stretch], all: &[Arc<Change>]) -> Vec<String> {
    let mut wrong = Vec::new();
    for stretch in stretches {
        let Stretch { from, heard, last } = stretch;
        // What came after a gap was heard by one who is told to read everything anew before anything is missed.
        let heard = &heard[..heard.partition_point(|change| !change.has_gaps)];
        let last = last.filter(|_| !stretch.has_gaps());
        let until = heard.last().map_or(*from, |change| change.position).max(last.unwrap_or(*from));
        let due = all.iter().filter(|change| change.position > *from && change.position <= until);
        let due: Vec<_> = due.collect();
        let is_same = |(one, other): (&Arc<Change>, &&Arc<Change>)| {
            one.audience == other.audience && one.live == other.live
        };
        if heard.len() != due.len() || !heard.iter().zip(&due).all(is_same) {
            let at = heard.iter().zip(&due).find(|(one, other)| !is_same((one, other)));
            let (heard, due) = (heard.len(), due.len());
            wrong
                .push(format!("a screen heard {heard} changes of {due} after {from}; they differ at {at:?}"));
        }
    }
    wrong
}
