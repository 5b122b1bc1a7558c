//! Everything outside the processes: the store, the lines to it, who listens to what, and what was seen. It knows
//! whether faults are still to come; whoever holds it asks it what fails.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use async_nats::{Message, StatusCode};
use bytes::Bytes;
use engine::simulated::Process;
use tokio::sync::mpsc;
use tokio::task::JoinHandle;
use tokio::time::Instant;

use crate::chance::Chance;
use crate::consumer::Consumer;
use crate::plan::Plan;
use crate::shadow::Shadow;
use crate::store::Store;

/// Something that arrives at a process.
pub(crate) type Delivery = Box<dyn FnOnce() + Send>;

/// The world, shared. Never held across an await.
#[derive(Clone)]
pub(crate) struct Shared(Arc<Mutex<World>>);

pub(crate) struct World {
    pub(crate) plan: Plan,
    pub(crate) chance: Chance,
    pub(crate) store: Store,
    pub(crate) shadow: Shadow,
    /// How many commands clients have asked for, once or several times each.
    pub(crate) steps: usize,
    /// The number of the last command that was made up.
    pub(crate) commands: u64,
    pub(crate) is_calm: bool,
    pub(crate) no_more_ambushes: bool,
    /// Nothing happens any more, and it is looked at what became of it all.
    pub(crate) is_over: bool,
    /// The log was made unfit; what is appended after that is a fault of the engine.
    pub(crate) is_damaged: bool,
    /// Somebody who had not written what was lost goes on with a log that was shortened: nobody can know.
    pub(crate) went_on: bool,
    /// The last frame that each line is known to have put into the log.
    pub(crate) wrote: BTreeMap<usize, u64>,
    /// The log as it was before it was shortened.
    pub(crate) frames_before: Vec<Bytes>,
    pub(crate) lines: BTreeMap<usize, Line>,
    pub(crate) consumers: BTreeMap<String, Consumer>,
    pub(crate) wrong: Vec<String>,
    /// What will end by itself, and has to before the day is calm.
    pub(crate) under_way: Vec<JoinHandle<()>>,
    subscriptions: Vec<Subscription>,
    trace: Vec<String>,
    started: Instant,
}

/// The connection of one process.
pub(crate) struct Line {
    pub(crate) name: String,
    pub(crate) cut_out: bool,
    pub(crate) cut_in: bool,
    pub(crate) is_connected: Arc<AtomicBool>,
    pub(crate) inbound: mpsc::UnboundedSender<Delivery>,
    /// What is at this end of it, once it is there.
    pub(crate) process: Option<Process>,
}

struct Subscription {
    line: usize,
    subject: String,
    messages: mpsc::UnboundedSender<Message>,
}

impl Shared {
    pub(crate) fn new(plan: Plan) -> Self {
        let chance = Chance::new(plan.seed ^ 0x5EED);
        Self(Arc::new(Mutex::new(World {
            plan,
            chance,
            store: Store::default(),
            shadow: Shadow::default(),
            steps: 0,
            commands: 0,
            is_calm: false,
            no_more_ambushes: false,
            is_over: false,
            is_damaged: false,
            went_on: false,
            wrote: BTreeMap::new(),
            frames_before: Vec::new(),
            lines: BTreeMap::new(),
            consumers: BTreeMap::new(),
            wrong: Vec::new(),
            under_way: Vec::new(),
            subscriptions: Vec::new(),
            trace: Vec::new(),
            started: Instant::now(),
        })))
    }

    pub(crate) fn lock(&self) -> MutexGuard<'_, World> {
        self.0.lock().unwrap()
    }

    pub(crate) fn tell(&self, what: impl FnOnce() -> String) {
        self.lock().tell(what());
    }
}

impl World {
    pub(crate) fn tell(&mut self, what: String) {
        let at = self.started.elapsed().as_millis();
        self.trace.push(format!("{:>6}.{:03} {what}", at / 1_000, at % 1_000));
    }

    pub(crate) fn trace(&self) -> &[String] {
        &self.trace
    }

    pub(crate) fn elapsed(&self) -> Duration {
        self.started.elapsed()
    }

    /// The last frame that the log has ever had.
    pub(crate) fn head_ever(&self) -> u64 {
        self.store.head().max(self.frames_before.len() as u64)
    }

    /// Whether a fault of this rate happens now.
    pub(crate) fn fails(&mut self, rate: impl FnOnce(&Plan) -> u32) -> bool {
        !self.is_calm && self.chance.permille(rate(&self.plan))
    }

    /// How long the next batch is under way.
    pub(crate) fn delay(&mut self) -> Duration {
        if self.fails(|plan| plan.slow) {
            return self.chance.millis(50..1_500);
        }
        self.chance.millis(0..3)
    }

    /// Sends something to a process, unless its line is cut.
    pub(crate) fn deliver(&mut self, line: usize, delivery: Delivery) {
        if let Some(line) = self.lines.get(&line).filter(|line| !line.cut_in) {
            let _gone = line.inbound.send(delivery);
        }
    }

    pub(crate) fn subscribe(
        &mut self,
        line: usize,
        subject: String,
        messages: mpsc::UnboundedSender<Message>,
    ) {
        self.subscriptions.push(Subscription { line, subject, messages });
    }

    pub(crate) fn has_subscriber(&self, subject: &str) -> bool {
        self.subscriptions.iter().any(|s| !s.messages.is_closed() && is_match(&s.subject, subject))
    }

    /// Sends a message to whoever listens; says so to the sender when nobody does.
    pub(crate) fn publish(&mut self, subject: &str, reply_to: Option<String>, payload: &Bytes) {
        if !self.has_subscriber(subject) {
            if let Some(reply_to) = reply_to {
                self.send(
                    &reply_to,
                    &message(&reply_to, None, Bytes::new(), Some(StatusCode::NO_RESPONDERS)),
                );
            }
            return;
        }
        self.send(subject, &message(subject, reply_to, payload.clone(), None));
    }

    pub(crate) fn send(&mut self, subject: &str, message: &Message) {
        self.subscriptions.retain(|subscription| !subscription.messages.is_closed());
        let to: Vec<_> = self.subscriptions.iter().filter(|s| is_match(&s.subject, subject)).collect();
        let to: Vec<_> = to.into_iter().map(|s| (s.line, s.messages.clone())).collect();
        for (line, messages) in to {
            if !self.fails(|plan| plan.message_lost) {
                let message = message.clone();
                self.deliver(line, Box::new(move || drop(messages.send(message))));
            }
        }
    }

    pub(crate) fn set_connected(&mut self, line: usize, is_connected: bool) {
        if let Some(line) = self.lines.get(&line) {
            line.is_connected.store(is_connected, Ordering::Relaxed);
        }
    }
}

pub(crate) fn message(
    subject: &str,
    reply_to: Option<String>,
    payload: Bytes,
    status: Option<StatusCode>,
) -> Message {
    let length = payload.len();
    let reply = reply_to.map(Into::into);
    Message { subject: subject.into(), reply, payload, headers: None, status, description: None, length }
}

fn is_match(pattern: &str, subject: &str) -> bool {
    match pattern.strip_suffix('*') {
        Some(prefix) => subject.strip_prefix(prefix).is_some_and(|rest| !rest.contains('.')),
        None => pattern == subject,
    }
}
