//! What the log holds. Reading is not always the reverse of writing: a number may be written longer than need be,
//! and a time after the year 9999 counts as that; so what is written again has to read as the same value.

use schemas::frame::{CommitHeader, Frame, FrameBuilder};
use schemas::{Event, decode, encode};

pub(crate) fn frame(bytes: &[u8]) {
    let Ok(frame) = Frame::decode(bytes) else { return };
    assert_eq!(Frame::id_of(bytes), Ok(frame.id));
    assert!(frame.events() * 7 <= bytes.len(), "{} events in {} bytes", frame.events(), bytes.len());
    let mut builder = FrameBuilder::default();
    for commit in &frame.commits {
        builder.push(&commit.header, &commit.events);
    }
    assert_eq!(
        (builder.events() as usize, builder.commits() as usize),
        (frame.events(), frame.commits.len())
    );
    let written = builder.finish(frame.shard, frame.id, &frame.previous, frame.written_at);
    assert!(written.len() <= bytes.len(), "a frame that grows when it is written");
    assert_eq!(Frame::decode(&written).as_ref(), Ok(&frame));
}

pub(crate) fn commit_header(bytes: &[u8]) {
    let Ok(header) = decode::<CommitHeader>("commit header", bytes) else { return };
    let mut written = Vec::new();
    encode(&header, &mut written);
    assert!(written.len() <= bytes.len(), "a header that grows when it is written");
    assert_eq!(decode("commit header", &written).as_ref(), Ok(&header));
}

/// The type number in two bytes, the version in one, then the payload.
pub(crate) fn event(bytes: &[u8]) {
    let Some(([low, high, version], payload)) = bytes.split_first_chunk() else { return };
    let number = u16::from_le_bytes([*low, *high]);
    let Ok(event) = Event::decode(number, *version, payload) else { return };
    let (number, version) = event.number_and_version();
    let mut written = Vec::new();
    event.encode(&mut written);
    assert_eq!(Event::decode(number, version, &written).as_ref(), Ok(&event));
    event.serialize_payload(serde_json::value::Serializer).expect("an event is shown to auditors");
}
