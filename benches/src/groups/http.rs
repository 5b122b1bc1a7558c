//! Durable sends over HTTP, beside a handler that does nothing.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::Router;
use axum::routing::post as on_post;
use futures_util::future::join_all;
use gateway::tokens::Principal;
use tests::centre::agent;
use tokio::net::TcpListener;

use crate::http_load::{Connection, post};
use crate::parts::{MESSAGE_BYTES, open_conversations, start_server};
use crate::row::{Bar, Table};
use crate::scale::Scale;

const CONNECTIONS: usize = 64;

pub(crate) async fn measure(table: &mut Table, scale: Scale) {
    let time = scale.time(1_500, 5_000);
    let name = format!("HTTP: durable sends/s, {CONNECTIONS} connections");
    let both = async { (empty_handler_per_second(time).await, sends_per_second(time).await) };
    if let Some((empty, sends)) = table.attempt(&name, both).await {
        table.add(name, (sends, "/s"), ("a handler that does nothing", empty), Bar::AtLeast(0.5));
    }
}

async fn sends_per_second(time: Duration) -> f64 {
    let (server, _dir) = start_server().await;
    let engine = server.app().engine.clone();
    let token = server.app().tokens.create(Principal::Agent(agent(0))).await.unwrap().text;
    let authorization = format!("Bearer {token}");
    let body = format!("{{\"text\":\"{}\"}}", "x".repeat(MESSAGE_BYTES));
    let requests = open_conversations(&engine).await.into_iter().map(|(_, conversation)| {
        let path = format!("/v1/conversations/{conversation}/messages");
        post(&path, &[("authorization", &authorization)], body.as_bytes())
    });
    let rate = per_second(server.addr(), requests.collect(), time).await;
    drop(engine);
    server.stop().await;
    rate
}

async fn empty_handler_per_second(time: Duration) -> f64 {
    let handler = EmptyHandler::start().await;
    per_second(handler.addr, vec![post("/", &[], &[b'x'; MESSAGE_BYTES])], time).await
}

/// A server whose only handler does nothing; ends when it is dropped.
pub(super) struct EmptyHandler {
    pub(super) addr: SocketAddr,
    task: tokio::task::JoinHandle<std::io::Result<()>>,
}

impl EmptyHandler {
    pub(super) async fn start() -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        let addr = listener.local_addr().unwrap();
        let nothing = on_post(|| async { "{\"position\":\"0-1-0\",\"repeated\":false}" });
        let app = Router::new().route("/", nothing);
        Self { addr, task: tokio::spawn(async move { axum::serve(listener, app).await }) }
    }
}

impl Drop for EmptyHandler {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn per_second(addr: SocketAddr, requests: Vec<Vec<u8>>, time: Duration) -> f64 {
    let mut connections = Vec::new();
    for _ in 0..CONNECTIONS {
        connections.push(Connection::open(addr).await);
    }
    let requests = Arc::new(requests);
    let started = Instant::now();
    let tasks = connections.into_iter().enumerate().map(|(number, mut connection)| {
        let requests = Arc::clone(&requests);
        tokio::spawn(async move {
            let (mut next, mut answers) = (number, 0_u64);
            while started.elapsed() < time {
                assert_eq!(connection.call(&requests[next % requests.len()]).await, 200);
                next += CONNECTIONS;
                answers += 1;
            }
            answers
        })
    });
    let answers: u64 = join_all(tasks).await.into_iter().map(|task| task.unwrap()).sum();
    answers as f64 / started.elapsed().as_secs_f64()
}
