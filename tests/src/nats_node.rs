//! A nats-server as a process of the harness's own, alone or as a node of a cluster: killed, stopped, woken, and
//! started again at the same address on what it has stored. It ends when it is dropped.

use std::fs::OpenOptions;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::Stdio;

use async_nats::Client;
use engine::connection::steady;
use engine::nats_server::find_binary;
use gateway::api_client::ApiClient;
use reqwest::Method;
use rustix::process::Signal;
use serde_json::Value;
use tokio::process::{Child, Command};

use crate::ask::eventually;
use crate::{ports, signal};

/// As the supervised server has it.
const PAYLOAD_BYTES_MAX: usize = 1024 * 1024;

pub struct NatsNode {
    binary: PathBuf,
    config: PathBuf,
    log: PathBuf,
    pub addr: SocketAddr,
    monitor: SocketAddr,
    child: Option<Child>,
}

/// The addresses of a node, which it keeps.
#[derive(Debug, Clone, Copy)]
pub struct NodeAddrs {
    pub clients: SocketAddr,
    pub routes: SocketAddr,
    pub monitor: SocketAddr,
}

impl NodeAddrs {
    pub fn reserve() -> Self {
        Self { clients: ports::reserve(), routes: ports::reserve(), monitor: ports::reserve() }
    }
}

impl NatsNode {
    /// A server without a cluster, started and answering.
    pub async fn alone(dir: &Path) -> Self {
        let mut node = Self::new("alone", dir, NodeAddrs::reserve(), "").await;
        node.start();
        node.answers().await;
        node
    }

    /// A server that is not started yet, with these lines in its configuration.
    pub async fn new(name: &str, dir: &Path, addrs: NodeAddrs, more: &str) -> Self {
        let dir = dir.join(name);
        std::fs::create_dir_all(&dir).unwrap();
        let (config, log) = (dir.join("nats.conf"), dir.join("nats.log"));
        let NodeAddrs { clients, monitor, .. } = addrs;
        let store = dir.join("jetstream");
        let text = format!(
            "server_name: {name}\nlisten: \"{clients}\"\nhttp: \"{monitor}\"\nmax_payload: {PAYLOAD_BYTES_MAX}\n\
             jetstream {{\n  store_dir: \"{}\"\n  sync_interval: always\n}}\n{more}",
            store.display(),
        );
        std::fs::write(&config, text).unwrap();
        let binary = find_binary(None).await.unwrap();
        Self { binary, config, log, addr: clients, monitor, child: None }
    }

    pub fn url(&self) -> String {
        format!("nats://{}", self.addr)
    }

    pub fn start(&mut self) {
        let log = OpenOptions::new().create(true).append(true).open(&self.log).unwrap();
        let child = Command::new(&self.binary)
            .arg("-c")
            .arg(&self.config)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(log)
            .kill_on_drop(true)
            .spawn();
        self.child = Some(child.unwrap());
    }

    /// Has the running server read a smaller or larger `max_payload` from its configuration.
    pub fn takes_at_most(&self, payload_bytes: usize) {
        let text = std::fs::read_to_string(&self.config).unwrap();
        let before = format!("max_payload: {PAYLOAD_BYTES_MAX}\n");
        assert!(text.contains(&before), "{text}");
        std::fs::write(&self.config, text.replace(&before, &format!("max_payload: {payload_bytes}\n")))
            .unwrap();
        self.signal(Signal::HUP);
    }

    /// Started again with room for so many bytes, which replaces what it had room for.
    pub async fn keeps_at_most(&mut self, store_bytes: u64) {
        let text = std::fs::read_to_string(&self.config).unwrap();
        let lines = text.lines().filter(|line| !line.contains("max_file_store"));
        let room = format!("  sync_interval: always\n  max_file_store: {store_bytes}");
        let lines = lines.map(|line| if line.contains("sync_interval") { &room } else { line });
        std::fs::write(&self.config, lines.collect::<Vec<_>>().join("\n")).unwrap();
        self.kill().await;
        self.start();
        self.answers().await;
    }

    /// How many connections it has to other nodes, if it answers.
    pub async fn routes(&self) -> Option<u64> {
        let routes: Value = self.monitor().get("/routez").await.ok()?;
        routes["num_routes"].as_u64()
    }

    /// Waits until JetStream answers, and all streams that this node keeps are up to date.
    pub async fn answers(&self) {
        let monitor = self.monitor();
        let is_healthy = async || match monitor.request(Method::GET, "/healthz").send().await {
            Ok(answer) => answer.status().is_success().then_some(()),
            Err(_) => {
                assert_eq!(self.gave_up(), None, "nats-server ended");
                None
            }
        };
        eventually("nats-server is healthy", is_healthy).await;
    }

    /// Why it ended by itself, if it did.
    fn gave_up(&self) -> Option<String> {
        let log = std::fs::read_to_string(&self.log).unwrap();
        log.lines().find(|line| line.contains("[FTL]")).map(str::to_owned)
    }

    /// kill -9, and waits until it is gone.
    pub async fn kill(&mut self) {
        if let Some(mut child) = self.child.take() {
            child.kill().await.unwrap();
        }
    }

    /// SIGSTOP: it stands still from now on, and its connections stay.
    pub async fn pause(&self) {
        self.signal(Signal::STOP);
        if let Some(pid) = self.child.as_ref().and_then(Child::id) {
            signal::stopped(pid).await;
        }
    }

    pub fn resume(&self) {
        self.signal(Signal::CONT);
    }

    pub async fn connect(&self) -> Client {
        steady(async_nats::ConnectOptions::new()).connect(self.url()).await.unwrap()
    }

    fn monitor(&self) -> ApiClient {
        ApiClient::new(&format!("http://{}", self.monitor), "")
    }

    fn signal(&self, signal: Signal) {
        if let Some(pid) = self.child.as_ref().and_then(Child::id) {
            signal::send(pid, signal);
        }
    }
}
