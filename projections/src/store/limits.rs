//! The limits of a store, in one place.

use std::time::Duration;

/// Page cache of one view, in bytes; real use is two to three times as much.
pub const CACHE_BYTES: u64 = 32 << 20;
/// Longest key, in bytes.
pub const KEY_BYTES_MAX: usize = 256;
/// Longest value, in bytes. Keep rows near 4 KiB: sled rewrites sixteen neighbours at a time, and moves them into
/// a file of their own, with a sync each, once they make 128 KiB together.
pub const VALUE_BYTES_MAX: usize = 512 << 10;
/// Most rows one scan may ask for.
pub const SCAN_ROWS_MAX: usize = 1_000;

/// When an overlay is handed to the writer and when the journal is folded into the rows.
#[derive(Debug, Clone, Copy)]
pub(super) struct Limits {
    /// Changed rows a live overlay holds before the projector waits for the writer.
    pub(super) live_rows: usize,
    /// The same in a rebuild, where the more a row changes in memory the fewer times it is written.
    pub(super) bulk_rows: usize,
    /// Bytes an overlay holds, in either mode.
    pub(super) overlay_bytes: usize,
    /// Journal bytes after which sled is synced and the journal emptied; bounds what an open replays.
    pub(super) journal_bytes: u64,
    /// Longest time a committed frame stays in memory alone.
    pub(super) flush_every: Duration,
}

#[cfg(feature = "simulation")]
impl Limits {
    /// So small that in the traffic of a simulated day each of them is reached.
    pub(super) fn of_simulation() -> Self {
        Self {
            live_rows: 30,
            bulk_rows: 60,
            overlay_bytes: 16 << 10,
            journal_bytes: 4 << 10,
            ..Self::default()
        }
    }
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            live_rows: 20_000,
            bulk_rows: 100_000,
            overlay_bytes: 32 << 20,
            journal_bytes: 8 << 20,
            flush_every: Duration::from_millis(500),
        }
    }
}
