//! Faults under load, one scenario a file. Each is run with few rounds by the tests and in full by `make torture`.
//! After some rounds, and at the end, the checker decides whether everything was in order; if not, the scenario
//! panics, and names its seed and the directory where logs and data are kept.

mod at_each_stage;
mod atender_killed;
mod flush_killed;
mod nats_killed;
mod network;
mod node_lost;
mod quorum_lost;
mod report;
mod snapshot_killed;
mod stage;
mod supervised_nats_killed;
mod two_writers;
mod writer_lost;

use std::future::Future;
use std::path::PathBuf;
use std::pin::Pin;

pub use report::Report;

/// What comes of starting a scenario: it ends well, or panics.
type Run = fn(u32, u64, Report) -> Pin<Box<dyn Future<Output = ()>>>;

/// A scenario, and how many rounds of it there are in full.
pub struct Scenario {
    pub name: &'static str,
    pub rounds: u32,
    pub run: Run,
}

macro_rules! scenarios {
    ($($module:ident: $rounds:expr;)*) => {
        /// Every scenario.
        pub const SCENARIOS: &[Scenario] = &[$(Scenario {
            name: stringify!($module),
            rounds: $rounds,
            run: |rounds, seed, report| Box::pin(async move { $module::run(rounds, seed, &report).await }),
        },)*];
    };
}

scenarios! {
    atender_killed: 200;
    nats_killed: 50;
    supervised_nats_killed: 50;
    at_each_stage: at_each_stage::ROUNDS;
    network: 60;
    flush_killed: 100;
    snapshot_killed: 60;
    writer_lost: 100;
    two_writers: 100;
    node_lost: 54;
    quorum_lost: 12;
}

/// The scenario of this name.
pub fn scenario(name: &str) -> Option<&'static Scenario> {
    SCENARIOS.iter().find(|scenario| scenario.name == name)
}

/// The program under test, which cargo puts beside the one that runs, or above its directory of dependencies.
fn program() -> PathBuf {
    let own = std::env::current_exe().unwrap();
    let beside = own.ancestors().skip(1).take(2).map(|dir| dir.join("atender-under-test"));
    beside.into_iter().find(|path| path.is_file()).expect("atender-under-test is built with the tests")
}
