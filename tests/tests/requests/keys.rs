//! `Idempotency-Key`: asking again with the same key gets the same answer and has no second effect.

use std::collections::HashSet;

use futures_util::future::join_all;
use gateway::api_client::ApiClient;
use reqwest::Method;
use schemas::api::Accepted;
use serde_json::json;
use tests::ask::{KEY, answer, of, order, post, put};
use tests::books;
use tests::centre::{Centre, agent, campaign, disposition};
use tests::server::TestServer;

#[tokio::test(flavor = "multi_thread")]
async fn the_same_key_gets_the_same_answer_and_has_one_effect() {
    let server = TestServer::start_quiet(Centre::default()).await;
    let (ana, admin) = (server.agent(0).await, server.admin());
    let conversation = server.opened_by(1).await;
    let keyed = |api: &ApiClient, action: &str, key: &str, text: &str| {
        let request = api.request(Method::POST, &of(conversation, action));
        answer(request.header(KEY, key).json(&json!({ "text": text })))
    };
    let answers = join_all((0..8).map(|_| keyed(&ana, "notes", "key-1", "once"))).await;
    let accepted: Vec<Accepted> = answers.iter().map(|answer| answer.json()).collect();
    assert_eq!(accepted.iter().filter(|accepted| !accepted.repeated).count(), 1, "{accepted:?}");
    let places: HashSet<_> = accepted.iter().map(|a| (a.position, a.conversation, a.message)).collect();
    assert_eq!(places.len(), 1, "{accepted:?}");

    for (action, text) in [("notes", "twice"), ("messages", "once")] {
        let other = keyed(&ana, action, "key-1", text).await;
        let problem = other.problem();
        assert_eq!((other.status, problem.code.as_str()), (422, "idempotency_key_reused"), "{action}");
        assert_eq!(problem.field.as_deref(), Some("Idempotency-Key"));
    }
    for malformed in ["", "two words", &"k".repeat(129)] {
        let problem = keyed(&ana, "notes", malformed, "never").await.problem();
        assert_eq!(problem.code, "invalid_idempotency_key");
    }
    // A key is its holder's: somebody else's is another.
    assert!(!keyed(&admin, "notes", "key-1", "by another").await.json::<Accepted>().repeated);

    let notes = books::notes(&books::events(&server.server.app().log).await);
    let texts: Vec<_> = notes.iter().map(|(text, _)| text.as_str()).collect();
    assert_eq!(texts, ["once", "by another"]);
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_is_remembered_over_a_restart() {
    let server = TestServer::start_quiet(Centre::default()).await;
    let conversation = server.opened_by(1).await;
    let note = async |server: &TestServer| {
        let admin = server.admin();
        let request = admin.request(Method::POST, &of(conversation, "notes")).header(KEY, "key-1");
        answer(request.json(&json!({"text": "once"}))).await.json::<Accepted>()
    };
    let first = note(&server).await;
    let server = server.restart().await;
    let again = note(&server).await;
    assert_eq!((again.position, again.repeated), (first.position, true));
    assert_eq!(books::notes(&books::events(&server.server.app().log).await).len(), 1);
    server.stop().await;
}

/// Whoever had no answer asks again, maybe when they could not ask for it any more.
#[tokio::test(flavor = "multi_thread")]
async fn what_was_accepted_is_answered_as_before_whatever_has_changed_since() {
    let server = TestServer::start_quiet(Centre { campaigns: 1, ..Centre::default() }).await;
    let (admin, ana, ben) = (server.admin(), server.agent(0).await, server.agent(1).await);
    let text = json!({"campaign": campaign(0), "name": "Greeting", "shortcut": "hi", "text": "Hello"});
    put(&admin, "/v1/texts/greeting", &text).await;
    let (conversation, contact) = (server.opened_by(1).await, server.contact(1));
    let contact_path = format!("/v1/contacts/{contact}");
    let requests = [
        (Method::POST, of(conversation, "messages"), json!({"shortcut": "hi"})),
        (Method::PATCH, contact_path.clone(), json!({"name": "Lola"})),
        (Method::POST, format!("{contact_path}/notes"), json!({"text": "calls on Mondays"})),
        (Method::PUT, of(conversation, "exclusive-agent"), json!({})),
        (Method::DELETE, of(conversation, "exclusive-agent"), json!({})),
    ];
    let ask = async |api: &ApiClient| {
        let all = requests.iter().zip(0..).map(|((method, path, body), number)| {
            answer(api.request(method.clone(), path).header(KEY, format!("key-{number}")).json(body))
        });
        let mut answers = Vec::new();
        for asked in all {
            answers.push(asked.await);
        }
        answers
    };
    let accepted: Vec<Accepted> = ask(&ana).await.iter().map(|answer| answer.json()).collect();
    let handed_over = json!({"agent": agent(1), "note": "knows more"});
    post(&ana, &of(conversation, "transfer"), &handed_over).await;
    post(&ben, &of(conversation, "finish"), &json!({"disposition": disposition()})).await;
    order(&admin, Method::DELETE, "/v1/texts/greeting", &json!({})).await;
    server.head().await;

    for ((before, again), (_, path, _)) in accepted.iter().zip(ask(&ana).await).zip(&requests) {
        assert_eq!(again.status, 200, "{path}: {again:?}");
        let again: Accepted = again.json();
        assert_eq!((again.position, again.message, again.repeated), (before.position, before.message, true));
    }
    // Who asks for it the first time is refused, and so is who asks for something else with a key of before.
    let codes = ask(&ben).await.iter().take(1).map(|answer| answer.problem().code).collect::<Vec<_>>();
    assert_eq!(codes, ["conversation_not_open"]);
    let other = ana.request(Method::PATCH, &contact_path).header(KEY, "key-1").json(&json!({"name": "Eva"}));
    assert_eq!(answer(other).await.problem().code, "idempotency_key_reused");
    server.stop().await;
}
