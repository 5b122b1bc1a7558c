//! A client that listens to live push: what it hears, and when it is told to read everything again.

use projections::{Subscription, Views};
use schemas::Position;
use tokio::task::JoinHandle;

#[derive(Debug, Default)]
pub struct Heard {
    pub changes: Vec<(Position, String)>,
    /// Those of the changes that tell that something was passed over.
    pub after_gaps: Vec<Position>,
    /// What the views reflected when it read everything again.
    pub reloads: Vec<Position>,
}

/// Listens to everything after a position until the views are shut down.
pub fn follow(views: &Views, after: Position) -> JoinHandle<Heard> {
    let views = views.clone();
    let mut heard = Heard::default();
    let mut subscription = views.feed().subscribe(Some(after)).ok();
    tokio::spawn(async move {
        loop {
            let Some(listening) = &mut subscription else {
                subscription = read_again(&views, &mut heard).await;
                continue;
            };
            match listening.next().await {
                Ok(changes) if changes.is_empty() => return heard,
                Ok(changes) => {
                    for change in changes {
                        heard.changes.push((change.position, change.json().to_owned()));
                        heard.after_gaps.extend(change.has_gaps.then_some(change.position));
                    }
                }
                Err(_) => subscription = None,
            }
        }
    })
}

async fn read_again(views: &Views, heard: &mut Heard) -> Option<Subscription> {
    let applied = views.applied();
    match views.feed().subscribe(Some(applied)) {
        Ok(subscription) => {
            heard.reloads.push(applied);
            Some(subscription)
        }
        // Just started, and not yet where it was.
        Err(_) => {
            tokio::task::yield_now().await;
            None
        }
    }
}

impl Heard {
    /// Everything in `all` was heard once, as it is there, or read later.
    #[track_caller]
    pub fn assert_complete(&self, all: &Heard, why: &str) {
        assert!(all.reloads.is_empty(), "{why}: the measure itself was told to reload");
        let order = self.changes.iter().map(|(position, _)| position);
        assert!(order.is_sorted_by(|a, b| a < b), "{why}: heard twice, or out of order");
        for (position, json) in &all.changes {
            let found = self.changes.binary_search_by_key(position, |(position, _)| *position);
            let is_as_it_is = found.is_ok_and(|place| self.changes[place].1 == *json);
            let is_read = self.reloads.iter().any(|reload| position <= reload);
            assert!(is_as_it_is || is_read, "{why}: {position} was missed, reloads {:?}", self.reloads);
            if !is_as_it_is {
                self.assert_told_of_gap(*position, why);
            }
        }
        for (position, _) in &self.changes {
            assert!(all.changes.iter().any(|(other, _)| other == position), "{why}: {position} is made up");
        }
    }

    /// What was heard from here on, until everything was read again, tells so: to go on elsewhere it is of no use.
    #[track_caller]
    fn assert_told_of_gap(&self, missed: Position, why: &str) {
        let read_again = self.reloads.iter().find(|reload| missed <= **reload);
        let is_before = |position: &Position| read_again.is_none_or(|reload| position <= reload);
        let after = self.changes.iter().map(|(position, _)| position);
        let after = after.filter(|position| **position >= missed && is_before(position));
        for position in after {
            assert!(
                self.after_gaps.contains(position),
                "{why}: {missed} was missed, and {position} hides it"
            );
        }
    }
}
