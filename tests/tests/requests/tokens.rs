//! Tokens: without one nothing opens, and each opens only what is its holder's.

use gateway::tokens::Principal;
use reqwest::Method;
use reqwest::header::WWW_AUTHENTICATE;
use schemas::api::live::LiveChange;
use schemas::api::views::{EntryBody, MessageState};
use schemas::{AgentId, ChannelKind};
use serde_json::{Value, json};
use tests::ask::{
    NOBODY, answer, eventually, header, lines, of, post, put, read, read_at, refused, send, status_of,
    unreadable,
};
use tests::books;
use tests::centre::{Centre, agent, campaign, channel};
use tests::listener::Listener;
use tests::server::TestServer;

#[tokio::test(flavor = "multi_thread")]
async fn nothing_of_the_api_opens_without_a_valid_token() {
    let server = TestServer::start_quiet(Centre::default()).await;
    let admin = server.admin();
    let created: Value = admin.send(Method::POST, "/v1/tokens", &json!({"agent": agent(0)})).await.unwrap();
    let revoked = admin.with_token(created["token"].as_str().unwrap());
    assert!(revoked.get::<Value>("/v1/inbox").await.is_ok());
    let path = format!("/v1/tokens/{}", created["id"].as_str().unwrap());
    assert_eq!(answer(admin.request(Method::DELETE, &path)).await.status, 204);

    let operations = operations(&read(&admin, "/v1/openapi.json").await);
    assert!(operations.len() > 30, "{operations:?}");
    for (method, path) in operations {
        for api in [&revoked, &admin.with_token("guess"), &admin.with_token("")] {
            let answer = answer(api.request(method.clone(), &path)).await;
            assert_eq!((answer.status, answer.problem().code.as_str()), (401, "unauthenticated"), "{path}");
            let how = answer.headers.get(WWW_AUTHENTICATE).unwrap().to_str().unwrap();
            assert!(how.starts_with("Bearer"), "{how}");
        }
    }
    server.stop().await;
}

/// Everything under `/v1/` that the document describes, with ids in the paths that could be.
fn operations(document: &Value) -> Vec<(Method, String)> {
    let mut operations = Vec::new();
    for (path, item) in document["paths"].as_object().unwrap() {
        if !path.starts_with("/v1/") || path == "/v1/openapi.json" {
            continue;
        }
        let methods = item.as_object().unwrap().keys().map(|key| key.to_uppercase());
        let methods = methods.filter(|method| ["GET", "PUT", "POST", "DELETE"].contains(&method.as_str()));
        operations.extend(methods.map(|method| (method.parse().unwrap(), filled_in(path))));
    }
    operations
}

