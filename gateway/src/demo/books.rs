//! The check of the books: what customers and agents know to be true, what the log says, and what the views and the
//! audit show, all of which must be the same. It folds the log by itself; none of the domain's code is used.

mod attendance;
mod audit;
mod check;
mod contacts;
mod hours;
mod ledger;
mod lines;
mod outbound;
mod pages;
mod pushes;
mod reader;
mod received;

use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use engine::log::LogError;
use schemas::{AgentId, Role};

use super::agents::Heard;
use super::stage::Stage;
use super::tally::Tally;
pub use check::{Books, Check};
use ledger::{Follower, Ledger};
use pages::Pages;
use reader::Reader;

/// How long what is under way may take to come to its end.
const SETTLES_WITHIN: Duration = Duration::from_secs(45);
const LOOK_AGAIN: Duration = Duration::from_millis(200);

/// Why the books could not be read.
#[derive(Debug, thiserror::Error)]
pub enum BooksError {
    /// The log.
    #[error("the log cannot be read")]
    Log(#[from] LogError),
    /// Nobody is there who may read everything.
    #[error("the demo's workspace has no auditor")]
    NoAuditor,
}

/// A day that is over, before its books are checked.
pub(super) struct Closing<'a> {
    pub(super) stage: &'a Stage,
    pub(super) tally: &'a Tally,
    pub(super) heard: &'a [(AgentId, Arc<Mutex<Heard>>)],
}

impl Closing<'_> {
    /// Waits until nothing is under way any more, and checks everything.
    pub(super) async fn check(&self) -> Result<Books, BooksError> {
        let ledger = self.settled().await?;
        let (auditor, _) =
            self.stage.workspace.with_role(Role::Auditor).next().ok_or(BooksError::NoAuditor)?;
        let auditor = self.stage.client_of(auditor);
        let reader = Reader { api: &auditor, ledger: &ledger };
        let pages = Pages::read(&reader, &self.stage.workspace).await;
        let letters = self.tally.letters.all();
        let checks = vec![
            received::check(&letters, &self.stage.workspace, &ledger, &pages),
            ledger.attendance.check(),
            ledger.hours.check(),
            ledger.outbound.check_statuses(&pages),
            ledger.outbound.check_sends(self.stage.stand_in(), &self.tally.all_sent()),
            pages.check,
            ledger.contacts.check(&reader).await,
            audit::check(&auditor, &ledger).await,
            pushes::check(self.heard, &ledger).await,
        ];
        Ok(Books { checks })
    }

    /// The log when nothing comes to it any more, or when that has taken too long.
    async fn settled(&self) -> Result<Ledger, BooksError> {
        let deadline = Instant::now() + SETTLES_WITHIN;
        let mut follower = Follower::open(&self.stage.server().app().log).await?;
        // What waits by the clock is over when nothing has happened for longer than anything waits.
        let quiet_for = self.stage.workspace.longest_wait() + LOOK_AGAIN;
        let (mut last, mut moved_at) = (None, Instant::now());
        loop {
            let counts = self.stage.stand_in().webhook_counts();
            follower.read_to_head().await?;
            if follower.ledger.last_of_any != last {
                (last, moved_at) = (follower.ledger.last_of_any, Instant::now());
            }
            let is_quiet = moved_at.elapsed() >= quiet_for;
            let reported = counts.delivered + counts.given_up >= counts.planned;
            if (is_quiet && reported && follower.ledger.outbound.under_way() == 0)
                || Instant::now() >= deadline
            {
                return Ok(follower.ledger);
            }
            tokio::time::sleep(LOOK_AGAIN).await;
        }
    }
}
