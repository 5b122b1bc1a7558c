//! The views that are being built beside, and the old ones that go when they have been: started, and ended together.

use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use engine::log::{FrameReader, Log, LogError};
use tokio::runtime::Handle;
use tokio::sync::mpsc;
use tokio::sync::oneshot::error::TryRecvError;
use tokio::task::AbortHandle;

use super::{Building, Report};
use crate::VIEWS;
use crate::error::ViewsError;
use crate::fed::Fed;
use crate::joining::wait_for_readers;
use crate::live::Message;
use crate::opening;
use crate::progress::{Progress, Tally};
use crate::reading::{BATCHES_MAX, Batch, read};
use crate::slot::{Before, Slots};
use crate::store;
use crate::view::{Version, View};
use crate::work::{self, Ended};

const FOLLOW_AGAIN_AFTER: Duration = Duration::from_millis(500);

pub(crate) struct Builders {
    pub(crate) log: Log,
    pub(crate) dir: PathBuf,
    pub(crate) versions: [Version; VIEWS],
    pub(crate) runtime: Handle,
    pub(crate) live: mpsc::WeakSender<Message>,
    pub(crate) slots: Slots,
    pub(crate) progress: Arc<Progress>,
    pub(crate) report: Report,
    pub(crate) work: Mutex<Work>,
}

#[derive(Default)]
pub(crate) struct Work {
    under_way: Vec<Ended<()>>,
    reading: Vec<AbortHandle>,
    is_over: bool,
}

impl Builders {
    /// Builds a view beside the others.
    pub(crate) fn build(self: &Arc<Self>, fed: Fed) {
        let view = fed.view();
        tracing::info!(view = view.name(), from = fed.had(), "a view is being built beside the others");
        self.progress.set_building(view, Some(fed.had()));
        let (frames, batches) = mpsc::channel(BATCHES_MAX);
        let from = fed.had() + 1;
        let reading = follow_and_read(self.log.clone(), from, frames, Arc::clone(&self.progress));
        let mut work = self.work.lock().unwrap_or_else(PoisonError::into_inner);
        if work.is_over {
            return;
        }
        work.reading.push(work::task(&self.runtime, reading).abort_handle());
        let building = Building {
            view,
            batches,
            ahead: std::collections::VecDeque::new(),
            live: self.live.clone(),
            progress: Arc::clone(&self.progress),
            tally: Tally::new(Some(view), fed.had(), self.progress.head()),
            report: Arc::clone(&self.report),
            uncommitted_bytes: 0,
            hash: None,
            fed,
        };
        let builders = Arc::downgrade(self);
        let built = async move {
            let Err(error) = building.run().await else { return };
            if let Some(builders) = builders.upgrade() {
                builders.failed(view, &error);
            }
        };
        self.spawn(&mut work, view, built);
    }

    /// Opens a view again whose files were damaged, which puts them aside, and builds it.
    pub(crate) fn build_again(self: &Arc<Self>, view: View) {
        let builders = Arc::downgrade(self);
        let opened = async move {
            let Some(builders) = builders.upgrade() else { return };
            match opening::open_again(&builders.dir, view, builders.versions[view as usize]) {
                Ok(fed) => {
                    builders.slots.build(view);
                    builders.progress.set_failed(view, None);
                    builders.build(fed);
                }
                Err(error) => builders.failed(view, &error),
            }
        };
        self.spawn(&mut self.work.lock().unwrap_or_else(PoisonError::into_inner), view, opened);
    }

    /// Removes what a view replaces: the one that went along, when its last reader is done, and directories of
    /// older versions.
    pub(crate) fn remove_older(self: &Arc<Self>, view: View, before: Option<Fed>, rows: Before) {
        let (dir, version) = (self.dir.clone(), self.versions[view as usize].current);
        let removed = async move {
            if let Some(rows) = rows {
                wait_for_readers(&rows);
            }
            let wiped = before.map_or(Ok(()), |before| before.into_store().wipe());
            let removed = wiped.and_then(|()| store::remove_older(&dir, view.name(), version));
            if let Err(error) = removed {
                let error = &error as &dyn std::error::Error;
                tracing::warn!(view = view.name(), error, "an older version of a view could not be removed");
            }
        };
        self.spawn(&mut self.work.lock().unwrap_or_else(PoisonError::into_inner), view, removed);
    }

    fn spawn(&self, work: &mut Work, view: View, run: impl Future<Output = ()> + Send + 'static) {
        work.under_way.retain_mut(|ended| matches!(ended.try_recv(), Err(TryRecvError::Empty)));
        match work::start(&format!("build-{}", view.name()), &self.runtime, run) {
            Ok(ended) => work.under_way.push(ended),
            Err(error) => self.failed(view, &ViewsError::Stopped(error.to_string())),
        }
    }

    fn failed(&self, view: View, error: &ViewsError) {
        let reason = error.reason();
        tracing::error!(view = view.name(), reason, "a view could not be built, the others go on");
        self.progress.set_building(view, None);
        self.progress.set_failed(view, Some(reason));
        if !self.slots.is_served(view) {
            self.slots.fail(view);
        }
    }

    /// Nothing more is read, and nothing more begun: what is being built is left as it is.
    pub(crate) fn end_reading(&self) {
        let mut work = self.work.lock().unwrap_or_else(PoisonError::into_inner);
        work.is_over = true;
        work.reading.drain(..).for_each(|reading| reading.abort());
    }

    /// Waits until all has ended.
    pub(crate) async fn join(&self) {
        loop {
            let under_way =
                std::mem::take(&mut self.work.lock().unwrap_or_else(PoisonError::into_inner).under_way);
            if under_way.is_empty() {
                return;
            }
            for ended in under_way {
                if ended.await.is_err() {
                    tracing::error!("a thread that built a view panicked");
                }
            }
        }
    }
}

/// As [`read`], from the moment that the log can be followed.
async fn follow_and_read(log: Log, from: u64, frames: mpsc::Sender<Batch>, progress: Arc<Progress>) {
    match follow(&log, from).await {
        Ok(reader) => read(reader, frames, progress).await,
        Err(error) => drop(frames.send(Err(error)).await),
    }
}

async fn follow(log: &Log, from: u64) -> Result<FrameReader, LogError> {
    loop {
        match log.follow(from).await {
            Err(error @ LogError::Unavailable { .. }) => {
                tracing::warn!(%error, "a view that is being built waits for the log");
                tokio::time::sleep(FOLLOW_AGAIN_AFTER).await;
            }
            followed => return followed,
        }
    }
}
