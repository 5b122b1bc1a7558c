//! The agents: each listens to live push and works through an inbox, over real HTTP, at a pace no person could bear.

mod acts;
mod contacts;
mod ears;
mod hands;

use std::sync::{Arc, Mutex};
use std::time::Duration;

use schemas::{AgentId, Role};
use tokio::sync::Notify;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use super::chance::Chance;
use super::day::DayOptions;
use super::desk::Desk;
use super::doors::Doors;
use super::stage::Stage;
use super::stream::Opening;
use super::tally::Tally;
pub(super) use ears::Heard;
use ears::listen;
use hands::Hands;

/// How much of their time agents would be busy if everything but thinking took no time.
const BUSY: f64 = 0.7;

/// All agents of the day.
pub(super) struct Agents {
    working: JoinSet<()>,
    listening: JoinSet<()>,
    stop_work: CancellationToken,
    stop_listening: CancellationToken,
    /// What each was told by live push.
    pub(super) heard: Vec<(AgentId, Arc<Mutex<Heard>>)>,
}

impl Agents {
    /// From now on they listen, and then come online and work.
    pub(super) fn start(
        (stage, doors): (&Stage, &Arc<Doors>),
        options: &DayOptions,
        tally: &Arc<Tally>,
        opening: &Opening,
    ) -> Self {
        let mut agents = Self {
            working: JoinSet::new(),
            listening: JoinSet::new(),
            stop_work: CancellationToken::new(),
            stop_listening: CancellationToken::new(),
            heard: Vec::new(),
        };
        let workspace = Arc::new(stage.workspace.clone());
        let count = workspace.with_role(Role::Agent).count() as f64;
        let think = Duration::from_secs_f64(BUSY * count / f64::from(options.messages_per_second.max(1)));
        for (number, (id, definition)) in workspace.with_role(Role::Agent).enumerate() {
            let chance = |role| Chance::of(options.seed, role, number as u64);
            let (heard, news) = (Arc::new(Mutex::new(Heard::default())), Arc::new(Notify::new()));
            let api = stage.client_of(id);
            agents.heard.push((id.clone(), Arc::clone(&heard)));
            agents.listening.spawn(listen(
                (id.clone(), api.clone()),
                Arc::clone(tally),
                (heard, Arc::clone(&news)),
                chance("listener"),
                (agents.stop_listening.clone(), opening.clone()),
            ));
            let hands = Hands {
                id: id.clone(),
                capacity: definition.capacity,
                desk: Desk::new(id.as_str(), api, Arc::clone(tally)),
                workspace: Arc::clone(&workspace),
                doors: Arc::clone(doors),
                chance: chance("agent"),
                think,
                news,
                until: agents.stop_work.clone(),
                ignored: false,
            };
            agents.working.spawn(hands.work());
        }
        agents
    }

    /// They put down their work when they have done what they are at, and still listen.
    pub(super) async fn stop_working(&mut self) {
        self.stop_work.cancel();
        while self.working.join_next().await.is_some() {}
    }

    /// They go home.
    pub(super) async fn stop_listening(&mut self) {
        self.stop_listening.cancel();
        while self.listening.join_next().await.is_some() {}
    }
}
