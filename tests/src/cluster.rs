//! A NATS cluster of three nodes on this machine, whose routes go through proxies, so that a node can be cut off
//! from the others as well as killed and stopped.

use std::net::SocketAddr;
use std::path::Path;

use async_nats::Client;
use engine::connection::steady;
use futures_util::future::join_all;

use crate::nats_node::{NatsNode, NodeAddrs};
use crate::proxy::Proxy;

pub const NODES: usize = 3;

pub struct NatsCluster {
    pub nodes: Vec<NatsNode>,
    /// The networks between the nodes, each with the two that it connects.
    links: Vec<([usize; 2], Proxy)>,
}

impl NatsCluster {
    /// Three nodes, started and agreed on who leads.
    pub async fn start(dir: &Path) -> Self {
        let addrs: [NodeAddrs; NODES] = std::array::from_fn(|_| NodeAddrs::reserve());
        let mut links = Vec::new();
        let mut nodes = Vec::new();
        for (number, own) in addrs.iter().enumerate() {
            let mut routes = Vec::new();
            for (other, theirs) in addrs.iter().enumerate().filter(|(other, _)| *other != number) {
                let proxy = Proxy::start(theirs.routes).await;
                routes.push(proxy.addr());
                links.push(([number, other], proxy));
            }
            let name = format!("node-{number}");
            nodes.push(NatsNode::new(&name, dir, *own, &cluster_config(own.routes, &routes)).await);
        }
        nodes.iter_mut().for_each(NatsNode::start);
        let cluster = Self { nodes, links };
        cluster.answers().await;
        cluster
    }

    /// The addresses of all nodes, as a client takes them.
    pub fn url(&self) -> String {
        let urls: Vec<String> = self.nodes.iter().map(NatsNode::url).collect();
        urls.join(",")
    }

    /// A client of these nodes, and of no others.
    pub async fn connect(&self, nodes: &[usize]) -> Client {
        let urls: Vec<String> = nodes.iter().map(|node| self.nodes[*node].url()).collect();
        steady(async_nats::ConnectOptions::new()).connect(urls).await.unwrap()
    }

    /// Waits until all nodes are up and all they keep is up to date.
    pub async fn answers(&self) {
        join_all(self.nodes.iter().map(NatsNode::answers)).await;
    }

    /// Cuts a node off from the other two, or mends that. Its clients still reach it.
    pub fn cut_off(&self, node: usize, cut: bool) {
        for (_, proxy) in self.links.iter().filter(|(between, _)| between.contains(&node)) {
            proxy.cut(cut);
        }
    }
}

fn cluster_config(listen: SocketAddr, routes: &[SocketAddr]) -> String {
    let routes: Vec<String> = routes.iter().map(|route| format!("\"nats://{route}\"")).collect();
    // What is advertised leads nowhere: nodes must not find ways around the proxies.
    format!(
        "cluster {{\n  name: tests\n  listen: \"{listen}\"\n  routes: [{}]\n  no_advertise: true\n  \
         cluster_advertise: \"127.0.0.1:1\"\n}}\n",
        routes.join(", ")
    )
}
