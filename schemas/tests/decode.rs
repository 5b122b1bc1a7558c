//! Any bytes at all decode to a value or an error, never a panic; what was written is read back; what was cut or
//! padded is an error.

#[allow(dead_code, reason = "the golden tests use the rest of it")]
mod samples;

use std::str::FromStr;

use proptest::prelude::*;
use proptest::sample::{Index, select};
use schemas::event::{Author, DeliveryUpdated, MessageReceived, MessageSubmitted, NoteAdded, NoteKind};
use schemas::frame::{Commit, CommitHeader, Frame, FrameBuilder};
use schemas::ids::IdError;
use schemas::limits::FRAME_BYTES_MAX;
use schemas::{
    Actor, AgentId, CommandId, Content, ConversationId, DeliveryError, DeliveryStatus, Event, FrameId,
    MessageId, Position, ShardId, Timestamp,
};

fn any_name() -> impl Strategy<Value = String> {
    "[a-z0-9][a-z0-9._-]{0,39}"
}

fn name<T: FromStr<Err = IdError>>(text: &str) -> T {
    text.parse().expect("a good id")
}

fn any_time() -> impl Strategy<Value = Timestamp> {
    any::<u64>().prop_map(Timestamp::from_millis)
}

fn any_content() -> impl Strategy<Value = Content> {
    prop_oneof![
        ".{0,40}".prop_map(Content::Text),
        (".{0,8}", ".{0,40}").prop_map(|(kind, raw)| Content::Unsupported { kind, raw }),
    ]
}

fn any_event() -> impl Strategy<Value = Event> {
    let conversation = || any::<[u8; 16]>().prop_map(ConversationId::from_bytes);
    let message = || any::<[u8; 16]>().prop_map(MessageId::from_bytes);
    let sampled: Vec<Event> = samples::samples().into_iter().map(|sample| sample.event).collect();
    let error = prop::option::of((any::<i64>(), ".{0,20}"));
    let status = || select(&DeliveryStatus::ALL[..]);
    prop_oneof![
        4 => select(sampled),
        1 => (conversation(), ".{0,200}").prop_map(|(conversation, text)| NoteAdded { conversation, text, kind: NoteKind::Note }.into()),
        1 => (conversation(), message(), ".{0,30}", any_content(), any_time()).prop_map(
            |(conversation, message, provider_id, content, written_at)| {
                MessageReceived { conversation, message, provider_id, content, written_at }.into()
            }
        ),
        1 => (conversation(), message(), any::<u32>(), any_name(), any_name(), any_content()).prop_map(
            |(conversation, message, ordinal, channel, agent, content)| {
                let (channel, author) = (name(&channel), Author::Agent(name(&agent)));
                let to = "34600000000".into();
                MessageSubmitted { conversation, message, ordinal, channel, to, author, content }.into()
            }
        ),
        1 => ((conversation(), message(), any::<u32>()), status(), status(), any_time(), error).prop_map(
            |((conversation, message, ordinal), receipt, status, reported_at, error)| {
                let error = error.map(|(code, detail)| DeliveryError { code, detail });
                let provider_id = None;
                DeliveryUpdated {
                    conversation, message, ordinal, receipt, reported_at, provider_id, error, status,
                }
                .into()
            }
        ),
    ]
}

fn any_actor() -> impl Strategy<Value = Actor> {
    prop_oneof![
        Just(Actor::System),
        Just(Actor::Administrator),
        any_name().prop_map(|text| Actor::Agent(name(&text))),
        any_name().prop_map(|text| Actor::Channel(name(&text))),
    ]
}

fn any_commit() -> impl Strategy<Value = Commit> {
    let header = (any_name(), any::<[u8; 16]>(), any::<u64>(), any_actor(), any_time());
    let header = header.prop_map(|(workspace, command, fingerprint, actor, at)| CommitHeader {
        workspace: name(&workspace),
        command: CommandId::from_bytes(command),
        fingerprint,
        actor,
        at,
    });
    let events = prop::collection::vec(any_event(), 0..6);
    (header, events).prop_map(|(header, events)| Commit { header, events })
}

fn any_frame() -> impl Strategy<Value = Frame> {
    let commits = prop::collection::vec(any_commit(), 0..6);
    let header = (any::<u16>(), any::<[u8; 16]>(), any::<[u8; 32]>(), any_time());
    (header, commits).prop_map(|((shard, id, previous, written_at), commits)| Frame {
        shard: ShardId(shard),
        id: FrameId::from_bytes(id),
        previous,
        written_at,
        commits,
    })
}

