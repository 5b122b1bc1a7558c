//! A nats-server of the test's own, in a directory of its own.

use std::net::SocketAddr;

use async_nats::Client;
use engine::log::{Log, LogConfig};
use engine::nats_server::{NatsServer, NatsServerConfig, running_endpoint};
use engine::{Engine, EngineConfig, WriterError};
use gateway::serve::RemoteNats;
use schemas::ShardId;
use tempfile::TempDir;
use tokio::task::JoinHandle;

pub struct TestNats {
    pub server: NatsServer,
    pub client: Client,
    pub dir: TempDir,
}

impl TestNats {
    pub async fn start() -> Self {
        let dir = TempDir::new().unwrap();
        let server =
            NatsServer::start(NatsServerConfig { binary: None, dir: dir.path().join("nats") }).await.unwrap();
        let client = server.connect().await.unwrap();
        Self { server, client, dir }
    }

    pub async fn log(&self) -> Log {
        open_log(&self.client).await
    }

    /// Where it listens.
    pub fn addr(&self) -> SocketAddr {
        self.server.url().trim_start_matches("nats://").parse().unwrap()
    }

    /// This server for one who reaches it at `addr`, such as through a proxy.
    pub fn reached_at(&self, addr: SocketAddr) -> RemoteNats {
        let endpoint = running_endpoint(&self.dir.path().join("nats")).unwrap();
        let token = serde_json::to_value(&endpoint).unwrap()["token"].as_str().unwrap().to_owned();
        RemoteNats { url: format!("nats://{addr}"), token: Some(token) }
    }

    /// An engine on this server's log; it ends when its handles are dropped.
    pub async fn engine(&self) -> (Engine, JoinHandle<Result<(), WriterError>>) {
        Engine::start(self.log().await, EngineConfig::default()).await.unwrap()
    }
}

pub async fn open_log(client: &Client) -> Log {
    Log::open(client, LogConfig { shard: ShardId(0), replicas: 1 }).await.unwrap()
}
