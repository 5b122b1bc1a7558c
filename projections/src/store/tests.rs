//! What the store promises its projector and its readers, tested with overlays of a few rows so that every path is
//! taken often.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

use super::limits::Limits;
use super::{Reader, Store, open};

mod broken;
mod bulk;
mod crash;
mod journal;
mod model;
mod readers;
mod refusals;

type Rows = BTreeMap<Vec<u8>, Vec<u8>>;

fn tight() -> Limits {
    Limits {
        live_rows: 8,
        bulk_rows: 16,
        overlay_bytes: 1 << 20,
        journal_bytes: 1_000,
        flush_every: Duration::from_millis(2),
    }
}

#[track_caller]
fn open_tight(dir: &Path) -> Store {
    open::open(dir, "trial", 1, tight()).unwrap()
}

/// Two rows to a frame: `n` frames, from one above the checkpoint.
fn fill(store: &mut Store, n: u64) -> Rows {
    let first = store.checkpoint() + 1;
    for frame in first..first + n {
        for row in [2 * frame, 2 * frame + 1] {
            store.put(&row.to_be_bytes(), value(row)).unwrap();
        }
        store.commit(frame).unwrap();
    }
    rows_of(&store.reader())
}

fn value(seed: u64) -> Vec<u8> {
    seed.to_be_bytes().repeat(1 + (seed % 40) as usize)
}

/// All rows, a page at a time.
#[track_caller]
fn rows_of(reader: &Reader) -> Rows {
    let mut rows = Rows::new();
    loop {
        let after = rows.keys().next_back().cloned();
        let page = reader.scan(&[], after.as_deref(), false, 100).unwrap();
        let is_last = page.len() < 100;
        rows.extend(page.into_iter().map(|(key, value)| (key, value.to_vec())));
        if is_last {
            return rows;
        }
    }
}
