//! Frames, commit headers, events and snapshots, from the golden files.

use std::fs;
use std::path::{Path, PathBuf};

use engine::{Replica, snapshot};
use schemas::frame::{Frame, FrameBuilder};
use schemas::{ShardId, encode};

use super::Seeds;

fn golden() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../schemas/golden")
}

fn read(path: &Path) -> Vec<u8> {
    let text = fs::read_to_string(path).unwrap();
    hex::decode(text.split_whitespace().collect::<String>()).unwrap()
}

fn frame() -> Frame {
    Frame::decode(&read(&golden().join("frame.hex"))).unwrap()
}

/// The golden frame, each of its commits by itself, and an empty one.
pub(super) fn frames() -> Seeds {
    let Frame { shard, id, previous, written_at, commits } = frame();
    let mut builder = FrameBuilder::default();
    let mut seeds = vec![read(&golden().join("frame.hex")), builder.finish(shard, id, &previous, written_at)];
    for commit in commits {
        builder.push(&commit.header, &commit.events);
        seeds.push(builder.finish(shard, id, &previous, written_at));
    }
    seeds
}

pub(super) fn commit_headers() -> Seeds {
    let headers = frame().commits.into_iter().map(|commit| commit.header);
    headers
        .map(|header| {
            let mut seed = Vec::new();
            encode(&header, &mut seed);
            seed
        })
        .collect()
}

/// The golden snapshot, it and an empty one without their checksums, and its header alone.
pub(super) fn snapshots() -> Seeds {
    const HASH_BYTES: usize = 32;
    const HEADER_BYTES: usize = 74;
    let golden = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../engine/tests/golden");
    let whole = read(&golden.join(format!("snapshot-v{}.hex", snapshot::VERSION)));
    let mut empty = Vec::new();
    snapshot::write(&Replica::empty(ShardId(7)), 0, &mut empty).unwrap();
    let open = |whole: &[u8]| whole[..whole.len() - HASH_BYTES].to_vec();
    vec![open(&whole), open(&empty), whole[..HEADER_BYTES].to_vec(), whole]
}

/// Every golden event with the number and version in its file's name.
pub(super) fn events() -> Seeds {
    named_payloads()
        .into_iter()
        .map(|(number, version, payload)| {
            let mut seed = number.to_le_bytes().to_vec();
            seed.push(version);
            seed.extend(payload);
            seed
        })
        .collect()
}

pub(super) fn named_payloads() -> Vec<(u16, u8, Vec<u8>)> {
    let mut files: Vec<_> = fs::read_dir(golden()).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    let named = files.iter().filter_map(|file| {
        let name = file.file_stem()?.to_str()?;
        let mut parts = name.split('-');
        let number = parts.next()?.parse().ok()?;
        let version = parts.nth(1)?.strip_prefix('v')?.parse().ok()?;
        Some((number, version, read(file)))
    });
    named.collect()
}
