//! The directory of one view: its lock, its marks, and what happens to one that does not open.

use std::fs::{self, File, TryLockError};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::error::{Fault, StoreError};
use super::journal::checksum;

/// Directories put aside that are kept, newest first.
const BROKEN_KEPT: usize = 2;
/// What a directory holds; goes up when journal or marks change.
const STORE_FORMAT: u32 = 1;

const FORMAT: &str = "format";
const BUILDING: &str = "building";
const BROKEN: &str = "broken";

/// Holds the lock for as long as it lives.
#[derive(Debug)]
pub(super) struct Folder {
    dir: PathBuf,
    name: String,
    path: PathBuf,
    format: String,
    /// Beside the directory and not in it, so that it outlives a directory that is put aside.
    _lock: File,
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
        fs::create_dir_all(dir).map_err(failed("make", dir))?;
        let lock_path = dir.join(format!("{name}.lock"));
        let lock = File::options().write(true).create(true).truncate(false).open(&lock_path);
        let lock = lock.map_err(failed("open", &lock_path))?;
        match engine::data_dir::lock(&lock) {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Err(StoreError::Locked { path }),
            Err(TryLockError::Error(error)) => return Err(failed("lock", &lock_path)(error)),
        }
        let words = format!("atender view {view} version {version} store {STORE_FORMAT}");
        let format = format!("{words} checksum {:016x}\n", checksum(words.as_bytes()));
        let folder = Folder { dir: dir.to_owned(), name, path, format, _lock: lock };
        folder.clear_removing()?;
        Ok(folder)
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    pub(super) fn state(&self) -> Result<State, StoreError> {
        if !self.path.exists() {
            return Ok(State::Missing);
        }
        if self.path.join(BUILDING).exists() {
            return Ok(State::Building);
        }
        if let Ok(reason) = fs::read_to_string(self.path.join(BROKEN)) {
            return Ok(State::Wrong { reason });
        }
        match fs::read(self.path.join(FORMAT)) {
            Ok(found) if found == self.format.as_bytes() => Ok(State::Sound),
            Ok(_) => Ok(State::Wrong { reason: "the format mark is of another store or damaged".to_owned() }),
            // Made, and nothing more before a crash.
            Err(_) if !self.path.join("rows").exists() => Ok(State::Missing),
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                Ok(State::Wrong { reason: "the format mark is missing".to_owned() })
            }
            Err(error) => Err(failed("read", &self.path.join(FORMAT))(error)),
        }
    }

    pub(super) fn create(&self) -> Result<(), StoreError> {
        fs::create_dir_all(&self.path).map_err(failed("make", &self.path))?;
        self.mark(FORMAT, &self.format)?;
        sync(&self.dir)
    }

    pub(super) fn mark_building(&self) -> Result<(), StoreError> {
        self.mark(BUILDING, "")
    }

    pub(super) fn clear_building(&self) -> Result<(), StoreError> {
        let path = self.path.join(BUILDING);
        fs::remove_file(&path).map_err(failed("remove", &path))?;
        sync(&self.path)
    }

    /// Renames the directory and removes older ones put aside before; answers the new name.
    pub(super) fn put_aside(&self) -> Result<PathBuf, StoreError> {
        let prefix = format!("{}.broken-", self.name);
        let mut numbers = Vec::new();
        for entry in fs::read_dir(&self.dir).map_err(failed("list", &self.dir))? {
            let file_name = entry.map_err(failed("list", &self.dir))?.file_name();
            let number = file_name.to_str().and_then(|name| name.strip_prefix(&prefix)?.parse::<u64>().ok());
            numbers.extend(number);
        }
        numbers.sort_unstable();
        let kept = self.dir.join(format!("{prefix}{}", numbers.last().map_or(1, |last| last + 1)));
        fs::rename(&self.path, &kept).map_err(failed("put aside", &self.path))?;
        for old in numbers.iter().rev().skip(BROKEN_KEPT - 1) {
            let old = self.dir.join(format!("{prefix}{old}"));
            fs::remove_dir_all(&old).map_err(failed("remove", &old))?;
        }
        Ok(kept)
    }

    /// Renames first: a directory removed by half could lose its mark and keep its rows.
    pub(super) fn remove(&self) -> Result<(), StoreError> {
        fs::rename(&self.path, self.removing()).map_err(failed("remove", &self.path))?;
        self.clear_removing()
    }

    fn removing(&self) -> PathBuf {
        self.dir.join(format!("{}.removing", self.name))
    }

    fn clear_removing(&self) -> Result<(), StoreError> {
        let path = self.removing();
        if path.exists() { fs::remove_dir_all(&path).map_err(failed("remove", &path)) } else { Ok(()) }
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
        let written = File::create(&path).and_then(|mut file| {
            file.write_all(text.as_bytes())?;
            file.sync_all()
        });
        written.map_err(failed("write", &path))?;
        sync(&self.path)
    }
}

/// The next open puts the directory aside. Not synced: it is written when the disk is already in doubt.
pub(super) fn mark_broken(folder: &Path, fault: &Fault) {
    let path = folder.join(BROKEN);
    if let Err(error) = fs::write(&path, fault.to_string()) {
        tracing::error!(path = %path.display(), %error, "could not mark the view as broken");
    }
}

fn size_bytes(path: &Path) -> io::Result<u64> {
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

fn sync(dir: &Path) -> Result<(), StoreError> {
    File::open(dir).and_then(|dir| dir.sync_all()).map_err(failed("sync", dir))
}

fn failed(doing: &'static str, path: &Path) -> impl FnOnce(io::Error) -> StoreError {
    let path = path.to_owned();
    move |source| StoreError::Io { doing, path, source }
}
