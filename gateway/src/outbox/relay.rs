//! From the log to the work queue: every message that is to go out through WhatsApp, in the order of the log. Reads
//! on while the queue takes the last work item, so that the more there is to do, the more goes into one.

use std::future::pending;
use std::time::Duration;

use engine::log::{FrameReader, Log, LogError, RecordedFrame};
use schemas::frame::{CommitHeader, Frame};
use schemas::{Event, Position};
use tokio::time::{Instant, sleep, sleep_until};
use tokio_util::sync::CancellationToken;

use super::channels::Channels;
use super::checkpoint::Checkpoint;
use super::item::OutboundItem;
use super::queue::Queue;

/// A work item is closed when it reaches this size.
const ITEM_BYTES_TARGET: usize = 64 * 1024;
/// Frames of one work item at most, so that frames that send nothing do not hold it up.
const ITEM_FRAMES_MAX: usize = 64;
const RETRY_FIRST: Duration = Duration::from_millis(100);
const RETRY_LAST: Duration = Duration::from_secs(5);

pub(super) struct Relay {
    pub(super) log: Log,
    pub(super) reader: FrameReader,
    pub(super) channels: Channels,
    pub(super) queue: Queue,
    pub(super) checkpoint: Checkpoint,
    pub(super) stopping: CancellationToken,
}

impl Relay {
    /// Runs until it is told to stop, or the log turns out to be damaged.
    pub(super) async fn run(mut self) {
        if let Err(error) = self.relay().await {
            tracing::error!(%error, "the log cannot be read: no more messages are sent");
        }
        if self.checkpoint.due().is_some() {
            self.checkpoint.keep().await;
        }
    }

    async fn relay(&mut self) -> Result<(), LogError> {
        let stopping = self.stopping.clone();
        while let Some(frame) = self.next_frame().await? {
            let relayed = stopping.run_until_cancelled(self.relay_from(frame)).await;
            match relayed {
                Some(sequence) => self.checkpoint.advance(sequence?),
                None => break,
            }
        }
        Ok(())
    }

    /// Nothing when it is told to stop.
    async fn next_frame(&mut self) -> Result<Option<RecordedFrame>, LogError> {
        loop {
            let due = self.checkpoint.due();
            tokio::select! {
                () = self.stopping.cancelled() => return Ok(None),
                frame = self.reader.next() => return frame.map(Some),
                () = until(due) => self.checkpoint.keep().await,
            }
        }
    }

    /// Relays this frame and those that are here already, and gives back the last.
    async fn relay_from(&mut self, first: RecordedFrame) -> Result<u64, LogError> {
        let mut last = first.sequence;
        let mut items = self.items_of(&first).await?;
        for _ in 1..ITEM_FRAMES_MAX {
            if items.iter().map(OutboundItem::bytes).sum::<usize>() >= ITEM_BYTES_TARGET {
                break;
            }
            let Some(frame) = self.reader.next_within(Duration::ZERO).await? else {
                break;
            };
            last = frame.sequence;
            items.extend(self.items_of(&frame).await?);
        }
        if !items.is_empty() {
            self.publish(&items).await;
        }
        Ok(last)
    }

    async fn items_of(&self, recorded: &RecordedFrame) -> Result<Vec<OutboundItem>, LogError> {
        let mut items = Vec::new();
        for (header, position, event) in events(self.log.shard(), recorded) {
            let item = match event {
                Event::MessageSubmitted(submitted) => OutboundItem::of(header, submitted, position),
                Event::MessageResent(resent) => self.submitted_at(resent.submitted, header, position).await?,
                _ => None,
            };
            if let Some(item) = item
                && self.channels.number(&item).await.is_some()
            {
                items.push(item);
            }
        }
        Ok(items)
    }

    /// The message of which the event at `at` says that it is to be sent again.
    async fn submitted_at(
        &self,
        submitted: Position,
        header: &CommitHeader,
        at: Position,
    ) -> Result<Option<OutboundItem>, LogError> {
        let mut pause = RETRY_FIRST;
        let frame = loop {
            match self.log.read_frame(submitted.sequence).await {
                Ok(Some(frame)) => break frame,
                Ok(None) => {
                    return Err(LogError::Missing { sequence: submitted.sequence });
                }
                Err(error @ LogError::Unavailable { .. }) => {
                    tracing::warn!(%error, "a message that is to be sent again cannot be read, trying on");
                }
                Err(error) => return Err(error),
            }
            back_off(&mut pause).await;
        };
        let found = events(self.log.shard(), &frame).find(|(_, position, _)| *position == submitted);
        let Some((_, _, Event::MessageSubmitted(message))) = found else {
            tracing::error!(%at, %submitted, "a message is to be sent again that is not there");
            return Ok(None);
        };
        Ok(OutboundItem::of(header, message, at))
    }

    /// Tries until the queue has it; after a lost answer it may have it twice, which sends nothing twice.
    async fn publish(&self, items: &[OutboundItem]) {
        let mut pause = RETRY_FIRST;
        while let Err(error) = self.queue.publish(items).await {
            tracing::warn!(
                error = &*error as &dyn std::error::Error,
                "the work queue takes nothing, trying on"
            );
            back_off(&mut pause).await;
        }
    }
}

/// The events of a frame with where they are and whose they are.
pub(super) fn events(
    shard: schemas::ShardId,
    recorded: &RecordedFrame,
) -> impl Iterator<Item = (&CommitHeader, Position, &Event)> {
    let sequence = recorded.sequence;
    let Frame { commits, .. } = &recorded.frame;
    let events = commits.iter().flat_map(|commit| commit.events.iter().map(|event| (&commit.header, event)));
    events.zip(0..).map(move |((header, event), index)| (header, Position { shard, sequence, index }, event))
}

async fn until(due: Option<Instant>) {
    match due {
        Some(due) => sleep_until(due).await,
        None => pending().await,
    }
}

async fn back_off(pause: &mut Duration) {
    sleep(*pause).await;
    *pause = (*pause * 2).min(RETRY_LAST);
}
