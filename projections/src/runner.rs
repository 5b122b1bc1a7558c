//! The way of a frame into the views: a task reads the log, a thread applies what came, commits it, and only then
//! tells those who wait and those who watch. Nothing is skipped: what cannot be applied stops it, with an alarm.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};
use std::thread;
use std::time::{Duration, Instant};

use engine::log::{FrameReader, LogError, RecordedFrame};
use futures_util::FutureExt;
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinHandle;

use crate::error::ViewsError;
use crate::feed::Feed;
use crate::projectors::Projectors;
use crate::recorded::last_position;

/// What is read ahead: so many batches of about so many bytes of frames.
const BATCHES_MAX: usize = 16;
const BATCH_BYTES: usize = 256 * 1024;
/// While catching up, what is applied shows after so many bytes of frames: rows that change often are written less.
const CATCH_UP_COMMIT_BYTES: usize = 8 * 1024 * 1024;

/// How far a rebuild is.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct RebuildProgress {
    /// Frames applied so far.
    pub frames_done: u64,
    /// Frames there are to apply: those the log had at the start.
    pub frames_total: u64,
    /// Events in the frames applied.
    pub events_done: u64,
    /// Events applied a second, over the whole rebuild so far.
    pub events_per_second: f64,
}

/// What the thread tells of itself.
#[derive(Debug)]
pub(crate) struct Progress {
    /// The last frame that each view has had.
    pub(crate) had: [AtomicU64; 3],
    /// The last frame of the log, as far as it is known.
    pub(crate) head: AtomicU64,
    /// Why it stopped, if it did.
    pub(crate) failed: OnceLock<String>,
}

type Batch = Result<Vec<RecordedFrame>, LogError>;

/// The task and the thread, running.
#[derive(Debug)]
pub(crate) struct Runner {
    reading: JoinHandle<()>,
    thread: Option<thread::JoinHandle<Result<(), ViewsError>>>,
    _stop: oneshot::Sender<()>,
}

/// What the thread starts from.
pub(crate) struct Start {
    pub(crate) projectors: Projectors,
    pub(crate) feed: Feed,
    pub(crate) progress: Arc<Progress>,
    /// The last frame of the log.
    pub(crate) head: u64,
    pub(crate) lag_frames_max: u64,
}

impl Runner {
    pub(crate) fn start(
        reader: FrameReader,
        start: Start,
        report: impl Fn(RebuildProgress) + Send + 'static,
    ) -> Result<Self, ViewsError> {
        let (frames, batches) = mpsc::channel(BATCHES_MAX);
        let (stop, stopped) = oneshot::channel();
        let reading = tokio::spawn(read(reader, frames, Arc::clone(&start.progress)));
        let projection = Projection::new(start, report);
        let thread = thread::Builder::new()
            .name("projector".to_owned())
            .spawn(move || projection.run(batches, stopped))
            .map_err(|error| ViewsError::Stopped(error.to_string()))?;
        Ok(Self { reading, thread: Some(thread), _stop: stop })
    }

    /// Ends both; what was read is applied, and everything is on the disk when this returns. Blocks.
    pub(crate) fn stop(mut self) -> Result<(), ViewsError> {
        self.reading.abort();
        let thread = self.thread.take();
        drop(self);
        match thread.map(thread::JoinHandle::join) {
            None => Ok(()),
            Some(Ok(result)) => result,
            Some(Err(_)) => Err(ViewsError::Stopped("the projector panicked".to_owned())),
        }
    }
}

impl Drop for Runner {
    fn drop(&mut self) {
        self.reading.abort();
    }
}

async fn read(mut reader: FrameReader, frames: mpsc::Sender<Batch>, progress: Arc<Progress>) {
    loop {
        let batch = next_batch(&mut reader).await;
        progress.head.fetch_max(reader.head(), Ordering::Relaxed);
        let is_over = batch.is_err();
        if frames.send(batch).await.is_err() || is_over {
            return;
        }
    }
}

/// The frames that are there, at least one; never waits for a second.
async fn next_batch(reader: &mut FrameReader) -> Batch {
    let mut batch = vec![reader.next().await?];
    let mut bytes = batch[0].bytes_len;
    while bytes < BATCH_BYTES {
        match reader.next().now_or_never() {
            Some(Ok(frame)) => {
                bytes += frame.bytes_len;
                batch.push(frame);
            }
            // It is found again when this batch is through, and everything before it shows.
            Some(Err(_)) | None => break,
        }
    }
    Ok(batch)
}

