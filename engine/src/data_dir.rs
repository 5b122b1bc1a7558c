//! The data directory: one process holds it at a time, and secrets in it are readable by their owner alone.
//! Knows nothing of what the others keep in it.

use std::fs::{self, DirBuilder, File, OpenOptions, TryLockError};
use std::io::{self, Write};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::thread;
use std::time::{Duration, Instant};

use rustix::system::uname;

use crate::random;

const LOCK_FILE: &str = "lock";
const NAME_FILE: &str = "name";
const LOCKED_WITHIN: Duration = Duration::from_secs(1);
const LOCK_PAUSE: Duration = Duration::from_millis(10);
const HELP_IN_USE: &str = "stop that process first, or choose another data directory";

/// A data directory that this process holds; it is let go when the value is dropped or the process ends.
#[derive(Debug)]
pub struct DataDir {
    path: PathBuf,
    _lock: File,
}

/// Why a data directory could not be opened.
#[derive(Debug, thiserror::Error)]
pub enum DataDirError {
    /// Another process holds the directory.
    #[error("data directory {path} is in use by process {holder}; {help}")]
    InUse {
        /// The directory, as an absolute path.
        path: PathBuf,
        /// The process id the holder left in the lock file, or `unknown`.
        holder: String,
        /// What a person can do about it.
        help: &'static str,
    },
    /// The disk or its permissions said no.
    #[error("data directory {path} cannot be {action}")]
    Io {
        /// The directory.
        path: PathBuf,
        /// What was being done to it.
        action: &'static str,
        /// The cause.
        #[source]
        source: io::Error,
    },
}

impl DataDir {
    /// Creates the directory with mode 0700 if it is missing, and takes its lock.
    ///
    /// # Errors
    /// [`DataDirError::InUse`] at once when another process holds it; it never waits.
    pub fn open(path: &Path) -> Result<Self, DataDirError> {
        let failed = |action| move |source| DataDirError::Io { path: path.to_path_buf(), action, source };
        create_private_dir(path).map_err(failed("created"))?;
        let path_absolute = path.canonicalize().map_err(failed("resolved"))?;
        let lock_path = path_absolute.join(LOCK_FILE);
        let mut lock = OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .mode(0o600)
            .open(&lock_path)
            .map_err(failed("locked"))?;
        match self::lock(&lock) {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Err(in_use(path_absolute, &lock_path)),
            Err(TryLockError::Error(source)) => return Err(failed("locked")(source)),
        }
        lock.set_len(0).and_then(|()| writeln!(lock, "{}", std::process::id())).map_err(failed("locked"))?;
        Ok(Self { path: path_absolute, _lock: lock })
    }

    /// What the process that holds this directory is called, now and after a restart; no other directory gives the
    /// same, copies of this one on other machines or elsewhere included.
    ///
    /// # Errors
    /// [`DataDirError::Io`] when the name cannot be kept.
    pub fn name(&self) -> Result<String, DataDirError> {
        let failed = |source| DataDirError::Io { path: self.path.clone(), action: "named", source };
        let file = self.path.join(NAME_FILE);
        let kept = match fs::read_to_string(&file) {
            Ok(kept) => kept,
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                let fresh = random::token();
                write_secret(&file, fresh.as_bytes()).map_err(failed)?;
                fresh
            }
            Err(error) => return Err(failed(error)),
        };
        let mut hasher = blake3::Hasher::new();
        for part in [kept.as_bytes(), uname().nodename().to_bytes(), self.path.as_os_str().as_bytes()] {
            hasher.update(&(part.len() as u64).to_le_bytes()).update(part);
        }
        Ok(hasher.finalize().to_hex()[..32].to_owned())
    }

    /// The directory, as an absolute path without symbolic links.
    pub fn path(&self) -> &Path {
        &self.path
    }
}

/// Takes the exclusive lock of a file, which lasts as long as the file is open. Waits up to 1 s: a process that is
/// being started holds a copy of every open file, and so of a lock just let go, until its program is loaded.
///
/// # Errors
/// As [`File::try_lock`].
pub fn lock(file: &File) -> Result<(), TryLockError> {
    let give_up = Instant::now() + LOCKED_WITHIN;
    loop {
        match file.try_lock() {
            Err(TryLockError::WouldBlock) if Instant::now() < give_up => thread::sleep(LOCK_PAUSE),
            result => return result,
        }
    }
}

