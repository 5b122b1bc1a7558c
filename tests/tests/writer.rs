//! The writer on a real nats-server: races, lost acks, rivals and repeats.
#![allow(clippy::unwrap_used, reason = "a test may")]

use std::collections::{HashMap, HashSet};

use async_nats::ConnectOptions;
use engine::{Engine, EngineConfig, SubmitError};
use futures_util::future::join_all;
use schemas::event::{AssignReason, ConversationAssigned, NoteKind};
use schemas::{Actor, Command, CommandId, ConversationId, Event, ExclusiveWait, Rejection};
use tests::ask::WITHIN;
use tests::books;
use tests::centre::{self, Centre, agent, contact, inbound, open_conversation, persist, submission};
use tests::nats::{TestNats, open_log};
use tests::proxy::Proxy;

/// Every commit of the log by its command, from the log itself.
async fn commits(nats: &TestNats) -> Vec<(CommandId, Vec<Event>)> {
    let log = nats.log().await;
    let (head, mut reader) = (books::head(&log).await, books::follow(&log).await);
    let mut commits = Vec::new();
    for _ in 0..head {
        let recorded = reader.next().await.unwrap();
        commits
            .extend(recorded.frame.commits.into_iter().map(|commit| (commit.header.command, commit.events)));
    }
    commits
}

fn assign(conversation: ConversationId, number: usize) -> schemas::Submission {
    submission(Actor::Agent(agent(number)), Command::Assign { conversation, agent: agent(number) })
}

