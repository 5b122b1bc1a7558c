//! Building all views again from the log, as it is now.

use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use engine::log::Log;
use engine::patience::patiently_read;
use schemas::Position;

use crate::error::ViewsError;
use crate::progress::RebuildProgress;
use crate::store::{Store, remove_older};
use crate::view::{VERSIONS, View};
use crate::views::{Options, Views};
use crate::work;

/// What a rebuild did.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Rebuilt {
    /// Frames read.
    pub frames: u64,
    /// Events in them.
    pub events: u64,
    /// How long it took.
    pub took: Duration,
}

/// Throws away the views kept in `dir` and builds them from the whole log; `report` is told how far it is. They
/// must not be running.
///
/// # Errors
/// As [`Views::start`], and [`ViewsError::Stopped`] for a damaged log.
pub async fn rebuild(
    log: &Log,
    dir: &Path,
    report: impl Fn(RebuildProgress) + Send + 'static,
) -> Result<Rebuilt, ViewsError> {
    let since = Instant::now();
    let path = dir.to_owned();
    work::blocking(async move { wipe(&path) }).await??;

    let head = patiently_read("the head of the log", || log.head()).await?;
    let events = Arc::new(Mutex::new(0));
    let counted = Arc::clone(&events);
    let options = Options { lag_frames_max: 0, ..Options::default() };
    let views = Views::start_with(log, dir, options, move |progress| {
        *counted.lock().unwrap_or_else(PoisonError::into_inner) = progress.events_done;
        report(progress);
    })
    .await?;
    let target = Position { shard: log.shard(), sequence: head, index: 0 };
    // Should they stop before, shutting them down says why.
    let _ = views.wait_for(target, Duration::MAX).await;
    views.shutdown().await?;
    let events = *events.lock().unwrap_or_else(PoisonError::into_inner);
    Ok(Rebuilt { frames: head, events, took: since.elapsed() })
}

fn wipe(dir: &Path) -> Result<(), ViewsError> {
    for (view, version) in View::ALL.into_iter().zip(VERSIONS) {
        let store = Store::open(dir, view.name(), version.current).map_err(ViewsError::of(view))?;
        store.wipe().map_err(ViewsError::of(view))?;
        remove_older(dir, view.name(), version.current).map_err(ViewsError::of(view))?;
    }
    Ok(())
}
