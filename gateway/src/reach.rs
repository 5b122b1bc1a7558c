//! Whom there is a live connection to. Every process tells all others of its own, again and again; the one that
//! writes compares what all tell with what the log says, and reports the difference. So a process that dies takes its
//! connections with it, and one that starts to write knows them.

use std::collections::{BTreeSet, HashMap};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use async_nats::{Client, Subscriber};
use bytes::Bytes;
use engine::{Engine, Role, random};
use futures_util::StreamExt;
use projections::Views;
use schemas::{Actor, AgentId, Command, CommandId, Submission, WorkspaceId};
use serde::{Deserialize, Serialize};
use tokio::sync::Notify;
use tokio::time::{Instant, MissedTickBehavior, interval, sleep, timeout};
use tokio_util::task::AbortOnDropHandle;

use crate::limits::{REACH_FORGOTTEN_AFTER, REACH_TOLD_EVERY};

/// Several changes that come together are told together.
const TOLD_AFTER: Duration = Duration::from_millis(50);
const LOOK_EVERY: Duration = Duration::from_secs(1);

/// The agents that this process has live streams of.
#[derive(Debug, Default)]
pub struct Reach {
    streams: Mutex<HashMap<AgentId, usize>>,
    changed: Notify,
}

/// A live stream of an agent; it counts until it is dropped.
#[derive(Debug)]
pub struct Reached {
    reach: Arc<Reach>,
    agent: AgentId,
}

impl Reach {
    fn streams(&self) -> MutexGuard<'_, HashMap<AgentId, usize>> {
        self.streams.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Counts a live stream of this agent.
    pub fn arrive(self: &Arc<Self>, agent: AgentId) -> Reached {
        *self.streams().entry(agent.clone()).or_default() += 1;
        self.changed.notify_one();
        Reached { reach: Arc::clone(self), agent }
    }

    fn agents(&self) -> BTreeSet<AgentId> {
        self.streams().keys().cloned().collect()
    }
}

impl Drop for Reached {
    fn drop(&mut self) {
        {
            let mut streams = self.reach.streams();
            if let Some(count) = streams.get_mut(&self.agent) {
                *count -= 1;
                if *count == 0 {
                    streams.remove(&self.agent);
                }
            }
        }
        self.reach.changed.notify_one();
    }
}

/// What a process tells of itself.
#[derive(Debug, Serialize, Deserialize)]
struct Told {
    process: String,
    agents: BTreeSet<AgentId>,
}

/// What telling and reporting need.
pub(crate) struct ReachParts {
    pub(crate) client: Client,
    pub(crate) engine: Engine,
    pub(crate) views: Views,
    pub(crate) workspace: WorkspaceId,
}

/// Tells and reports for as long as the handles live.
pub(crate) struct Reaching {
    _telling: AbortOnDropHandle<()>,
    _reporting: AbortOnDropHandle<()>,
}

impl Reaching {
    /// # Errors
    /// NATS does not take the subscription.
    pub(crate) async fn start(
        reach: &Arc<Reach>,
        parts: ReachParts,
    ) -> Result<Self, async_nats::SubscribeError> {
        let subject = format!("atender.reach.{}", parts.workspace);
        let others = parts.client.subscribe(subject.clone()).await?;
        let telling = tell(Arc::clone(reach), parts.client.clone(), subject);
        Ok(Self {
            _telling: AbortOnDropHandle::new(tokio::spawn(telling)),
            _reporting: AbortOnDropHandle::new(tokio::spawn(report(parts, others))),
        })
    }
}

async fn tell(reach: Arc<Reach>, client: Client, subject: String) {
    let process = hex::encode(random::bytes::<16>());
    loop {
        let told = Told { process: process.clone(), agents: reach.agents() };
        let told = serde_json::to_vec(&told).unwrap_or_default();
        // Lost while NATS is away, and told again.
        if let Err(error) = client.publish(subject.clone(), Bytes::from(told)).await {
            tracing::debug!(%error, "who is connected could not be told");
        }
        if timeout(REACH_TOLD_EVERY, reach.changed.notified()).await.is_ok() {
            sleep(TOLD_AFTER).await;
        }
    }
}

