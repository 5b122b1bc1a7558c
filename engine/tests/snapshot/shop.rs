//! A contact centre whose log is on a real nats-server, and what starting from it says.

use std::io::{self, Write};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use engine::Replica;
use engine::domain::decide;
use engine::log::{Log, LogConfig, RecordedFrame};
use engine::nats_server::{NatsServer, NatsServerConfig};
use engine::snapshot::{self, Snapshots};
use schemas::command::InboundMessage;
use schemas::frame::{CommitHeader, Frame, FrameBuilder, NO_FRAME, hash};
use schemas::{Actor, Command, CommandId, ContactId, Content, FrameId, ShardId, Submission};
use tempfile::TempDir;
use tracing::Dispatch;

use model::centre;

pub(super) const SHARD: ShardId = ShardId(0);

pub(super) struct Shop {
    pub(super) dir: TempDir,
    pub(super) server: NatsServer,
    pub(super) log: Log,
    /// As its writer has it.
    pub(super) replica: Replica,
    pub(super) frames: Vec<RecordedFrame>,
    messages: u64,
}

impl Shop {
    pub(super) async fn open() -> Self {
        let dir = TempDir::new().unwrap();
        let config = NatsServerConfig { binary: None, dir: dir.path().join("nats") };
        let server = NatsServer::start(config).await.unwrap();
        let client = server.connect().await.unwrap();
        let log = Log::open(&client, LogConfig { shard: SHARD, replicas: 1 }).await.unwrap();
        let mut shop =
            Self { dir, server, log, replica: Replica::empty(SHARD), frames: Vec::new(), messages: 0 };
        shop.submit(Actor::System, centre::creation()).await;
        for command in centre::set_up() {
            shop.submit(Actor::Administrator, command).await;
        }
        shop
    }

    pub(super) fn snapshots(&self) -> Snapshots {
        Snapshots::new(self.dir.path().join("snapshots"), SHARD)
    }

    /// Writes frames with a message each, from contacts who did not write before.
    pub(super) async fn receive(&mut self, messages: u64) {
        for _ in 0..messages {
            self.messages += 1;
            let number = self.messages;
            let message = InboundMessage {
                channel: centre::channel(0),
                provider_id: format!("m-{number}"),
                contact: ContactId::from_bytes([number as u8; 16]),
                identity: format!("c-{number}"),
                also: Vec::new(),
                profile_name: None,
                content: Content::Text("hello".into()),
                written_at: centre::opening(),
            };
            self.submit(Actor::Channel(centre::channel(0)), Command::ReceiveMessage(message)).await;
        }
    }

    async fn submit(&mut self, actor: Actor, command: Command) {
        let frame = self.next_frame(actor, command);
        // A server that was killed comes back; the frame is the same.
        let behind = self.replica.sequence();
        while self.log.append(frame.clone().into(), behind).await.is_err() {
            if self.log.read(behind + 1).await.is_ok_and(|found| found.is_some()) {
                break;
            }
        }
        let recorded = recorded(behind + 1, &frame);
        self.replica.apply(&recorded);
        self.frames.push(recorded);
    }

    fn next_frame(&self, actor: Actor, command: Command) -> Vec<u8> {
        let (workspace, sequence) = (centre::workspace(), self.frames.len() as u64 + 1);
        let id = CommandId::of_step(&workspace, "test", &[], sequence);
        let submission = Submission { workspace, id, fingerprint: sequence, actor, command };
        let events = decide(self.replica.state(), &submission, centre::opening()).unwrap();
        let mut builder = FrameBuilder::default();
        builder.push(&CommitHeader::of(&submission, centre::opening()), &events);
        let previous = self.frames.last().map_or(NO_FRAME, |frame| frame.hash);
        builder.finish(SHARD, FrameId::from_bytes([0; 16]), &previous, centre::opening())
    }
}

fn recorded(sequence: u64, bytes: &[u8]) -> RecordedFrame {
    let frame = Frame::decode(bytes).unwrap();
    RecordedFrame { sequence, hash: hash(bytes), bytes_len: bytes.len(), frame }
}

pub(super) fn bytes_of(replica: &Replica) -> Vec<u8> {
    let mut bytes = Vec::new();
    snapshot::write(replica, 0, &mut bytes).unwrap();
    bytes
}

static ANOTHER: OnceLock<Dispatch> = OnceLock::new();

/// What is said on this thread while it lives.
pub(super) struct Said {
    text: Arc<Mutex<Vec<u8>>>,
    _guard: tracing::subscriber::DefaultGuard,
}

#[derive(Clone)]
struct Into(Arc<Mutex<Vec<u8>>>);

impl Write for Into {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Said {
    pub(super) fn listen() -> Self {
        // While there is one listener alone, a thread without any that comes to an event first turns it off for all.
        ANOTHER.get_or_init(|| {
            let all = tracing_subscriber::fmt().with_max_level(tracing::Level::INFO);
            Dispatch::new(all.with_writer(io::sink).finish())
        });
        let text = Arc::default();
        let writer = Into(Arc::clone(&text));
        let subscriber = tracing_subscriber::fmt()
            .with_ansi(false)
            .with_max_level(tracing::Level::INFO)
            .with_writer(move || writer.clone())
            .finish();
        Self { text, _guard: tracing::subscriber::set_default(subscriber) }
    }

    pub(super) fn text(&self) -> String {
        String::from_utf8_lossy(&self.text.lock().unwrap_or_else(PoisonError::into_inner)).into_owned()
    }
}
