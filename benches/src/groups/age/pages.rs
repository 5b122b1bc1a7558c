//! Pages over HTTP of an `atender serve` of its own, asked at their time: alone, and while messages are written.

use std::time::{Duration, Instant};

use gateway::demo::whatsapp_stand_in::text_webhook;
use tests::centre::{agent, identity};

use crate::deployment::{Deployment, Serving, signed_webhook};
use crate::groups::http::EmptyHandler;
use crate::groups::push::NUMBER;
use crate::http_load::{get, post};
use crate::load::{Due, Latencies, open_loop};
use crate::past::{Lives, conversation};
use crate::scale::Scale;

const PAGES_PER_SECOND: u64 = 250;
const MESSAGES_PER_SECOND: u64 = 1_000;
const CONTACTS: u64 = 400;
const CONNECTIONS: usize = 16;
/// Coprime to every number of conversations that is used, and to a bit of everything else.
const STRIDE: u64 = 7_368_787;

/// The 99th percentiles in milliseconds, and what the process weighed at the end.
pub(super) struct Pages {
    pub(super) empty_handler: f64,
    pub(super) inbox: f64,
    pub(super) conversation: f64,
    pub(super) inbox_while_writing: f64,
    pub(super) conversation_while_writing: f64,
    /// Bytes.
    pub(super) resident: u64,
}

pub(super) async fn measure(deployment: &Deployment, lives: &Lives, scale: Scale) -> Pages {
    let serving = deployment.serve().await;
    serving.ready().await;
    let time = scale.time(1_000, 10_000);
    let handler = EmptyHandler::start().await;
    let empty = open_loop(handler.addr, CONNECTIONS, Instant::now(), asked(time, |_| post("/", &[], b"x")));
    let empty_handler = empty.await.latencies.quantile(0.99);
    let headers = serving.authorization();
    let headers = [("authorization", headers.as_str())];
    let inbox = |number: u64| {
        get(&format!("/v1/inbox?limit=50&agent={}", agent((number % lives.agents()) as usize)), &headers)
    };
    let messages = |number: u64| {
        let conversation = conversation(number.wrapping_mul(STRIDE) % lives.conversations);
        get(&format!("/v1/conversations/{conversation}/messages?limit=50"), &headers)
    };
    let alone = |schedule| async { p99(&read(&serving, schedule).await) };
    let (of_inbox, of_conversation) = (alone(asked(time, inbox)).await, alone(asked(time, messages)).await);
    let mut written = 0;
    let mut beside = async |schedule| {
        let (pages, _) = tokio::join!(read(&serving, schedule), write(&serving, time, &mut written));
        p99(&pages)
    };
    let inbox_while_writing = beside(asked(time, inbox)).await;
    let conversation_while_writing = beside(asked(time, messages)).await;
    let resident = serving.memory().resident;
    serving.stop().await;
    Pages {
        empty_handler,
        inbox: of_inbox,
        conversation: of_conversation,
        inbox_while_writing,
        conversation_while_writing,
        resident,
    }
}

fn p99(latencies: &Latencies) -> f64 {
    latencies.quantile(0.99)
}

/// Requests of this kind, at even times.
fn asked(time: Duration, request: impl Fn(u64) -> Vec<u8>) -> Vec<Due> {
    let total = PAGES_PER_SECOND * time.as_millis() as u64 / 1_000;
    let due = |number: u64| Duration::from_micros(number * 1_000_000 / PAGES_PER_SECOND);
    (0..total).map(|number| (due(number), request(number))).collect()
}

async fn read(serving: &Serving, schedule: Vec<Due>) -> Latencies {
    open_loop(serving.addr, CONNECTIONS, Instant::now(), schedule).await.latencies
}

/// Posts webhooks with messages; `written` goes on counting, so that none comes twice.
async fn write(serving: &Serving, time: Duration, written: &mut u64) {
    let total = MESSAGES_PER_SECOND * time.as_millis() as u64 / 1_000;
    let first = *written;
    *written += total;
    let message = |number: u64| {
        let (from, wamid) = (identity(number % CONTACTS), format!("wamid.w{number}"));
        signed_webhook(&text_webhook(NUMBER, &from, "Bench", &wamid, 1_700_000_000, "a message"))
    };
    let due = |number: u64| Duration::from_micros(number * 1_000_000 / MESSAGES_PER_SECOND);
    let schedule = (0..total).map(|number| (due(number), message(first + number))).collect();
    open_loop(serving.addr, CONNECTIONS, Instant::now(), schedule).await;
}
