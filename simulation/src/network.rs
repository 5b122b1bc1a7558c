//! The line between a process and NATS: what is asked arrives in order and a little later, and so does what is
//! answered; except for what gets lost or late.

use bytes::Bytes;
use engine::simulated::{Answer, Call, Link};
use serde_json::Value;
use tokio::sync::{mpsc, oneshot};
use tokio::time::sleep;

use crate::ambush;
use crate::consumer;
use crate::plan::Damage;
use crate::store::refusal;
use crate::world::{Delivery, Line, Shared, World};

const BATCH_MAX: usize = 64;

/// A new line for a process of this name.
pub(crate) fn connect(world: &Shared, name: &str, number: usize) -> Link {
    let (link, calls, is_connected) = Link::new(&format!("{number}"));
    let (inbound, deliveries) = mpsc::unbounded_channel();
    let (cut_out, cut_in, process) = (false, false, None);
    let line = Line { name: name.to_owned(), cut_out, cut_in, is_connected, inbound, process };
    world.lock().lines.insert(number, line);
    tokio::spawn(carry_out(world.clone(), number, calls));
    tokio::spawn(carry_in(world.clone(), number, deliveries));
    link
}

async fn carry_out(world: Shared, line: usize, mut calls: mpsc::UnboundedReceiver<Call>) {
    let mut batch = Vec::new();
    while calls.recv_many(&mut batch, BATCH_MAX).await > 0 {
        let delay = world.lock().delay();
        sleep(delay).await;
        for call in batch.drain(..) {
            arrive(&world, line, call);
        }
    }
    world.lock().lines.remove(&line);
}

async fn carry_in(world: Shared, line: usize, mut deliveries: mpsc::UnboundedReceiver<Delivery>) {
    let mut batch = Vec::new();
    while deliveries.recv_many(&mut batch, BATCH_MAX).await > 0 {
        let delay = world.lock().delay();
        sleep(delay).await;
        let is_cut = world.lock().lines.get(&line).is_none_or(|line| line.cut_in);
        for delivery in batch.drain(..) {
            if !is_cut {
                delivery();
            }
        }
    }
}

fn arrive(shared: &Shared, line: usize, call: Call) {
    let mut world = shared.lock();
    let is_cut = world.lines.get(&line).is_none_or(|line| line.cut_out);
    match call {
        // A client subscribes again by itself whenever it has a connection.
        Call::Subscribe { subject, messages } => world.subscribe(line, subject, messages),
        _ if is_cut => {}
        Call::Append { bytes, expected_last, answer } => {
            append(shared, world, line, bytes, expected_last, answer)
        }
        Call::Publish { subject, reply_to, payload } => {
            if let Some(name) = subject.strip_prefix("$JS.API.CONSUMER.MSG.NEXT.ATENDER_LOG_0.") {
                consumer::pull(&mut world, name, reply_to, &payload);
            } else if !world.fails(|plan| plan.message_lost) {
                world.publish(&subject, reply_to, &payload);
            }
        }
        Call::State { answer } => ask(&mut world, line, answer, |world| {
            serde_json::from_value(world.store.state()).map_err(|error| error.to_string())
        }),
        Call::Read { sequence, answer } => {
            ask(&mut world, line, answer, |world| Ok(world.store.read(sequence)))
        }
        Call::CreateConsumer { from, answer } => {
            let shared = shared.clone();
            ask(&mut world, line, answer, |world| Ok(consumer::create(&shared, world, line, from)));
        }
        Call::Entry { answer } => ask(&mut world, line, answer, |world| {
            let is_stale = world.fails(|plan| plan.stale_lease);
            let changes_ago = if is_stale { 1 + world.chance.below(3) } else { 0 };
            Ok(world.store.entry(changes_ago))
        }),
        Call::Write { value, revision, answer } => ask(&mut world, line, answer, |world| {
            let updated = world.store.write(value.clone(), revision);
            let name = world.lines[&line].name.clone();
            let value = String::from_utf8_lossy(&value).into_owned();
            world.tell(format!("{name} lease {value} at {revision:?}: {updated:?}"));
            updated
        }),
    }
}

/// Carries out a call and answers it, unless one of the two is lost.
fn ask<T: Send + 'static>(
    world: &mut World,
    line: usize,
    answer: Answer<T>,
    carry_out: impl FnOnce(&mut World) -> Result<T, String>,
) {
    if world.fails(|plan| plan.call_lost) {
        return;
    }
    let answered = carry_out(world);
    if !world.fails(|plan| plan.call_lost) {
        world.deliver(line, Box::new(move || drop(answer.send(answered))));
    }
}

fn append(
    shared: &Shared,
    mut world: std::sync::MutexGuard<'_, World>,
    line: usize,
    bytes: Bytes,
    expected_last: u64,
    answer: oneshot::Sender<Bytes>,
) {
    let name = world.lines[&line].name.clone();
    let sequence = expected_last + 1;
    let late = if ambush::is_for(&mut world, &bytes) { ambush::lay(shared, &mut world, line) } else { None };
    if world.fails(|plan| plan.append_lost) {
        return world.tell(format!("{name} frame {sequence} is lost"));
    }
    if world.fails(|plan| plan.append_failed) {
        world.tell(format!("{name} frame {sequence} could not be taken"));
        return reply(&mut world, line, answer, &refusal(503, 10_077, "no quorum"));
    }
    let by_itself = world.fails(|plan| plan.append_late).then(|| world.chance.millis(100..7_000));
    if let Some(late) = late.or(by_itself) {
        world.tell(format!("{name} frame {sequence} will be late by {late:?}"));
        let shared = shared.clone();
        tokio::spawn(async move {
            sleep(late).await;
            let mut world = shared.lock();
            // What was on its way when the log was damaged is not the engine's doing.
            if !world.is_damaged {
                take(&mut world, line, &name, bytes, expected_last, answer);
            }
        });
        return;
    }
    take(&mut world, line, &name, bytes, expected_last, answer);
}

fn take(
    world: &mut World,
    line: usize,
    name: &str,
    bytes: Bytes,
    expected_last: u64,
    answer: oneshot::Sender<Bytes>,
) {
    let sequence = expected_last + 1;
    let (answered, is_taken) = world.store.append(bytes.clone(), expected_last);
    world.tell(format!("{name} frame {sequence} {}", if is_taken { "is in the log" } else { "is fenced" }));
    if is_taken && world.is_damaged && world.plan.damage == Some(Damage::Shortened) {
        // The same frame once more is one whose acknowledgement was lost.
        let is_same = world.frames_before.get(sequence as usize - 1) == world.store.frames.last();
        let knew = !is_same && world.wrote.get(&line).is_some_and(|last| *last >= sequence);
        if knew && !world.went_on {
            world.wrong.push(format!("{name} wrote frame {sequence} to a log that had been shortened"));
        }
        world.went_on = true;
    }
    if is_taken {
        world.wrote.insert(line, sequence);
    }
    if is_taken && !world.is_damaged {
        world.shadow.follow(&bytes);
    }
    consumer::pump_all(world);
    if is_taken && world.fails(|plan| plan.ack_lost) {
        return world.tell(format!("{name} frame {sequence}: its ack is lost"));
    }
    reply(world, line, answer, &answered);
}

fn reply(world: &mut World, line: usize, answer: oneshot::Sender<Bytes>, answered: &Value) {
    let answered = Bytes::from(answered.to_string());
    world.deliver(line, Box::new(move || drop(answer.send(answered))));
}