/// Brings views up to date that are far behind.
struct CatchUp {
    target: u64,
    uncommitted_bytes: usize,
    frames: u64,
    events: u64,
    since: Instant,
}

struct Projection<R> {
    projectors: Projectors,
    feed: Feed,
    progress: Arc<Progress>,
    catch_up: Option<CatchUp>,
    /// Frames up to this one have been told already, or are of before the views were started.
    told: u64,
    report: R,
}

impl<R: Fn(RebuildProgress)> Projection<R> {
    fn new(start: Start, report: R) -> Self {
        let Start { projectors, feed, progress, head, lag_frames_max } = start;
        let [first, second, third] = projectors.had();
        let behind = head - first.min(second).min(third);
        let catch_up = (behind > lag_frames_max).then(|| CatchUp {
            target: head,
            uncommitted_bytes: 0,
            frames: behind,
            events: 0,
            since: Instant::now(),
        });
        let told = first.max(second).max(third);
        Self { projectors, feed, progress, catch_up, told, report }
    }

    fn run(
        mut self,
        mut batches: mpsc::Receiver<Batch>,
        stopped: oneshot::Receiver<()>,
    ) -> Result<(), ViewsError> {
        match self.apply_all(&mut batches) {
            Ok(()) => self.projectors.close(),
            Err(error) => {
                self.fail(&error);
                drop(batches);
                // The views stay open, to be read as they are, until somebody stops them.
                let _ = stopped.blocking_recv();
                Err(error)
            }
        }
    }

    /// Ends well when the reading task is stopped.
    fn apply_all(&mut self, batches: &mut mpsc::Receiver<Batch>) -> Result<(), ViewsError> {
        if self.catch_up.is_some() {
            self.projectors.begin_bulk()?;
        }
        while let Some(batch) = batches.blocking_recv() {
            let frames = batch?;
            if self.catch_up.is_some() {
                self.catch_up(&frames)?;
            } else {
                self.project(&frames)?;
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
                self.projectors.apply(frame)?;
            } else {
                self.projectors.apply_and_watch(frame, &mut changes)?;
            }
        }
        self.projectors.commit(&last.hash)?;
        self.tell_had();
        self.feed.publish(changes, last_position(last));
        let events = frames.iter().map(|frame| frame.frame.events() as u64).sum();
        metrics::counter!("atender_projected_events_total").increment(events);
        Ok(())
    }

    /// Applies frames without telling; at the target, goes over to telling.
    fn catch_up(&mut self, frames: &[RecordedFrame]) -> Result<(), ViewsError> {
        let (Some(last), Some(state)) = (frames.last(), &mut self.catch_up) else { return Ok(()) };
        for frame in frames {
            self.projectors.apply(frame)?;
            state.events += frame.frame.events() as u64;
            state.uncommitted_bytes += frame.bytes_len;
        }
        let is_done = last.sequence >= state.target;
        if !is_done && state.uncommitted_bytes < CATCH_UP_COMMIT_BYTES {
            return Ok(());
        }
        state.uncommitted_bytes = 0;
        (self.report)(state.progress(last.sequence));
        if is_done {
            self.projectors.finish_bulk(&last.hash)?;
            self.catch_up = None;
            self.told = last.sequence;
            self.tell_had();
            self.feed.restart(last_position(last));
        } else {
            self.projectors.commit(&last.hash)?;
            self.tell_had();
        }
        Ok(())
    }

    fn tell_had(&self) {
        for (told, had) in self.progress.had.iter().zip(self.projectors.had()) {
            told.store(had, Ordering::Relaxed);
        }
    }

    fn fail(&self, error: &ViewsError) {
        let reason = reason(error);
        tracing::error!(reason, "the views have stopped, and show what was so far");
        metrics::counter!("atender_views_stopped_total").increment(1);
        // An error can only be the first: the thread ends with it.
        let _ = self.progress.failed.set(reason);
        self.feed.wake();
    }
}

impl CatchUp {
    fn progress(&self, sequence: u64) -> RebuildProgress {
        let left = self.target.saturating_sub(sequence);
        let seconds = self.since.elapsed().max(Duration::from_millis(1)).as_secs_f64();
        RebuildProgress {
            frames_done: self.frames.saturating_sub(left),
            frames_total: self.frames,
            events_done: self.events,
            events_per_second: self.events as f64 / seconds,
        }
    }
}

/// The error with its causes, in one line.
fn reason(error: &ViewsError) -> String {
    let mut text = error.to_string();
    let mut cause = std::error::Error::source(error);
    while let Some(error) = cause {
        text = format!("{text}: {error}");
        cause = error.source();
    }
    text
}
