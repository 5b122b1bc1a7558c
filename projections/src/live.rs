//! The thread that feeds the views that go along: applies what came, commits it, and only then tells those who wait
//! and those who watch. Nothing is skipped: an event or a log that cannot be read stops it, with an alarm. A view
//! that fails is taken out alone.

use std::sync::Arc;

use engine::fault;
use engine::log::RecordedFrame;
use schemas::Position;
use tokio::sync::{mpsc, oneshot};

use crate::building::{Builders, Report};
use crate::error::ViewsError;
use crate::fed::Fed;
use crate::feed::Feed;
use crate::joining::Joining;
use crate::progress::{Progress, Tally};
use crate::projectors::Projectors;
use crate::reading::Batch;
use crate::recorded::last_position;
use crate::slot::Slots;

/// While catching up, what is applied shows after so many bytes of frames: rows that change often are written less.
pub(crate) const CATCH_UP_COMMIT_BYTES: usize = 8 * 1024 * 1024;

/// What the thread hears.
pub(crate) enum Message {
    Batch(Batch),
    Joining(Joining),
}

impl From<Batch> for Message {
    fn from(batch: Batch) -> Self {
        Self::Batch(batch)
    }
}

/// Brings views up to date that are far behind.
pub(crate) struct CatchUp {
    pub(crate) tally: Tally,
    pub(crate) uncommitted_bytes: usize,
}

pub(crate) struct Live {
    pub(crate) projectors: Projectors,
    pub(crate) slots: Slots,
    pub(crate) feed: Feed,
    pub(crate) progress: Arc<Progress>,
    pub(crate) builders: Arc<Builders>,
    pub(crate) report: Report,
    pub(crate) catch_up: Option<CatchUp>,
    /// Frames up to this one have been told already, or are of before the views were started.
    pub(crate) told: u64,
    /// The last event applied.
    pub(crate) position: Position,
    /// Whoever watches has to read everything again, as soon as there is something to be told.
    pub(crate) restart_due: bool,
    /// Views that have failed, and can be read.
    pub(crate) out: Vec<Fed>,
    /// Views that have been built, and cannot join yet.
    pub(crate) waiting: Vec<Joining>,
}

impl Live {
    pub(crate) async fn run(
        mut self,
        mut messages: mpsc::Receiver<Message>,
        stopped: oneshot::Receiver<()>,
    ) -> Result<(), ViewsError> {
        match self.apply_all(&mut messages).await {
            Ok(()) => self.projectors.close().map_err(|(view, error)| ViewsError::of(view)(error)),
            Err(error) => {
                self.fail(&error);
                self.waiting.clear();
                drop(messages);
                // The views stay open, to be read as they are, until somebody stops them.
                let _ = stopped.await;
                Err(error)
            }
        }
    }

    /// Ends well when the reading task is stopped.
    async fn apply_all(&mut self, messages: &mut mpsc::Receiver<Message>) -> Result<(), ViewsError> {
        if self.catch_up.is_some() {
            self.projectors.begin_bulk();
            self.tell_lost()?;
        }
        while let Some(message) = messages.recv().await {
            match message {
                Message::Joining(joining) => self.consider(joining).await,
                Message::Batch(batch) => {
                    let frames = batch?;
                    if self.catch_up.is_some() {
                        self.catch_up(&frames)?;
                    } else {
                        self.project(&frames)?;
                    }
                    for joining in std::mem::take(&mut self.waiting) {
                        self.consider(joining).await;
                    }
                }
            }
        }
        Ok(())
    }

    /// Applies frames, shows them, and tells.
    fn project(&mut self, frames: &[RecordedFrame]) -> Result<(), ViewsError> {
        let Some(last) = frames.last() else { return Ok(()) };
        let mut changes = Vec::new();
        for frame in frames {
            if frame.sequence <= self.told {
                self.projectors.apply(frame);
            } else {
                self.projectors.apply_and_watch(frame, &mut changes);
            }
        }
        fault::point("views.commit.before");
        self.projectors.commit(&last.hash);
        fault::point("views.commit.after");
        self.tell_lost()?;
        self.reached(last);
        if self.restart_due && last.sequence >= self.told {
            self.restart();
        } else {
            self.feed.publish(changes, self.position);
        }
        let events = frames.iter().map(|frame| frame.frame.events() as u64).sum();
        metrics::counter!("atender_projected_events_total").increment(events);
        Ok(())
    }

