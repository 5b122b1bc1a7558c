//! The change feed: the last changes of the views in a ring that everybody who watches reads from. Whoever resumes
//! from a position gets everything after it, once, or is told that it is too long ago.

use std::collections::VecDeque;
use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard};

use schemas::Position;
use tokio::sync::watch;

use crate::change::Change;

/// Changes that the ring holds.
pub(crate) const RING_CHANGES_MAX: usize = 65_536;
/// About the memory that they may take; with many large ones the ring is shorter.
const RING_BYTES_MAX: usize = 128 * 1024 * 1024;
/// Changes given out at a time.
const READ_CHANGES_MAX: usize = 256;

/// What was asked for is not in the ring any more. Read the views again, and resume from what they reflect.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the changes after this position are not kept any more")]
pub struct TooOld;

#[derive(Debug)]
struct Ring {
    changes: VecDeque<Arc<Change>>,
    bytes: usize,
    /// The number of the first change in the ring; every change ever made has one.
    first: u64,
    /// All changes after this position are in the ring.
    complete_after: Position,
    is_closed: bool,
}

impl Ring {
    fn end(&self) -> u64 {
        self.first + self.changes.len() as u64
    }

    fn push(&mut self, change: Change) {
        self.bytes += change.bytes();
        self.changes.push_back(Arc::new(change));
        while self.changes.len() > RING_CHANGES_MAX || self.bytes > RING_BYTES_MAX {
            let Some(dropped) = self.changes.pop_front() else { break };
            self.bytes -= dropped.bytes();
            self.first += 1;
            self.complete_after = dropped.position;
        }
    }
}

#[derive(Debug)]
struct Shared {
    ring: RwLock<Ring>,
    end: watch::Sender<u64>,
    /// Changed with the ring locked: who hears of a change finds it applied, and who finds it applied and
    /// subscribes then does not hear of it again.
    applied: watch::Sender<Position>,
}

impl Shared {
    fn ring(&self) -> RwLockReadGuard<'_, Ring> {
        self.ring.read().unwrap_or_else(PoisonError::into_inner)
    }

    /// Changes the ring under its lock, then wakes everybody who watches.
    fn update(&self, change: impl FnOnce(&mut Ring)) {
        let end = {
            let mut ring = self.ring.write().unwrap_or_else(PoisonError::into_inner);
            change(&mut ring);
            ring.end()
        };
        self.end.send_replace(end);
    }
}

/// The changes of the views, as they happen. Clones share them.
#[derive(Debug, Clone)]
pub struct Feed {
    shared: Arc<Shared>,
}

impl Feed {
    /// A feed that will have all changes after `complete_after`, and none before.
    pub(crate) fn new(complete_after: Position, applied: Position) -> Self {
        let ring = Ring { changes: VecDeque::new(), bytes: 0, first: 0, complete_after, is_closed: false };
        let (end, applied) = (watch::channel(0).0, watch::channel(applied).0);
        Self { shared: Arc::new(Shared { ring: RwLock::new(ring), end, applied }) }
    }

    /// Tells what was changed up to the event `applied`, which all views reflect now.
    pub(crate) fn publish(&self, changes: impl IntoIterator<Item = Change>, applied: Position) {
        self.shared.update(|ring| {
            changes.into_iter().for_each(|change| ring.push(change));
            self.shared.applied.send_replace(applied);
        });
    }

    /// Forgets all changes: the views went on to `applied` without telling any. Whoever has subscribed before is
    /// too old now.
    pub(crate) fn restart(&self, applied: Position) {
        self.shared.update(|ring| {
            ring.first = ring.end() + 1;
            ring.changes.clear();
            ring.bytes = 0;
            ring.complete_after = applied;
            self.shared.applied.send_replace(applied);
        });
    }

    /// The last event that all views that are served reflect.
    pub(crate) fn applied(&self) -> watch::Receiver<Position> {
        self.shared.applied.subscribe()
    }

    /// Views that had gone on to the last event told are not asked any more; those that are reflect `applied` only.
    pub(crate) fn fall_back(&self, applied: Position) {
        self.shared.applied.send_replace(applied);
    }

    /// Has everybody who waits for something to be applied look again.
    pub(crate) fn wake(&self) {
        self.shared.applied.send_modify(|_| {});
    }

    /// Ends all subscriptions.
    pub(crate) fn close(&self) {
        self.shared.update(|ring| ring.is_closed = true);
    }

    /// Subscribes to all changes after a position, that one excluded; without one, to those from now on.
    ///
    /// # Errors
    /// [`TooOld`] when some of them are not kept any more.
    pub fn subscribe(&self, after: Option<Position>) -> Result<Subscription, TooOld> {
        let ring = self.shared.ring();
        let next = match after {
            None => ring.end(),
            Some(after) if after < ring.complete_after => return Err(TooOld),
            Some(after) => {
                ring.first + ring.changes.partition_point(|change| change.position <= after) as u64
            }
        };
        drop(ring);
        Ok(Subscription { shared: Arc::clone(&self.shared), ends: self.shared.end.subscribe(), next, after })
    }
}

/// The changes that one client has yet to hear.
#[derive(Debug)]
pub struct Subscription {
    shared: Arc<Shared>,
    ends: watch::Receiver<u64>,
    next: u64,
    after: Option<Position>,
}

