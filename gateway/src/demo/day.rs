//! A busy day: customers, agents, a supervisor, doors that close at times and a screen on the wall, from opening to
//! closing, and then the books.

use std::sync::Arc;
use std::time::Duration;

use hdrhistogram::Histogram;
use schemas::Role;
use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;

use super::agents::Agents;
use super::books::{Books, BooksError, Closing};
use super::chance::Chance;
use super::customers::Customers;
use super::desk::Desk;
use super::doors::Doors;
use super::stage::{Stage, StageError};
use super::supervisor::Supervisor;
use super::tally::Tally;
use super::wallboard;

/// Longest push that is told apart from longer ones.
const LATENCY_MICROS_MAX: u64 = 60_000_000;
/// How long the streams may take to open before the first customer writes.
const OPEN_WITHIN: Duration = Duration::from_secs(20);
const FULL_CHECK_EVERY: Duration = Duration::from_millis(250);

/// How busy the day is.
#[derive(Debug, Clone)]
pub struct DayOptions {
    /// Different customers, who come back again and again.
    pub customers: u32,
    /// What they write, all together, on average. Agents write about half as much, and WhatsApp reports on that
    /// with about three webhooks a message.
    pub messages_per_second: u32,
    /// The same seed gives the same customers and agents.
    pub seed: u64,
}

impl Default for DayOptions {
    fn default() -> Self {
        Self { customers: 300, messages_per_second: 90, seed: 1 }
    }
}

/// Why a day could not be lived to its end.
#[derive(Debug, thiserror::Error)]
pub enum DayError {
    /// It could not begin.
    #[error(transparent)]
    Stage(#[from] StageError),
    /// Nothing to measure with.
    #[error("the latencies cannot be kept")]
    Histogram(#[from] hdrhistogram::CreationError),
    /// The books could not be read.
    #[error("the books cannot be checked")]
    Books(#[from] BooksError),
}

/// What came of a day.
#[derive(Debug)]
pub struct DaySummary {
    /// What was counted.
    pub tally: Arc<Tally>,
    /// Receipts that WhatsApp delivered.
    pub receipts: u64,
    /// What the books say.
    pub books: Books,
}

impl DaySummary {
    /// Whether the books are in order.
    pub fn in_order(&self) -> bool {
        self.books.in_order()
    }
}

/// A day that is under way. Dropped, everybody goes home at once.
pub struct Day<'a> {
    stage: &'a Stage,
    tally: Arc<Tally>,
    customers: Customers,
    agents: Agents,
    doors: JoinSet<()>,
    others: JoinSet<()>,
    stop_work: CancellationToken,
    stop_watching: CancellationToken,
}

impl<'a> Day<'a> {
    /// Opens: agents come online, customers begin to write.
    ///
    /// # Errors
    /// [`DayError`].
    pub async fn begin(stage: &'a Stage, options: &DayOptions) -> Result<Self, DayError> {
        let tally = Arc::new(Tally::new(Histogram::new_with_bounds(1, LATENCY_MICROS_MAX, 3)?));
        let (stop_work, stop_watching) = (CancellationToken::new(), CancellationToken::new());
        let (opening, mut all_open) = mpsc::channel(1);
        let mut others = JoinSet::new();
        let chance = Chance::of(options.seed, "wallboard", 0);
        others.spawn(wallboard::watch(
            stage.admin().clone(),
            Arc::clone(&tally),
            chance,
            (stop_watching.clone(), opening.clone()),
        ));
        let doors = Arc::new(Doors::new(&stage.workspace));
        let agents = Agents::start((stage, &doors), options, &tally, &opening);
        for (number, (id, _)) in stage.workspace.with_role(Role::Supervisor).enumerate() {
            let supervisor = Supervisor {
                desk: Desk::new(id.as_str(), stage.client_of(id), Arc::clone(&tally)),
                workspace: Arc::new(stage.workspace.clone()),
                doors: Arc::clone(&doors),
                chance: Chance::of(options.seed, "supervisor", number as u64),
                until: stop_work.clone(),
            };
            others.spawn(supervisor.work());
        }
        drop(opening);
        // A stream that does not open says why among the troubles.
        let _late = timeout(OPEN_WITHIN, all_open.recv()).await;
        let customers = Customers::start(stage, options, &tally)?;
        let desk = Desk::new("administrator", stage.admin().clone(), Arc::clone(&tally));
        let chance = Chance::of(options.seed, "doors", 0);
        let doors = JoinSet::from_iter([doors.attend(desk, chance, stop_work.clone())]);
        Ok(Self { stage, tally, customers, agents, doors, others, stop_work, stop_watching })
    }

    /// What is counted as the day goes.
    pub fn tally(&self) -> &Arc<Tally> {
        &self.tally
    }

    /// Comes back when there have been as many messages as a day may have.
    pub async fn is_full(&self) {
        while !self.tally.letters.are_full() {
            tokio::time::sleep(FULL_CHECK_EVERY).await;
        }
    }

    /// Closes: nobody writes any more, what is under way comes to its end, and the books are checked.
    ///
    /// # Errors
    /// [`DayError::Stage`] when atender does not hear that the day is over, [`DayError::Books`].
    pub async fn end(self) -> Result<DaySummary, DayError> {
        let Self { stage, tally, customers, mut agents, doors, mut others, stop_work, stop_watching } = self;
        customers.stop().await;
        stop_work.cancel();
        agents.stop_working().await;
        // From here on the campaigns are defined by nobody else.
        doors.join_all().await;
        stage.workspace.close(stage.admin()).await?;
        let closing = Closing { stage, tally: &tally, heard: &agents.heard };
        let books = closing.check().await?;
        agents.stop_listening().await;
        stop_watching.cancel();
        while others.join_next().await.is_some() {}
        let receipts = stage.stand_in().webhook_counts().delivered;
        Ok(DaySummary { tally, receipts, books })
    }
}

/// Lives a whole day without showing it.
///
/// # Errors
/// [`DayError`].
pub async fn run(stage: &Stage, options: &DayOptions, length: Duration) -> Result<DaySummary, DayError> {
    let day = Day::begin(stage, options).await?;
    let _over_or_full = tokio::time::timeout(length, day.is_full()).await;
    day.end().await
}
