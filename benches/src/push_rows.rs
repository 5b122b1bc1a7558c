//! From a webhook received to the live push of its message, while receipts pour in. Requests leave at their time
//! whatever became of those before them, and latency counts from that time, so that a stall is not hidden.

use std::sync::Arc;
use std::time::{Duration, Instant};

use futures_util::StreamExt;
use gateway::api_client::ApiClient;
use gateway::demo::whatsapp_stand_in::{StatusWebhook, status_webhook, text_webhook};
use gateway::whatsapp::signature::{HEADER_NAME, sign};
use reqwest::Method;
use schemas::{ConversationId, MessageId};
use tests::centre::{self, Centre, identity, open_conversation};
use tokio::sync::{Mutex, mpsc};
use tokio::time::{sleep_until, timeout};

use crate::http_load::{Connection, post};
use crate::http_rows::server;
use crate::load::Latencies;
use crate::row::{Bar, Table};

const SECRET: &str = "bench-app-secret";
const NUMBER: &str = "100200300";
const MESSAGES_PER_SECOND: u64 = 1_000;
const RECEIPTS_EACH: [&str; 3] = ["read", "sent", "delivered"];
const CONTACTS: u64 = 400;
const CONNECTIONS: usize = 64;

pub(crate) async fn measure(table: &mut Table, scale: u64) {
    let messages = MESSAGES_PER_SECOND * 2 * scale;
    let (server, _dir) = server(SECRET).await;
    let engine = server.app().engine.clone();
    Centre { agents: 1, capacity: 500, ..Centre::default() }.open(&engine).await;
    let mut conversations = Vec::new();
    for from in 0..CONTACTS {
        conversations.push(open_conversation(&engine, from).await);
    }
    let outbound = send_all(&engine, &conversations, messages).await;
    let url = format!("http://{}", server.addr());
    let arrivals = listen(&url, server.admin_token()).await;

    let queue = Arc::new(Mutex::new(schedule(messages, &outbound)));
    let started = Instant::now();
    let senders: Vec<_> = (0..CONNECTIONS)
        .map(|_| {
            let (queue, addr) = (Arc::clone(&queue), server.addr());
            tokio::spawn(async move {
                let mut connection = Connection::open(addr).await;
                loop {
                    let Some((due, request)) = queue.lock().await.next() else { return };
                    sleep_until((started + due).into()).await;
                    assert_eq!(connection.call(&request).await, 200);
                }
            })
        })
        .collect();
    let latencies = collect(arrivals, started, messages).await;
    for sender in senders {
        sender.await.unwrap();
    }
    for (name, quantile, most) in [("p50", 0.5, 20.0), ("p99", 0.99, 20.0)] {
        table.add(
            &format!("webhook to live push, 1,000 msg/s, {name}"),
            (latencies.quantile(quantile), "ms"),
            ("the bar", 20.0),
            Bar::ValueAtMost(most),
        );
    }
    drop(engine);
    server.stop().await;
}

async fn send_all(engine: &engine::Engine, conversations: &[ConversationId], count: u64) -> Vec<MessageId> {
    let mut sent = Vec::new();
    for batch in 0..count.div_ceil(256) {
        let numbers = batch * 256..count.min((batch + 1) * 256);
        let answers = numbers.map(|number| {
            let conversation = conversations[(number % CONTACTS) as usize];
            engine.submit(centre::send(0, conversation, "an answer"))
        });
        for answer in futures_util::future::join_all(answers).await {
            sent.push(answer.unwrap().message.unwrap());
        }
    }
    sent
}

/// What is to be posted, and when: a message each millisecond and the receipts of one sent before, out of order.
fn schedule(messages: u64, outbound: &[MessageId]) -> impl Iterator<Item = (Duration, Vec<u8>)> + use<> {
    let outbound = outbound.to_vec();
    (0..messages).flat_map(move |number| {
        let due = Duration::from_micros(number * 1_000_000 / MESSAGES_PER_SECOND);
        let from = identity(number % CONTACTS);
        let text = text_webhook(
            NUMBER,
            &from,
            "Bench",
            &format!("wamid.b{number}"),
            1_700_000_000,
            &format!("n{number}"),
        );
        let ours = outbound[number as usize].to_string();
        let receipts = RECEIPTS_EACH.into_iter().enumerate().map(move |(place, status)| {
            let body = status_webhook(&StatusWebhook {
                phone_number_id: NUMBER,
                recipient: &from,
                wamid: &format!("wamid.o{number}"),
                status,
                unix_seconds: 1_700_000_000,
                callback_data: Some(&ours),
                error: None,
            });
            (due + Duration::from_micros(250 * (place as u64 + 1)), signed(&body))
        });
        std::iter::once((due, signed(&text))).chain(receipts).collect::<Vec<_>>()
    })
}

fn signed(body: &[u8]) -> Vec<u8> {
    post("/webhooks/whatsapp", &[(HEADER_NAME, &sign(SECRET.as_bytes(), body))], body)
}

/// The numbers of the messages that are pushed, with when.
async fn listen(url: &str, token: &str) -> mpsc::UnboundedReceiver<(u64, Instant)> {
    let response = ApiClient::new(url, token).request(Method::GET, "/v1/events").send().await.unwrap();
    assert_eq!(response.status().as_u16(), 200);
    let mut stream = response.bytes_stream();
    let (sender, receiver) = mpsc::unbounded_channel();
    tokio::spawn(async move {
        let mut text = Vec::new();
        while let Some(Ok(bytes)) = stream.next().await {
            let now = Instant::now();
            text.extend_from_slice(&bytes);
            while let Some(end) = text.iter().position(|byte| *byte == b'\n') {
                let line = String::from_utf8_lossy(&text[..end]).into_owned();
                text.drain(..=end);
                // Only what this bench posted has such a text.
                let number =
                    line.split("\"text\":\"n").nth(1).and_then(|rest| rest.split('"').next()?.parse().ok());
                if let Some(number) = number
                    && sender.send((number, now)).is_err()
                {
                    return;
                }
            }
        }
    });
    receiver
}

async fn collect(
    mut arrivals: mpsc::UnboundedReceiver<(u64, Instant)>,
    started: Instant,
    messages: u64,
) -> Latencies {
    let mut latencies = Latencies::default();
    for _ in 0..messages {
        let arrival = timeout(Duration::from_secs(30), arrivals.recv()).await;
        let (number, at) = arrival.expect("a message was never pushed").unwrap();
        let due = started + Duration::from_micros(number * 1_000_000 / MESSAGES_PER_SECOND);
        latencies.record(at.saturating_duration_since(due));
    }
    latencies
}
