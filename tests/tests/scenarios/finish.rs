//! What is offered before a transfer or a finish is tried, and what follows on a finish.

use reqwest::Method;
use schemas::AgentId;
use schemas::api::live::{LiveChange, LiveEvent};
use schemas::api::views::{DispositionChoice, EntryBody, TransferTargets};
use schemas::event::NoteKind;
use serde_json::{Value, json};
use tests::ask::{eventually, lines, of, post, put, read_at, refused};
use tests::centre::{Centre, agent, campaign, disposition};
use tests::listener::Listener;
use tests::server::TestServer;

#[tokio::test(flavor = "multi_thread")]
async fn what_a_conversation_can_be_transferred_to_is_told_with_why_not_and_as_a_transfer_says_it() {
    let server = TestServer::start_quiet(Centre { agents: 4, capacity: 1, ..Centre::default() }).await;
    let (admin, ana) = (server.admin(), server.agent(0).await);
    let conversation = server.opened_by(1).await;
    // Of the other three one is full, one is away, and one has room.
    server.opened_by(2).await;
    let away = format!("/v1/agents/{}/presence", agent(2));
    put(&admin, &away, &json!({"presence": "away", "reason": "lunch"})).await;
    let path = of(conversation, "transfer-targets");
    let targets: TransferTargets = read_at(&ana, &path, server.head().await).await;
    let told: Vec<(AgentId, Option<String>)> =
        targets.agents.into_iter().map(|choice| (choice.id, choice.why_not.map(|why| why.code))).collect();
    let why = |code: &str| Some(code.to_owned());
    let expected = [(agent(1), why("agent_full")), (agent(2), why("agent_not_online")), (agent(3), None)];
    assert_eq!(told, expected);
    let [other] = &targets.campaigns[..] else { panic!("{:?}", targets.campaigns) };
    assert_eq!((&other.id, &other.why_not), (&campaign(1), &None));
    for (to, why) in told {
        let body = json!({"agent": to, "note": "please"});
        let path = of(conversation, "transfer");
        match why {
            Some(code) => assert_eq!(refused(&ana, Method::POST, &path, &body).await.code, code),
            None => assert!(post(&ana, &path, &body).await.changed),
        }
    }
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_dispositions_of_the_campaign_are_told_with_their_subs() {
    let server = TestServer::start_quiet(Centre { agents: 1, campaigns: 1, ..Centre::default() }).await;
    let (admin, ana) = (server.admin(), server.agent(0).await);
    put(&admin, "/v1/dispositions/by-card", &json!({"name": "By card", "parent": disposition()})).await;
    let conversation = server.opened_by(1).await;
    let path = of(conversation, "dispositions");
    let choices: Vec<DispositionChoice> = read_at(&ana, &path, server.head().await).await;
    let [only] = &choices[..] else { panic!("{choices:?}") };
    assert_eq!((only.id.as_str(), only.sub_dispositions[0].id.as_str()), (disposition().as_str(), "by-card"));
    let finish = of(conversation, "finish");
    let refusal = refused(&ana, Method::POST, &finish, &json!({"disposition": only.id})).await;
    assert_eq!(refusal.code, "sub_disposition_required");
    post(&ana, &finish, &json!({"disposition": only.id, "sub_disposition": "by-card"})).await;
    server.head().await;
    let is_over = async || {
        let answer: Result<Value, _> = ana.get(&path).await;
        answer.is_err().then_some(())
    };
    eventually("there is nothing to choose any more", is_over).await;
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_to_be_done_after_a_conversation_takes_room_until_it_is_done() {
    let server =
        TestServer::start_quiet(Centre { agents: 1, campaigns: 1, capacity: 1, ..Centre::default() }).await;
    let (admin, ana) = (server.admin(), server.agent(0).await);
    let path = format!("/v1/campaigns/{}", campaign(0));
    let mut definition: Value = admin.get::<Value>(&path).await.unwrap()["definition"].take();
    definition["after_work_seconds"] = json!(600);
    put(&admin, &path, &definition).await;
    let (first, second) = (server.opened_by(1).await, server.opened_by(2).await);
    post(&ana, &of(first, "finish"), &json!({"disposition": disposition()})).await;
    assert!(server.inbox(0).await.is_empty());
    let mut screen = Listener::open(&ana).await;
    post(&ana, &of(first, "end-after-work"), &json!({})).await;
    assert_eq!(server.inbox(0).await[0].conversation, second);
    // Though the conversation is over, its agent hears of it.
    let is_it = |event: &LiveEvent| match &event.change {
        LiveChange::Entry { conversation, entry, .. } if *conversation == first => {
            matches!(entry.body, EntryBody::AfterWorkEnded { .. }).then_some(())
        }
        _ => None,
    };
    screen.until(is_it).await;
    let again = refused(&ana, Method::POST, &of(first, "end-after-work"), &json!({})).await;
    assert_eq!(again.code, "no_after_work");
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_supervisor_leaves_a_note_that_the_agent_reads_and_no_agent_leaves_one() {
    let server = TestServer::start_quiet(Centre { agents: 1, campaigns: 1, ..Centre::default() }).await;
    let (admin, ana) = (server.admin(), server.agent(0).await);
    let conversation = server.opened_by(1).await;
    let note = json!({"text": "offer a discount", "kind": "coaching"});
    assert_eq!(refused(&ana, Method::POST, &of(conversation, "notes"), &note).await.code, "forbidden");
    post(&admin, &of(conversation, "notes"), &note).await;
    let read = async || {
        let is_it = |body: &EntryBody| matches!(body, EntryBody::Note { note_kind: NoteKind::Coaching, .. });
        lines(&ana, conversation).await.iter().any(|line| is_it(&line.body)).then_some(())
    };
    eventually("the agent reads it", read).await;
    server.stop().await;
}
