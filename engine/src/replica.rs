//! The hot state as the log makes it, and how far in the log that is. The same log gives the same replica, wherever
//! it is made: in the writer, in a standby, or on the way to a snapshot.

use schemas::frame::{FrameHash, NO_FRAME};
use schemas::{Position, ShardId, Timestamp};

use crate::domain::{self, State};
use crate::log::RecordedFrame;

/// The state of a shard after some frame of its log.
#[derive(Debug)]
pub struct Replica {
    pub(crate) shard: ShardId,
    pub(crate) state: State,
    /// The last frame it reflects; 0 for none.
    pub(crate) sequence: u64,
    /// The hash of that frame; in the writer, of the last frame that was closed.
    pub(crate) previous: FrameHash,
    /// The position of the last event.
    pub(crate) last: Position,
    /// The time of the last commit; time in the log never goes back.
    pub(crate) last_at: Timestamp,
}

impl Replica {
    /// The state before the first frame.
    pub fn empty(shard: ShardId) -> Self {
        let (last, last_at) = (Position::start(shard), Timestamp::default());
        Self { shard, state: State::default(), sequence: 0, previous: NO_FRAME, last, last_at }
    }

    /// The last frame it reflects; 0 for none.
    pub fn sequence(&self) -> u64 {
        self.sequence
    }

    /// The state after that frame.
    pub fn state(&self) -> &State {
        &self.state
    }

    /// A hash of all it holds: two replicas that are the same have the same, however they came about.
    pub fn digest(&self) -> [u8; 32] {
        let mut hasher = blake3::Hasher::new();
        hasher.update(&self.shard.0.to_le_bytes());
        hasher.update(&self.sequence.to_le_bytes());
        hasher.update(&self.previous);
        hasher.update(&self.last.sequence.to_le_bytes());
        hasher.update(&self.last.index.to_le_bytes());
        hasher.update(&self.last_at.millis().to_le_bytes());
        hasher.update(&self.state.digest());
        *hasher.finalize().as_bytes()
    }

    /// Takes in the next frame.
    pub fn apply(&mut self, recorded: &RecordedFrame) {
        let mut index = 0;
        for commit in &recorded.frame.commits {
            let first = Position { shard: self.shard, sequence: recorded.sequence, index };
            domain::apply(&mut self.state, &commit.header, first, &commit.events);
            let events = commit.events.len() as u32;
            index += events;
            if let Some(before_last) = events.checked_sub(1) {
                self.last = Position { index: first.index + before_last, ..first };
            }
            self.last_at = commit.header.at;
        }
        self.sequence = recorded.sequence;
        self.previous = recorded.hash;
    }
}

/// In the simulation, a replica that comes to an end tells what it was.
#[cfg(feature = "simulation")]
impl Drop for Replica {
    fn drop(&mut self) {
        if let Some(process) = crate::simulated::current() {
            let state = std::mem::take(&mut self.state);
            process.keep(Self { state, ..*self });
        }
    }
}
