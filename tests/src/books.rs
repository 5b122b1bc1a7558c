//! What the log itself says, frame by frame, for comparing it with what was answered and shown.

use bytes::Bytes;
use engine::log::{AppendError, FrameReader, Log};
use engine::patience::patiently_read;
use schemas::frame::CommitHeader;
use schemas::{CommandId, Event, Position};
use tokio::time::Instant;

use crate::ask::WITHIN;

/// One event with everything around it.
#[derive(Debug, Clone)]
pub struct Recorded {
    pub header: CommitHeader,
    pub position: Position,
    pub event: Event,
    pub frame_hash: [u8; 32],
    pub previous_hash: [u8; 32],
}

/// All events up to the head, in order; the chain of hashes is checked on the way.
pub async fn events(log: &Log) -> Vec<Recorded> {
    let (mut all, head) = (Vec::new(), head(log).await);
    let mut reader = follow(log).await;
    for sequence in 1..=head {
        let recorded = reader.next().await.unwrap();
        assert_eq!(recorded.sequence, sequence);
        let (frame_hash, previous_hash) = (recorded.hash, recorded.frame.previous);
        let mut index = 0;
        for commit in recorded.frame.commits {
            for event in commit.events {
                let position = Position { shard: log.shard(), sequence, index };
                let header = commit.header.clone();
                all.push(Recorded { header, position, event, frame_hash, previous_hash });
                index += 1;
            }
        }
    }
    all
}

/// How many commits this command has in the log.
pub async fn times(log: &Log, command: CommandId) -> usize {
    let mut reader = follow(log).await;
    let mut times = 0;
    for _ in 0..head(log).await {
        let commits = reader.next().await.unwrap().frame.commits;
        times += commits.iter().filter(|commit| commit.header.command == command).count();
    }
    times
}

/// Appends a frame; without an acknowledgement in time it may be in the log all the same.
pub async fn append(log: &Log, bytes: Bytes, behind: u64) {
    let until = Instant::now() + WITHIN;
    while let Err(error) = log.append(bytes.clone(), behind).await {
        let found = patiently_read("the frame", || log.read(behind + 1)).await.unwrap();
        if found.is_some_and(|found| found == bytes) {
            return;
        }
        assert!(matches!(error, AppendError::Unknown(_)) && Instant::now() < until, "{error}");
    }
}

/// The last frame.
pub async fn head(log: &Log) -> u64 {
    patiently_read("the head", || log.head()).await.unwrap()
}

/// Reads it from its first frame.
pub async fn follow(log: &Log) -> FrameReader {
    patiently_read("following", || log.follow(1)).await.unwrap()
}

/// The notes in the log with their positions, in order.
pub fn notes(events: &[Recorded]) -> Vec<(String, Position)> {
    let notes = events.iter().filter_map(|recorded| match &recorded.event {
        Event::NoteAdded(note) => Some((note.text.clone(), recorded.position)),
        _ => None,
    });
    notes.collect()
}
