//! The log on a real nats-server: what an append answers, and what following it notices.
#![allow(clippy::unwrap_used, reason = "a test may")]

use std::time::{Duration, Instant};

use async_nats::Client;
use async_nats::jetstream::{self, stream};
use bytes::Bytes;
use engine::log::{AppendError, FrameReader, Log, LogConfig, LogError, RecordedFrame};
use engine::nats_server::{NatsServer, NatsServerConfig};
use engine::patience::patiently_read;
use rustix::process::{Pid, Signal, kill_process};
use schemas::event::{NoteAdded, NoteKind};
use schemas::frame::{CommitHeader, FrameBuilder, FrameHash, NO_FRAME, hash};
use schemas::{Actor, CommandId, ConversationId, FrameId, ShardId, Timestamp, WorkspaceId};
use tempfile::TempDir;

const SHARD: ShardId = ShardId(0);
const DEADLINE: Duration = Duration::from_secs(60);

struct Fixture {
    _dir: TempDir,
    server: NatsServer,
    client: Client,
    log: Log,
}

async fn server() -> (TempDir, NatsServer, Client) {
    let dir = TempDir::new().unwrap();
    let config = NatsServerConfig { binary: None, dir: dir.path().join("nats") };
    let server = NatsServer::start(config).await.unwrap();
    let client = server.connect().await.unwrap();
    (dir, server, client)
}

async fn opened() -> Fixture {
    let (_dir, server, client) = server().await;
    let log = open(&client).await.unwrap();
    Fixture { _dir, server, client, log }
}

async fn open(client: &Client) -> Result<Log, LogError> {
    Log::open(client, LogConfig { shard: SHARD, replicas: 1 }).await
}

fn frame(number: u64, shard: ShardId, previous: &FrameHash, text_bytes: usize) -> Vec<u8> {
    let header = CommitHeader {
        workspace: WorkspaceId::new("default").unwrap(),
        command: CommandId::from_bytes([1; 16]),
        fingerprint: 0,
        actor: Actor::System,
        at: Timestamp::from_millis(number),
    };
    let note = NoteAdded {
        conversation: ConversationId::from_bytes([2; 16]),
        text: "n".repeat(text_bytes),
        kind: NoteKind::Note,
    };
    let mut builder = FrameBuilder::default();
    builder.push(&header, &[note.into()]);
    let mut id = [0; 16];
    id[..8].copy_from_slice(&number.to_le_bytes());
    builder.finish(shard, FrameId::from_bytes(id), previous, header.at)
}

/// Appends frames `from..=to`, chained, and gives back the hash of the last.
async fn append(log: &Log, from: u64, to: u64, mut previous: FrameHash) -> FrameHash {
    for number in from..=to {
        let bytes = frame(number, SHARD, &previous, 100);
        previous = hash(&bytes);
        write(log, bytes.into(), number - 1).await;
    }
    previous
}

/// Appends these bytes; without an acknowledgement in time they may be in the log all the same.
async fn write(log: &Log, bytes: Bytes, behind: u64) {
    let until = Instant::now() + DEADLINE;
    while let Err(error) = log.append(bytes.clone(), behind).await {
        if read(log, behind + 1).await.is_some_and(|found| found == bytes) {
            return;
        }
        assert!(matches!(error, AppendError::Unknown(_)) && Instant::now() < until, "{error}");
    }
}

async fn read(log: &Log, sequence: u64) -> Option<Bytes> {
    patiently_read("a frame", || log.read(sequence)).await.unwrap()
}

async fn head(log: &Log) -> u64 {
    patiently_read("the head", || log.head()).await.unwrap()
}

async fn follow(log: &Log, from: u64) -> FrameReader {
    patiently_read("following", || log.follow(from)).await.unwrap()
}

async fn soon(reader: &mut FrameReader) -> Result<RecordedFrame, LogError> {
    tokio::time::timeout(DEADLINE, reader.next()).await.expect("a frame, or damage, in time")
}

async fn read_all(reader: &mut FrameReader, from: u64, to: u64) {
    for number in from..=to {
        let recorded = soon(reader).await.unwrap();
        assert_eq!(recorded.sequence, number);
        assert_eq!(recorded.frame.written_at, Timestamp::from_millis(number));
    }
}

