//! The NATS of a stage: the one that atender supervises, one of the harness behind a proxy, or a cluster.

use std::path::Path;

use engine::log::{Log, LogConfig};
use engine::nats_server::{NatsServer, NatsServerConfig};
use schemas::ShardId;

use crate::cluster::{NODES, NatsCluster};
use crate::nats::open_log;
use crate::nats_node::NatsNode;
use crate::process::Launch;
use crate::proxy::Proxy;

/// Which NATS the processes use.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::torture) enum Network {
    /// The one that the only process supervises.
    Supervised,
    /// One of the harness, reached through a proxy.
    Own,
    /// Three nodes, any of which can go.
    Cluster,
}

pub(super) enum Nats {
    Supervised,
    Own(Box<NatsNode>, Proxy),
    Cluster(NatsCluster),
}

impl Nats {
    pub(super) async fn start(network: Network, dir: &Path) -> Self {
        match network {
            Network::Supervised => Self::Supervised,
            Network::Own => {
                let node = NatsNode::alone(dir).await;
                let proxy = Proxy::start(node.addr).await;
                Self::Own(Box::new(node), proxy)
            }
            Network::Cluster => Self::Cluster(NatsCluster::start(dir).await),
        }
    }

    /// How a process is told to use it.
    pub(super) fn tell(&self, launch: Launch) -> Launch {
        match self {
            Self::Supervised => launch,
            Self::Own(_, proxy) => launch.argument("--nats", &format!("nats://{}", proxy.addr())),
            Self::Cluster(cluster) => {
                launch.argument("--nats", &cluster.url()).argument("--replicas", &NODES.to_string())
            }
        }
    }

    /// The log, and what has to be there while it is read; `supervised` is where atender kept its server's data.
    pub(super) async fn log(&self, supervised: &Path) -> (Log, Option<NatsServer>) {
        match self {
            Self::Supervised => {
                let config = NatsServerConfig { binary: None, dir: supervised.to_owned() };
                let server = NatsServer::start(config).await.unwrap();
                (open_log(&server.connect().await.unwrap()).await, Some(server))
            }
            Self::Own(node, _) => (open_log(&node.connect().await).await, None),
            Self::Cluster(cluster) => {
                let client = cluster.connect(&[0, 1, 2]).await;
                let config = LogConfig { shard: ShardId(0), replicas: NODES };
                (Log::open(&client, config).await.unwrap(), None)
            }
        }
    }
}
