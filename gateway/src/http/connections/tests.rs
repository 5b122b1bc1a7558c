use std::net::{Ipv4Addr, SocketAddr};

use axum::body::Bytes;
use axum::extract::rejection::BytesRejection;
use axum::response::Response;
use axum::routing::{get, post};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::task::JoinHandle;
use tokio::time::timeout;

use super::*;
use crate::http::extract::unread_body;
use crate::limits::HEADERS_MAX;

/// After this, what a test waits for will not come.
const COMES_WITHIN: Duration = Duration::from_secs(20);

fn patient() -> ConnectionLimits {
    let within = Duration::from_secs(60);
    ConnectionLimits { connections_max: 8, head_within: within, body_within: within, write_within: within }
}

const SOON: Duration = Duration::from_millis(50);

struct Running {
    addr: SocketAddr,
    stopping: CancellationToken,
    task: JoinHandle<()>,
}

async fn start(limits: ConnectionLimits) -> Running {
    let echo = async |body: Result<Bytes, BytesRejection>| -> Result<Bytes, Failure> {
        body.map_err(|rejection| unread_body(&rejection))
    };
    let router = Router::new()
        .route("/echo", post(echo))
        .route("/large", get(async || Response::new(axum::body::Body::from(vec![b'x'; 64 << 20]))));
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
    let addr = listener.local_addr().unwrap();
    let stopping = CancellationToken::new();
    let task = tokio::spawn(serve(listener, router, limits, stopping.clone()));
    Running { addr, stopping, task }
}

impl Running {
    /// A client that has sent this.
    async fn client(&self, sent: &str) -> TcpStream {
        let mut client = TcpStream::connect(self.addr).await.unwrap();
        client.write_all(sent.as_bytes()).await.unwrap();
        client
    }

    async fn stop(self) {
        self.stopping.cancel();
        timeout(COMES_WITHIN, self.task).await.expect("it did not end").unwrap();
    }
}

/// What comes until this has come.
async fn heard_until(client: &mut TcpStream, end: &str) -> String {
    let mut heard = Vec::new();
    let reading = async {
        while !String::from_utf8_lossy(&heard).ends_with(end) {
            if client.read_buf(&mut heard).await.unwrap_or(0) == 0 {
                break;
            }
        }
    };
    timeout(COMES_WITHIN, reading).await.expect("the server neither answered nor closed");
    String::from_utf8(heard).unwrap()
}

/// What comes until the server closes.
async fn heard(client: &mut TcpStream) -> String {
    heard_until(client, "\0").await
}

#[tokio::test]
async fn a_head_that_does_not_come_to_its_end_is_cut_off() {
    let server = start(ConnectionLimits { head_within: SOON, ..patient() }).await;
    for sent in ["", "POST /echo HTTP/1.1\r\nhost: a\r\n"] {
        let mut client = server.client(sent).await;
        assert_eq!(heard(&mut client).await, "");
    }
    server.stop().await;
}

#[tokio::test]
async fn a_head_is_not_given_more_time_for_every_line() {
    let server = start(ConnectionLimits { head_within: SOON, ..patient() }).await;
    let mut client = server.client("POST /echo HTTP/1.1\r\n").await;
    let dripping = async {
        while client.write_all(b"a: b\r\n").await.is_ok() {
            sleep(Duration::from_millis(10)).await;
        }
    };
    timeout(COMES_WITHIN, dripping).await.expect("it is still listened to");
    server.stop().await;
}

#[tokio::test]
async fn a_body_that_does_not_come_to_its_end_is_answered_and_cut_off() {
    let server = start(ConnectionLimits { body_within: SOON, ..patient() }).await;
    let mut client = server.client("POST /echo HTTP/1.1\r\nhost: a\r\ncontent-length: 9\r\n\r\nabc").await;
    let heard = heard(&mut client).await;
    assert!(heard.starts_with("HTTP/1.1 408 ") && heard.contains("body_too_slow"), "{heard}");
    server.stop().await;
}

#[tokio::test]
async fn a_head_that_is_too_large_is_refused() {
    let server = start(patient()).await;
    let long = format!("POST /echo HTTP/1.1\r\na: {}\r\n\r\n", "b".repeat(HEAD_BYTES_MAX));
    let endless = format!("POST /echo HTTP/1.1\r\na: {}", "b".repeat(HEAD_BYTES_MAX));
    let many = format!("POST /echo HTTP/1.1\r\n{}\r\n", "a: b\r\n".repeat(HEADERS_MAX + 1));
    for sent in [long, endless, many] {
        let mut client = server.client(&sent).await;
        let heard = heard(&mut client).await;
        assert!(heard.starts_with("HTTP/1.1 431 "), "{heard}");
    }
    let most =
        format!("POST /echo HTTP/1.1\r\n{}connection: close\r\n\r\n", "a: b\r\n".repeat(HEADERS_MAX - 1));
    let mut client = server.client(&most).await;
    let heard = heard(&mut client).await;
    assert!(heard.starts_with("HTTP/1.1 200 "), "{heard}");
    server.stop().await;
}

#[tokio::test]
async fn one_connection_too_many_is_refused_and_its_place_comes_back() {
    let server = start(ConnectionLimits { connections_max: 1, ..patient() }).await;
    let asks = "POST /echo HTTP/1.1\r\nhost: a\r\ncontent-length: 3\r\n\r\nabc";
    let mut first = server.client(asks).await;
    assert!(heard_until(&mut first, "abc").await.starts_with("HTTP/1.1 200 "));
    let mut second = server.client("").await;
    let refusal = heard(&mut second).await;
    assert!(refusal.starts_with("HTTP/1.1 503 ") && refusal.contains("too_many_connections"), "{refusal}");
    drop(first);
    let answered = async {
        loop {
            let mut third = server.client("").await;
            // It may be cut off while this is sent.
            let _ = third.write_all(asks.as_bytes()).await;
            if heard_until(&mut third, "abc").await.starts_with("HTTP/1.1 200 ") {
                return;
            }
        }
    };
    timeout(COMES_WITHIN, answered).await.expect("the place did not come back");
    server.stop().await;
}

#[tokio::test]
async fn a_client_that_takes_nothing_is_cut_off() {
    let server = start(ConnectionLimits { write_within: SOON, ..patient() }).await;
    let mut client = server.client("GET /large HTTP/1.1\r\nhost: a\r\n\r\n").await;
    // Not one byte is read until the server has given up.
    let writing = async { while client.write_all(&[b'\n'; 4096]).await.is_ok() {} };
    timeout(COMES_WITHIN, writing).await.expect("it is still served");
    let mut taken = Vec::new();
    let _ = client.read_to_end(&mut taken).await;
    assert!(taken.len() < 64 << 20);
    server.stop().await;
}

#[tokio::test]
async fn a_request_in_work_is_answered_when_it_stops_and_a_silent_connection_is_closed() {
    let server = start(patient()).await;
    let mut silent = server.client("").await;
    let mut asks = server.client("POST /echo HTTP/1.1\r\nhost: a\r\ncontent-length: 3\r\n\r\n").await;
    let mut before = server.client("POST /echo HTTP/1.1\r\nhost: a\r\ncontent-length: 3\r\n\r\nabc").await;
    // Connections are taken in order: the others are open by now.
    assert!(heard_until(&mut before, "abc").await.ends_with("abc"));
    server.stopping.cancel();
    assert_eq!(heard(&mut silent).await, "");
    asks.write_all(b"xyz").await.unwrap();
    assert!(heard(&mut asks).await.ends_with("xyz"));
    server.stop().await;
}
