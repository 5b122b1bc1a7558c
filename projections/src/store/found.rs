//! What directories of views there are, for a look that opens none and changes nothing.

use std::fs;
use std::io;
use std::path::Path;
use std::time::SystemTime;

use super::folder::{BROKEN, BUILDING, size_bytes};

/// A directory of a view.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found {
    /// The name of the directory.
    pub name: String,
    /// The view.
    pub view: String,
    /// The version of its rows.
    pub version: u32,
    /// How it is.
    pub state: FoundState,
    /// The size of its files.
    pub bytes: u64,
    /// When something was last made or removed in it, if the file system tells.
    pub changed: Option<SystemTime>,
}

/// How a directory of a view is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FoundState {
    /// It is to be opened; whether it does is not known.
    InUse,
    /// It is being built from the log, or that was cut off.
    Building,
    /// The next open puts it aside.
    Broken {
        /// Why.
        reason: String,
    },
    /// It did not open, and is kept for a person to look at.
    PutAside,
    /// Its removal was cut off; the next open goes on with it.
    Removing,
}

/// The directories of views in `dir`, by name; none when it does not exist.
///
/// # Errors
/// When something cannot be read.
pub fn found(dir: &Path) -> io::Result<Vec<Found>> {
    let mut found = Vec::new();
    let entries = match fs::read_dir(dir) {
        Ok(entries) => entries,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(found),
        Err(error) => return Err(error),
    };
    for entry in entries {
        let entry = entry?;
        let name = entry.file_name().to_string_lossy().into_owned();
        let Some((view, version, suffix)) = parts(&name) else { continue };
        let metadata = entry.metadata()?;
        if !metadata.is_dir() {
            continue;
        }
        let path = entry.path();
        let state = match suffix {
            None => state(&path),
            Some("removing") => FoundState::Removing,
            Some(_) => FoundState::PutAside,
        };
        let (view, bytes) = (view.to_owned(), size_bytes(&path)?);
        found.push(Found { view, version, state, bytes, changed: metadata.modified().ok(), name });
    }
    found.sort_by(|one, other| one.name.cmp(&other.name));
    Ok(found)
}

fn state(path: &Path) -> FoundState {
    if path.join(BUILDING).exists() {
        return FoundState::Building;
    }
    match fs::read_to_string(path.join(BROKEN)) {
        Ok(reason) => FoundState::Broken { reason },
        Err(_) => FoundState::InUse,
    }
}

/// View, version and what comes behind, of `inbox-v1` or `inbox-v1.broken-2`.
pub(super) fn parts(name: &str) -> Option<(&str, u32, Option<&str>)> {
    let (view, rest) = name.split_once("-v")?;
    let (version, suffix) = match rest.split_once('.') {
        None => (rest, None),
        Some((version, suffix)) if suffix == "removing" || suffix.starts_with("broken-") => {
            (version, Some(suffix))
        }
        Some(_) => return None,
    };
    Some((view, version.parse().ok()?, suffix))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_directory_is_known_by_its_name_and_marks() {
        let dir = tempfile::tempdir().unwrap();
        let names = ["inbox-v1", "inbox-v1.broken-2", "inbox-v2", "status-v1", "status-v1.removing", "other"];
        for name in names {
            fs::create_dir(dir.path().join(name)).unwrap();
        }
        fs::write(dir.path().join("inbox-v1.lock"), "").unwrap();
        fs::write(dir.path().join("inbox-v2").join(BUILDING), "").unwrap();
        fs::write(dir.path().join("status-v1").join(BROKEN), "torn").unwrap();
        let found = found(dir.path()).unwrap();
        let told: Vec<_> = found.iter().map(|f| (f.name.as_str(), f.version, f.state.clone())).collect();
        let broken = FoundState::Broken { reason: "torn".to_owned() };
        assert_eq!(
            told,
            [
                ("inbox-v1", 1, FoundState::InUse),
                ("inbox-v1.broken-2", 1, FoundState::PutAside),
                ("inbox-v2", 2, FoundState::Building),
                ("status-v1", 1, broken),
                ("status-v1.removing", 1, FoundState::Removing),
            ]
        );
        assert_eq!(found[3].bytes, 4);
    }

    #[test]
    fn a_directory_that_does_not_exist_holds_none() {
        assert_eq!(found(Path::new("/nowhere/at/all")).unwrap(), []);
    }
}
