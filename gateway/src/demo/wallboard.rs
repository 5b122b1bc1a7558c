//! The screen on the wall: everything by live push, for the figures of the live table and the messages that come
//! while nobody has their conversation.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::time::Duration;

use schemas::api::live::LiveChange;
use schemas::api::views::EntryBody;
use schemas::event::{Author, SystemCause};
use schemas::{AgentId, ConversationId};
use tokio_util::sync::CancellationToken;

use super::chance::Chance;
use super::letters::number_of;
use super::stream::{Opening, Pushed, Stream};
use super::tally::{Count, Tally};
use crate::api_client::ApiClient;

const LEAVES_AFTER: Duration = Duration::from_secs(60);

#[derive(Default)]
struct Board {
    /// Open conversations, and whether they wait.
    open: HashMap<ConversationId, bool>,
    waiting: usize,
    online: HashSet<AgentId>,
}

impl Board {
    fn set(&mut self, id: ConversationId, waits: bool) {
        let waited = self.open.insert(id, waits).unwrap_or(false);
        self.waiting = self.waiting + usize::from(waits) - usize::from(waited);
    }

    fn close(&mut self, id: ConversationId) {
        let waited = self.open.remove(&id).unwrap_or(false);
        self.waiting -= usize::from(waited);
    }

    fn entry(&mut self, id: ConversationId, body: &EntryBody) {
        match body {
            EntryBody::Queued { .. } | EntryBody::Offered { .. } => self.set(id, true),
            EntryBody::Assigned { .. } => self.set(id, false),
            EntryBody::Finished { .. } | EntryBody::MergedInto { .. } => self.close(id),
            EntryBody::Inbound { .. }
            | EntryBody::Outbound { .. }
            | EntryBody::Note { .. }
            | EntryBody::Transferred { .. }
            | EntryBody::OfferEnded { .. }
            | EntryBody::AfterWorkEnded { .. }
            | EntryBody::TransferOffered { .. }
            | EntryBody::TransferOfferEnded { .. }
            | EntryBody::TakenOver { .. }
            | EntryBody::GivenBack { .. }
            | EntryBody::Overflowed { .. }
            | EntryBody::NeedsSet { .. }
            | EntryBody::ResponseAwaited { .. }
            | EntryBody::ResponseMissed { .. }
            | EntryBody::InactivityWarned { .. }
            | EntryBody::InactivityPutOff { .. }
            | EntryBody::Released { .. }
            | EntryBody::ExclusiveAgentSet { .. }
            | EntryBody::ExclusiveAgentRemoved { .. }
            | EntryBody::AddressChanged { .. }
            | EntryBody::Joined { .. } => {}
        }
    }
}

/// Shows what comes until told to stop.
pub(super) async fn watch(
    api: ApiClient,
    tally: Arc<Tally>,
    chance: Chance,
    (until, opening): (CancellationToken, Opening),
) {
    let mut board = Board::default();
    let opening = Some(opening);
    let stream = Stream { api: &api, tally: &tally, leaves_after: LEAVES_AFTER, chance, until, opening };
    stream
        .listen(|Pushed { event, listening }| match event.change {
            LiveChange::Entry { conversation, agent, entry, .. } => {
                board.entry(conversation, &entry.body);
                match &entry.body {
                    EntryBody::ResponseAwaited { due_at: Some(_), .. } => tally.one(Count::AnswersDue),
                    EntryBody::ResponseMissed { .. } => tally.one(Count::AnswersLate),
                    EntryBody::Outbound { author: Author::System(SystemCause::OutOfHours), .. } => {
                        tally.one(Count::ToldClosed);
                    }
                    _ => {}
                }
                tally.set_open(board.open.len(), board.waiting);
                if let EntryBody::Inbound { provider_id, .. } = &entry.body
                    && agent.is_none()
                    && let Some(number) = number_of(provider_id)
                    && let Some(time) = tally.letters.pushed(number, listening)
                {
                    tally.pushed_after(time);
                }
            }
            LiveChange::Status { status, .. } if status.retry_at.is_some() => tally.one(Count::SendRetries),
            LiveChange::Presence { agent, presence } => {
                if presence == "online" {
                    board.online.insert(agent);
                } else {
                    board.online.remove(&agent);
                }
                tally.set_online(board.online.len());
            }
            LiveChange::Contact { merged: Some(_), .. } => tally.one(Count::Merges),
            LiveChange::Status { .. }
            | LiveChange::Connection { .. }
            | LiveChange::Contact { .. }
            | LiveChange::Configuration { .. } => {}
        })
        .await;
}
