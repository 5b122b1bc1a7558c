//! The bytes of every event version ever released, of a frame and of a commit, in `schemas/golden`. What was written
//! once is read for ever: a file is never changed. `ATENDER_UPDATE_GOLDEN=1` writes those that are missing.

mod samples;

use std::collections::BTreeSet;
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};

use samples::{Sample, samples};
use schemas::Event;
use schemas::frame::{Frame, FrameBuilder};

const HEADER_BYTES: usize = 66;
const DIGITS_PER_LINE: usize = 64;

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("golden")
}

fn file_name(sample: &Sample) -> String {
    let (number, _) = sample.event.number_and_version();
    let (name, version, label) = (sample.event.name(), sample.version, sample.label);
    format!("{number:03}-{name}-v{version}-{label}.hex")
}

fn payload(event: &Event) -> Vec<u8> {
    let mut bytes = Vec::new();
    event.encode(&mut bytes);
    bytes
}

fn frame_bytes(frame: &Frame) -> Vec<u8> {
    let mut builder = FrameBuilder::default();
    for commit in &frame.commits {
        builder.push(&commit.header, &commit.events);
    }
    builder.finish(frame.shard, frame.id, &frame.previous, frame.written_at)
}

/// A frame of the first commit only.
fn small_frame() -> Frame {
    let mut frame = samples::frame();
    frame.commits.truncate(1);
    frame
}

fn commit_bytes() -> Vec<u8> {
    frame_bytes(&small_frame())[HEADER_BYTES..].to_vec()
}

fn as_hex(bytes: &[u8]) -> String {
    let digits = hex::encode(bytes);
    let lines = digits.as_bytes().chunks(DIGITS_PER_LINE);
    lines.map(|line| format!("{}\n", String::from_utf8_lossy(line))).collect()
}

/// The bytes in a golden file. A missing one is an error, unless it may be written now.
fn golden(name: &str, bytes_today: impl FnOnce() -> Vec<u8>) -> Vec<u8> {
    let path = folder().join(name);
    if !path.exists() && std::env::var_os("ATENDER_UPDATE_GOLDEN").is_some() {
        let mut file = fs::File::create_new(&path).expect("the file is not there yet");
        file.write_all(as_hex(&bytes_today()).as_bytes()).expect("the folder can be written");
    }
    let text = fs::read_to_string(&path)
        .unwrap_or_else(|error| panic!("{name}: {error}; ATENDER_UPDATE_GOLDEN=1 writes missing files"));
    hex::decode(text.split_whitespace().collect::<String>()).unwrap_or_else(|error| panic!("{name}: {error}"))
}

#[test]
fn every_golden_event_is_read_as_what_was_written() {
    for sample in samples() {
        let name = file_name(&sample);
        let (number, current) = sample.event.number_and_version();
        let bytes = golden(&name, || payload(&sample.event));
        let read = Event::decode(number, sample.version, &bytes);
        assert_eq!(read.as_ref(), Ok(&sample.event), "{name} reads differently now");
        if sample.version == current {
            assert_eq!(
                payload(&sample.event),
                bytes,
                "{name}: a released version is written differently now"
            );
        }
    }
}

/// With the test above, which reads a file for each sample.
#[test]
fn every_event_and_version_of_the_table_has_a_golden_file() {
    let samples = samples();
    for (number, version, name) in Event::TABLE {
        let sampled = samples
            .iter()
            .any(|sample| sample.version == *version && sample.event.number_and_version().0 == *number);
        assert!(sampled, "{name} version {version} has no sample, and so no golden file");
    }
}

#[test]
fn every_golden_file_is_read_by_a_test() {
    let mut known: BTreeSet<String> = samples().iter().map(file_name).collect();
    assert_eq!(known.len(), samples().len(), "two samples share a file");
    known.extend(["frame.hex", "commit.hex"].map(str::to_owned));
    for entry in fs::read_dir(folder()).unwrap() {
        let name = entry.unwrap().file_name().to_string_lossy().into_owned();
        assert!(known.contains(&name), "{name} has no sample any more: what it holds is still in logs");
    }
}

#[test]
fn the_golden_frame_is_read_as_what_was_written() {
    let expected = samples::frame();
    let bytes = golden("frame.hex", || frame_bytes(&expected));
    assert_eq!(Frame::decode(&bytes).as_ref(), Ok(&expected));
    assert_eq!(frame_bytes(&expected), bytes, "a frame is written differently now");
    assert_eq!(Frame::id_of(&bytes), Ok(expected.id));
}

#[test]
fn the_golden_commit_is_read_as_what_was_written() {
    let bytes = golden("commit.hex", commit_bytes);
    let expected = small_frame();
    let mut frame = frame_bytes(&expected)[..HEADER_BYTES].to_vec();
    frame.extend_from_slice(&bytes);
    assert_eq!(Frame::decode(&frame), Ok(expected));
    assert_eq!(commit_bytes(), bytes, "a commit is written differently now");
}