async fn report(parts: ReachParts, mut others: Subscriber) {
    let mut known = Known::default();
    let mut looks = interval(LOOK_EVERY);
    looks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            told = others.next() => match told {
                Some(told) => known.take(&told.payload),
                None => return,
            },
            _ = looks.tick() => {}
        }
        if parts.engine.health().borrow().role == Role::Writer {
            report_difference(&parts, &mut known).await;
        }
    }
}

/// What every process told last, and when.
#[derive(Debug)]
struct Known {
    since: Instant,
    told: HashMap<String, (BTreeSet<AgentId>, Instant)>,
}

impl Default for Known {
    fn default() -> Self {
        Self { since: Instant::now(), told: HashMap::new() }
    }
}

impl Known {
    fn take(&mut self, payload: &[u8]) {
        match serde_json::from_slice::<Told>(payload) {
            Ok(Told { process, agents }) => drop(self.told.insert(process, (agents, Instant::now()))),
            Err(error) => tracing::warn!(%error, "what a process told of its connections cannot be read"),
        }
    }

    /// Whether somebody has a stream of the agent; nothing while somebody may not have told yet.
    fn is_connected(&self, agent: &AgentId) -> Option<bool> {
        let is_told = self.told.values().any(|(agents, _)| agents.contains(agent));
        (is_told || self.since.elapsed() > REACH_FORGOTTEN_AFTER).then_some(is_told)
    }
}

async fn report_difference(parts: &ReachParts, known: &mut Known) {
    known.told.retain(|_, (_, at)| at.elapsed() <= REACH_FORGOTTEN_AFTER);
    // A view that is being built says later who is thought to be connected.
    let Ok(agents) = parts.views.inbox().agents(&parts.workspace) else {
        return;
    };
    for row in agents {
        let agent = row.definition.agent;
        let Some(is_connected) = known.is_connected(&agent) else { continue };
        if is_connected == row.is_connected {
            continue;
        }
        let submission = Submission {
            workspace: parts.workspace.clone(),
            id: CommandId::from_bytes(random::bytes()),
            fingerprint: 0,
            actor: Actor::System,
            command: Command::ReportConnection { agent: agent.clone(), is_connected },
        };
        if let Err(error) = parts.engine.submit(submission).await {
            tracing::debug!(%agent, %error, "a connection could not be reported; it is looked at again");
            return;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ana() -> AgentId {
        AgentId::new("ana").unwrap()
    }

    #[test]
    fn an_agent_is_there_until_their_last_stream_ends() {
        let reach = Arc::new(Reach::default());
        let (first, second) = (reach.arrive(ana()), reach.arrive(ana()));
        drop(first);
        assert_eq!(reach.agents(), BTreeSet::from([ana()]));
        drop(second);
        assert!(reach.agents().is_empty());
    }

    fn told(process: &str, agents: &[AgentId]) -> Vec<u8> {
        let agents = agents.iter().cloned().collect();
        serde_json::to_vec(&Told { process: process.to_owned(), agents }).unwrap()
    }

    #[tokio::test(start_paused = true)]
    async fn nobody_is_gone_before_every_process_must_have_told() {
        let mut known = Known::default();
        assert_eq!(known.is_connected(&ana()), None);
        known.take(&told("one", &[ana()]));
        assert_eq!(known.is_connected(&ana()), Some(true));
        known.take(&told("one", &[]));
        assert_eq!(known.is_connected(&ana()), None);
        tokio::time::advance(REACH_FORGOTTEN_AFTER + LOOK_EVERY).await;
        assert_eq!(known.is_connected(&ana()), Some(false));
    }

    #[tokio::test(start_paused = true)]
    async fn an_agent_is_there_while_one_process_says_so() {
        let mut known = Known::default();
        known.take(&told("one", &[ana()]));
        known.take(&told("two", &[ana()]));
        known.take(&told("one", &[]));
        assert_eq!(known.is_connected(&ana()), Some(true));
    }

    #[test]
    fn what_cannot_be_read_changes_nothing() {
        let mut known = Known::default();
        known.take(b"{");
        assert!(known.told.is_empty());
    }
}
