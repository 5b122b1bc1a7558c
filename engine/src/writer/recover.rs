//! From the log to the hot state, at start and after a frame was lost.

use std::time::{Duration, Instant};

use schemas::frame::{FrameBuilder, NO_FRAME};
use schemas::{Position, Timestamp};
use tokio::sync::mpsc;

use super::{Request, Writer, WriterError};
use crate::domain::{self, State};
use crate::log::{Log, LogError, RecordedFrame};
use crate::writer::pending::Answers;

const PROGRESS_EVERY: Duration = Duration::from_secs(2);

impl Writer {
    /// A writer whose state is that of the whole log.
    pub(crate) async fn recover(log: Log, inbox: mpsc::Receiver<Request>) -> Result<Self, LogError> {
        let last = Position::start(log.shard());
        let mut writer = Self {
            log,
            inbox,
            state: State::default(),
            durable: 0,
            previous: NO_FRAME,
            next: FrameBuilder::default(),
            answers: Answers::default(),
            in_flight: None,
            last,
            last_at: Timestamp::default(),
        };
        writer.read_log().await?;
        Ok(writer)
    }

    /// Forgets everything that was decided and not written, and starts again from the log.
    pub(super) async fn reload(&mut self) -> Result<(), WriterError> {
        self.state = State::default();
        self.durable = 0;
        self.previous = NO_FRAME;
        self.next = FrameBuilder::default();
        self.last = Position::start(self.log.shard());
        self.last_at = Timestamp::default();
        Ok(self.read_log().await?)
    }

    async fn read_log(&mut self) -> Result<(), LogError> {
        let head = self.log.head().await?;
        let (started, mut told, mut events) = (Instant::now(), Instant::now(), 0);
        if head > 0 {
            let mut reader = self.log.follow(1).await?;
            while self.durable < head {
                let recorded = reader.next().await?;
                events += recorded.frame.events();
                self.replay(&recorded);
                if told.elapsed() >= PROGRESS_EVERY {
                    tracing::info!(frame = self.durable, of = head, events, "reading the log");
                    told = Instant::now();
                }
            }
        }
        tracing::info!(frames = head, events, took = ?started.elapsed(), "the log is read");
        Ok(())
    }

    fn replay(&mut self, recorded: &RecordedFrame) {
        let mut index = 0;
        for commit in &recorded.frame.commits {
            let first = Position { shard: self.log.shard(), sequence: recorded.sequence, index };
            domain::apply(&mut self.state, &commit.header, first, &commit.events);
            index += commit.events.len() as u32;
            self.last = Position { index: index.saturating_sub(1), ..first };
            self.last_at = commit.header.at;
        }
        self.durable = recorded.sequence;
        self.previous = recorded.hash;
    }
}
