//! The directory of one view: its lock, its marks, and what happens to one that does not open.

use std::fs::{self, File, TryLockError};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::aside;
use super::error::{Fault, StoreError};
use super::files;
use super::journal::checksum;

/// What a directory holds; goes up when journal or marks change.
const STORE_FORMAT: u32 = 1;

const FORMAT: &str = "format";
pub(super) const BUILDING: &str = "building";
pub(super) const BROKEN: &str = "broken";
const APART: &str = "apart";

/// Holds the lock for as long as it lives.
#[derive(Debug)]
pub(super) struct Folder {
    dir: PathBuf,
    view: String,
    version: u32,
    name: String,
    path: PathBuf,
    format: String,
    /// Beside the directory and not in it, so that it outlives a directory that is put aside.
    _lock: Option<File>,
}

pub(super) enum State {
    Missing,
    Sound,
    Building,
    Wrong { reason: String },
}

impl Folder {
    pub(super) fn lock(dir: &Path, view: &str, version: u32) -> Result<Folder, StoreError> {
        let name = format!("{view}-v{version}");
        let path = dir.join(&name);
        if view.is_empty() || !view.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_') {
            return Err(failed("name", &path)(io::ErrorKind::InvalidInput.into()));
        }
        files::create_dir_all(dir).map_err(failed("make", dir))?;
        let lock_path = dir.join(format!("{name}.lock"));
        let lock = match take(&lock_path).map_err(failed("open", &lock_path))? {
            Ok(lock) => lock,
            Err(TryLockError::WouldBlock) => return Err(StoreError::Locked { path }),
            Err(TryLockError::Error(error)) => return Err(failed("lock", &lock_path)(error)),
        };
        let words = format!("atender view {view} version {version} store {STORE_FORMAT}");
        let format = format!("{words} checksum {:016x}\n", checksum(words.as_bytes()));
        let view = view.to_owned();
        let folder = Folder { dir: dir.to_owned(), view, version, name, path, format, _lock: lock };
        folder.clear_removing()?;
        Ok(folder)
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Where the directories of all views are.
    pub(super) fn dir(&self) -> &Path {
        &self.dir
    }

    pub(super) fn version(&self) -> u32 {
        self.version
    }