impl Subscription {
    /// The next changes, at most 256, as soon as there are any. None at all means that the views were shut down.
    /// May be cancelled.
    ///
    /// # Errors
    /// [`TooOld`] for a client so slow that the next one is not kept any more.
    pub async fn next(&mut self) -> Result<Vec<Arc<Change>>, TooOld> {
        loop {
            // Before the ring is looked at, so that whatever comes after the look ends the wait.
            self.ends.mark_unchanged();
            let Some(changes) = self.read()? else { return Ok(Vec::new()) };
            if !changes.is_empty() {
                return Ok(changes);
            }
            if self.ends.changed().await.is_err() {
                return Ok(Vec::new());
            }
        }
    }

    /// What there is now; `None` when nothing will come any more.
    fn read(&mut self) -> Result<Option<Vec<Arc<Change>>>, TooOld> {
        let ring = self.shared.ring();
        let start = self.next.checked_sub(ring.first).ok_or(TooOld)? as usize;
        let waiting = ring.changes.iter().skip(start).take(READ_CHANGES_MAX);
        let mut changes: Vec<_> = waiting.cloned().collect();
        self.next += changes.len() as u64;
        if changes.is_empty() && ring.is_closed {
            return Ok(None);
        }
        // A client may know more than this process, of which it heard from another.
        changes.retain(|change| self.after.is_none_or(|after| change.position > after));
        Ok(Some(changes))
    }
}

#[cfg(test)]
mod tests {
    use schemas::api::live::LiveChange;
    use schemas::{ShardId, WorkspaceId};

    use super::*;
    use crate::change::Audience;

    fn at(sequence: u64) -> Position {
        Position { shard: ShardId(0), sequence, index: 0 }
    }

    fn change(sequence: u64) -> Change {
        let live = LiveChange::Configuration { kind: "agent".into(), id: sequence.to_string() };
        Change::new(WorkspaceId::new("default").unwrap(), at(sequence), live, Audience::default())
    }

    fn publish(feed: &Feed, sequences: impl IntoIterator<Item = u64>) {
        let sequences: Vec<u64> = sequences.into_iter().collect();
        let last = at(sequences[sequences.len() - 1]);
        feed.publish(sequences.into_iter().map(change), last);
    }

    async fn sequences(subscription: &mut Subscription, count: usize) -> Vec<u64> {
        let mut found = Vec::new();
        while found.len() < count {
            let changes = subscription.next().await.unwrap();
            found.extend(changes.iter().map(|change| change.position.sequence));
        }
        found
    }

    #[tokio::test]
    async fn resuming_misses_nothing_and_repeats_nothing() {
        let feed = Feed::new(at(10), at(10));
        publish(&feed, 11..=600);
        for after in [10, 11, 300, 599] {
            let mut subscription = feed.subscribe(Some(at(after))).unwrap();
            let expected: Vec<u64> = (after + 1..=600).collect();
            assert_eq!(sequences(&mut subscription, expected.len()).await, expected);
        }
    }

    #[tokio::test]
    async fn before_the_beginning_is_too_old() {
        let feed = Feed::new(at(10), at(10));
        publish(&feed, [11]);
        assert_eq!(feed.subscribe(Some(at(9))).map(|_| ()), Err(TooOld));
    }

    #[tokio::test]
    async fn without_a_position_only_what_comes_is_heard() {
        let feed = Feed::new(at(0), at(0));
        publish(&feed, [1]);
        let mut subscription = feed.subscribe(None).unwrap();
        let heard = tokio::spawn(async move { sequences(&mut subscription, 1).await });
        tokio::task::yield_now().await;
        publish(&feed, [2]);
        assert_eq!(heard.await.unwrap(), [2]);
    }

    #[tokio::test]
    async fn who_is_ahead_hears_only_what_is_new_to_them() {
        let feed = Feed::new(at(0), at(0));
        publish(&feed, [1]);
        let mut subscription = feed.subscribe(Some(at(3))).unwrap();
        publish(&feed, 2..=5);
        assert_eq!(sequences(&mut subscription, 2).await, [4, 5]);
    }

    #[tokio::test]
    async fn who_is_too_slow_is_told() {
        let feed = Feed::new(at(0), at(0));
        let mut slow = feed.subscribe(Some(at(0))).unwrap();
        publish(&feed, 1..=RING_CHANGES_MAX as u64);
        let mut in_time = feed.subscribe(Some(at(0))).unwrap();
        assert_eq!(sequences(&mut in_time, 1).await[0], 1);
        publish(&feed, [RING_CHANGES_MAX as u64 + 1]);
        assert_eq!(slow.next().await.map(|_| ()), Err(TooOld));
        assert_eq!(feed.subscribe(Some(at(0))).map(|_| ()), Err(TooOld));
        assert!(feed.subscribe(Some(at(1))).is_ok());
    }

    #[tokio::test]
    async fn a_closed_feed_gives_what_it_has_and_ends() {
        let feed = Feed::new(at(0), at(0));
        let mut subscription = feed.subscribe(Some(at(0))).unwrap();
        publish(&feed, [1]);
        feed.close();
        assert_eq!(subscription.next().await.unwrap().len(), 1);
        assert!(subscription.next().await.unwrap().is_empty());
    }
}
