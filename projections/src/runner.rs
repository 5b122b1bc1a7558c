//! The task and the threads that keep the views up to date: started together, and ended together.

use std::path::PathBuf;
use std::sync::{Arc, Mutex};

use engine::log::{FrameReader, Log};
use schemas::Position;
use tokio::runtime::Handle;
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinHandle;

use crate::VIEWS;
use crate::building::{Builders, Report};
use crate::error::ViewsError;
use crate::feed::Feed;
use crate::live::{CatchUp, Live};
use crate::opening::Found;
use crate::progress::{Progress, Tally};
use crate::projectors::Projectors;
use crate::reading::{BATCHES_MAX, read};
use crate::slot::Slots;
use crate::view::Version;
use crate::work::{self, Ended};

/// All of them, running.
pub(crate) struct Runner {
    reading: JoinHandle<()>,
    ended: Option<Ended<Result<(), ViewsError>>>,
    builders: Arc<Builders>,
    _stop: oneshot::Sender<()>,
}

/// What they start from.
pub(crate) struct Start {
    pub(crate) log: Log,
    pub(crate) dir: PathBuf,
    pub(crate) versions: [Version; VIEWS],
    pub(crate) lag_frames_max: u64,
    pub(crate) found: Found,
    /// The last event that all views that go along reflect.
    pub(crate) position: Position,
    pub(crate) slots: Slots,
    pub(crate) feed: Feed,
    pub(crate) progress: Arc<Progress>,
    pub(crate) report: Report,
}

impl Runner {
    pub(crate) fn start(reader: FrameReader, start: Start) -> Result<Self, ViewsError> {
        let Start { found, slots, progress, report, .. } = start;
        let (frames, messages) = mpsc::channel(BATCHES_MAX);
        let (stop, stopped) = oneshot::channel();
        let builders = Arc::new(Builders {
            log: start.log,
            dir: start.dir,
            versions: start.versions,
            runtime: Handle::current(),
            live: frames.downgrade(),
            slots: slots.clone(),
            progress: Arc::clone(&progress),
            report: Arc::clone(&report),
            work: Mutex::default(),
        });
        // What an end in the middle of a removal left, or an older atender.
        for fed in found.live.iter().flatten().filter(|fed| fed.had() > 0) {
            if fed.store().version() == builders.versions[fed.view() as usize].current {
                builders.remove_older(fed.view(), None, None);
            }
        }
        let is_one_absent = found.live.iter().any(Option::is_none);
        let projectors = Projectors::new(found.live, is_one_absent);
        let had = projectors.had_by_all();
        let is_far = found.head.saturating_sub(had) > start.lag_frames_max;
        // Those that are empty and far behind are built first.
        projectors.all().filter(|fed| !is_far || fed.had() > 0).for_each(|fed| drop(slots.serve(fed)));
        let live = Live {
            told: projectors.had_by_any(),
            projectors,
            slots,
            feed: start.feed,
            progress: Arc::clone(&progress),
            builders: Arc::clone(&builders),
            report,
            catch_up: is_far
                .then(|| CatchUp { tally: Tally::new(None, had, found.head), uncommitted_bytes: 0 }),
            position: start.position,
            restart_due: found.was_apart,
            out: Vec::new(),
            waiting: Vec::new(),
        };
        let reading = work::task(&Handle::current(), read(reader, frames, progress));
        let ended = work::start("projector", &Handle::current(), live.run(messages, stopped))
            .map_err(|error| ViewsError::Stopped(error.to_string()))?;
        let runner = Self { reading, ended: Some(ended), builders, _stop: stop };
        found.beside.into_iter().for_each(|fed| runner.builders.build(fed));
        Ok(runner)
    }

    /// Ends all of them; what was read is applied to the views that go along, and everything is on the disk when
    /// this returns.
    pub(crate) async fn stop(mut self) -> Result<(), ViewsError> {
        // First, so that no view is being let in, for which the thread would wait.
        self.builders.end_reading();
        self.reading.abort();
        let builders = Arc::clone(&self.builders);
        let ended = self.ended.take();
        drop(self);
        let result = match ended {
            None => Ok(()),
            Some(ended) => {
                ended.await.unwrap_or_else(|_| Err(ViewsError::Stopped("the projector panicked".to_owned())))
            }
        };
        builders.join().await;
        result
    }
}

impl Drop for Runner {
    fn drop(&mut self) {
        self.builders.end_reading();
        self.reading.abort();
    }
}
