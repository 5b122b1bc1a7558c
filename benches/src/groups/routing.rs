//! Routing with a long queue and many agents: whoever finishes a conversation is given the next. The first of the
//! queue beside the last, for nothing may get slower by what waits.

use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

use engine::{Engine, Outcome};
use schemas::{Actor, ChannelKind, Command, ConversationId, Event, Presence, Submission};
use tests::centre::{Centre, agent, disposition, inbound, submission};
use tests::nats::TestNats;
use tokio::sync::Mutex;

use crate::load::closed_loop_of;
use crate::parts::start_engine;
use crate::row::{Bar, Table};
use crate::scale::{Scale, words};

const AGENTS: usize = 1_000;
const CAPACITY: u16 = 5;
const IN_FLIGHT: u64 = 256;
const ASSIGNMENTS_PER_SECOND_MIN: f64 = 10_000.0;
/// The end is as fast as the beginning, within what two parts of one run differ by anyway.
const END_OF_BEGINNING_MIN: f64 = 0.8;

pub(crate) async fn measure(table: &mut Table, scale: Scale) {
    let queue = scale.of(20_000, 100_000);
    let name = format!("routing: assignments/s, {} waiting, {AGENTS} agents", words(queue));
    let Some(Rates { all, first, last }) = table.attempt(&name, assignments(queue)).await else { return };
    let bar = Bar::ValueAtLeast(ASSIGNMENTS_PER_SECOND_MIN);
    table.add(name, (all, "/s"), ("the bar", ASSIGNMENTS_PER_SECOND_MIN), bar);
    let name = "routing: assignments/s, the last fifth of the queue".to_owned();
    table.add(name, (last, "/s"), ("the first fifth", first), Bar::AtLeast(END_OF_BEGINNING_MIN));
}

/// Assignments a second: of the whole queue, and of its first and last fifth.
struct Rates {
    all: f64,
    first: f64,
    last: f64,
}

async fn assignments(queue: u64) -> Rates {
    let nats = TestNats::start().await;
    let engine = start_engine(nats.log().await).await;
    let centre =
        Centre { agents: AGENTS, capacity: CAPACITY, kind: ChannelKind::Webchat, ..Centre::default() };
    centre.define(&engine).await;
    fill_queue(&engine, queue + (AGENTS * usize::from(CAPACITY)) as u64).await;
    let mut held = Vec::new();
    for number in 0..AGENTS {
        held.push(Mutex::new(come_online(&engine, number).await));
    }
    let (held, given) = (Arc::new(held), Arc::new(AtomicU64::new(0)));
    let (started, fifth) = (Instant::now(), queue / 5);
    let marks = Arc::new(Mutex::new(Vec::new()));
    let finish = {
        let (engine, given, marks) = (engine.clone(), Arc::clone(&given), Arc::clone(&marks));
        move |number: u64| {
            let (engine, held) = (engine.clone(), Arc::clone(&held));
            let (given, marks) = (Arc::clone(&given), Arc::clone(&marks));
            async move {
                let number = number as usize % AGENTS;
                let conversation = held[number].lock().await.pop_front();
                let Some(conversation) = conversation else { return };
                let outcome = engine.submit(finishing(number, conversation)).await.unwrap();
                let next = assigned(&outcome);
                let so_far = given.fetch_add(next.len() as u64, Ordering::Relaxed) + next.len() as u64;
                held[number].lock().await.extend(next);
                if so_far.is_multiple_of(fifth) {
                    marks.lock().await.push(started.elapsed());
                }
            }
        }
    };
    closed_loop_of(IN_FLIGHT, queue, finish).await;
    let took = started.elapsed().as_secs_f64();
    assert!(given.load(Ordering::Relaxed) >= queue * 9 / 10, "the queue was not given out");
    let marks = marks.lock().await;
    let (Some(first), Some(before_last)) = (marks.first(), marks.iter().rev().nth(1)) else {
        panic!("no fifth of the queue was seen to end");
    };
    let last = marks[marks.len() - 1].as_secs_f64() - before_last.as_secs_f64();
    Rates { all: queue as f64 / took, first: fifth as f64 / first.as_secs_f64(), last: fifth as f64 / last }
}

async fn fill_queue(engine: &Engine, conversations: u64) {
    let engine = engine.clone();
    let open = move |number: u64| {
        let message = inbound(number, &format!("queued-{number}"), "hello");
        let answer = engine.submit(message);
        async move { drop(answer.await.unwrap()) }
    };
    closed_loop_of(IN_FLIGHT, conversations, open).await;
}

/// What an agent is given who comes online.
async fn come_online(engine: &Engine, number: usize) -> VecDeque<ConversationId> {
    let command = Command::ChangePresence { agent: agent(number), presence: Presence::Online };
    assigned(&engine.submit(submission(Actor::Agent(agent(number)), command)).await.unwrap()).into()
}

fn finishing(number: usize, conversation: ConversationId) -> Submission {
    let command = Command::Finish { conversation, disposition: disposition(), sub_disposition: None };
    submission(Actor::Agent(agent(number)), command)
}

fn assigned(outcome: &Outcome) -> Vec<ConversationId> {
    let given = |event: &Event| match event {
        Event::ConversationAssigned(assigned) => Some(assigned.conversation),
        _ => None,
    };
    outcome.events.iter().filter_map(given).collect()
}
