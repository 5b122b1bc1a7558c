//! What is there when the views are started: each is opened, checked against the log, and goes along or is built
//! beside. What cannot be used is put aside, never an error.

use std::path::Path;

use engine::log::{Log, LogError, RecordedFrame};
use engine::patience::patiently_read;
use schemas::frame::hash;

use crate::VIEWS;
use crate::error::{ViewError, ViewsError};
use crate::fed::Fed;
use crate::keys;
use crate::store::{Store, older_versions};
use crate::view::{Version, View};

/// What was found.
pub(crate) struct Found {
    /// Those that go along.
    pub(crate) live: [Option<Fed>; VIEWS],
    /// Those to be built beside them.
    pub(crate) beside: Vec<Fed>,
    /// The frame of the one furthest behind of those that go along, and of the one furthest ahead.
    pub(crate) first: Option<RecordedFrame>,
    pub(crate) last: Option<RecordedFrame>,
    /// The last frame of the log.
    pub(crate) head: u64,
    /// One of those that go along did not when they were closed: something may have been told without it.
    pub(crate) was_apart: bool,
}

/// The directories of one view.
struct Candidate {
    current: Fed,
    /// The newest one of an older version that can still be read, if the current one is not to be served.
    older: Option<Fed>,
}

impl Candidate {
    /// The one that can be served, if any.
    fn serving(&self) -> Option<&Fed> {
        let ready = Some(&self.current).filter(|fed| fed.had() > 0 && !fed.store().is_apart());
        ready.or(self.older.as_ref())
    }
}

/// Opens all views. Of those that can be served, the ones within `lag_frames_max` of the furthest go along.
/// Blocks, and not only where it waits.
pub(crate) async fn open(
    log: &Log,
    dir: &Path,
    versions: &[Version; VIEWS],
    lag_frames_max: u64,
) -> Result<Found, ViewsError> {
    let head = patiently_read("the head of the log", || log.head()).await?;
    let mut opener = Opener { log, dir, head, is_head_sure: false };
    let mut live = [const { None }; VIEWS];
    let (mut beside, mut was_apart) = (Vec::new(), false);
    let mut candidates = Vec::new();
    for view in View::ALL {
        candidates.push(opener.candidate(view, versions[view as usize]).await?);
    }
    let furthest = candidates.iter().filter_map(|c| c.serving().map(Fed::had)).max().unwrap_or(0);
    for (view, Candidate { current, older }) in View::ALL.into_iter().zip(candidates) {
        let is_near = |fed: &Fed| fed.had() + lag_frames_max >= furthest && !fed.store().is_apart();
        if furthest == 0 {
            was_apart |= current.store().is_apart();
            current.store().clear_apart().map_err(ViewsError::of(view))?;
            live[view as usize] = Some(current);
        } else if current.had() > 0 && is_near(&current) {
            live[view as usize] = Some(current);
        } else {
            live[view as usize] = older.filter(is_near);
            beside.push(current);
        }
    }
    let had = || live.iter().flatten().map(Fed::had);
    let first = opener.frame(had().min().unwrap_or(0)).await?;
    let last = opener.frame(had().max().unwrap_or(0)).await?;
    Ok(Found { live, beside, first, last, head: opener.head, was_apart })
}

/// Opens a view whose files were found damaged; they are put aside.
pub(crate) fn open_again(dir: &Path, view: View, version: Version) -> Result<Fed, ViewsError> {
    let store = Store::open(dir, view.name(), version.current).map_err(ViewsError::of(view))?;
    let store = match store.checkpoint() {
        0 => store,
        _ => store.put_aside("a row cannot be read").map_err(ViewsError::of(view))?,
    };
    Fed::new(view, store).map_err(ViewsError::of(view))
}

struct Opener<'a> {
    log: &'a Log,
    dir: &'a Path,
    head: u64,
    /// A log that ends before a view is looked at for longer, but once.
    is_head_sure: bool,
}

impl Opener<'_> {
    async fn candidate(&mut self, view: View, version: Version) -> Result<Candidate, ViewsError> {
        let current = self.fed(view, version.current).await?;
        if current.had() > 0 && !current.store().is_apart() {
            return Ok(Candidate { current, older: None });
        }
        let found = older_versions(self.dir, view.name(), version.current).map_err(ViewsError::of(view))?;
        let readable = found.into_iter().find(|older| version.readable.contains(older));
        let older = match readable {
            Some(older) => Some(self.fed(view, older).await?),
            None => None,
        };
        Ok(Candidate { current, older: older.filter(|older| older.had() > 0 && !older.store().is_apart()) })
    }

    /// The view as it is on the disk, if it is one of this log and can be read; a new one if not.
    async fn fed(&mut self, view: View, version: u32) -> Result<Fed, ViewsError> {
        let of_view = ViewsError::of(view);
        let dir = self.dir;
        let open = || Store::open(dir, view.name(), version).map_err(ViewsError::of(view));
        let mut store = open()?;
        match self.why_foreign(view, &store).await {
            Ok(None) => {}
            Ok(Some(reason)) => store = store.put_aside(&reason).map_err(ViewsError::of(view))?,
            Err(ViewsError::View { source, .. }) if source.is_damage() => {
                store = store.put_aside(&source.to_string()).map_err(ViewsError::of(view))?;
            }
            Err(error) => return Err(error),
        }
        match Fed::new(view, store) {
            Err(error) if error.is_damage() => {
                let mut store = open()?;
                if store.checkpoint() > 0 {
                    store = store.put_aside(&error.to_string()).map_err(ViewsError::of(view))?;
                }
                Fed::new(view, store).map_err(of_view)
            }
            fed => fed.map_err(of_view),
        }
    }

    /// Why the rows are not of this log, if they are not.
    async fn why_foreign(&mut self, view: View, store: &Store) -> Result<Option<String>, ViewsError> {
        let checkpoint = store.checkpoint();
        if checkpoint == 0 {
            return Ok(None);
        }
        if checkpoint > self.head && !self.is_head_sure {
            let head = patiently_read("the head of the log", || self.log.head_with(checkpoint)).await?;
            (self.head, self.is_head_sure) = (head, true);
        }
        let head = self.head;
        if checkpoint > head {
            let reason = format!("it reflects frame {checkpoint}, and the log ends at {head}");
            return Ok(Some(format!("{reason}: it is of another log")));
        }
        let row = store.get(&keys::frame()).map_err(ViewsError::of(view))?;
        let kept = patiently_read("a frame of the log", || self.log.read_known(checkpoint)).await;
        let frame = match kept {
            Ok(frame) => Some(frame),
            Err(LogError::Missing { .. }) => None,
            Err(error) => return Err(error.into()),
        };
        let is_same = frame.zip(row).is_some_and(|(frame, row)| hash(&frame)[..] == row[..]);
        let reason = || format!("frame {checkpoint} is not the one it was built from: it is of another log");
        Ok((!is_same).then(reason))
    }

    async fn frame(&self, sequence: u64) -> Result<Option<RecordedFrame>, ViewsError> {
        if sequence == 0 {
            return Ok(None);
        }
        Ok(patiently_read("a frame of the log", || self.log.read_frame(sequence)).await?)
    }
}

impl ViewError {
    /// Whether the rows themselves are at fault, so that they are of no more use.
    pub(crate) fn is_damage(&self) -> bool {
        match self {
            Self::Row(_) => true,
            Self::Store(error) => error.is_damage(),
            Self::BeingBuilt { .. } | Self::Out { .. } => false,
        }
    }
}
