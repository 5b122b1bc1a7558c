//! What the journal makes of a write that was broken off, and of bytes that are wrong.

use std::fs;
use std::path::Path;

use crate::store::bytes::Bytes;
use crate::store::error::Fault;
use crate::store::journal::Journal;
use crate::store::overlay::Overlay;

/// Three records, of frames 1 to 3; answers where each ends.
fn written(path: &Path) -> Vec<u64> {
    let mut journal = Journal::open(path).unwrap();
    (1..=3u64)
        .map(|n| {
            let mut rows = Overlay::default();
            rows.set(Bytes::from(n.to_be_bytes()), Some(vec![7; 100].into()));
            rows.set(Bytes::from([n as u8]), None);
            journal.append(n - 1, n, &rows).unwrap();
            journal.bytes()
        })
        .collect()
}

fn read(path: &Path) -> Result<Vec<u64>, Fault> {
    Ok(Journal::open(path)?.read()?.iter().map(|record| record.to).collect())
}

#[test]
fn records_come_back_as_written() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("journal");
    written(&path);
    let records = Journal::open(&path).unwrap().read().unwrap();
    assert_eq!(
        records.iter().map(|record| (record.from, record.to)).collect::<Vec<_>>(),
        [(0, 1), (1, 2), (2, 3)]
    );
    let rows: Vec<_> = records[1].rows.iter().map(|(key, change)| (key.to_vec(), change.is_some())).collect();
    assert_eq!(rows, [(2u64.to_be_bytes().to_vec(), true), (vec![2], false)]);
}

#[test]
fn a_record_cut_short_never_was() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("journal");
    let ends = written(&path);
    let whole = fs::read(&path).unwrap();
    for end in ends[1]..ends[2] {
        fs::write(&path, &whole[..end as usize]).unwrap();
        assert_eq!(read(&path).unwrap(), [1, 2], "cut at {end}");
    }
}

#[test]
fn a_wrong_byte_before_the_last_record_is_damage() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("journal");
    let ends = written(&path);
    let whole = fs::read(&path).unwrap();
    // Past the length: a wrong length reads as a record cut short, which the mark in the rows gives away.
    for at in 4..ends[0] as usize {
        let mut wrong = whole.clone();
        wrong[at] ^= 0x20;
        fs::write(&path, &wrong).unwrap();
        assert!(matches!(read(&path), Err(Fault::Damaged(_))), "byte {at}");
    }
}

#[test]
fn a_missing_record_is_damage() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("journal");
    let ends = written(&path);
    let mut bytes = fs::read(&path).unwrap();
    bytes.drain(ends[0] as usize..ends[1] as usize);
    fs::write(&path, &bytes).unwrap();
    assert!(matches!(read(&path), Err(Fault::Damaged(_))));
}
