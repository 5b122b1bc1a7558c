//! `atender demo`: a whole atender in a temporary directory, and a busy day of simulated customers and agents in it,
//! over real HTTP. At the end it checks its books.

mod agents;
mod books;
mod chance;
mod customers;
pub mod day;
mod desk;
mod doors;
mod letters;
mod stage;
mod stream;
mod supervisor;
mod table;
mod tally;
mod wallboard;
pub mod whatsapp_stand_in;
mod workspace;

use std::error::Error;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use tokio::task::AbortHandle;
use tokio_util::sync::CancellationToken;

use crate::signals::told_to_end;
pub use books::{Books, BooksError, Check};
use day::{Day, DayOptions, DaySummary};
pub use letters::LETTERS_MAX;
pub use stage::{Stage, StageError, StageOptions};
pub use tally::{Count, Latency, Tally};

/// What `atender demo` is told.
#[derive(Debug, Clone)]
pub struct DemoConfig {
    /// When it ends by itself; without it, at Ctrl-C.
    pub seconds: Option<u64>,
    /// Where it answers; with port 0 the system chooses one.
    pub listen: SocketAddr,
    /// The nats-server program; without one it is looked for.
    pub nats_server: Option<PathBuf>,
    /// The same seed gives the same customers and agents.
    pub seed: u64,
}

/// Runs the demo; gives back whether its books are in order.
///
/// # Errors
/// When something could not be started, or the books could not be read.
pub async fn run(config: DemoConfig) -> Result<bool, Box<dyn Error>> {
    let signals = Signals::listen();
    let options =
        StageOptions { listen: config.listen, nats_server: config.nats_server.clone(), seed: config.seed };
    let stage = tokio::select! {
        stage = Stage::start(options) => stage?,
        () = signals.first.cancelled() => return Err("ended before it had begun".into()),
    };
    introduce(&stage, config.seconds);
    let outcome = tokio::select! {
        outcome = live(&stage, &config, &signals.first) => outcome,
        () = signals.second.cancelled() => Err("ended before the books were checked".into()),
    };
    stage.stop().await;
    outcome
}

async fn live(stage: &Stage, config: &DemoConfig, told: &CancellationToken) -> Result<bool, Box<dyn Error>> {
    let day = Day::begin(stage, &DayOptions { seed: config.seed, ..DayOptions::default() }).await?;
    tokio::select! {
        () = table::show(day.tally(), stage.stand_in()) => {}
        () = over(config.seconds) => {}
        () = told.cancelled() => {}
        () = day.is_full() => println!("\nThis is as many messages as a day may have."),
    }
    println!("\nThe day is over. What is under way comes to its end, then the books are checked.\n");
    let summary = day.end().await?;
    print_summary(&summary, stage);
    Ok(summary.in_order())
}

async fn over(seconds: Option<u64>) {
    match seconds {
        Some(seconds) => tokio::time::sleep(Duration::from_secs(seconds)).await,
        None => std::future::pending().await,
    }
}

/// What to try while it runs.
fn introduce(stage: &Stage, seconds: Option<u64>) {
    let (url, admin) = (stage.url(), stage.server().admin_token());
    println!(
        "A busy day in a contact centre. Customers, agents and WhatsApp are simulated; the rest is real.\n"
    );
    println!("  {url}");
    println!("  administrator's token   {admin}");
    if let Some((agent, token)) = stage.tokens().iter().next() {
        println!("  {:<23} {token}\n", format!("token of agent {agent}"));
        println!("  curl -H 'Authorization: Bearer {token}' {url}/v1/inbox");
    }
    println!("  curl -N -H 'Authorization: Bearer {admin}' {url}/v1/events\n");
    match seconds {
        Some(seconds) => println!("It ends after {seconds} seconds, or at Ctrl-C.\n"),
        None => println!("Ctrl-C ends it.\n"),
    }
}

fn print_summary(summary: &DaySummary, stage: &Stage) {
    let (tally, latency) = (&summary.tally, summary.tally.latency());
    println!("{}", table::line(tally, stage.stand_in()));
    println!(
        "webhook to live push: p50 {}, p99 {}, of {} messages\n",
        table::millis(latency.p50),
        table::millis(latency.p99),
        latency.measured
    );
    for trouble in tally.troubles() {
        println!("  seen on the way: {trouble}");
    }
    let verdict = if summary.in_order() { "The books are in order:" } else { "The books are NOT in order:" };
    println!("{verdict}\n\n{}", summary.books);
}

/// The signals to end: the first ends the day, the second the checking of the books.
struct Signals {
    first: CancellationToken,
    second: CancellationToken,
    task: AbortHandle,
}

impl Signals {
    fn listen() -> Self {
        let (first, second) = (CancellationToken::new(), CancellationToken::new());
        let (tell_first, tell_second) = (first.clone(), second.clone());
        let task = tokio::spawn(async move {
            told_to_end().await;
            tell_first.cancel();
            told_to_end().await;
            tell_second.cancel();
        });
        Self { first, second, task: task.abort_handle() }
    }
}

impl Drop for Signals {
    fn drop(&mut self) {
        self.task.abort();
    }
}
