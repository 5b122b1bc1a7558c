//! Routing: policy, skills, priority, overflow, as the campaign says and as the log records it.

use schemas::ConversationId;
use schemas::api::Page;
use schemas::api::views::{EntryBody, InboxItem};
use schemas::event::AssignReason;
use serde_json::{Value, json};
use tests::ask::{eventually, lines, of, put, read_at, refused};
use tests::centre::{Centre, agent, campaign};
use tests::server::TestServer;

/// Has the campaign route as said.
async fn route(server: &TestServer, number: usize, routing: Value) {
    let (admin, path) = (server.admin(), format!("/v1/campaigns/{}", campaign(number)));
    let mut definition: Value = admin.get::<Value>(&path).await.unwrap()["definition"].take();
    definition["routing"] = routing;
    put(&admin, &path, &definition).await;
}

async fn change_agent(server: &TestServer, number: usize, change: impl FnOnce(&mut Value)) {
    let (admin, path) = (server.admin(), format!("/v1/agents/{}", agent(number)));
    let mut definition: Value = admin.get::<Value>(&path).await.unwrap()["definition"].take();
    change(&mut definition);
    put(&admin, &path, &definition).await;
}

async fn queue(server: &TestServer, number: usize) -> Vec<ConversationId> {
    let path = format!("/v1/inbox?queue={}", campaign(number));
    let page: Page<InboxItem> = read_at(&server.admin(), &path, server.head().await).await;
    page.items.into_iter().map(|row| row.conversation).collect()
}

async fn reason(server: &TestServer, conversation: ConversationId) -> AssignReason {
    let lines = lines(&server.admin(), conversation).await;
    let reasons = lines.into_iter().filter_map(|line| match line.body {
        EntryBody::Assigned { reason, .. } => Some(reason),
        _ => None,
    });
    reasons.last().unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn turns_go_round_and_the_record_says_after_whom() {
    let server = TestServer::start_quiet(Centre { agents: 3, campaigns: 1, ..Centre::default() }).await;
    route(&server, 0, json!({"policy": "round_robin"})).await;
    let mut given = Vec::new();
    for customer in 1..=4 {
        let conversation = server.opened_by(customer).await;
        given.push(reason(&server, conversation).await);
    }
    let after = |number: Option<usize>| AssignReason::RoundRobin { with_room: 3, after: number.map(agent) };
    assert_eq!(given, [after(None), after(Some(0)), after(Some(1)), after(Some(2))]);
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_picked_by_hand_is_given_once_the_campaign_gives() {
    let server = TestServer::start_quiet(Centre { campaigns: 1, ..Centre::default() }).await;
    route(&server, 0, json!({"policy": "manual"})).await;
    let waiting = [server.opened_by(1).await, server.opened_by(2).await];
    assert_eq!(queue(&server, 0).await, waiting);
    route(&server, 0, json!({"policy": "longest_idle"})).await;
    eventually("both are given", async || queue(&server, 0).await.is_empty().then_some(())).await;
    assert!(matches!(reason(&server, waiting[0]).await, AssignReason::LongestIdle { with_room: 2, .. }));
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_conversation_waits_for_somebody_with_the_skill_and_the_urgent_are_first() {
    let server = TestServer::start_quiet(Centre { agents: 1, campaigns: 1, ..Centre::default() }).await;
    let admin = server.admin();
    route(&server, 0, json!({"skills": {"french": 2}})).await;
    let first = server.opened_by(1).await;
    let second = server.opened_by(2).await;
    put(&admin, &of(second, "needs"), &json!({"priority": 7})).await;
    assert_eq!(queue(&server, 0).await, [second, first]);
    let bad = refused(&admin, reqwest::Method::PUT, &of(first, "needs"), &json!({"priority": 10})).await;
    assert_eq!((bad.code.as_str(), bad.field.as_deref()), ("priority_too_high", Some("priority")));
    let unknown = refused(&admin, reqwest::Method::PUT, &of(first, "needs"), &json!({"urgency": 1})).await;
    assert_eq!(unknown.field.as_deref(), Some("urgency"));
    change_agent(&server, 0, |ana| {
        ana["skills"] = json!({"french": 3});
        ana["capacity"] = json!(1);
    })
    .await;
    assert_eq!(queue(&server, 0).await, [first]);
    assert!(matches!(reason(&server, second).await, AssignReason::WaitedLongest { priority: 7, .. }));
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_holds_more_on_a_kind_of_channel_than_they_may() {
    let server = TestServer::start_quiet(Centre { agents: 1, campaigns: 1, ..Centre::default() }).await;
    change_agent(&server, 0, |ana| ana["capacity_of"] = json!({"whatsapp": 1})).await;
    server.opened_by(1).await;
    let second = server.opened_by(2).await;
    assert_eq!(queue(&server, 0).await, [second]);
    let path = of(second, "assign");
    let full = refused(&server.admin(), reqwest::Method::POST, &path, &json!({"agent": agent(0)})).await;
    assert_eq!((full.code.as_str(), full.field.as_deref()), ("agent_full_on_kind", Some("agent")));
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_waits_too_long_goes_to_the_other_campaign() {
    let server = TestServer::start_quiet(Centre { agents: 1, capacity: 0, ..Centre::default() }).await;
    route(&server, 0, json!({"overflow": {"after_seconds": 1, "campaign": campaign(1)}})).await;
    let conversation = server.opened_by(1).await;
    let is_there = async || (queue(&server, 1).await == [conversation]).then_some(());
    eventually("it is in the queue of the other campaign", is_there).await;
    assert!(queue(&server, 0).await.is_empty());
    server.stop().await;
}
