//! What an agent hears by live push, remembered for the books: each message of a customer once, and in order.

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use schemas::api::live::LiveChange;
use schemas::api::views::EntryBody;
use schemas::{AgentId, ConversationId, Position};
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;

use crate::api_client::ApiClient;
use crate::demo::chance::Chance;
use crate::demo::letters::{Number, number_of};
use crate::demo::stream::{Opening, Pushed, Stream};
use crate::demo::tally::{Tally, lock};

const LEAVES_AFTER: Duration = Duration::from_secs(8);
/// Problems whose text is kept.
const PROBLEMS_KEPT: usize = 20;

/// What an agent heard.
#[derive(Debug, Default)]
pub(in crate::demo) struct Heard {
    /// The messages of customers in this agent's own conversations.
    pub(in crate::demo) mine: HashSet<Number>,
    /// What was pushed twice or out of order.
    pub(in crate::demo) problems: u64,
    pub(in crate::demo) examples: Vec<String>,
    last: HashMap<ConversationId, Position>,
}

impl Heard {
    fn message(
        &mut self,
        conversation: ConversationId,
        position: Position,
        number: Option<Number>,
        mine: bool,
    ) {
        let last = self.last.insert(conversation, position);
        if let Some(last) = last.filter(|last| *last > position) {
            self.problem(format!("{conversation}: {position} was pushed after {last}"));
        }
        if let Some(number) = number.filter(|_| mine)
            && !self.mine.insert(number)
        {
            self.problem(format!("{conversation}: message {number} at {position} was pushed twice"));
        }
    }

    fn problem(&mut self, what: String) {
        self.problems += 1;
        if self.examples.len() < PROBLEMS_KEPT {
            self.examples.push(what);
        }
    }
}

/// Listens until the end; wakes the agent's hands when there is something to do.
pub(super) async fn listen(
    (id, api): (AgentId, ApiClient),
    tally: Arc<Tally>,
    (heard, news): (Arc<Mutex<Heard>>, Arc<Notify>),
    chance: Chance,
    (until, opening): (CancellationToken, Opening),
) {
    let opening = Some(opening);
    let stream = Stream { api: &api, tally: &tally, leaves_after: LEAVES_AFTER, chance, until, opening };
    stream
        .listen(|Pushed { event, listening }| {
            let LiveChange::Entry { conversation, agent, entry, .. } = event.change else {
                return;
            };
            let mine = agent.as_ref() == Some(&id);
            match &entry.body {
                EntryBody::Inbound { provider_id, .. } => {
                    let number = number_of(provider_id);
                    lock(&heard).message(conversation, event.position, number, mine);
                    if let Some(number) = number
                        && mine
                        && let Some(time) = tally.letters.pushed(number, listening)
                    {
                        tally.pushed_after(time);
                    }
                }
                EntryBody::Finished { .. } => {
                    lock(&heard).last.remove(&conversation);
                }
                _ => {}
            }
            if mine {
                news.notify_one();
            }
        })
        .await;
}

#[cfg(test)]
mod tests {
    use schemas::ShardId;

    use super::*;

    fn problems(pushes: &[(u64, Number)]) -> u64 {
        let mut heard = Heard::default();
        for (sequence, number) in pushes {
            let position = Position { shard: ShardId(0), sequence: *sequence, index: 0 };
            heard.message(ConversationId::from_bytes([1; 16]), position, Some(*number), true);
        }
        heard.problems
    }

    #[test]
    fn what_is_pushed_twice_or_out_of_order_is_noticed() {
        assert_eq!(problems(&[(1, 10), (2, 11), (5, 12)]), 0);
        assert_eq!(problems(&[(1, 10), (1, 10)]), 1);
        assert_eq!(problems(&[(2, 11), (1, 10)]), 1);
    }
}
