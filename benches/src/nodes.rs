//! nats-servers with settings that `atender` would not give its own: another sync interval, or a cluster of them.

use std::fmt::Write;
use std::process::Stdio;
use std::time::Duration;

use async_nats::{Client, jetstream};
use engine::log::{Log, LogConfig};
use engine::nats_server::find_binary;
use schemas::ShardId;
use tempfile::TempDir;
use tests::ports;
use tokio::process::{Child, Command};
use tokio::time::{Instant, sleep};

const READY_WITHIN: Duration = Duration::from_secs(60);
const LOOK_EVERY: Duration = Duration::from_millis(100);

/// When a write is synced to the disk.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Sync {
    /// Before it is acknowledged.
    Always,
    /// Now and then: what nats-server does when nothing is said.
    Default,
}

/// One nats-server, or a cluster, on loopback; killed when it is dropped.
pub(crate) struct Nodes {
    client_ports: Vec<u16>,
    _nodes: Vec<Child>,
    _dir: TempDir,
}

impl Nodes {
    pub(crate) async fn start(count: usize, sync: Sync) -> Self {
        let (binary, dir) = (find_binary(None).await.unwrap(), TempDir::new().unwrap());
        let reserve = || (0..count).map(|_| ports::reserve().port()).collect::<Vec<_>>();
        let (client_ports, cluster_ports) = (reserve(), reserve());
        let mut nodes = Vec::new();
        for (number, port) in client_ports.iter().enumerate() {
            let store = dir.path().join(format!("store-{number}"));
            let mut config = format!(
                "server_name: bench-{number}\nhost: 127.0.0.1\nport: {port}\nmax_payload: 1048576\n\
                 jetstream {{ store_dir: {:?}\n{} }}\n",
                store.display().to_string(),
                match sync {
                    Sync::Always => "sync_interval: always",
                    Sync::Default => "",
                },
            );
            if count > 1 {
                let routes = cluster_ports.iter().map(|port| format!("nats://127.0.0.1:{port}"));
                let (own, routes) = (cluster_ports[number], routes.collect::<Vec<_>>().join(", "));
                let listen = format!("listen: \"127.0.0.1:{own}\"");
                writeln!(config, "cluster {{ name: bench\n{listen}\nroutes: [{routes}] }}").unwrap();
            }
            let file = dir.path().join(format!("node-{number}.conf"));
            std::fs::write(&file, config).unwrap();
            let mut command = Command::new(&binary);
            command.arg("-c").arg(&file).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
            nodes.push(command.kill_on_drop(true).spawn().unwrap());
        }
        Self { client_ports, _nodes: nodes, _dir: dir }
    }

    /// Where they listen, as a client takes it.
    pub(crate) fn url(&self) -> String {
        let urls: Vec<String> =
            self.client_ports.iter().map(|port| format!("nats://127.0.0.1:{port}")).collect();
        urls.join(",")
    }

    /// A client, once there is a server that takes it and has JetStream.
    pub(crate) async fn client(&self) -> Client {
        let urls = self.url();
        let deadline = Instant::now() + READY_WITHIN;
        loop {
            if let Ok(client) = async_nats::connect(urls.split(',').collect::<Vec<_>>()).await
                && jetstream::new(client.clone()).query_account().await.is_ok()
            {
                return client;
            }
            assert!(Instant::now() < deadline, "nats-server does not answer on {urls}");
            sleep(LOOK_EVERY).await;
        }
    }

    /// The log with as many replicas as there are nodes, once they have found each other.
    pub(crate) async fn log(&self, client: &Client) -> Log {
        let deadline = Instant::now() + READY_WITHIN;
        loop {
            let config = LogConfig { shard: ShardId(0), replicas: self.client_ports.len() };
            match Log::open(client, config).await {
                Ok(log) => return log,
                Err(error) => assert!(Instant::now() < deadline, "{error}: {:?}", error.to_string()),
            }
            sleep(LOOK_EVERY).await;
        }
    }
}
