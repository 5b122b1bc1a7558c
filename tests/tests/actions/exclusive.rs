//! Set exclusive agent: each new conversation of the contact in the campaign goes to that agent.

use reqwest::Method;
use schemas::api::Accepted;
use schemas::api::views::EntryBody;
use schemas::event::AssignReason;
use schemas::{AgentId, ConversationId};
use serde_json::json;
use tests::ask::{header, lines, of, post, put};
use tests::centre::{Centre, agent, campaign, disposition};
use tests::server::TestServer;
use tests::whatsapp::message;

/// The customer writes; gives back the conversation and who has it.
async fn written(server: &TestServer, from: u64, wamid: &str) -> (ConversationId, Option<AgentId>) {
    assert_eq!(server.webhook(message(from, wamid, "hello")).await, 200);
    let conversation = server.conversation(from).await;
    (conversation, header(&server.admin(), conversation, server.head().await).await.agent)
}

#[tokio::test(flavor = "multi_thread")]
async fn the_exclusive_agent_gets_the_next_conversation_until_they_are_exclusive_no_more() {
    let server = TestServer::start(Centre::default()).await;
    let (admin, ana) = (server.admin(), server.agent(0).await);
    let finish = async |conversation| {
        post(&ana, &of(conversation, "finish"), &json!({"disposition": disposition()})).await;
    };
    let (first, _) = written(&server, 1, "wamid.1").await;
    let exclusive = format!("/v1/contacts/{}/exclusive-agents/{}", server.contact(1), campaign(0));
    put(&ana, &exclusive, &json!({})).await;
    finish(first).await;
    // From here on Ana has less room than Ben, so that nothing but exclusivity brings her another.
    for from in [2, 3] {
        let conversation = server.opened_by(from).await;
        post(&admin, &of(conversation, "assign"), &json!({"agent": agent(0)})).await;
    }
    let (second, holder) = written(&server, 1, "wamid.1b").await;
    assert_eq!(holder, Some(agent(0)));
    let newest = &lines(&ana, second).await[0];
    assert!(
        matches!(&newest.body, EntryBody::Assigned { reason: AssignReason::Exclusive, .. }),
        "{newest:?}"
    );
    assert_eq!(written(&server, 4, "wamid.4").await.1, Some(agent(1)), "somebody else's goes to Ben");

    finish(second).await;
    let removed: Accepted = ana.answer(ana.request(Method::DELETE, &exclusive)).await.unwrap();
    assert!(removed.changed);
    assert_eq!(written(&server, 1, "wamid.1c").await.1, Some(agent(1)));
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_conversation_waits_for_its_exclusive_agent_while_others_have_room() {
    let server = TestServer::start(Centre::default()).await;
    let (admin, ana) = (server.admin(), server.agent(0).await);
    let (first, _) = written(&server, 1, "wamid.1").await;
    let exclusive = format!("/v1/contacts/{}/exclusive-agents/{}", server.contact(1), campaign(0));
    put(&ana, &exclusive, &json!({})).await;
    post(&ana, &of(first, "finish"), &json!({"disposition": disposition()})).await;
    let presence = format!("/v1/agents/{}/presence", agent(0));
    put(&ana, &presence, &json!({"presence": "offline"})).await;

    let (second, holder) = written(&server, 1, "wamid.2").await;
    assert_eq!(holder, None);
    let newest = &lines(&admin, second).await[0];
    let EntryBody::Queued { reserved: Some(kept), .. } = &newest.body else { panic!("{newest:?}") };
    assert_eq!((&kept.agent, kept.until), (&agent(0), None));
    put(&ana, &presence, &json!({"presence": "online"})).await;
    assert_eq!(header(&ana, second, server.head().await).await.agent, Some(agent(0)));
    server.stop().await;
}