    /// Applies frames without telling; at the target, goes over to telling.
    fn catch_up(&mut self, frames: &[RecordedFrame]) -> Result<(), ViewsError> {
        let (Some(last), Some(state)) = (frames.last(), &mut self.catch_up) else { return Ok(()) };
        for frame in frames {
            self.projectors.apply(frame);
            state.tally.add(frame.frame.events());
            state.uncommitted_bytes += frame.bytes_len;
        }
        let is_done = last.sequence >= state.tally.target();
        if !is_done && state.uncommitted_bytes < CATCH_UP_COMMIT_BYTES {
            return self.tell_lost();
        }
        state.uncommitted_bytes = 0;
        (self.report)(state.tally.at(last.sequence));
        if is_done {
            self.projectors.finish_bulk(&last.hash);
        } else {
            self.projectors.commit(&last.hash);
        }
        self.tell_lost()?;
        self.reached(last);
        if is_done {
            self.catch_up = None;
            self.told = last.sequence;
            self.serve_all();
            self.restart();
        }
        Ok(())
    }

    fn serve_all(&self) {
        for fed in self.projectors.all().filter(|fed| !self.slots.is_served(fed.view())) {
            self.slots.serve(fed);
        }
    }

    fn reached(&mut self, last: &RecordedFrame) {
        self.position = last_position(last);
        self.progress.set_applied(last.sequence);
        for fed in self.projectors.all() {
            self.progress.set_had(fed.view(), fed.had());
        }
    }

    /// Has everybody who watches read the views again.
    pub(crate) fn restart(&mut self) {
        self.restart_due = false;
        self.feed.restart(self.position);
    }

    /// Views that have failed are not asked any more, and those whose files are to blame are built again. Without
    /// any view left there is nothing to go on with.
    fn tell_lost(&mut self) -> Result<(), ViewsError> {
        let mut last = None;
        for (fed, error) in self.projectors.take_lost() {
            let view = fed.view();
            let is_damage = error.is_damage();
            // An old version may fail while the new one is being built.
            let is_being_built = self.progress.building(view).is_some();
            if is_being_built {
                self.slots.build(view);
            } else {
                self.slots.fail(view);
            }
            let error = ViewsError::of(view)(error);
            let reason = error.reason();
            tracing::error!(view = view.name(), reason, "a view has failed, the others go on");
            metrics::counter!("atender_view_failed_total", "view" => view.name()).increment(1);
            self.progress.set_failed(view, Some(reason).filter(|_| !is_being_built));
            if !is_damage {
                self.out.push(fed);
            }
            if self.projectors.is_empty() {
                last = Some(error);
            } else if is_damage && !is_being_built {
                self.builders.build_again(view);
            }
        }
        match last {
            Some(error) => {
                self.show_what_was();
                Err(error)
            }
            None => Ok(()),
        }
    }

    /// Those that have failed and can be read are asked again, as they were when they failed.
    fn show_what_was(&mut self) {
        let checkpoints = self.out.iter().map(|fed| fed.store().checkpoint());
        let Some(sequence) = checkpoints.min() else { return };
        for fed in &self.out {
            self.slots.serve(fed);
            self.progress.set_had(fed.view(), fed.store().checkpoint());
        }
        self.feed.fall_back(Position { sequence, index: 0, ..self.position });
    }

    fn fail(&self, error: &ViewsError) {
        let reason = error.reason();
        tracing::error!(reason, "the views have stopped, and show what was so far");
        metrics::counter!("atender_views_stopped_total").increment(1);
        self.progress.stop(reason);
        self.feed.wake();
    }
}
