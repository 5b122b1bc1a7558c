//! Durable sends over HTTP, beside a handler that does nothing.

use std::net::{Ipv4Addr, SocketAddr};
use std::time::Instant;

use axum::Router;
use axum::routing::post as on_post;
use futures_util::future::join_all;
use gateway::serve::{Nats, ServeConfig, Server, WhatsAppConfig};
use schemas::ChannelKind;
use tempfile::TempDir;
use tests::centre::{Centre, agent, open_conversation};
use tokio::net::TcpListener;

use crate::http_load::{Connection, post};
use crate::row::{Bar, Table};

const CONNECTIONS: usize = 64;
const CONVERSATIONS: u64 = 200;

/// A whole atender in a directory of its own, without a token for WhatsApp: what is sent there waits.
pub(crate) async fn server(app_secret: &str) -> (Server, TempDir) {
    let dir = TempDir::new().unwrap();
    let config = ServeConfig {
        listen: (Ipv4Addr::LOCALHOST, 0).into(),
        data_dir: dir.path().join("data"),
        nats: Nats::Supervised { binary: None },
        replicas: 1,
        admin_token: None,
        whatsapp: WhatsAppConfig { app_secrets: vec![app_secret.as_bytes().to_vec()], ..Default::default() },
    };
    (Server::start(config).await.unwrap(), dir)
}

pub(crate) async fn measure(table: &mut Table, scale: u64) {
    let empty = empty_handler_per_second(8_000 * scale).await;
    let (server, _dir) = server("unused").await;
    let engine = server.app().engine.clone();
    Centre { agents: 1, capacity: 500, kind: ChannelKind::Webchat, ..Centre::default() }.open(&engine).await;
    let token = server.app().tokens.create(gateway::tokens::Principal::Agent(agent(0))).await.unwrap().text;
    let authorization = format!("Bearer {token}");
    let body = format!("{{\"text\":\"{}\"}}", "x".repeat(300));
    let mut requests = Vec::new();
    for from in 0..CONVERSATIONS {
        let conversation = open_conversation(&engine, from).await;
        let path = format!("/v1/conversations/{conversation}/messages");
        requests.push(post(&path, &[("authorization", &authorization)], body.as_bytes()));
    }
    let rate = per_second(server.addr(), requests, 6_000 * scale).await;
    table.add(
        "HTTP: durable sends/s, 64 connections",
        (rate, "/s"),
        ("a handler that does nothing", empty),
        Bar::AtLeast(0.5),
    );
    drop(engine);
    server.stop().await;
}

async fn empty_handler_per_second(total: u64) -> f64 {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
    let addr = listener.local_addr().unwrap();
    let app = Router::new().route("/", on_post(|| async { "{\"position\":\"0-1-0\",\"repeated\":false}" }));
    let task = tokio::spawn(async move { axum::serve(listener, app).await });
    let rate = per_second(addr, vec![post("/", &[], &[b'x'; 300])], total).await;
    task.abort();
    rate
}

async fn per_second(addr: SocketAddr, requests: Vec<Vec<u8>>, total: u64) -> f64 {
    let each = total as usize / CONNECTIONS;
    let mut connections = Vec::new();
    for _ in 0..CONNECTIONS {
        connections.push(Connection::open(addr).await);
    }
    let requests = std::sync::Arc::new(requests);
    let started = Instant::now();
    let tasks = connections.into_iter().enumerate().map(|(number, mut connection)| {
        let requests = std::sync::Arc::clone(&requests);
        tokio::spawn(async move {
            for round in 0..each {
                let status =
                    connection.call(&requests[(number + round * CONNECTIONS) % requests.len()]).await;
                assert_eq!(status, 200);
            }
        })
    });
    for task in join_all(tasks).await {
        task.unwrap();
    }
    (each * CONNECTIONS) as f64 / started.elapsed().as_secs_f64()
}
