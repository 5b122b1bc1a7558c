//! Several processes for one shard: one writes, the others pass on and take over, and nothing is lost or done twice
//! on the way.
#![allow(clippy::unwrap_used, reason = "a test may")]

use schemas::event::NoteKind;
use std::collections::HashMap;

use async_nats::jetstream::kv::Store;
use engine::deployment::{Deployment, Wanted};
use engine::{Engine, EngineConfig, Role, SubmitError, WriterError};
use futures_util::future::join_all;
use schemas::{Actor, Command, CommandId, Position, Rejection, Submission};
use tests::ask::eventually;
use tests::books;
use tests::centre::{self, Centre, inbound, open_conversation, submission};
use tests::nats::TestNats;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

fn role(engine: &Engine) -> Role {
    engine.health().borrow().role
}

async fn becomes(engine: &Engine, role: Role) {
    engine.health().wait_for(|health| health.role == role).await.unwrap();
}

/// How often each command is in the log, and where its last event is.
async fn commits(nats: &TestNats) -> HashMap<CommandId, Vec<Position>> {
    let log = nats.log().await;
    let (head, mut reader) = (books::head(&log).await, books::follow(&log).await);
    let mut commits: HashMap<CommandId, Vec<Position>> = HashMap::new();
    for sequence in 1..=head {
        let mut index = 0;
        for commit in reader.next().await.unwrap().frame.commits {
            index += commit.events.len() as u32;
            let at = Position { shard: log.shard(), sequence, index: index.saturating_sub(1) };
            commits.entry(commit.header.command).or_default().push(at);
        }
    }
    commits
}

/// Submits until it is known what came of it.
async fn persist(engine: &Engine, command: Submission) -> Position {
    centre::persist(engine, command).await.position
}

