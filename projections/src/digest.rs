//! What is in the views, in short: to compare views that came about in different ways.

use std::collections::BTreeMap;
use std::path::Path;

use crate::VIEWS;
use crate::error::ViewsError;
use crate::store::{SCAN_ROWS_MAX, Store};
use crate::view::{VERSIONS, Version, View};

/// One view in short.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Digest {
    /// The last frame it reflects.
    pub checkpoint: u64,
    /// How many rows it has.
    pub rows: u64,
    /// The BLAKE3 hash of all of them, in key order.
    pub hash: String,
}

/// The digest of each view kept in `dir`, by its name. The views must not be running.
///
/// # Errors
/// [`ViewsError`] when a view cannot be opened or read.
pub fn digest(dir: &Path) -> Result<BTreeMap<&'static str, Digest>, ViewsError> {
    of_versions(dir, &VERSIONS)
}

/// As [`digest`], of views in these versions.
pub(crate) fn of_versions(
    dir: &Path,
    versions: &[Version; VIEWS],
) -> Result<BTreeMap<&'static str, Digest>, ViewsError> {
    let digests = View::ALL.into_iter().zip(versions).map(|(view, version)| {
        let store = Store::open(dir, view.name(), version.current).map_err(ViewsError::of(view))?;
        let (mut hasher, mut rows, mut after) = (blake3::Hasher::new(), 0, None::<Vec<u8>>);
        loop {
            let page =
                store.scan(&[], after.as_deref(), false, SCAN_ROWS_MAX).map_err(ViewsError::of(view))?;
            for (key, value) in &page {
                for part in [key.as_slice(), value] {
                    hasher.update(&(part.len() as u64).to_le_bytes());
                    hasher.update(part);
                }
                rows += 1;
            }
            let Some((last, _)) = page.last() else { break };
            after = Some(last.clone());
        }
        let hash = hasher.finalize().to_hex().to_string();
        Ok((view.name(), Digest { checkpoint: store.checkpoint(), rows, hash }))
    });
    digests.collect()
}