#[tokio::test(flavor = "multi_thread")]
async fn of_64_who_race_for_one_conversation_one_gets_it() {
    let nats = TestNats::start().await;
    let (engine, _writer) = nats.engine().await;
    Centre { agents: 64, capacity: 1, ..Centre::default() }.define(&engine).await;
    let conversation = open_conversation(&engine, 1).await;
    let racing = (0..64).map(|number| {
        let engine = engine.clone();
        tokio::spawn(async move {
            centre::online(&engine, number).await;
            engine.submit(assign(conversation, number)).await
        })
    });
    let (mut won, mut lost) = (0, 0);
    for result in join_all(racing).await {
        match result.unwrap() {
            Ok(_) => won += 1,
            Err(SubmitError::Rejected(Rejection::AlreadyAssigned(which, _))) if which == conversation => {
                lost += 1
            }
            Err(other) => panic!("{other}"),
        }
    }
    assert_eq!((won, lost), (1, 63));
    let assigned = |event: &Event| matches!(event, Event::ConversationAssigned(_));
    let in_log: Vec<_> =
        commits(&nats).await.into_iter().flat_map(|(_, events)| events).filter(assigned).collect();
    assert_eq!(in_log.len(), 1, "{in_log:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn of_64_who_race_to_overrun_a_capacity_only_that_many_get_in() {
    let nats = TestNats::start().await;
    let (engine, _writer) = nats.engine().await;
    Centre { agents: 1, capacity: 5, ..Centre::default() }.open(&engine).await;
    // Five fill the agent; all others wait, and are then pressed on the agent by hand.
    let opened = join_all((0..64).map(|from| engine.submit(inbound(from, &format!("m{from}"), "hi")))).await;
    let conversations: Vec<_> = opened.into_iter().map(|o| o.unwrap().conversation.unwrap()).collect();
    let pressed = join_all(conversations.iter().map(|conversation| {
        let engine = engine.clone();
        let command = Command::Assign { conversation: *conversation, agent: agent(0) };
        tokio::spawn(async move { engine.submit(submission(Actor::Administrator, command)).await })
    }))
    .await;
    let (mut fine, mut full) = (0, 0);
    for result in pressed {
        match result.unwrap() {
            Ok(outcome) => {
                assert!(outcome.events.is_empty(), "one more got in");
                fine += 1;
            }
            Err(SubmitError::Rejected(Rejection::AgentFull(_, 5))) => full += 1,
            Err(other) => panic!("{other}"),
        }
    }
    assert_eq!((fine, full), (5, 59));
}

#[tokio::test(flavor = "multi_thread")]
async fn messages_of_one_new_contact_at_the_same_moment_open_one_conversation() {
    let nats = TestNats::start().await;
    let (engine, _writer) = nats.engine().await;
    Centre::default().open(&engine).await;
    let both = join_all((0..8).map(|n| {
        let engine = engine.clone();
        tokio::spawn(async move { engine.submit(inbound(1, &format!("wamid.{n}"), "hello")).await.unwrap() })
    }))
    .await;
    let conversations: HashSet<_> = both.into_iter().map(|o| o.unwrap().conversation.unwrap()).collect();
    assert_eq!(conversations.len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_frame_whose_ack_is_lost_is_written_once_and_acknowledged() {
    let nats = TestNats::start().await;
    let direct = nats.server.url().trim_start_matches("nats://").parse().unwrap();
    let proxy = Proxy::start(direct).await;
    let options = nats.server.client_options();
    let client = ConnectOptions::connect(options, format!("nats://{}", proxy.addr())).await.unwrap();
    let log = open_log(&client).await;
    let (engine, _writer) = Engine::start(log, EngineConfig::default()).await.unwrap();
    Centre::default().open(&engine).await;

    let mut submitted = HashSet::new();
    for round in 0..5 {
        proxy.lose_next_answer();
        let command = inbound(round, &format!("lost-{round}"), "hello");
        submitted.insert(command.id);
        match engine.submit(command.clone()).await {
            Ok(outcome) => assert!(!outcome.repeated),
            // A machine that stood still.
            Err(SubmitError::Unavailable(_)) => drop(persist(&engine, command).await),
            Err(other) => panic!("{other}"),
        }
    }
    assert_eq!(proxy.lost(), 5);
    let mut times: HashMap<CommandId, u32> = HashMap::new();
    for (command, _) in commits(&nats).await {
        *times.entry(command).or_default() += 1;
    }
    for command in submitted {
        assert_eq!(times.get(&command), Some(&1), "command {command}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn two_writers_on_one_log_never_both_believe() {
    let nats = TestNats::start().await;
    let (one, _one) = nats.engine().await;
    Centre { agents: 1, capacity: 500, ..Centre::default() }.open(&one).await;
    let (two, _two) = nats.engine().await;
    let mut acknowledged = Vec::new();
    for round in 0..40_u64 {
        let engine = if round % 2 == 0 { &one } else { &two };
        let command = inbound(round % 7, &format!("m{round}"), "hello");
        // The one who lost its place says so, reads the log again, and can go on.
        let mut outcome = engine.submit(command.clone()).await;
        for _ in 0..50 {
            if matches!(outcome, Err(SubmitError::Unavailable(_))) {
                outcome = engine.submit(command.clone()).await;
            }
        }
        acknowledged.push((command.id, outcome.unwrap().position));
    }
    let commits = commits(&nats).await;
    for (command, _) in &acknowledged {
        assert_eq!(commits.iter().filter(|(id, _)| id == command).count(), 1, "command {command}");
    }
    let positions: HashSet<_> = acknowledged.iter().map(|(_, position)| position).collect();
    assert_eq!(positions.len(), acknowledged.len(), "two commands at one position");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_repeated_command_gets_the_first_outcome_even_after_a_restart() {
    let nats = TestNats::start().await;
    let (engine, writer) = nats.engine().await;
    Centre::default().open(&engine).await;
    let command = inbound(1, "wamid.1", "hello");
    let first = engine.submit(command.clone()).await.unwrap();
    let again = engine.submit(command.clone()).await.unwrap();
    drop(engine);
    writer.await.unwrap().unwrap();
    let (engine, _writer) = nats.engine().await;
    let after = engine.submit(command).await.unwrap();
    for repeated in [again, after] {
        assert!(repeated.repeated);
        assert_eq!(
            (repeated.position, repeated.conversation, repeated.message),
            (first.position, first.conversation, first.message)
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn one_key_for_two_requests_is_refused() {
    let nats = TestNats::start().await;
    let (engine, _writer) = nats.engine().await;
    Centre::default().open(&engine).await;
    let conversation = open_conversation(&engine, 1).await;
    let holder = Actor::Agent(agent(0));
    let note = |text: &str, fingerprint| {
        let command = Command::AddNote { conversation, text: text.to_owned(), kind: NoteKind::Note };
        let id = CommandId::from_bytes([9; 16]);
        schemas::Submission { id, fingerprint, ..submission(Actor::Administrator, command) }
    };
    engine.submit(note("one", 1)).await.unwrap();
    let other = engine.submit(note("two", 2)).await;
    assert!(matches!(other, Err(SubmitError::Rejected(Rejection::KeyReused))), "{other:?} for {holder:?}");
    assert!(engine.submit(note("one", 1)).await.unwrap().repeated);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_command_that_changed_nothing_is_remembered_when_it_has_a_key() {
    let nats = TestNats::start().await;
    let (engine, _writer) = nats.engine().await;
    Centre::default().open(&engine).await;
    let conversation = open_conversation(&engine, 1).await;
    // Both have the same room; ties go to the one idle longest, who came online first.
    let keyed = schemas::Submission { fingerprint: 5, ..assign(conversation, 0) };
    assert!(engine.submit(keyed.clone()).await.unwrap().events.is_empty());
    let to = schemas::TransferTarget::Agent(agent(1));
    let transfer = Command::Transfer { conversation, to, note: "your turn".into() };
    engine.submit(submission(Actor::Agent(agent(0)), transfer)).await.unwrap();
    // The retry of the double click comes late; it must not undo the transfer, nor be judged anew.
    let late = engine.submit(keyed).await.unwrap();
    assert!(late.repeated && late.events.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wait_for_an_exclusive_agent_ends_by_itself() {
    let nats = TestNats::start().await;
    let (engine, _writer) = nats.engine().await;
    let centre = Centre { exclusive_wait: ExclusiveWait::Seconds(1), ..Centre::default() };
    centre.define(&engine).await;
    centre::online(&engine, 0).await;
    let set = Command::SetExclusiveAgent {
        contact: contact(1),
        campaign: centre::campaign(0),
        agent: agent(1),
        until: None,
    };
    engine.submit(submission(Actor::Administrator, set)).await.unwrap();
    let conversation = open_conversation(&engine, 1).await;

    let log = nats.log().await;
    let mut reader = books::follow(&log).await;
    let ended = async {
        loop {
            for commit in reader.next().await.unwrap().frame.commits {
                for event in commit.events {
                    if let Event::ConversationAssigned(assigned) = event {
                        return (commit.header.actor, assigned);
                    }
                }
            }
        }
    };
    let (actor, assigned) = tokio::time::timeout(WITHIN, ended).await.unwrap();
    assert_eq!(actor, Actor::System);
    let ConversationAssigned { conversation: which, agent: to, reason } = assigned;
    assert_eq!((which, to), (conversation, agent(0)));
    assert!(matches!(reason, AssignReason::MostRoom { .. }), "{reason:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn large_messages_at_the_same_moment_go_into_as_many_frames_as_they_need() {
    let nats = TestNats::start().await;
    let (engine, _writer) = nats.engine().await;
    Centre::default().open(&engine).await;
    let large = "x".repeat(schemas::limits::CONTENT_BYTES_MAX);
    join_all((0..12).map(|n| persist(&engine, inbound(n, &format!("large-{n}"), &large)))).await;
}