fn filled_in(path: &str) -> String {
    let id = match path.split('/').nth(2) {
        Some("tokens") => "0123456789abcdef",
        Some("conversations" | "contacts" | "audit") => NOBODY,
        _ => "x",
    };
    let path = path.replace("{id}", id).replace("{message}", NOBODY).replace("{sequence}", "1");
    path.replace("{channel}", "x").replace("{campaign}", "x")
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_is_for_somebody_who_is_there_and_its_list_holds_no_secret() {
    let server = TestServer::start_quiet(Centre::default()).await;
    let admin = server.admin();
    for (body, code) in
        [(json!({"agent": "nobody"}), "unknown_agent"), (json!({"channel": "nowhere"}), "unknown_channel")]
    {
        assert_eq!(refused(&admin, Method::POST, "/v1/tokens", &body).await.code, code);
    }
    let created: Value = admin.send(Method::POST, "/v1/tokens", &json!({"agent": agent(0)})).await.unwrap();
    let listed = answer(admin.request(Method::GET, "/v1/tokens")).await;
    assert_eq!(listed.json::<Value>()["items"][0]["id"], created["id"]);
    let token = created["token"].as_str().unwrap();
    let secret = token.rsplit('_').next().unwrap();
    assert!(!listed.body.contains(secret), "{}", listed.body);
    let path = format!("/v1/agents/{}/presence", agent(0));
    put(&admin.with_token(token), &path, &json!({"presence": "away", "reason": "lunch"})).await;
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_agents_token_acts_as_that_agent_only() {
    let server = TestServer::start_quiet(Centre { agents: 3, ..Centre::default() }).await;
    let ben = server.agent(1).await;
    let of_ana = server.opened_by(1).await;
    assert_eq!(server.inbox(0).await.len(), 1, "Ana has it");
    let before = server.head().await;
    for path in [
        format!("/v1/conversations/{of_ana}"),
        of(of_ana, "messages"),
        format!("/v1/contacts/{}/conversations", server.contact(1)),
        "/v1/inbox?agent=agent-0".to_owned(),
        format!("/v1/audit/conversations/{of_ana}"),
        "/v1/tokens".to_owned(),
        "/v1/dead-letters".to_owned(),
    ] {
        let problem = unreadable(&ben, &path).await;
        assert_eq!((problem.status, problem.code.as_str()), (403, "forbidden"), "{path}");
    }
    let act = |action: &str, body: Value| (Method::POST, of(of_ana, action), body);
    let post = |path: &str, body: Value| (Method::POST, path.to_owned(), body);
    let put = |path: &str, body: Value| (Method::PUT, path.to_owned(), body);
    #[rustfmt::skip]
    let tried = [
        (act("messages", json!({"text": "I am Ana"})), "not_assigned_agent"),
        (act("notes", json!({"text": "I was here"})), "not_assigned_agent"),
        (act("finish", json!({"disposition": "solved"})), "not_assigned_agent"),
        (act("transfer", json!({"agent": "agent-1", "note": "mine"})), "not_assigned_agent"),
        (act("assign", json!({})), "already_assigned"),
        (act("assign", json!({"agent": "agent-2"})), "forbidden"),
        (put("/v1/agents/agent-0/presence", json!({"presence": "offline"})), "forbidden"),
        (put("/v1/agents/agent-1", json!({"name": "Ben", "role": "administrator"})), "forbidden"),
        (post("/v1/tokens", json!({"agent": "agent-0"})), "forbidden"),
        (post("/v1/channels/wa/inbound", json!({"provider_id": "1", "from": "2", "text": "3"})), "forbidden"),
        (post("/v1/dead-letters/deliver", json!({})), "forbidden"),
    ];
    for ((method, path, body), code) in tried {
        let problem = refused(&ben, method, &path, &body).await;
        assert_eq!(problem.code, code, "{path} {body}");
        assert_eq!(problem.status, if code == "forbidden" { 403 } else { 409 }, "{path} {body}");
    }
    assert_eq!(server.head().await, before, "something was done");
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_connector_brings_messages_and_receipts_and_hears_what_it_is_to_send() {
    let server = TestServer::start_quiet(Centre { kind: ChannelKind::Webchat, ..Centre::default() }).await;
    let ana = server.agent(0).await;
    let connector = server.api(Principal::Connector(channel())).await;
    let mut ear = Listener::open(&connector).await;
    let inbound = json!({"provider_id": "m-1", "from": "visitor-7", "text": "My order has not come"});
    let first = post(&connector, "/v1/channels/wa/inbound", &inbound).await;
    assert!(post(&connector, "/v1/channels/wa/inbound", &inbound).await.repeated);
    let conversation = first.conversation.unwrap();
    let sent = send(&ana, conversation, "It leaves today").await.message.unwrap();

    let heard = ear.next().await.event();
    let LiveChange::Entry { to, entry, .. } = &heard.change else { panic!("{heard:?}") };
    assert_eq!(to.as_deref(), Some("visitor-7"));
    assert!(matches!(&entry.body, EntryBody::Outbound { message, .. } if *message == sent), "{heard:?}");
    for status in ["read", "sent"] {
        post(&connector, "/v1/channels/wa/receipts", &json!({"message": sent, "status": status})).await;
    }
    header(&ana, conversation, server.head().await).await;
    let status = status_of(&lines(&ana, conversation).await, sent).unwrap();
    assert_eq!(status.status, MessageState::Read);
    assert_eq!(server.stand_in.accepted_total(), 0, "a web chat is not WhatsApp's");
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_connector_does_nothing_else_and_nothing_on_another_channel() {
    let server = TestServer::start_quiet(Centre { kind: ChannelKind::Webchat, ..Centre::default() }).await;
    let other = json!({"kind": "webchat", "address": "other.example", "name": "Other"});
    put(&server.admin(), "/v1/channels/other", &other).await;
    let connector = server.api(Principal::Connector(channel())).await;
    let inbound = json!({"provider_id": "m-1", "from": "visitor-7", "text": "My order has not come"});
    let opened = post(&connector, "/v1/channels/wa/inbound", &inbound).await;
    let conversation = opened.conversation.unwrap();
    let before = server.head().await;
    let act = |action: &str, body: Value| (Method::POST, of(conversation, action), body);
    let post = |path: &str, body: Value| (Method::POST, path.to_owned(), body);
    let put = |path: &str, body: Value| (Method::PUT, path.to_owned(), body);
    #[rustfmt::skip]
    let tried = [
        post("/v1/channels/other/inbound", inbound.clone()),
        post("/v1/channels/nowhere/inbound", inbound),
        post("/v1/channels/other/receipts", json!({"provider_id": "m-2", "status": "failed"})),
        put("/v1/agents/agent-0/presence", json!({"presence": "offline"})),
        put("/v1/channels/wa", json!({"kind": "webchat", "address": "a", "name": "Mine"})),
        post("/v1/tokens", json!({"channel": "wa"})),
        act("messages", json!({"text": "Buy more"})),
        act("notes", json!({"text": "a note"})),
        act("assign", json!({"agent": "agent-1"})),
        act("finish", json!({"disposition": "solved"})),
    ];
    for (method, path, body) in tried {
        let problem = refused(&connector, method, &path, &body).await;
        assert!([403, 409].contains(&problem.status), "{path} {body}: {problem:?}");
    }
    for path in ["/v1/inbox?agent=agent-0", "/v1/agents", &of(conversation, "messages")] {
        assert_eq!(unreadable(&connector, path).await.code, "forbidden", "{path}");
    }
    assert_eq!(server.head().await, before, "something was done");
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_auditor_reads_everything_and_changes_nothing() {
    let server = TestServer::start_quiet(Centre::default()).await;
    let body =
        json!({"name": "Noor", "role": "auditor", "campaigns": [campaign(0)], "channels": [channel()]});
    put(&server.admin(), "/v1/agents/noor", &body).await;
    let noor = server.api(Principal::Agent(AgentId::new("noor").unwrap())).await;
    let conversation = server.opened_by(1).await;
    let exclusive = format!("/v1/contacts/{}/exclusive-agents/{}", server.contact(1), campaign(0));
    let id = send(&server.agent(0).await, conversation, "hello").await.message.unwrap();
    eventually("it is recorded as sent", async || {
        let events = books::events(&server.server.app().log).await;
        events.iter().any(|recorded| recorded.event.name() == "SendAccepted").then_some(())
    })
    .await;
    let head = server.head().await;
    for path in [
        "/v1/inbox?agent=agent-0".to_owned(),
        "/v1/inbox?queue=campaign-1".to_owned(),
        format!("/v1/conversations/{conversation}"),
        of(conversation, "messages"),
        format!("/v1/contacts/{}/conversations", server.contact(1)),
        format!("/v1/audit/conversations/{conversation}"),
        "/v1/campaigns".to_owned(),
    ] {
        let _: Value = read_at(&noor, &path, head).await;
    }
    let act = |action: &str, body: Value| (Method::POST, of(conversation, action), body);
    let post = |path: &str, body: Value| (Method::POST, path.to_owned(), body);
    let put = |path: &str, body: Value| (Method::PUT, path.to_owned(), body);
    #[rustfmt::skip]
    let tried = [
        act("messages", json!({"text": "hello"})),
        act("notes", json!({"text": "seen"})),
        act("assign", json!({})),
        act("assign", json!({"agent": "agent-0"})),
        act("assign", json!({"agent": "agent-1"})),
        act("transfer", json!({"agent": "agent-1", "note": "better"})),
        act("finish", json!({"disposition": "solved"})),
        act(&format!("messages/{id}/resend"), json!({})),
        act(&format!("messages/{id}/settle"), json!({"status": "sent"})),
        put(&exclusive, json!({"agent": "agent-1"})),
        (Method::DELETE, exclusive.clone(), json!({})),
        put("/v1/agents/noor/presence", json!({"presence": "online"})),
        put("/v1/agents/agent-0/presence", json!({"presence": "offline"})),
        put("/v1/clients/acme", json!({"name": "Mine"})),
        post("/v1/channels/wa/inbound", json!({"provider_id": "1", "from": "2", "text": "3"})),
        post("/v1/channels/wa/receipts", json!({"message": id, "status": "read"})),
        post("/v1/tokens", json!({"agent": "agent-0"})),
    ];
    for (method, path, body) in tried {
        let problem = refused(&noor, method, &path, &body).await;
        assert!([403, 409].contains(&problem.status), "{path} {body}: {problem:?}");
    }
    assert_eq!(server.head().await, head, "something was changed");
    server.stop().await;
}
