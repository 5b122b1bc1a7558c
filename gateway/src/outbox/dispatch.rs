//! Hands work items out: each message goes into the lane of its conversation, and lanes run side by side. An item
//! is acknowledged when all of its messages are settled, and until then the queue is told that it is in good hands.

use std::collections::HashSet;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use async_nats::jetstream::message::Acker;
use async_nats::jetstream::{self, AckKind, consumer::pull};
use futures_util::StreamExt;
use metrics::gauge;
use schemas::ConversationId;
use tokio::sync::mpsc;
use tokio::time::{Instant, MissedTickBehavior, interval, sleep};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::item::{OutboundItem, decode_items};
use super::lanes::Lanes;
use super::queue::{HELD_WITHOUT_WORD, Queue};
use super::sender::{Delivery, Sender};

const WORD_EVERY: Duration = Duration::from_secs(10);
const RETRY_FIRST: Duration = Duration::from_millis(100);
const RETRY_LAST: Duration = Duration::from_secs(5);

const _: () = assert!(WORD_EVERY.as_secs() * 2 < HELD_WITHOUT_WORD.as_secs());

/// A message in its lane. Dropped before it said that it is settled, it leaves its work item in the queue.
#[derive(Debug)]
struct Job {
    item: OutboundItem,
    settled: mpsc::Sender<()>,
}

impl Job {
    fn new(item: OutboundItem, settled: mpsc::Sender<()>) -> Self {
        gauge!("atender_outbox_messages_waiting").increment(1.0);
        Self { item, settled }
    }
}

impl Drop for Job {
    fn drop(&mut self) {
        gauge!("atender_outbox_messages_waiting").decrement(1.0);
    }
}

pub(super) struct Dispatcher {
    sender: Arc<Sender>,
    lanes: Arc<Lanes<ConversationId, Job>>,
    held: Arc<Held>,
    tasks: TaskTracker,
    stopping: CancellationToken,
    abandoned: CancellationToken,
}

impl Dispatcher {
    pub(super) fn new(
        sender: Sender,
        tasks: TaskTracker,
        stopping: CancellationToken,
        abandoned: CancellationToken,
    ) -> Self {
        let (sender, lanes, held) = (Arc::new(sender), Arc::new(Lanes::new()), Arc::default());
        Self { sender, lanes, held, tasks, stopping, abandoned }
    }

    /// Runs until it is dropped. What comes again after a new beginning is known by its number, or by the log.
    pub(super) async fn run(self, queue: Queue) {
        let mut pause = RETRY_FIRST;
        loop {
            let began = Instant::now();
            match queue.consume().await {
                Ok(items) => {
                    let reason = self.take_all(items).await;
                    tracing::warn!(reason, "reading the work queue anew");
                }
                Err(error) => {
                    tracing::warn!(
                        error = &*error as &dyn std::error::Error,
                        "the work queue cannot be read, trying on"
                    );
                }
            }
            if began.elapsed() > RETRY_LAST {
                pause = RETRY_FIRST;
            }
            sleep(pause).await;
            pause = (pause * 2).min(RETRY_LAST);
        }
    }

    /// Takes items in order, until one is missing or the queue is gone: then why.
    async fn take_all(&self, mut items: pull::Stream) -> String {
        let mut last = 0;
        while let Some(delivered) = items.next().await {
            let message = match delivered {
                Ok(message) => message,
                Err(error) => return error.to_string(),
            };
            let (sequence, number) = match message.info() {
                Ok(info) => (info.stream_sequence, info.consumer_sequence),
                Err(error) => return error.to_string(),
            };
            // One that got lost would come again half a minute later, behind what was sent after it.
            if number != last + 1 {
                return format!("delivery {number} came after {last}");
            }
            last = number;
            self.take(sequence, message);
        }
        "the subscription has ended".to_owned()
    }

    fn take(&self, sequence: u64, message: jetstream::Message) {
        let Some(hold) = Held::hold(&self.held, sequence) else {
            return;
        };
        let items = match decode_items(&message.payload) {
            Ok(items) => items,
            Err(error) => {
                tracing::error!(%error, sequence, "a work item cannot be read and stays in the queue");
                return;
            }
        };
        let (settled, all_settled) = mpsc::channel(items.len().max(1));
        let (_, acker) = message.split();
        self.tasks.spawn(keep(acker, items.len(), all_settled, hold));
        for item in items {
            let conversation = item.conversation;
            if self.lanes.push(conversation, Job::new(item, settled.clone())) {
                self.open_lane(conversation);
            }
        }
    }

    fn open_lane(&self, conversation: ConversationId) {
        let (lanes, sender) = (Arc::clone(&self.lanes), Arc::clone(&self.sender));
        let (stopping, abandoned) = (self.stopping.clone(), self.abandoned.clone());
        self.tasks.spawn(async move {
            let ran_out =
                abandoned.run_until_cancelled(run_lane(&lanes, &sender, &stopping, conversation)).await;
            if ran_out != Some(true) {
                drop(lanes.close(conversation));
            }
        });
    }
}

/// Sends the messages of one conversation in order. False when it ended before the lane did.
async fn run_lane(
    lanes: &Lanes<ConversationId, Job>,
    sender: &Sender,
    stopping: &CancellationToken,
    conversation: ConversationId,
) -> bool {
    while !stopping.is_cancelled() {
        let Some(job) = lanes.next(conversation) else {
            return true;
        };
        match sender.deliver(&job.item).await {
            // There is room for every message of the item, so this only fails when nobody waits for it any more.
            Delivery::Settled => drop(job.settled.try_send(())),
            Delivery::Left => return false,
        }
    }
    false
}

/// Holds a work item until all its messages are settled, then acknowledges it; or until its lanes give it up.
async fn keep(acker: Acker, mut unsettled: usize, mut settled: mpsc::Receiver<()>, _hold: Hold) {
    let mut word = interval(WORD_EVERY);
    word.set_missed_tick_behavior(MissedTickBehavior::Delay);
    word.tick().await;
    while unsettled > 0 {
        let word_sent = tokio::select! {
            one = settled.recv() => match one {
                Some(()) => {
                    unsettled -= 1;
                    continue;
                }
                None => return,
            },
            _ = word.tick() => acker.ack_with(AckKind::Progress).await,
        };
        if let Err(error) = word_sent {
            tracing::warn!(%error, "the work queue could not be told that an item is being worked on");
        }
    }
    if let Err(error) = acker.ack().await {
        tracing::warn!(%error, "a work item could not be acknowledged; it comes again, and nothing is sent twice");
    }
}

/// The work items in hand, by their numbers in the queue.
#[derive(Debug, Default)]
struct Held(Mutex<HashSet<u64>>);

/// A work item in hand, until this is dropped.
#[derive(Debug)]
struct Hold {
    held: Arc<Held>,
    sequence: u64,
}

impl Held {
    /// Nothing when it is in hand already.
    fn hold(held: &Arc<Self>, sequence: u64) -> Option<Hold> {
        let is_new = held.sequences().insert(sequence);
        is_new.then(|| Hold { held: Arc::clone(held), sequence })
    }

    fn sequences(&self) -> MutexGuard<'_, HashSet<u64>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Hold {
    fn drop(&mut self) {
        self.held.sequences().remove(&self.sequence);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_item_in_hand_is_not_taken_again_until_it_is_let_go() {
        let held = Arc::default();
        let first = Held::hold(&held, 7);
        assert!(first.is_some() && Held::hold(&held, 8).is_some());
        assert!(Held::hold(&held, 7).is_none());
        drop(first);
        assert!(Held::hold(&held, 7).is_some());
    }
}