fn written(frame: &Frame) -> Vec<u8> {
    let mut builder = FrameBuilder::default();
    let mut expected_index = 0;
    for commit in &frame.commits {
        let index = builder.push(&commit.header, &commit.events);
        assert_eq!(index, expected_index, "the index of a commit's first event");
        expected_index += commit.events.len() as u32;
    }
    let expected_bytes = builder.bytes();
    let bytes = builder.finish(frame.shard, frame.id, &frame.previous, frame.written_at);
    assert_eq!(bytes.len(), expected_bytes, "the size that was told");
    assert!(builder.is_empty() && builder.events() == 0, "the builder is left empty");
    bytes
}

/// Whatever decodes can be written, and is read as the same again.
fn check_any(bytes: &[u8]) {
    if let Ok(frame) = Frame::decode(bytes) {
        assert_eq!(Frame::decode(&written(&frame)), Ok(frame));
    }
    let _: Result<FrameId, _> = Frame::id_of(bytes);
}

fn any_damage() -> impl Strategy<Value = (Index, u8, [u8; 4])> {
    (any::<Index>(), 0..3_u8, prop_oneof![Just([0xff; 4]), Just([0; 4]), any::<[u8; 4]>()])
}

fn damage(bytes: &mut [u8], (at, kind, with): &(Index, u8, [u8; 4])) {
    let at = at.index(bytes.len());
    match kind {
        0 => bytes[at] ^= 1 << (with[0] % 8),
        1 => bytes[at] = with[0],
        _ => {
            let end = bytes.len().min(at + with.len());
            bytes[at..end].copy_from_slice(&with[..end - at]);
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 4 * ProptestConfig::default().cases,
        failure_persistence: None,
        ..ProptestConfig::default()
    })]

    #[test]
    fn a_frame_that_was_written_is_read_back(frame in any_frame()) {
        let bytes = written(&frame);
        prop_assert_eq!(Frame::id_of(&bytes), Ok(frame.id));
        prop_assert_eq!(Frame::decode(&bytes), Ok(frame));
    }

    #[test]
    fn a_commit_that_is_taken_back_leaves_no_trace(frame in any_frame(), taken_back in any_commit()) {
        let mut builder = FrameBuilder::default();
        for commit in &frame.commits {
            builder.push(&commit.header, &commit.events);
        }
        let before = builder.bytes();
        let index = builder.push(&taken_back.header, &taken_back.events);
        builder.undo(before, index);
        prop_assert_eq!(builder.push(&taken_back.header, &[]), index);
        builder.undo(before, index);
        let bytes = builder.finish(frame.shard, frame.id, &frame.previous, frame.written_at);
        prop_assert_eq!(bytes, written(&frame));
    }

    #[test]
    fn any_bytes_are_a_frame_or_an_error(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        check_any(&bytes);
    }

    #[test]
    fn any_bytes_after_a_good_beginning_are_a_frame_or_an_error(
        commits in 0..4_u32,
        rest in prop::collection::vec(prop_oneof![3 => Just(0_u8), 1 => any::<u8>()], 0..300),
    ) {
        let mut bytes = written(&Frame { commits: vec![], ..samples::frame() });
        bytes[62..66].copy_from_slice(&commits.to_le_bytes());
        bytes.extend_from_slice(&rest);
        check_any(&bytes);
    }

    #[test]
    fn a_damaged_frame_is_a_frame_or_an_error(
        frame in any_frame(),
        damages in prop::collection::vec(any_damage(), 1..4),
    ) {
        let mut bytes = written(&frame);
        for each in &damages {
            damage(&mut bytes, each);
        }
        check_any(&bytes);
    }

    #[test]
    fn a_frame_that_was_cut_is_an_error(frame in any_frame(), at in any::<Index>()) {
        let bytes = written(&frame);
        let cut = &bytes[..at.index(bytes.len())];
        prop_assert!(Frame::decode(cut).is_err(), "{} of {} bytes were taken", cut.len(), bytes.len());
    }

    #[test]
    fn a_frame_that_was_padded_is_an_error(frame in any_frame(), padding in prop::collection::vec(any::<u8>(), 1..9)) {
        let mut bytes = written(&frame);
        bytes.extend_from_slice(&padding);
        prop_assert!(Frame::decode(&bytes).is_err());
    }

    #[test]
    fn a_payload_that_was_cut_or_padded_is_an_error(event in any_event(), at in any::<Index>(), padding in any::<u8>()) {
        let (number, version) = event.number_and_version();
        let mut payload = Vec::new();
        event.encode(&mut payload);
        prop_assert!(Event::decode(number, version, &payload[..at.index(payload.len())]).is_err());
        payload.push(padding);
        prop_assert!(Event::decode(number, version, &payload).is_err());
    }

    #[test]
    fn any_payload_is_an_event_or_an_error(
        (number, version) in prop_oneof![
            3 => select(Event::TABLE).prop_map(|(number, version, _)| (number, version)),
            1 => any::<(u16, u8)>(),
        ],
        payload in prop::collection::vec(any::<u8>(), 0..120),
    ) {
        if let Ok(event) = Event::decode(number, version, &payload) {
            let mut again = Vec::new();
            event.encode(&mut again);
            prop_assert_eq!(Event::decode(number, version, &again), Ok(event));
        }
    }

    #[test]
    fn any_damaged_payload_is_an_event_or_an_error(event in any_event(), hit in any_damage()) {
        let (number, version) = event.number_and_version();
        let mut payload = Vec::new();
        event.encode(&mut payload);
        damage(&mut payload, &hit);
        if let Ok(read) = Event::decode(number, version, &payload) {
            let mut again = Vec::new();
            read.encode(&mut again);
            prop_assert_eq!(Event::decode(number, version, &again), Ok(read));
        }
    }

    #[test]
    fn an_event_that_is_not_in_the_table_is_never_skipped(number: u16, version: u8, payload: [u8; 8]) {
        prop_assume!(!Event::TABLE.iter().any(|(n, v, _)| (*n, *v) == (number, version)));
        let unknown = schemas::DecodeError::UnknownEvent { number, version };
        prop_assert_eq!(Event::decode(number, version, &payload), Err(unknown));
    }

    #[test]
    fn a_text_that_is_a_position_or_an_id_is_its_only_spelling(
        text in prop_oneof![".{0,60}", "[0-9a-f-]{0,40}", "[0-9]{1,6}-[0-9]{1,21}-[0-9]{1,11}", "[0-9a-fA-F]{32}"],
    ) {
        if let Ok(position) = text.parse::<Position>() {
            prop_assert_eq!(position.to_string(), text.as_str());
        }
        if let Ok(id) = text.parse::<MessageId>() {
            prop_assert_eq!(id.to_string(), text.as_str());
        }
        if let Ok(id) = text.parse::<AgentId>() {
            prop_assert_eq!(id.as_str(), text.as_str());
        }
    }

    #[test]
    fn a_position_or_a_time_that_was_written_is_read_back(shard: u16, sequence: u64, index: u32, time in any_time()) {
        let position = Position { shard: ShardId(shard), sequence, index };
        prop_assert_eq!(position.to_string().parse(), Ok(position));
        prop_assert_eq!(time.to_string().parse(), Ok(time));
    }

    #[test]
    fn any_text_is_a_time_or_an_error(text in prop_oneof![
        ".{0,40}",
        "[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(\\.[0-9]{1,9})?(Z|[+-][0-9]{2}:[0-9]{2})",
    ]) {
        if let Ok(time) = text.parse::<Timestamp>() {
            prop_assert_eq!(time.to_string().parse(), Ok(time));
        }
    }
}

