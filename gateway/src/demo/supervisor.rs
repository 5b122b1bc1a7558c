//! The supervisor: watches the queues and gives by hand what automatic assignment leaves, or what somebody has too
//! much of.

use std::sync::Arc;
use std::time::Duration;

use reqwest::Method;
use schemas::AgentId;
use schemas::api::Page;
use schemas::api::requests::Assign;
use schemas::api::views::InboxItem;
use tokio_util::sync::CancellationToken;

use super::chance::Chance;
use super::desk::Desk;
use super::doors::Doors;
use super::tally::Count;
use super::workspace::Workspace;

const LOOKS_EVERY: Duration = Duration::from_millis(400);
/// Conversations from which on an agent has too much to do.
const TOO_MANY: usize = 3;

pub(super) struct Supervisor {
    pub(super) desk: Desk,
    pub(super) workspace: Arc<Workspace>,
    pub(super) doors: Arc<Doors>,
    pub(super) chance: Chance,
    pub(super) until: CancellationToken,
}

impl Supervisor {
    /// Works until told to stop; what is begun is done.
    pub(super) async fn work(mut self) {
        let campaigns: Vec<_> = self.workspace.campaigns.keys().cloned().collect();
        let agents: Vec<_> =
            self.workspace.with_role(schemas::Role::Agent).map(|(id, _)| id.clone()).collect();
        let until = self.until.clone();
        loop {
            let pause = self.chance.pause(LOOKS_EVERY);
            if until.run_until_cancelled(tokio::time::sleep(pause)).await.is_none() {
                return;
            }
            let Some(campaign) = self.chance.choose(&campaigns) else {
                return;
            };
            if !self.doors.are_closed(campaign)
                && let Some(first) = self.list(&format!("queue={campaign}")).await.first()
            {
                self.give(first).await;
                continue;
            }
            let Some(agent) = self.chance.choose(&agents) else {
                return;
            };
            let held = self.list(&format!("agent={agent}")).await;
            if held.len() >= TOO_MANY
                && let Some(item) = self.chance.choose(&held)
            {
                self.give(item).await;
            }
        }
    }

    async fn list(&self, of: &str) -> Vec<InboxItem> {
        let page: Option<Page<InboxItem>> = self.desk.read(&format!("/v1/inbox?{of}")).await;
        page.map(|page| page.items).unwrap_or_default()
    }

    async fn give(&mut self, item: &InboxItem) {
        let attending = self.workspace.attending(&item.campaign, &item.channel);
        let others: Vec<&AgentId> =
            attending.into_iter().filter(|agent| Some(*agent) != item.agent.as_ref()).collect();
        let Some(agent) = self.chance.choose(&others).map(|agent| (*agent).clone()) else {
            return;
        };
        let path = format!("/v1/conversations/{}/assign", item.conversation);
        if self.desk.command(Method::POST, &path, &Assign { agent: Some(agent) }).await.is_some() {
            self.desk.tally.one(Count::ByHand);
        }
    }
}
