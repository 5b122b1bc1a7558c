//! The parts of atender that are measured, set up in one place, and the contact centre that all of them serve.

use std::net::Ipv4Addr;
use std::path::Path;

use async_nats::Client;
use engine::log::{Log, LogConfig};
use engine::nats_server::{NatsServer, NatsServerConfig};
use engine::{Engine, EngineConfig};
use futures_util::future::{BoxFuture, join_all};
use gateway::serve::{ServeConfig, Server};
use schemas::{Actor, AgentId, ChannelKind, Command, Content, ConversationId, Event, ShardId};
use tempfile::TempDir;
use tests::centre::{Centre, inbound, submission};

/// So many conversations messages are sent in; one agent can have them all.
const CONVERSATIONS: u64 = 200;
/// No contact of a past has such a number.
const NEW_CONTACTS: u64 = 100_000_000;
/// The bytes of the text of a message, where nothing else is said.
pub(crate) const MESSAGE_BYTES: usize = 300;

pub(crate) async fn open_log(client: &Client, shard: u16, replicas: usize) -> Log {
    Log::open(client, LogConfig { shard: ShardId(shard), replicas }).await.unwrap()
}

/// The engine on this log; it ends with its last handle.
pub(crate) async fn start_engine(log: Log) -> Engine {
    let (engine, _writer) = Engine::start(log, EngineConfig::default()).await.unwrap();
    engine
}

/// A nats-server as `atender serve` runs one, with its store in this directory.
pub(crate) async fn start_nats(dir: &Path) -> NatsServer {
    NatsServer::start(NatsServerConfig { binary: None, dir: dir.to_owned() }).await.unwrap()
}

/// A whole atender in this process, in a directory of its own, without a token for WhatsApp: what is sent there waits.
pub(crate) async fn start_server() -> (Server, TempDir) {
    let dir = TempDir::new().unwrap();
    let config = ServeConfig::new((Ipv4Addr::LOCALHOST, 0).into(), dir.path().join("data"));
    (Server::start(config).await.unwrap(), dir)
}

/// A conversation, and the agent who has it.
pub(crate) type Held = (AgentId, ConversationId);

/// Makes a contact centre, and opens conversations on its web chat: nothing that is sent leaves the house.
pub(crate) async fn open_conversations(engine: &Engine) -> Vec<Held> {
    Centre { agents: 1, capacity: 500, kind: ChannelKind::Webchat, ..Centre::default() }.open(engine).await;
    open_more_conversations(engine).await
}

/// Opens conversations with contacts that are new.
pub(crate) async fn open_more_conversations(engine: &Engine) -> Vec<Held> {
    let opening = (0..CONVERSATIONS).map(|number| {
        let from = NEW_CONTACTS + number;
        engine.submit(inbound(from, &format!("new-{from}"), "hello"))
    });
    let opened = join_all(opening).await.into_iter().map(|outcome| {
        let assigned = outcome.unwrap().events.into_iter().find_map(|event| match event {
            Event::ConversationAssigned(assigned) => Some((assigned.agent, assigned.conversation)),
            _ => None,
        });
        assigned.expect("an agent with room")
    });
    opened.collect()
}

/// A call that sends a message of the usual size in one of the conversations, the next each time.
pub(crate) fn sends(
    engine: &Engine,
    held: Vec<Held>,
) -> impl Fn(u64) -> BoxFuture<'static, ()> + Clone + Send + Sync + 'static {
    let (engine, text) = (engine.clone(), "x".repeat(MESSAGE_BYTES));
    move |number| {
        let (agent, conversation) = held[(number % held.len() as u64) as usize].clone();
        let command = Command::Send { conversation, content: Content::Text(text.clone()) };
        let answer = engine.submit(submission(Actor::Agent(agent), command));
        Box::pin(async move {
            answer.await.unwrap();
        })
    }
}
