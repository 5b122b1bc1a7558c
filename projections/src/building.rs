//! Building a view beside those that go along: a reader and a thread of its own, in bulk when it starts from
//! nothing, up to what the others have, and then it joins them.

use std::collections::VecDeque;
use std::sync::Arc;

use engine::log::RecordedFrame;
use schemas::frame::FrameHash;
use tokio::sync::{mpsc, oneshot};

use crate::error::ViewsError;
use crate::fed::Fed;
use crate::joining::{JOIN_FRAMES_MAX, Joining};
use crate::live::{CATCH_UP_COMMIT_BYTES, Message};
use crate::progress::{Progress, RebuildProgress, Tally};
use crate::reading::Batch;
use crate::view::View;

mod builders;

pub(crate) use builders::Builders;

pub(crate) type Report = Arc<dyn Fn(RebuildProgress) + Send + Sync>;

struct Building {
    view: View,
    fed: Fed,
    batches: mpsc::Receiver<Batch>,
    /// Frames read and not applied: the others have not had them either.
    ahead: VecDeque<RecordedFrame>,
    live: mpsc::WeakSender<Message>,
    progress: Arc<Progress>,
    tally: Tally,
    report: Report,
    uncommitted_bytes: usize,
    hash: Option<FrameHash>,
}

impl Building {
    /// Ends well when the view has joined, or nobody feeds it any more.
    async fn run(mut self) -> Result<(), ViewsError> {
        let view = self.view;
        // Until it has joined: others may be told things without it, which those who hear them then have to read.
        self.fed.store().mark_apart().map_err(ViewsError::of(view))?;
        self.fed.begin_bulk().map_err(ViewsError::of(view))?;
        loop {
            self.tell();
            let target = self.progress.applied();
            if self.fed.had() < target && !self.take(target).await? {
                return Ok(());
            }
            if self.fed.had() + JOIN_FRAMES_MAX < self.progress.applied() {
                continue;
            }
            if self.fed.is_building() {
                // The others go on meanwhile, and what they had is to be caught up with first.
                self.finish()?;
                continue;
            }
            match self.meet().await? {
                Meeting::AtTheSameFrame(give) => {
                    // Should they have ended now, the view is closed here.
                    let _ = give.send(self.fed);
                    return Ok(());
                }
                Meeting::TooFar => {}
                Meeting::Nobody => return Ok(()),
            }
        }
    }

    /// Applies the frames that are there, not beyond `target`; false when there will be no more.
    async fn take(&mut self, target: u64) -> Result<bool, ViewsError> {
        if self.ahead.is_empty() {
            match self.batches.recv().await {
                Some(batch) => self.ahead.extend(batch?),
                None => return Ok(false),
            }
        }
        let mut last = None;
        while self.ahead.front().is_some_and(|frame| frame.sequence <= target)
            && let Some(frame) = self.ahead.pop_front()
        {
            self.fed.apply(&frame).map_err(ViewsError::of(self.view))?;
            self.tally.add(frame.frame.events());
            self.uncommitted_bytes += frame.bytes_len;
            last = Some(frame.hash);
        }
        self.hash = last.or(self.hash);
        if self.uncommitted_bytes >= CATCH_UP_COMMIT_BYTES || self.fed.had() >= target {
            self.commit()?;
        }
        Ok(true)
    }

    fn commit(&mut self) -> Result<(), ViewsError> {
        if let Some(hash) = self.hash {
            self.fed.commit(&hash).map_err(ViewsError::of(self.view))?;
        }
        self.uncommitted_bytes = 0;
        Ok(())
    }

    fn finish(&mut self) -> Result<(), ViewsError> {
        if let Some(hash) = self.hash {
            self.fed.finish_bulk(&hash).map_err(ViewsError::of(self.view))?;
        }
        self.uncommitted_bytes = 0;
        Ok(())
    }

    /// Not while the others wait: whoever is told may take their time.
    fn tell(&self) {
        self.progress.set_building(self.view, Some(self.fed.had()));
        (self.report)(self.tally.at(self.fed.had()));
    }

    /// Asks the others to wait, and comes to where they are.
    async fn meet(&mut self) -> Result<Meeting, ViewsError> {
        let (level, may_join) = oneshot::channel();
        let (give, fed) = oneshot::channel();
        let Some(live) = self.live.upgrade() else { return Ok(Meeting::Nobody) };
        let joining = Message::Joining(Joining { had: self.fed.had(), level, fed });
        if live.send(joining).await.is_err() {
            return Ok(Meeting::Nobody);
        }
        drop(live);
        let Ok(level) = may_join.await else { return Ok(Meeting::TooFar) };
        while self.fed.had() < level {
            if !self.take(level).await? {
                return Ok(Meeting::Nobody);
            }
        }
        Ok(Meeting::AtTheSameFrame(give))
    }
}

/// What came of asking to join.
enum Meeting {
    AtTheSameFrame(oneshot::Sender<Fed>),
    TooFar,
    Nobody,
}
