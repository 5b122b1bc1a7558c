//! The lists that open conversations are in: their agent's, or their campaign's queue; and that of an agent who is
//! asked whether they take one over. And how many there are.

use std::sync::atomic::{AtomicU64, Ordering};

use super::{ConversationKey, waits};
use crate::error::ViewError;
use crate::keys::{self, Standing};
use crate::paging::values;
use crate::rows::OpenRow;
use crate::store::Reader;

const ROWS_AT_A_TIME: usize = 1_000;

/// The key of an item of a list.
pub(super) type Place = [u8; 42];

/// The keys under which this conversation is listed: for whom it is offered to, and for who has it, or in the queue of
/// what is offered to nobody.
pub(super) fn places((workspace, id): ConversationKey, row: &OpenRow) -> [Option<Place>; 2] {
    let offered = row.offered.as_ref().map(|(agent, until)| {
        let standing = Standing::Offered { until: *until };
        keys::agent_item(workspace, agent, standing, id)
    });
    let own = match (&row.agent, row.queued_since) {
        (Some(agent), _) => Some(keys::agent_item(workspace, agent, standing(row), id)),
        (None, Some(since)) if offered.is_none() => {
            Some(keys::queue_item(workspace, &row.campaign, row.priority, since, id))
        }
        (None, _) => None,
    };
    [offered, own]
}

fn standing(row: &OpenRow) -> Standing {
    match row.waiting_since {
        Some(since) => Standing::Awaited { since },
        None => Standing::Quiet { last: row.last_message.as_ref().map_or(row.opened_at, |last| last.at) },
    }
}

/// How many conversations are open.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OpenCounts {
    /// All of them.
    pub open: u64,
    /// Those without an agent.
    pub waiting: u64,
}

#[derive(Debug, Default)]
pub(super) struct Counts {
    open: AtomicU64,
    waiting: AtomicU64,
}

impl Counts {
    pub(super) fn read(rows: &Reader) -> Result<Self, ViewError> {
        let counts = Self::default();
        for row in values(rows, &keys::open_conversations(), None, ROWS_AT_A_TIME) {
            let row: OpenRow = schemas::decode("open conversation", &row?)?;
            counts.moved(None, Some(waits(&row)));
        }
        Ok(counts)
    }

    /// Takes in that a conversation changed; each side says whether it waits, if it is open.
    pub(super) fn moved(&self, before: Option<bool>, after: Option<bool>) {
        let shift = |count: &AtomicU64, before: bool, after: bool| match (before, after) {
            (false, true) => count.fetch_add(1, Ordering::Relaxed),
            (true, false) => count.fetch_sub(1, Ordering::Relaxed),
            (true, true) | (false, false) => 0,
        };
        shift(&self.open, before.is_some(), after.is_some());
        shift(&self.waiting, before == Some(true), after == Some(true));
    }

    pub(super) fn get(&self) -> OpenCounts {
        OpenCounts { open: self.open.load(Ordering::Relaxed), waiting: self.waiting.load(Ordering::Relaxed) }
    }
}
