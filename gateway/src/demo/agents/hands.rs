//! How an agent works: reads the inbox, attends who waits longest, looks at the queue, takes breaks.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use engine::clock;
use reqwest::Method;
use schemas::api::Page;
use schemas::api::requests::{Assign, ChangePresence};
use schemas::api::views::{Conversation, Entry, InboxItem};
use schemas::{AgentId, ConversationId};
use serde_json::Value;
use tokio::sync::Notify;
use tokio::time::{sleep, timeout};
use tokio_util::sync::CancellationToken;

use crate::demo::chance::Chance;
use crate::demo::desk::Desk;
use crate::demo::doors::Doors;
use crate::demo::tally::Count;
use crate::demo::workspace::Workspace;

/// How long an agent looks at a screen on which nothing happens.
const LOOK_AGAIN: Duration = Duration::from_millis(400);
/// Conversations answered before the inbox is read again.
const AT_A_TIME: usize = 4;
/// A customer who says nothing for so long is gone.
const PATIENCE: Duration = Duration::from_millis(2500);
const BREAK: Duration = Duration::from_millis(900);

pub(super) struct Hands {
    pub(super) id: AgentId,
    pub(super) capacity: u16,
    pub(super) desk: Desk,
    pub(super) workspace: Arc<Workspace>,
    pub(super) doors: Arc<Doors>,
    pub(super) chance: Chance,
    /// Mean time an agent thinks before doing something.
    pub(super) think: Duration,
    pub(super) news: Arc<Notify>,
    pub(super) until: CancellationToken,
    /// Whether an offer is left without an answer, for which they count as away when its time is over.
    pub(super) ignored: bool,
}

impl Hands {
    /// Works until told to stop; what is begun is done.
    pub(super) async fn work(mut self) {
        self.presence(ChangePresence::Online).await;
        // Answers still to give in each conversation.
        let mut left = HashMap::new();
        while !self.until.is_cancelled() {
            if self.chance.happens(0.006) {
                self.take_break().await;
            }
            let Some(inbox) = self.desk.read::<Page<InboxItem>>("/v1/inbox").await else {
                sleep(LOOK_AGAIN).await;
                continue;
            };
            let (offers, items): (Vec<_>, Vec<_>) =
                inbox.items.into_iter().partition(|item| item.offered_to.as_ref() == Some(&self.id));
            left.retain(|id, _| items.iter().any(|item| item.conversation == *id));
            let held = items.len() + offers.len();
            if self.ignored {
                self.come_back().await;
            }
            let mut idle = true;
            for offer in offers {
                if !self.ignored {
                    idle = false;
                    self.answer_offer(offer.conversation).await;
                }
            }
            let due = items.into_iter().filter(is_due).take(AT_A_TIME);
            for item in due {
                if self.until.is_cancelled() {
                    return;
                }
                idle = false;
                self.attend(&item, &mut left).await;
            }
            if idle {
                self.look_at_the_queue(held).await;
                let _news_or_not = timeout(LOOK_AGAIN, self.news.notified()).await;
            }
        }
    }

    async fn attend(&mut self, item: &InboxItem, left: &mut HashMap<ConversationId, u32>) {
        let id = item.conversation;
        let new = !left.contains_key(&id);
        if new {
            self.open(id).await;
            left.insert(id, self.chance.between(1, 4));
        }
        sleep(self.chance.pause(self.think)).await;
        if item.unread == 0 {
            return self.finish(item).await;
        }
        if self.chance.happens(0.5) {
            let path = format!("/v1/conversations/{id}/messages");
            self.desk.read::<Page<Entry>>(&path).await;
        }
        if self.chance.happens(0.04) {
            return self.transfer(item).await;
        }
        self.answer(id).await;
        self.maybe_note(id).await;
        self.maybe_keep(item).await;
        self.maybe_write_down(item).await;
        self.maybe_note_on_contact(item).await;
        let left = left.entry(id).or_default();
        *left = left.saturating_sub(1);
        if *left == 0 {
            sleep(self.chance.pause(self.think)).await;
            self.finish(item).await;
        }
    }

    async fn open(&self, id: ConversationId) {
        self.desk.read::<Conversation>(&format!("/v1/conversations/{id}")).await;
    }

    /// Takes who waits longest, if the automatic assignment leaves anybody.
    async fn look_at_the_queue(&mut self, held: usize) {
        let campaigns = self.workspace.agents.get(&self.id).map(|agent| agent.campaigns.as_slice());
        let campaign = self.chance.choose(campaigns.unwrap_or_default()).cloned();
        let has_room = held < usize::from(self.capacity);
        let Some(campaign) = campaign.filter(|campaign| has_room && !self.doors.are_closed(campaign)) else {
            return;
        };
        let queue: Option<Page<InboxItem>> = self.desk.read(&format!("/v1/inbox?queue={campaign}")).await;
        let Some(item) = queue.and_then(|queue| queue.items.into_iter().next()) else {
            return;
        };
        let handles = self.workspace.attending(&campaign, &item.channel).contains(&&self.id);
        if handles {
            let path = format!("/v1/conversations/{}/assign", item.conversation);
            if self.command(Method::POST, &path, &Assign { agent: None }).await {
                self.desk.tally.one(Count::ByHand);
            }
        }
    }

    /// Once they count as away for an offer that they left without an answer.
    async fn come_back(&mut self) {
        let own: Option<Value> = self.desk.read(&format!("/v1/agents/{}", self.id)).await;
        if own.is_some_and(|own| own["presence"] == "away") {
            self.ignored = false;
            self.presence(ChangePresence::Online).await;
        }
    }

    async fn take_break(&mut self) {
        let gone = if self.chance.happens(0.5) {
            ChangePresence::Offline
        } else {
            ChangePresence::Away { reason: "cafe".into() }
        };
        self.presence(gone).await;
        sleep(self.chance.pause(BREAK)).await;
        self.presence(ChangePresence::Online).await;
    }

    async fn presence(&mut self, presence: ChangePresence) {
        let path = format!("/v1/agents/{}/presence", self.id);
        self.command(Method::PUT, &path, &presence).await;
    }

    pub(super) async fn command(&mut self, method: Method, path: &str, body: &impl serde::Serialize) -> bool {
        self.desk.command(method, path, body).await.is_some()
    }
}

/// Somebody waits for an answer, or has been silent for too long.
fn is_due(item: &InboxItem) -> bool {
    let silent_for = item.last_message.as_ref().map(|last| clock::now().since(last.at));
    item.unread > 0 || silent_for.is_some_and(|time| time > PATIENCE)
}
