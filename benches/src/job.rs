//! Work that is measured in a process of its own, so that its memory is nobody else's: this program again, told in
//! its environment what to do; it prints what came of it.

use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use engine::nats_server::running_endpoint;
use serde::{Deserialize, Serialize};
use tokio::process::Command;

use crate::deployment::Memory;
use crate::parts::open_log;
use crate::past::{Lives, Past};

const JOB: &str = "ATENDER_BENCH_JOB";
const DAY: Duration = Duration::from_secs(24 * 60 * 60);

#[derive(Debug, Serialize, Deserialize)]
pub(crate) enum Job {
    /// Build the views of the log that a running nats-server has.
    Rebuild { nats_dir: PathBuf, views_dir: PathBuf },
    /// Hold the hot state of so many open conversations.
    HotState { conversations: u64 },
}

/// What a rebuild took.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
pub(crate) struct Rebuilt {
    pub(crate) events: u64,
    pub(crate) seconds: f64,
    pub(crate) resident_peak: u64,
}

/// What the hot state weighs.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
pub(crate) struct HotState {
    /// Bytes of each conversation that is open, its first message included.
    pub(crate) per_conversation: f64,
    /// Bytes of each command after that, of which the windows keep the outcome.
    pub(crate) per_command: f64,
}

/// Builds the views in `views_dir` from the log of the server in `nats_dir`.
pub(crate) async fn rebuild(nats_dir: &Path, views_dir: &Path) -> Rebuilt {
    run(&Job::Rebuild { nats_dir: nats_dir.to_owned(), views_dir: views_dir.to_owned() }).await
}

/// Weighs the hot state.
pub(crate) async fn hot_state(conversations: u64) -> HotState {
    run(&Job::HotState { conversations }).await
}

async fn run<T: for<'a> Deserialize<'a>>(job: &Job) -> T {
    let output = Command::new(std::env::current_exe().unwrap())
        .env(JOB, serde_json::to_string(job).unwrap())
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .unwrap()
        .wait_with_output()
        .await
        .unwrap();
    assert!(output.status.success(), "{job:?} ended with {}", output.status);
    serde_json::from_slice(&output.stdout).unwrap()
}

/// What this process is to do, if it is not the bench itself.
pub(crate) fn asked_for() -> Option<Job> {
    std::env::var(JOB).ok().map(|job| serde_json::from_str(&job).unwrap())
}

/// Does it.
pub(crate) async fn perform(job: Job) {
    let result = match job {
        Job::Rebuild { nats_dir, views_dir } => serde_json::to_string(&build(&nats_dir, &views_dir).await),
        Job::HotState { conversations } => serde_json::to_string(&weigh(conversations).await),
    };
    println!("{}", result.unwrap());
}

async fn build(nats_dir: &Path, views_dir: &Path) -> Rebuilt {
    let client = running_endpoint(nats_dir).expect("a nats-server").connect().await.unwrap();
    let log = open_log(&client, 0, 1).await;
    let built = projections::rebuild(&log, views_dir, |_| {}).await.unwrap();
    let resident_peak = Memory::of_self().resident_peak;
    Rebuilt { events: built.events, seconds: built.took.as_secs_f64(), resident_peak }
}

async fn weigh(conversations: u64) -> HotState {
    let lives = Lives { conversations, rounds: 1, open_of: 1, span: DAY };
    let empty = Memory::of_self().resident;
    let mut past = Past::begin(None, &lives).await;
    past.open_all(conversations).await;
    let open = Memory::of_self().resident;
    let opened = past.state().workspace(&tests::centre::workspace()).unwrap().conversations().count();
    assert_eq!(opened as u64, conversations);
    let before = past.commands();
    past.answer_all(conversations).await;
    let answered = Memory::of_self().resident;
    HotState {
        per_conversation: open.saturating_sub(empty) as f64 / conversations as f64,
        per_command: answered.saturating_sub(open) as f64 / (past.commands() - before) as f64,
    }
}
