//! Pull consumers of the log, as JetStream serves them: frames while there are some, heartbeats, and the end of a
//! request; with frames that come twice or not at all, and consumers that vanish.

use std::collections::VecDeque;
use std::time::Duration;

use async_nats::{HeaderMap, StatusCode};
use bytes::Bytes;
use tokio::time::{Instant, sleep};

use crate::world::{Shared, World, message};

const HEARTBEAT: Duration = Duration::from_millis(500);
const EXPIRES: Duration = Duration::from_secs(30);

pub(crate) struct Consumer {
    next: u64,
    pulls: VecDeque<Pull>,
}

struct Pull {
    inbox: String,
    left: usize,
    expires: Instant,
}

/// Makes a consumer and gives back its name.
pub(crate) fn create(shared: &Shared, world: &mut World, line: usize, from: u64) -> String {
    let name = format!("{line}-{}", world.chance.next() % 1_000_000);
    world.consumers.insert(name.clone(), Consumer { next: from, pulls: VecDeque::new() });
    tokio::spawn(keep(shared.clone(), name.clone()));
    name
}

/// Heartbeats, and requests that end; until nobody listens.
async fn keep(shared: Shared, name: String) {
    loop {
        sleep(HEARTBEAT).await;
        let mut world = shared.lock();
        let Some(consumer) = world.consumers.get_mut(&name) else { return };
        let now = Instant::now();
        let expired: Vec<Pull> = {
            let (over, going): (Vec<_>, Vec<_>) =
                consumer.pulls.drain(..).partition(|pull| pull.expires <= now);
            consumer.pulls = going.into();
            over
        };
        let last = consumer.next - 1;
        let inboxes: Vec<String> = consumer.pulls.iter().map(|pull| pull.inbox.clone()).collect();
        for pull in expired {
            let mut end = message(&pull.inbox, None, Bytes::new(), Some(StatusCode::TIMEOUT));
            let mut headers = HeaderMap::new();
            headers.insert("Nats-Pending-Messages", pull.left.to_string());
            end.headers = Some(headers);
            world.send(&pull.inbox, &end);
        }
        if let Some(inbox) = inboxes.first() {
            if !world.has_subscriber(inbox) {
                world.consumers.remove(&name);
                return;
            }
            let mut heartbeat = message(inbox, None, Bytes::new(), Some(StatusCode::IDLE_HEARTBEAT));
            let mut headers = HeaderMap::new();
            headers.insert("Nats-Last-Stream", last.to_string());
            heartbeat.headers = Some(headers);
            world.send(inbox, &heartbeat);
        }
    }
}

pub(crate) fn pull(world: &mut World, name: &str, inbox: Option<String>, request: &Bytes) {
    let Some(inbox) = inbox else { return };
    let request: serde_json::Value = serde_json::from_slice(request).unwrap();
    let left = request["batch"].as_u64().unwrap() as usize;
    match world.consumers.get_mut(name) {
        Some(consumer) => {
            consumer.pulls.push_back(Pull { inbox, left, expires: Instant::now() + EXPIRES });
            pump(world, name);
        }
        None => world.publish("nobody", Some(inbox), &Bytes::new()),
    }
}

pub(crate) fn pump_all(world: &mut World) {
    let names: Vec<String> = world.consumers.keys().cloned().collect();
    names.iter().for_each(|name| pump(world, name));
}

fn pump(world: &mut World, name: &str) {
    loop {
        let head = world.store.head();
        let Some(consumer) = world.consumers.get_mut(name) else { return };
        if consumer.next > head {
            return;
        }
        let Some(pull) = consumer.pulls.front_mut() else { return };
        let (sequence, inbox) = (consumer.next, pull.inbox.clone());
        consumer.next += 1;
        pull.left -= 1;
        if pull.left == 0 {
            consumer.pulls.pop_front();
        }
        let Some(frame) = world.store.read(sequence) else { continue };
        let ack = format!("$JS.ACK.log.{name}.1.{sequence}.{sequence}.0.{}", head - sequence);
        let frame = message(&inbox, Some(ack), frame, None);
        if !world.fails(|plan| plan.frame_dropped) {
            world.send(&inbox, &frame);
        }
        if world.fails(|plan| plan.frame_twice) {
            world.send(&inbox, &frame);
        }
    }
}

/// The server forgets all consumers, as after a restart.
pub(crate) fn lose_all(world: &mut World) {
    world.consumers.clear();
}