    pub(super) fn state(&self) -> Result<State, StoreError> {
        if !files::exists(&self.path) {
            return Ok(State::Missing);
        }
        if files::exists(&self.path.join(BUILDING)) {
            return Ok(State::Building);
        }
        if let Ok(reason) = files::read(&self.path.join(BROKEN)) {
            return Ok(State::Wrong { reason: String::from_utf8_lossy(&reason).into_owned() });
        }
        match files::read(&self.path.join(FORMAT)) {
            Ok(found) if found == self.format.as_bytes() => Ok(State::Sound),
            Ok(_) => Ok(State::Wrong { reason: "the format mark is of another store or damaged".to_owned() }),
            // Made, and nothing more before a crash.
            Err(_) if !files::exists(&self.path.join("rows")) => Ok(State::Missing),
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                Ok(State::Wrong { reason: "the format mark is missing".to_owned() })
            }
            Err(error) => Err(failed("read", &self.path.join(FORMAT))(error)),
        }
    }

    pub(super) fn create(&self) -> Result<(), StoreError> {
        files::create_dir_all(&self.path).map_err(failed("make", &self.path))?;
        self.mark(FORMAT, &self.format)?;
        sync(&self.dir)
    }

    pub(super) fn mark_building(&self) -> Result<(), StoreError> {
        self.mark(BUILDING, "")
    }

    pub(super) fn clear_building(&self) -> Result<(), StoreError> {
        self.clear(BUILDING)
    }

    pub(super) fn is_apart(&self) -> bool {
        files::exists(&self.path.join(APART))
    }

    pub(super) fn mark_apart(&self) -> Result<(), StoreError> {
        self.mark(APART, "")
    }

    pub(super) fn clear_apart(&self) -> Result<(), StoreError> {
        self.clear(APART)
    }

    fn clear(&self, name: &str) -> Result<(), StoreError> {
        let path = self.path.join(name);
        files::remove_file(&path).map_err(failed("remove", &path))?;
        sync(&self.path)
    }

    /// Renames the directory and removes older ones put aside before; answers the new name.
    pub(super) fn put_aside(&self) -> Result<PathBuf, StoreError> {
        let kept = aside::next(&self.dir, &self.view, self.version)?;
        files::rename(&self.path, &kept).map_err(failed("put aside", &self.path))?;
        aside::keep_last(&self.dir, &self.view, self.version)?;
        Ok(kept)
    }

    /// Renames first: a directory removed by half could lose its mark and keep its rows.
    pub(super) fn remove(&self) -> Result<(), StoreError> {
        files::rename(&self.path, &self.removing()).map_err(failed("remove", &self.path))?;
        self.clear_removing()
    }

    /// Whoever opened the lock's file before and waits for it gets one that nobody else sees: only for a directory
    /// that nobody will open again.
    pub(super) fn remove_lock(&self) -> Result<(), StoreError> {
        let path = self.dir.join(format!("{}.lock", self.name));
        files::remove_file(&path).map_err(failed("remove", &path))
    }

    fn removing(&self) -> PathBuf {
        self.dir.join(format!("{}.removing", self.name))
    }

    fn clear_removing(&self) -> Result<(), StoreError> {
        let path = self.removing();
        if files::exists(&path) {
            files::remove_dir_all(&path).map_err(failed("remove", &path))
        } else {
            Ok(())
        }
    }

    pub(super) fn size_bytes(&self) -> Result<u64, StoreError> {
        size_bytes(&self.path).map_err(failed("measure", &self.path))
    }

    pub(super) fn refused(&self, fault: Fault) -> StoreError {
        let path = self.path.clone();
        match fault {
            Fault::Locked => StoreError::Locked { path },
            fault => StoreError::Open { path, fault: Arc::new(fault) },
        }
    }

    fn mark(&self, name: &str, text: &str) -> Result<(), StoreError> {
        let path = self.path.join(name);
        files::write(&path, text.as_bytes()).map_err(failed("write", &path))?;
        sync(&self.path)
    }
}

/// The next open puts the directory aside. Not synced: it is written when the disk is already in doubt.
pub(super) fn mark_broken(folder: &Path, fault: &Fault) {
    let path = folder.join(BROKEN);
    if let Err(error) = files::write_unsynced(&path, fault.to_string().as_bytes()) {
        tracing::error!(path = %path.display(), %error, "could not mark the view as broken");
    }
}

pub(super) fn size_bytes(path: &Path) -> io::Result<u64> {
    let mut bytes = 0;
    for entry in fs::read_dir(path)? {
        let entry = entry?;
        bytes += match entry.metadata() {
            Ok(meta) if meta.is_dir() => size_bytes(&entry.path())?,
            Ok(meta) => meta.len(),
            // sled removes files of its own while we look.
            Err(error) if error.kind() == io::ErrorKind::NotFound => 0,
            Err(error) => return Err(error),
        };
    }
    Ok(bytes)
}

/// The lock's file, when it can be locked.
fn take(path: &Path) -> io::Result<Result<Option<File>, TryLockError>> {
    #[cfg(feature = "simulation")]
    if crate::simulated::is_on() {
        return Ok(Ok(None));
    }
    let lock = File::options().write(true).create(true).truncate(false).open(path)?;
    Ok(engine::data_dir::lock(&lock).map(|()| Some(lock)))
}

fn sync(dir: &Path) -> Result<(), StoreError> {
    files::sync(dir).map_err(failed("sync", dir))
}

pub(super) fn failed(doing: &'static str, path: &Path) -> impl FnOnce(io::Error) -> StoreError {
    let path = path.to_owned();
    move |source| StoreError::Io { doing, path, source }
}
