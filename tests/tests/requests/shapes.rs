//! What a request looks like: bodies, parameters, paths and methods that do not fit are refused with what is wrong.

use gateway::api_client::ApiClient;
use reqwest::Method;
use reqwest::header::{ALLOW, CONTENT_TYPE};
use schemas::api::Page;
use schemas::api::views::InboxItem;
use serde_json::{Value, json};
use tests::ask::{NOBODY, answer, of, read, refused, unreadable};
use tests::centre::Centre;
use tests::server::TestServer;

#[tokio::test(flavor = "multi_thread")]
async fn a_body_that_does_not_fit_is_refused_with_the_name_of_the_field() {
    let server = TestServer::start_quiet(Centre::default()).await;
    let admin = server.admin();
    let conversation = server.opened_by(1).await;
    let before = server.head().await;
    let post = |path: &str, body: Value| (Method::POST, path.to_owned(), body);
    let put = |path: &str, body: Value| (Method::PUT, path.to_owned(), body);
    let act = |action: &str, body: Value| (Method::POST, of(conversation, action), body);
    #[rustfmt::skip]
    let wrong = [
        (act("notes", json!({"text": "a", "colour": "red"})), "colour"),
        (act("notes", json!({})), "text"),
        (act("messages", json!({"text": 5})), "text"),
        (act("transfer", json!({"agent": "agent-1"})), "note"),
        (act("transfer", json!({"note": "to nobody"})), "agent"),
        (act("transfer", json!({"note": "to two", "agent": "agent-1", "campaign": "campaign-1"})), "agent"),
        (act("assign", json!({"agent": "Not An Id"})), "agent"),
        (act("assign", json!({})), "agent"),
        (post("/v1/channels/wa/inbound", json!({"provider_id": "1", "from": "2"})), "text"),
        (post("/v1/channels/wa/receipts", json!({"status": "vanished"})), "status"),
        (put("/v1/clients/acme", json!({"name": "Acme", "nmae": "Acme"})), "nmae"),
        (put("/v1/campaigns/c", json!({"project": "help", "name": "C", "channels": [7]})), "channels[0]"),
        (put("/v1/agents/agent-0/presence", json!({"presence": "away"})), "reason"),
        (post("/v1/tokens", json!({})), "agent"),
    ];
    for ((method, path, body), field) in wrong {
        let problem = refused(&admin, method, &path, &body).await;
        assert_eq!((problem.status, problem.code.as_str()), (422, "invalid_body"), "{path} {body}");
        assert_eq!(problem.field.as_deref(), Some(field), "{path} {body}");
    }
    assert_eq!(server.head().await, before, "something was stored");
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_body_that_is_not_json_or_too_large_is_refused() {
    let server = TestServer::start_quiet(Centre::default()).await;
    let admin = server.admin();
    let path = of(server.opened_by(1).await, "notes");
    let before = server.head().await;
    let larger_than_64_kib = json!({"text": "a".repeat(64 * 1024)}).to_string();
    for (body, content_type, status, code) in [
        ("{\"text\":", "application/json", 400, "malformed_json"),
        ("{\"text\":\"a\"} more", "application/json", 400, "malformed_json"),
        ("{\"text\":\"a\"}", "text/plain", 415, "unsupported_media_type"),
        (&larger_than_64_kib, "application/json", 413, "body_too_large"),
    ] {
        let request = admin.request(Method::POST, &path).header(CONTENT_TYPE, content_type);
        let answer = answer(request.body(body.to_owned())).await;
        assert_eq!((answer.status, answer.problem().code.as_str()), (status, code), "{code}");
    }
    assert_eq!(server.head().await, before, "something was stored");
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_parameter_that_does_not_fit_is_refused_with_its_name() {
    let server = TestServer::start_quiet(Centre { agents: 1, ..Centre::default() }).await;
    let admin = server.admin();
    let conversation = server.opened_by(1).await;
    server.opened_by(2).await;
    let page: Page<InboxItem> = read(&server.agent(0).await, "/v1/inbox?limit=1").await;
    let of_inbox = page.next.unwrap();
    #[rustfmt::skip]
    let wrong = [
        ("/v1/inbox?agent=agent-0&cursor=nonsense".to_owned(), "invalid_cursor", "cursor"),
        (of(conversation, &format!("messages?cursor={of_inbox}")), "invalid_cursor", "cursor"),
        (format!("/v1/audit/conversations/{conversation}?cursor=7"), "invalid_cursor", "cursor"),
        (of(conversation, "messages?limit=0"), "invalid_parameter", "limit"),
        (of(conversation, "messages?limit=201"), "invalid_parameter", "limit"),
        (of(conversation, "messages?colour=red"), "invalid_parameter", "colour"),
        ("/v1/inbox".to_owned(), "invalid_parameter", "agent"),
        ("/v1/inbox?agent=agent-0&queue=campaign-0".to_owned(), "invalid_parameter", "agent"),
        ("/v1/conversations/not-an-id".to_owned(), "invalid_parameter", "id"),
        ("/v1/events?after=long-ago".to_owned(), "invalid_parameter", "after"),
    ];
    for (path, code, field) in wrong {
        let problem = unreadable(&admin, &path).await;
        assert_eq!((problem.status, problem.code.as_str()), (422, code), "{path}: {problem:?}");
        assert_eq!(problem.field.as_deref(), Some(field), "{path}: {problem:?}");
    }
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_path_or_method_that_is_not_there_is_a_problem_like_any_other() {
    let server = TestServer::start_quiet(Centre::default()).await;
    let admin = server.admin();
    for path in ["/", "/v1", "/v1/nothing", "/v2/inbox", "/v1/inbox/", "/webhooks/telegram"] {
        let answer = answer(admin.request(Method::GET, path)).await;
        assert_eq!((answer.status, answer.problem().code.as_str()), (404, "path_not_found"), "{path}");
    }
    for (method, path) in [
        (Method::DELETE, "/v1/inbox"),
        (Method::PATCH, "/v1/agents/agent-0"),
        (Method::PUT, "/webhooks/whatsapp"),
    ] {
        let answer = answer(admin.request(method, path)).await;
        assert_eq!((answer.status, answer.problem().code.as_str()), (405, "method_not_allowed"), "{path}");
        assert!(answer.headers.contains_key(ALLOW), "{path}: {answer:?}");
    }
    not_found(&admin).await;
    server.stop().await;
}

async fn not_found(admin: &ApiClient) {
    for (path, code) in [
        (format!("/v1/conversations/{NOBODY}"), "conversation_not_found"),
        (format!("/v1/conversations/{NOBODY}/messages"), "conversation_not_found"),
        (format!("/v1/contacts/{NOBODY}/conversations"), "contact_not_found"),
        (format!("/v1/audit/conversations/{NOBODY}"), "conversation_not_found"),
        ("/v1/campaigns/unheard-of".to_owned(), "master_not_found"),
        ("/v1/agents/unheard-of".to_owned(), "master_not_found"),
    ] {
        let problem = unreadable(admin, &path).await;
        assert_eq!((problem.status, problem.code.as_str()), (404, code), "{path}");
    }
}