#[tokio::test]
async fn what_is_appended_can_be_read_and_followed() {
    let f = opened().await;
    assert_eq!(head(&f.log).await, 0);
    assert_eq!(read(&f.log, 1).await, None);

    let last = append(&f.log, 1, 5, NO_FRAME).await;
    assert_eq!(head(&f.log).await, 5);
    let bytes = read(&f.log, 5).await.unwrap();
    assert_eq!(hash(&bytes), last);
    let recorded = patiently_read("a frame", || f.log.read_frame(5)).await.unwrap().unwrap();
    assert_eq!((recorded.sequence, recorded.hash, recorded.bytes_len), (5, last, bytes.len()));

    let mut all = follow(&f.log, 1).await;
    read_all(&mut all, 1, 2).await;
    assert_eq!(all.head(), 5);
    read_all(&mut all, 3, 5).await;
    let mut tail = follow(&f.log, 4).await;
    assert_eq!(tail.next_sequence(), 4);
    read_all(&mut tail, 4, 5).await;
    assert_eq!(tail.next_within(Duration::from_millis(50)).await.unwrap(), None);
    append(&f.log, 6, 6, last).await;
    read_all(&mut tail, 6, 6).await;
    read_all(&mut all, 6, 6).await;
    let beyond = patiently_read("a frame", || f.log.follow(8)).await;
    assert!(matches!(beyond, Err(LogError::Missing { sequence: 7 })));
}

#[tokio::test]
async fn a_log_that_exists_is_opened_again() {
    let f = opened().await;
    append(&f.log, 1, 3, NO_FRAME).await;
    assert_eq!(head(&open(&f.client).await.unwrap()).await, 3);
}

#[tokio::test]
async fn an_append_at_another_place_is_fenced_and_writes_nothing() {
    let f = opened().await;
    let last = append(&f.log, 1, 2, NO_FRAME).await;
    for expected in [0, 1, 3] {
        let outcome = f.log.append(frame(3, SHARD, &last, 9).into(), expected).await;
        assert_eq!(outcome, Err(AppendError::Fenced), "behind {expected}");
    }
    assert_eq!(head(&f.log).await, 2);
}

#[tokio::test]
async fn a_frame_larger_than_the_server_takes_is_refused() {
    let f = opened().await;
    let outcome = f.log.append(Bytes::from(vec![0; 2 * 1024 * 1024]), 0).await;
    assert!(matches!(outcome, Err(AppendError::Refused(_))), "{outcome:?}");
}

#[tokio::test]
async fn without_a_server_the_outcome_is_unknown() {
    let f = opened().await;
    f.server.stop().await;
    let outcome = f.log.append(frame(1, SHARD, &NO_FRAME, 9).into(), 0).await;
    assert!(matches!(outcome, Err(AppendError::Unknown(_))), "{outcome:?}");
}

#[tokio::test]
async fn a_frame_that_breaks_the_chain_stops_the_reader() {
    let f = opened().await;
    append(&f.log, 1, 3, NO_FRAME).await;
    write(&f.log, frame(4, SHARD, &[7; 32], 9).into(), 3).await;
    let mut reader = follow(&f.log, 1).await;
    read_all(&mut reader, 1, 3).await;
    let stopped = soon(&mut reader).await;
    assert!(matches!(stopped, Err(LogError::BrokenChain { sequence: 4 })), "{stopped:?}");
    let stopped = soon(&mut follow(&f.log, 4).await).await;
    assert!(matches!(stopped, Err(LogError::BrokenChain { sequence: 4 })), "{stopped:?}");
}

#[tokio::test]
async fn what_is_no_frame_of_this_log_stops_the_reader() {
    let f = opened().await;
    write(&f.log, frame(1, ShardId(1), &NO_FRAME, 9).into(), 0).await;
    write(&f.log, Bytes::from_static(b"hello"), 1).await;
    let stopped = soon(&mut follow(&f.log, 1).await).await;
    assert!(matches!(stopped, Err(LogError::WrongShard { sequence: 1, .. })), "{stopped:?}");
    let stopped = soon(&mut follow(&f.log, 2).await).await;
    assert!(matches!(stopped, Err(LogError::Decode { sequence: 2, .. })), "{stopped:?}");
    let undecoded = patiently_read("a frame", || f.log.read_frame(2)).await;
    assert!(matches!(undecoded, Err(LogError::Decode { sequence: 2, .. })));
}

