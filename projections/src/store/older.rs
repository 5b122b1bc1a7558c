//! Directories of older versions of a view: which there are, and how they go.

use std::path::Path;

use super::aside;
use super::error::StoreError;
use super::files;
use super::folder::{Folder, failed};

/// The versions below `version` that `view` has a directory of, or at least a lock or half a removal left by one,
/// newest first.
/// Errors: the file system refuses.
pub fn older_versions(dir: &Path, view: &str, version: u32) -> Result<Vec<u32>, StoreError> {
    let prefix = format!("{view}-v");
    let mut versions = Vec::new();
    for name in files::names(dir).map_err(failed("list", dir))? {
        let number = name.strip_prefix(&prefix);
        let number = number.map(|number| number.trim_end_matches(".lock").trim_end_matches(".removing"));
        let found = number.and_then(|number| number.parse::<u32>().ok());
        versions.extend(found.filter(|found| *found < version));
    }
    versions.sort_unstable_by(|a, b| b.cmp(a));
    versions.dedup();
    Ok(versions)
}

/// Removes the directories of the versions below `version`; whatever is in them is not looked at. Of those that were
/// put aside, the last ones of the view are kept.
/// Errors: a live process holds one, or the file system refuses.
pub fn remove_older(dir: &Path, view: &str, version: u32) -> Result<(), StoreError> {
    older_versions(dir, view, version)?.into_iter().try_for_each(|older| {
        let folder = Folder::lock(dir, view, older)?;
        if files::exists(folder.path()) {
            folder.remove()?;
        }
        tracing::info!(view, older, version, "the directory of an older version is removed");
        folder.remove_lock()
    })?;
    aside::keep_last(dir, view, version)
}
