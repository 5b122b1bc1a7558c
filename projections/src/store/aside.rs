//! Directories of a view that did not open, kept for a person to look at: the last ones of it, whichever version of it
//! they are of.

use std::path::{Path, PathBuf};

use super::error::StoreError;
use super::files;
use super::folder::failed;
use super::found::parts;

/// How many are kept, newest first.
const KEPT: usize = 2;

/// Sorted by version, and then by the order in which they were put aside.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Aside {
    version: u32,
    number: u64,
    path: PathBuf,
}

/// Where the next one of this version goes.
pub(super) fn next(dir: &Path, view: &str, version: u32) -> Result<PathBuf, StoreError> {
    let all = all(dir, view)?;
    let last = all.iter().filter(|aside| aside.version == version).map(|aside| aside.number).max();
    let number = last.map_or(1, |last| last + 1);
    Ok(dir.join(format!("{view}-v{version}.broken-{number}")))
}

/// Removes all but the last ones of those up to `version`.
pub(super) fn keep_last(dir: &Path, view: &str, version: u32) -> Result<(), StoreError> {
    let mut all = all(dir, view)?;
    all.retain(|aside| aside.version <= version);
    all.sort_unstable();
    let last = all.len().saturating_sub(KEPT);
    all.drain(..last).map(|aside| aside.path).try_for_each(|path| {
        files::remove_dir_all(&path).map_err(failed("remove", &path))?;
        tracing::info!(path = %path.display(), "removed, there are newer ones that were put aside");
        Ok(())
    })
}

fn all(dir: &Path, view: &str) -> Result<Vec<Aside>, StoreError> {
    let mut all = Vec::new();
    for name in files::names(dir).map_err(failed("list", dir))? {
        let Some((of, version, Some(suffix))) = parts(&name) else { continue };
        let number = suffix.strip_prefix("broken-").and_then(|number| number.parse().ok());
        all.extend(number.filter(|_| of == view).map(|number| Aside {
            version,
            number,
            path: dir.join(&name),
        }));
    }
    Ok(all)
}
