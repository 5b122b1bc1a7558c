//! From a webhook received to the live push of its message, while receipts pour in. Requests leave at their time
//! whatever became of those before them, and latency counts from that time, so that a stall is not hidden.

use std::time::{Duration, Instant};

use futures_util::StreamExt;
use gateway::api_client::ApiClient;
use gateway::demo::whatsapp_stand_in::{StatusWebhook, status_webhook, text_webhook};
use reqwest::Method;
use schemas::MessageId;
use tests::centre::identity;
use tokio::sync::mpsc;
use tokio::time::timeout;

use crate::deployment::{Deployment, signed_webhook};
use crate::load::{Due, Latencies, open_loop};
use crate::past::{Lives, Past};
use crate::row::{Bar, Table};
use crate::scale::Scale;

/// The number that the contact centre's channel has.
pub(super) const NUMBER: &str = "100200300";
const MESSAGES_PER_SECOND: u64 = 1_000;
const RECEIPTS_EACH: [&str; 3] = ["read", "sent", "delivered"];
const CONTACTS: u64 = 400;
const CONNECTIONS: usize = 64;
const WRITTEN_AT_SECONDS: u64 = 1_700_000_000;

/// What was seen.
struct Pushed {
    latencies: Latencies,
    /// How late requests left.
    late: Latencies,
}

pub(crate) async fn measure(table: &mut Table, scale: Scale) {
    let name = "webhook to live push, 1,000 messages/s and 3,000 receipts/s";
    let measured = table.attempt(name, push(MESSAGES_PER_SECOND * scale.of(4, 20))).await;
    let Some(Pushed { latencies, late }) = measured else { return };
    let limit = || ("the bar", 20.0);
    table.add(format!("{name}, p50"), (latencies.quantile(0.5), "ms"), limit(), Bar::None);
    table.add(format!("{name}, p99"), (latencies.quantile(0.99), "ms"), limit(), Bar::ValueAtMost(20.0));
    // Much less than the latency, or the load generator is what was measured.
    table.add(
        "its load generator: requests leave late by, p99",
        (late.quantile(0.99), "ms"),
        limit(),
        Bar::None,
    );
}

async fn push(messages: u64) -> Pushed {
    let deployment = Deployment::new();
    let outbound = sent_before(&deployment, messages).await;
    let serving = deployment.serve().await;
    serving.ready().await;
    let arrivals = listen(&format!("http://{}", serving.addr), &serving.admin_token).await;
    let schedule = schedule(messages, &outbound);
    let started = Instant::now();
    let load = open_loop(serving.addr, CONNECTIONS, started, schedule);
    let (answered, latencies) = tokio::join!(load, collect(arrivals, started, messages));
    serving.stop().await;
    Pushed { latencies, late: answered.late }
}

/// Messages whose receipts are to come.
async fn sent_before(deployment: &Deployment, messages: u64) -> Vec<MessageId> {
    let (nats, log) = deployment.nats().await;
    let lives = Lives { conversations: CONTACTS, rounds: 1, open_of: 1, span: Duration::from_secs(3600) };
    let mut past = Past::begin(Some(log), &lives).await;
    past.open_all(CONTACTS).await;
    let mut sent = Vec::new();
    for number in 0..messages {
        sent.push(past.send(number % CONTACTS).await);
    }
    past.end().await;
    nats.stop().await;
    sent
}

/// What is to be posted, and when: a message each millisecond and the receipts of one sent before, out of order.
fn schedule(messages: u64, outbound: &[MessageId]) -> Vec<Due> {
    let mut schedule = Vec::new();
    for (number, ours) in (0..messages).zip(outbound) {
        let due = Duration::from_micros(number * 1_000_000 / MESSAGES_PER_SECOND);
        let (from, wamid, ours) = (identity(number % CONTACTS), format!("wamid.b{number}"), ours.to_string());
        let text = text_webhook(NUMBER, &from, "Bench", &wamid, WRITTEN_AT_SECONDS, &format!("n{number}"));
        schedule.push((due, signed_webhook(&text)));
        for (place, status) in (1..).zip(RECEIPTS_EACH) {
            let body = status_webhook(&StatusWebhook {
                phone_number_id: NUMBER,
                recipient: &from,
                wamid: &format!("wamid.o{number}"),
                status,
                unix_seconds: WRITTEN_AT_SECONDS,
                callback_data: Some(&ours),
                error: None,
            });
            schedule.push((due + Duration::from_micros(250 * place), signed_webhook(&body)));
        }
    }
    schedule
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
