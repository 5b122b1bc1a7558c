//! What agents heard by live push, against the log: each message in their conversations, once, and in order.

use std::collections::HashSet;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use schemas::AgentId;
use tokio::time::{Instant, sleep};

use super::Check;
use super::ledger::Ledger;
use crate::demo::agents::Heard;
use crate::demo::letters::Number;
use crate::demo::tally::lock;

/// How long the last pushes may take.
const HEARD_WITHIN: Duration = Duration::from_secs(5);
const LOOK_AGAIN: Duration = Duration::from_millis(100);

pub(super) async fn check(heard: &[(AgentId, Arc<Mutex<Heard>>)], ledger: &Ledger) -> Check {
    let rule = "live push brought each agent every message of theirs once, and in order";
    let mut check = Check::new(rule, "pushes");
    let deadline = Instant::now() + HEARD_WITHIN;
    for (agent, heard) in heard {
        let theirs: HashSet<Number> = of_agent(ledger, agent).collect();
        while !theirs.is_subset(&lock(heard).mine) && Instant::now() < deadline {
            sleep(LOOK_AGAIN).await;
        }
        let heard = lock(heard);
        check.looked_at += heard.mine.len() as u64;
        for number in theirs.difference(&heard.mine) {
            check.problem(|| format!("{agent} never heard of message {number}"));
        }
        for example in &heard.examples {
            check.problem(|| format!("{agent}, {example}"));
        }
        check.problems += heard.problems - heard.examples.len() as u64;
    }
    check
}

/// The messages that came while this agent had their conversation.
fn of_agent<'a>(ledger: &'a Ledger, agent: &'a AgentId) -> impl Iterator<Item = Number> + 'a {
    let theirs = ledger.received.iter().filter(move |(_, received)| received.holder.as_ref() == Some(agent));
    theirs.map(|(number, _)| *number)
}
