//! The exclusive agent, from the conversation: which campaign is meant, who may say so, and for how long.

use engine::clock;
use reqwest::Method;
use schemas::ConversationId;
use schemas::api::views::EntryBody;
use schemas::event::AssignReason;
use serde_json::{Value, json};
use tests::ask::{eventually, lines, of, post, put, refused};
use tests::centre::{Centre, agent, campaign, disposition};
use tests::server::TestServer;
use tests::whatsapp::message;

async fn is_exclusive(server: &TestServer, conversation: ConversationId) -> bool {
    let lines = lines(&server.admin(), conversation).await;
    lines.iter().any(|line| matches!(&line.body, EntryBody::Assigned { reason: AssignReason::Exclusive, .. }))
}

async fn writes_again(server: &TestServer, from: u64, id: &str) -> ConversationId {
    assert_eq!(server.webhook(message(from, id, "hello again")).await, 200);
    server.conversation(from).await
}

#[tokio::test(flavor = "multi_thread")]
async fn with_several_campaigns_the_one_that_is_meant_is_named() {
    let server = TestServer::start_quiet(Centre { agents: 1, ..Centre::default() }).await;
    let ana = server.agent(0).await;
    let conversation = server.opened_by(1).await;
    let path = of(conversation, "exclusive-agent");
    let refusal = refused(&ana, Method::PUT, &path, &json!({})).await;
    assert_eq!((refusal.code.as_str(), refusal.field.as_deref()), ("campaign_required", Some("campaign")));
    put(&ana, &path, &json!({ "campaign": campaign(0) })).await;
    post(&ana, &of(conversation, "finish"), &json!({"disposition": disposition()})).await;
    let next = writes_again(&server, 1, "wamid.again").await;
    assert!(is_exclusive(&server, next).await);
    let path = format!("{}?campaign={}", of(next, "exclusive-agent"), campaign(0));
    let removed: schemas::api::Accepted = ana.answer(ana.request(Method::DELETE, &path)).await.unwrap();
    assert!(removed.changed);
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn with_one_campaign_it_need_not_be_named_and_agents_need_the_permission() {
    let server = TestServer::start_quiet(Centre { agents: 2, campaigns: 1, ..Centre::default() }).await;
    let (admin, ana) = (server.admin(), server.agent(0).await);
    let conversation = server.opened_by(1).await;
    let path = of(conversation, "exclusive-agent");
    let definition_path = format!("/v1/agents/{}", agent(0));
    let mut definition: Value = admin.get::<Value>(&definition_path).await.unwrap()["definition"].take();
    definition["may_set_exclusive"] = json!(false);
    put(&admin, &definition_path, &definition).await;
    assert_eq!(refused(&ana, Method::PUT, &path, &json!({})).await.code, "forbidden");
    put(&admin, &path, &json!({ "agent": agent(1) })).await;
    post(&ana, &of(conversation, "finish"), &json!({"disposition": disposition()})).await;
    let next = writes_again(&server, 1, "wamid.again").await;
    assert_eq!(server.inbox(1).await[0].conversation, next);
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_exclusivity_that_has_an_end_ends() {
    let server = TestServer::start_quiet(Centre { agents: 1, campaigns: 1, ..Centre::default() }).await;
    let admin = server.admin();
    let conversation = server.opened_by(1).await;
    let path = of(conversation, "exclusive-agent");
    let past = json!({ "agent": agent(0), "until": clock::now() });
    assert_eq!(refused(&admin, Method::PUT, &path, &past).await.code, "expiry_not_ahead");
    let soon = clock::now().plus(std::time::Duration::from_secs(1));
    put(&admin, &path, &json!({ "agent": agent(0), "until": soon })).await;
    let is_over = async || {
        let lines = lines(&admin, conversation).await;
        let removed = |body: &EntryBody| matches!(body, EntryBody::ExclusiveAgentRemoved { .. });
        lines.iter().any(|line| removed(&line.body)).then_some(())
    };
    eventually("it has ended", is_over).await;
    server.stop().await;
}