/// The process that holds a data directory, as it wrote itself down, or `unknown`; `None` when nobody does. Makes
/// nothing, and holds nothing when it returns.
///
/// # Errors
/// When there is a lock file that cannot be looked at.
pub fn holder(path: &Path) -> io::Result<Option<String>> {
    let lock_path = path.join(LOCK_FILE);
    let file = match File::open(&lock_path) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error),
    };
    match file.try_lock_shared() {
        Ok(()) => Ok(None),
        Err(TryLockError::WouldBlock) => Ok(Some(holder_in(&lock_path))),
        Err(TryLockError::Error(error)) => Err(error),
    }
}

fn in_use(path: PathBuf, lock_path: &Path) -> DataDirError {
    DataDirError::InUse { path, holder: holder_in(lock_path), help: HELP_IN_USE }
}

fn holder_in(lock_path: &Path) -> String {
    let holder = fs::read_to_string(lock_path).unwrap_or_default();
    let holder = if holder.trim().is_empty() { "unknown" } else { holder.trim() };
    holder.to_owned()
}

/// Creates `path` and the parents it lacks with mode 0700; one that exists keeps its mode.
pub(crate) fn create_private_dir(path: &Path) -> io::Result<()> {
    DirBuilder::new().recursive(true).mode(0o700).create(path)
}

/// Replaces `path` by `contents` in one step, readable and writable by the owner alone (0600).
/// Durable when it returns; a crash leaves the old file or the new one, whole. One writer a path at a time.
///
/// # Errors
/// What the disk said; the old file then still stands.
pub fn write_secret(path: &Path, contents: &[u8]) -> io::Result<()> {
    let (Some(dir), Some(name)) = (path.parent(), path.file_name()) else {
        return Err(io::Error::new(io::ErrorKind::InvalidInput, "a secret needs a file name in a directory"));
    };
    let mut unfinished_name = name.to_owned();
    unfinished_name.push(".unfinished");
    let unfinished = dir.join(unfinished_name);
    // A crashed writer's file may be there; `create_new` then makes sure that the mode is the one asked for.
    match fs::remove_file(&unfinished) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&unfinished)?;
    file.write_all(contents)?;
    file.sync_all()?;
    fs::rename(&unfinished, path)?;
    File::open(dir)?.sync_all()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt;

    fn mode(path: &Path) -> u32 {
        fs::metadata(path).unwrap().permissions().mode() & 0o777
    }

    #[test]
    fn a_new_directory_is_private() {
        let parent = tempfile::tempdir().unwrap();
        let dir = DataDir::open(&parent.path().join("a/b")).unwrap();
        assert_eq!(mode(dir.path()), 0o700);
    }

    #[test]
    fn a_held_directory_is_refused_until_it_is_let_go() {
        let parent = tempfile::tempdir().unwrap();
        assert_eq!(holder(parent.path()).unwrap(), None);
        let held = DataDir::open(parent.path()).unwrap();
        assert_eq!(holder(parent.path()).unwrap(), Some(std::process::id().to_string()));
        let message = DataDir::open(parent.path()).unwrap_err().to_string();
        assert!(message.contains(held.path().to_str().unwrap()), "{message}");
        assert!(message.contains(&std::process::id().to_string()), "{message}");
        assert!(message.contains(HELP_IN_USE), "{message}");
        drop(held);
        DataDir::open(parent.path()).unwrap();
    }

    #[test]
    fn a_directory_keeps_its_name_and_a_copy_elsewhere_has_another() {
        let parent = tempfile::tempdir().unwrap();
        let name = DataDir::open(parent.path()).unwrap().name().unwrap();
        assert_eq!(DataDir::open(parent.path()).unwrap().name().unwrap(), name);
        let copy = tempfile::tempdir().unwrap();
        fs::copy(parent.path().join(NAME_FILE), copy.path().join(NAME_FILE)).unwrap();
        assert_ne!(DataDir::open(copy.path()).unwrap().name().unwrap(), name);
    }

    #[test]
    fn a_secret_replaces_the_old_one_and_what_a_crash_left() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("key");
        fs::write(dir.path().join("key.unfinished"), "torn").unwrap();
        write_secret(&path, b"one").unwrap();
        write_secret(&path, b"two").unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"two");
        assert_eq!(mode(&path), 0o600);
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 1);
    }
}
