//! A transfer is offered, refused, and accepted.

use reqwest::Method;
use serde_json::{Value, json};
use tests::ask::{of, post, read_at, refused};
use tests::centre::{Centre, agent, campaign};
use tests::server::TestServer;

#[tokio::test(flavor = "multi_thread")]
async fn a_transfer_can_be_offered_and_refused() {
    let server =
        TestServer::start_quiet(Centre { agents: 2, campaigns: 1, capacity: 1, ..Centre::default() }).await;
    let (ana, ben) = (server.agent(0).await, server.agent(1).await);
    let conversation = server.opened_by(1).await;
    let (holder, other) =
        if server.inbox(0).await.is_empty() { ((1, &ben), (0, &ana)) } else { ((0, &ana), (1, &ben)) };
    let (transfer, withdraw) = (of(conversation, "transfer"), of(conversation, "transfer/withdraw"));
    let offer = json!({"agent": agent(other.0), "note": "knows the invoices", "offer": true});
    post(holder.1, &transfer, &offer).await;

    let page: Value = read_at(other.1, "/v1/inbox", server.head().await).await;
    assert_eq!(page["items"][0]["offered_to"], json!(agent(other.0)));
    assert_eq!(page["items"][0]["agent"], json!(agent(holder.0)));
    // Who is asked reads it before they answer.
    read_at::<Value>(other.1, &of(conversation, "messages"), server.head().await).await;
    let text = json!({"text": "hello"});
    let messages = of(conversation, "messages");
    assert_eq!(refused(other.1, Method::POST, &messages, &text).await.code, "not_assigned_agent");
    post(holder.1, &messages, &text).await;
    assert_eq!(refused(holder.1, Method::POST, &transfer, &offer).await.code, "transfer_offered_already");

    post(other.1, &of(conversation, "decline"), &json!({})).await;
    assert!(server.inbox(other.0).await.is_empty());
    assert_eq!(server.inbox(holder.0).await[0].conversation, conversation);
    assert_eq!(refused(holder.1, Method::POST, &withdraw, &json!({})).await.code, "no_transfer_offered");
    assert_eq!(
        refused(other.1, Method::POST, &of(conversation, "accept"), &json!({})).await.code,
        "not_offered"
    );

    post(holder.1, &transfer, &offer).await;
    post(other.1, &of(conversation, "accept"), &json!({})).await;
    assert_eq!(server.inbox(other.0).await[0].conversation, conversation);
    assert!(server.inbox(holder.0).await.is_empty());

    let of_campaign = json!({"campaign": campaign(0), "note": "knows it", "offer": true});
    let problem = refused(other.1, Method::POST, &transfer, &of_campaign).await;
    assert_eq!((problem.code.as_str(), problem.field.as_deref()), ("invalid_body", Some("offer")));
    server.stop().await;
}
