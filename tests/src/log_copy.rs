//! A copy of the whole log, read frame by frame without the engine's own checks, to be held against records.

use engine::log::{Log, RecordedFrame};
use engine::patience::patiently_read;
use futures_util::{StreamExt, TryStreamExt, stream};
use schemas::frame::{Commit, CommitHeader};
use schemas::{Event, Position};

use crate::books;

const READS_AT_ONCE: usize = 64;

/// The frames of one shard, from the first.
#[derive(Debug, Clone, Default)]
pub struct LogCopy {
    pub frames: Vec<RecordedFrame>,
}

/// One commit, and where it is.
#[derive(Debug, Clone, Copy)]
pub struct Placed<'a> {
    pub commit: &'a Commit,
    /// The position that its caller is told: of its last event, or of the commit itself when it has none.
    pub position: Position,
    first: Position,
}

/// One event, and where it is.
#[derive(Debug, Clone, Copy)]
pub struct Happened<'a> {
    pub header: &'a CommitHeader,
    pub position: Position,
    pub event: &'a Event,
}

impl LogCopy {
    pub async fn take(log: &Log) -> Self {
        let head = books::head(log).await;
        let read = |sequence| patiently_read("a frame", move || log.read_frame(sequence));
        let frames = stream::iter(1..=head).map(read).buffered(READS_AT_ONCE);
        let frames: Vec<_> = frames.try_collect().await.unwrap();
        Self { frames: frames.into_iter().flatten().collect() }
    }

    pub fn commits(&self) -> impl Iterator<Item = Placed<'_>> {
        self.frames.iter().flat_map(|recorded| {
            let frame = &recorded.frame;
            let mut index = 0;
            frame.commits.iter().map(move |commit| {
                let first = Position { shard: frame.shard, sequence: recorded.sequence, index };
                let events = commit.events.len() as u32;
                index += events;
                let position = Position { index: first.index + events.saturating_sub(1), ..first };
                Placed { commit, position, first }
            })
        })
    }

    pub fn events(&self) -> impl Iterator<Item = Happened<'_>> {
        self.commits().flat_map(|placed| {
            let header = &placed.commit.header;
            placed.commit.events.iter().zip(placed.first.index..).map(move |(event, index)| {
                let position = Position { index, ..placed.first };
                Happened { header, position, event }
            })
        })
    }
}
