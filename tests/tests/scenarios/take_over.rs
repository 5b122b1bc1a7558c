//! A supervisor takes over, sends, and gives back.

use gateway::tokens::Principal;
use reqwest::Method;
use schemas::AgentId;
use serde_json::{Value, json};
use tests::ask::{of, post, put, refused};
use tests::centre::{Centre, agent, campaign, channel};
use tests::server::TestServer;

#[tokio::test(flavor = "multi_thread")]
async fn a_supervisor_takes_over_sends_and_gives_back() {
    let server =
        TestServer::start_quiet(Centre { agents: 1, campaigns: 1, capacity: 1, ..Centre::default() }).await;
    let (admin, ana) = (server.admin(), server.agent(0).await);
    let sue = json!({
        "name": "Sue", "role": "supervisor", "campaigns": [campaign(0)], "channels": [channel()],
    });
    put(&admin, "/v1/agents/sue", &sue).await;
    let sue = server.api(Principal::Agent(AgentId::new("sue").unwrap())).await;
    let conversation = server.opened_by(1).await;
    let (take, back, messages) =
        (of(conversation, "take-over"), of(conversation, "give-back"), of(conversation, "messages"));
    let text = json!({"text": "hello"});
    assert_eq!(refused(&sue, Method::POST, &messages, &text).await.code, "not_assigned_agent");
    assert_eq!(refused(&ana, Method::POST, &take, &json!({})).await.code, "forbidden");
    assert_eq!(refused(&admin, Method::POST, &take, &json!({})).await.code, "nobody_takes_over");
    post(&sue, &take, &json!({})).await;
    post(&sue, &messages, &text).await;
    assert_eq!(refused(&ana, Method::POST, &messages, &text).await.code, "not_assigned_agent");
    let page: Value = tests::ask::read_at(&sue, "/v1/inbox?agent=sue", server.head().await).await;
    assert_eq!(page["items"][0]["taken_from"], json!(agent(0)));
    // The agent has no room for another meanwhile.
    server.opened_by(2).await;
    assert!(server.inbox(0).await.is_empty());
    post(&sue, &back, &json!({})).await;
    assert_eq!(server.inbox(0).await[0].conversation, conversation);
    post(&ana, &messages, &text).await;
    assert_eq!(refused(&sue, Method::POST, &back, &json!({})).await.code, "not_taken_over");
    server.stop().await;
}
