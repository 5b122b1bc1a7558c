//! The file system as the store uses it; in the simulation, one in memory.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::Path;

#[cfg(feature = "simulation")]
use crate::simulated::{self, Op};

pub(super) fn exists(path: &Path) -> bool {
    #[cfg(feature = "simulation")]
    if let Some(exists) = simulated::read(path, |files| files.exists(path)) {
        return exists;
    }
    path.exists()
}

pub(super) fn read(path: &Path) -> io::Result<Vec<u8>> {
    #[cfg(feature = "simulation")]
    if let Some(file) = simulated::read(path, |files| files.file(path)) {
        return file.ok_or_else(|| io::ErrorKind::NotFound.into());
    }
    fs::read(path)
}

pub(super) fn create_dir_all(path: &Path) -> io::Result<()> {
    #[cfg(feature = "simulation")]
    if simulated::write(path, || Op::MakeDir(path.to_owned())) {
        return Ok(());
    }
    fs::create_dir_all(path)
}

/// Writes the whole file, and syncs it.
pub(super) fn write(path: &Path, bytes: &[u8]) -> io::Result<()> {
    #[cfg(feature = "simulation")]
    if simulated::write(path, || Op::Write(path.to_owned(), bytes.to_owned())) {
        return Ok(());
    }
    let mut file = File::create(path)?;
    file.write_all(bytes)?;
    file.sync_all()
}

pub(super) fn write_unsynced(path: &Path, bytes: &[u8]) -> io::Result<()> {
    #[cfg(feature = "simulation")]
    if simulated::write(path, || Op::Write(path.to_owned(), bytes.to_owned())) {
        return Ok(());
    }
    fs::write(path, bytes)
}

pub(super) fn remove_file(path: &Path) -> io::Result<()> {
    #[cfg(feature = "simulation")]
    if simulated::write(path, || Op::Remove(path.to_owned())) {
        return Ok(());
    }
    fs::remove_file(path)
}

pub(super) fn remove_dir_all(path: &Path) -> io::Result<()> {
    #[cfg(feature = "simulation")]
    if simulated::write(path, || Op::Remove(path.to_owned())) {
        return Ok(());
    }
    fs::remove_dir_all(path)
}

pub(super) fn rename(from: &Path, to: &Path) -> io::Result<()> {
    #[cfg(feature = "simulation")]
    if simulated::write(from, || Op::Rename(from.to_owned(), to.to_owned())) {
        return Ok(());
    }
    fs::rename(from, to)
}

/// The names of what is in a directory, those that are text.
pub(super) fn names(dir: &Path) -> io::Result<Vec<String>> {
    #[cfg(feature = "simulation")]
    if let Some(names) = simulated::read(dir, |files| files.names(dir)) {
        return Ok(names);
    }
    let names = fs::read_dir(dir)?.map(|entry| Ok(entry?.file_name().into_string().ok()));
    names.filter_map(Result::transpose).collect()
}

pub(super) fn sync(dir: &Path) -> io::Result<()> {
    #[cfg(feature = "simulation")]
    if simulated::is_on() {
        return Ok(());
    }
    File::open(dir).and_then(|dir| dir.sync_all())
}
