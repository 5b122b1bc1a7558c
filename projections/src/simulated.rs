//! What a simulation puts in the place of the file system and of sled: files in memory that a crash can take back to
//! a moment before it. Nothing of it is compiled into the program.

mod files;

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::path::Path;

use engine::log::Log;

use crate::error::ViewsError;
use crate::views::{Options, Views};
use files::Files;
pub(crate) use files::{Op, Tree};

thread_local! {
    /// The disk of each machine, by the first part of its paths; none at all while files are real.
    static DISKS: RefCell<Option<BTreeMap<String, Files>>> = const { RefCell::new(None) };
}

/// While this lives, all views that this thread opens are kept in memory.
#[derive(Debug)]
pub struct Disks(());

impl Disks {
    /// Empty ones.
    pub fn begin() -> Self {
        DISKS.set(Some(BTreeMap::new()));
        Self(())
    }
}

/// Leaves the disk of a machine as a crash does: what was done last may not have been done yet, or by half, and rows
/// that were not synced may be lost. `below` gives a number below another one, and says how much.
pub fn crash(machine: &str, below: impl FnMut(usize) -> usize) {
    with(Path::new(machine), |files| files.crash(below));
}

/// The directories of views that could not be opened on this machine.
pub fn put_aside(machine: &str) -> Vec<String> {
    let names = read(Path::new(machine), |files| files.names(Path::new(machine))).unwrap_or_default();
    names.into_iter().filter(|name| name.contains(".broken-")).collect()
}

/// As [`Views::start`]; views with more than so many frames before them are brought up without telling each change.
///
/// # Errors
/// As [`Views::start`].
pub async fn start(log: &Log, dir: &Path, lag_frames_max: u64) -> Result<Views, ViewsError> {
    let options = Options { lag_frames_max, ..Options::default() };
    Views::start_with(log, dir, options, |_| {}).await
}

impl Drop for Disks {
    fn drop(&mut self) {
        DISKS.set(None);
    }
}

/// Whether files are in memory.
pub(crate) fn is_on() -> bool {
    DISKS.with_borrow(Option::is_some)
}

fn with<T>(path: &Path, does: impl FnOnce(&mut Files) -> T) -> Option<T> {
    let machine = path.iter().next()?.to_string_lossy().into_owned();
    DISKS.with_borrow_mut(|disks| Some(does(disks.as_mut()?.entry(machine).or_default())))
}

/// What is read, when files are in memory.
pub(crate) fn read<T>(path: &Path, does: impl FnOnce(&Files) -> T) -> Option<T> {
    with(path, |files| does(files))
}

/// Does this, when files are in memory. A process that was killed does nothing any more.
pub(crate) fn write(path: &Path, op: impl FnOnce() -> Op) -> bool {
    let is_killed = engine::simulated::is_killed();
    with(path, |files| {
        if !is_killed {
            files.carry_out(op())
        }
    })
    .is_some()
}