/// A stream from which a frame can be deleted is one that `Log::open` refuses, so the hole is made by hand under a
/// log that is open already.
#[tokio::test]
async fn a_missing_frame_stops_the_reader() {
    let f = opened().await;
    let context = jetstream::new(f.client.clone());
    context.delete_stream("ATENDER_LOG_0").await.unwrap();
    let loose = stream::Config {
        name: "ATENDER_LOG_0".into(),
        subjects: vec!["atender.log.0".into()],
        ..Default::default()
    };
    create(&context, &loose).await;
    let loose = context.get_stream("ATENDER_LOG_0").await.unwrap();
    append(&f.log, 1, 6, NO_FRAME).await;
    loose.delete_message(4).await.unwrap();
    let mut reader = follow(&f.log, 1).await;
    read_all(&mut reader, 1, 3).await;
    let stopped = soon(&mut reader).await;
    assert!(matches!(stopped, Err(LogError::Gap { expected: 4, found: 5 })), "{stopped:?}");
}

#[tokio::test]
async fn following_goes_on_after_the_server_was_killed() {
    let f = opened().await;
    let last = append(&f.log, 1, 3, NO_FRAME).await;
    let mut reader = follow(&f.log, 1).await;
    read_all(&mut reader, 1, 3).await;

    let pid = Pid::from_raw(f.server.pid().unwrap().try_into().unwrap()).unwrap();
    kill_process(pid, Signal::KILL).unwrap();
    let bytes = frame(4, SHARD, &last, 9);
    write(&f.log, bytes.clone().into(), 3).await;
    read_all(&mut reader, 4, 4).await;
    append(&f.log, 5, 7, hash(&bytes)).await;
    read_all(&mut reader, 5, 7).await;
}

#[tokio::test]
async fn following_goes_on_when_its_consumer_is_deleted() {
    let f = opened().await;
    let last = append(&f.log, 1, 3, NO_FRAME).await;
    let mut reader = follow(&f.log, 1).await;
    read_all(&mut reader, 1, 3).await;
    let stream = jetstream::new(f.client.clone()).get_stream("ATENDER_LOG_0").await.unwrap();
    let name = futures_util::StreamExt::next(&mut stream.consumer_names()).await.unwrap().unwrap();
    stream.delete_consumer(&name).await.unwrap();
    append(&f.log, 4, 6, last).await;
    read_all(&mut reader, 4, 6).await;
}

#[tokio::test]
async fn a_stream_that_could_lose_frames_is_refused() {
    let (_dir, _server, client) = server().await;
    let context = jetstream::new(client.clone());
    let safe = stream::Config {
        name: "ATENDER_LOG_0".into(),
        subjects: vec!["atender.log.0".into()],
        discard: stream::DiscardPolicy::New,
        deny_delete: true,
        deny_purge: true,
        ..Default::default()
    };
    let of = |change: fn(&mut stream::Config)| {
        let mut config = safe.clone();
        change(&mut config);
        config
    };
    let unsafe_streams = [
        ("subjects", of(|c| c.subjects = vec!["atender.log.>".into()])),
        ("retention", of(|c| c.retention = stream::RetentionPolicy::Interest)),
        ("storage", of(|c| c.storage = stream::StorageType::Memory)),
        ("discard", of(|c| c.discard = stream::DiscardPolicy::Old)),
        ("max_age", of(|c| c.max_age = Duration::from_secs(3_600))),
        ("max_bytes", of(|c| c.max_bytes = 1 << 30)),
        ("max_msgs", of(|c| c.max_messages = 1_000)),
        ("max_msgs_per_subject", of(|c| c.max_messages_per_subject = 1_000)),
        ("max_msg_size", of(|c| c.max_message_size = 1_000)),
        ("deny_delete", of(|c| c.deny_delete = false)),
        ("deny_purge", of(|c| c.deny_purge = false)),
        ("allow_msg_ttl", of(|c| c.allow_message_ttl = true)),
        ("no_ack", of(|c| c.no_ack = true)),
        ("persist_mode", of(|c| c.persist_mode = Some(stream::PersistenceMode::Async))),
    ];
    for (expected, config) in unsafe_streams {
        create(&context, &config).await;
        match open(&client).await {
            Err(LogError::UnsafeStream { setting, remedy, .. }) => {
                assert_eq!(setting, expected);
                assert!(!remedy.is_empty());
            }
            other => panic!("{expected}: {other:?}"),
        }
        context.delete_stream("ATENDER_LOG_0").await.unwrap();
    }
    create(&context, &safe).await;
    open(&client).await.unwrap();
}

/// Creates a stream; the server refuses while it still clears away a deleted one of the same name.
async fn create(context: &jetstream::Context, config: &stream::Config) {
    let until = Instant::now() + DEADLINE;
    while let Err(error) = context.create_stream(config).await {
        assert!(Instant::now() < until, "{error}");
    }
}