/// Every position that was acknowledged is that of the command, which is in the log once.
async fn each_is_there_once(nats: &TestNats, acknowledged: &[(CommandId, Position)]) {
    let commits = commits(nats).await;
    for (command, position) in acknowledged {
        assert_eq!(commits.get(command).map(Vec::as_slice), Some([*position].as_slice()), "{command}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_standby_passes_commands_on_and_refusals_back() {
    let nats = TestNats::start().await;
    let (writer, _one) = nats.engine().await;
    becomes(&writer, Role::Writer).await;
    let (standby, _two) = nats.engine().await;
    Centre::default().open(&standby).await;
    let conversation = open_conversation(&standby, 1).await;
    let note = |text: &str| Command::AddNote { conversation, text: text.to_owned(), kind: NoteKind::Note };
    let outcome = standby.submit(submission(Actor::Administrator, note("hello"))).await.unwrap();
    assert_eq!((outcome.events.len(), outcome.repeated), (1, false));
    let refused = standby.submit(submission(Actor::Administrator, note(""))).await;
    assert!(matches!(refused, Err(SubmitError::Rejected(Rejection::InvalidText(_)))), "{refused:?}");
    assert_eq!((role(&writer), role(&standby)), (Role::Writer, Role::Standby));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_passed_on_keeps_its_order() {
    let nats = TestNats::start().await;
    let (writer, _one) = nats.engine().await;
    becomes(&writer, Role::Writer).await;
    let (standby, _two) = nats.engine().await;
    Centre { capacity: 500, ..Centre::default() }.open(&standby).await;
    let submitted = (0..500).map(|number| standby.submit(inbound(1, &format!("m{number}"), "hello")));
    let positions: Vec<_> = join_all(submitted).await.into_iter().map(|o| o.unwrap().position).collect();
    assert!(positions.is_sorted(), "{positions:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_writer_that_dies_is_replaced_and_what_it_was_asked_is_done_once() {
    let nats = TestNats::start().await;
    let (writer, dying) = nats.engine().await;
    becomes(&writer, Role::Writer).await;
    Centre { capacity: 500, ..Centre::default() }.open(&writer).await;
    let (standby, _two) = nats.engine().await;
    let load = tokio::spawn({
        let standby = standby.clone();
        async move {
            let mut acknowledged = Vec::new();
            for number in 0..400 {
                let command = inbound(number % 20, &format!("m{number}"), "hello");
                acknowledged.push((command.id, persist(&standby, command).await));
            }
            acknowledged
        }
    });
    let log = nats.log().await;
    eventually("the load begins", async || (books::head(&log).await > 50).then_some(())).await;
    dying.abort();
    becomes(&standby, Role::Writer).await;
    each_is_there_once(&nats, &load.await.unwrap()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_planned_end_hands_over_with_nobody_told_to_come_again() {
    let nats = TestNats::start().await;
    let (first, ending) = nats.engine().await;
    becomes(&first, Role::Writer).await;
    Centre { capacity: 500, ..Centre::default() }.open(&first).await;
    let (second, _two) = nats.engine().await;
    let mut acknowledged = Vec::new();
    let mut first = Some(first);
    for number in 0..200 {
        if number == 100 {
            first = None;
        }
        let command = inbound(number % 20, &format!("m{number}"), "hello");
        let outcome = first.as_ref().unwrap_or(&second).submit(command.clone()).await.unwrap();
        acknowledged.push((command.id, outcome.position));
    }
    ending.await.unwrap().unwrap();
    assert_eq!(role(&second), Role::Writer);
    each_is_there_once(&nats, &acknowledged).await;
}

/// An engine of this name, and the task that ends with it.
async fn named(nats: &TestNats, name: &str) -> (Engine, JoinHandle<Result<(), WriterError>>) {
    let config = EngineConfig { name: name.to_owned(), ..EngineConfig::default() };
    Engine::start(nats.log().await, config).await.unwrap()
}

/// The key says all of a sudden that the other has the lease: that one takes it, and this one goes on believing until
/// it next renews it. Whether both were seen to write at the same time.
async fn both_believe(leases: &Store, (one, two): (&Engine, &Engine), heir: &str) -> bool {
    leases.put("shard.0", format!("{{\"holder\":\"{heir}\"}}").into()).await.unwrap();
    let (was, is) = if heir == "two" { (one, two) } else { (two, one) };
    let (mut seen, mut was_health) = (false, was.health());
    eventually("the other writes", async || (role(is) == Role::Writer).then_some(())).await;
    while role(was) == Role::Writer {
        seen = true;
        was_health.changed().await.unwrap();
    }
    seen
}

#[tokio::test(flavor = "multi_thread")]
async fn two_that_both_believe_to_hold_the_lease_do_nothing_twice() {
    let nats = TestNats::start().await;
    let (one, _one) = named(&nats, "one").await;
    becomes(&one, Role::Writer).await;
    Centre { capacity: 500, ..Centre::default() }.open(&one).await;
    let (two, _two) = named(&nats, "two").await;
    let leases = engine::kv::bucket(&nats.client, "ATENDER_LEASES", 1).await.unwrap();
    let ended = CancellationToken::new();
    let load = |engine: &Engine, name: &'static str| {
        let (engine, ended) = (engine.clone(), ended.clone());
        tokio::spawn(async move {
            let mut acknowledged = Vec::new();
            for number in 0.. {
                if ended.is_cancelled() {
                    break;
                }
                let command = inbound(number % 20, &format!("{name}{number}"), "hello");
                acknowledged.push((command.id, persist(&engine, command).await));
            }
            acknowledged
        })
    };
    let (first, second) = (load(&one, "a"), load(&two, "b"));
    let mut times = 0;
    eventually("both believe, three times", async || {
        let heir = if role(&one) == Role::Writer { "two" } else { "one" };
        times += u32::from(both_believe(&leases, (&one, &two), heir).await);
        (times == 3).then_some(())
    })
    .await;
    ended.cancel();
    let all = [first.await.unwrap(), second.await.unwrap()].concat();
    each_is_there_once(&nats, &all).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_deployment_keeps_its_number_of_shards() {
    let nats = TestNats::start().await;
    let open = async |shards| Deployment::open(&nats.client, Wanted { shards, replicas: None }).await;
    let (first, second) = tokio::join!(open(Some(4)), open(Some(4)));
    assert_eq!((first.unwrap().shards, second.unwrap().shards), (4, 4));
    assert_eq!(open(None).await.unwrap().shards, 4);
    let refused = open(Some(2)).await.unwrap_err().to_string();
    assert!(refused.contains("has 4 shards") && refused.contains("--shards"), "{refused}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stream_that_somebody_edits_is_written_no_more_and_the_setting_is_named() {
    let nats = TestNats::start().await;
    let (engine, writer) = nats.engine().await;
    Centre::default().open(&engine).await;
    let context = async_nats::jetstream::new(nats.client.clone());
    let stream = context.get_stream("ATENDER_LOG_0").await.unwrap();
    let config = async_nats::jetstream::stream::Config {
        max_messages: 1_000_000,
        ..stream.cached_info().config.clone()
    };
    context.update_stream(config).await.unwrap();
    let error = writer.await.unwrap().unwrap_err();
    let cause = std::error::Error::source(&error).map(ToString::to_string).unwrap_or_default();
    assert!(cause.contains("max_msgs"), "{cause}");
    let refused = engine.submit(inbound(1, "after", "hello")).await;
    assert!(matches!(refused, Err(SubmitError::Unavailable(_))), "{refused:?}");
}