#[test]
fn a_commit_that_was_padded_is_an_error() {
    let mut frame = samples::frame();
    frame.commits.truncate(1);
    let mut bytes = written(&frame);
    let length = bytes.len() as u32 - 70;
    assert_eq!(bytes[66..70], length.to_le_bytes());
    bytes[66..70].copy_from_slice(&(length + 1).to_le_bytes());
    bytes.push(0);
    assert!(Frame::decode(&bytes).is_err());
}

#[test]
fn an_event_of_a_newer_version_makes_its_frame_an_error() {
    let mut frame = samples::frame();
    frame.commits.truncate(1);
    let mut bytes = written(&frame);
    let event = frame.commits[0].events.last().unwrap();
    let (number, current) = event.number_and_version();
    let mut payload = Vec::new();
    event.encode(&mut payload);
    let version_at = bytes.len() - payload.len() - 5;
    assert_eq!(bytes[version_at], current);
    bytes[version_at] = 200;
    let unknown = schemas::DecodeError::UnknownEvent { number, version: 200 };
    assert_eq!(Frame::decode(&bytes), Err(unknown));
}

#[test]
fn an_id_is_checked_again_when_it_is_read() {
    let presence_of = |name: &[u8; 3]| [&[3], &name[..], &[0]].concat();
    assert!(Event::decode(8, 1, &presence_of(b"ana")).is_ok());
    assert!(Event::decode(8, 1, &presence_of(b"Ana")).is_err());
}

#[test]
fn a_frame_of_a_newer_format_is_told_from_damage() {
    let mut bytes = written(&samples::frame());
    bytes[3] = 2;
    assert_eq!(Frame::decode(&bytes), Err(schemas::DecodeError::UnknownFormat(2)));
}

#[test]
fn a_frame_larger_than_a_frame_may_be_is_an_error() {
    let text = "x".repeat(FRAME_BYTES_MAX);
    let mut frame = samples::frame();
    let conversation = ConversationId::from_bytes([0; 16]);
    frame.commits[0].events = vec![NoteAdded { conversation, text, kind: NoteKind::Note }.into()];
    assert!(Frame::decode(&written(&frame)).is_err());
}
