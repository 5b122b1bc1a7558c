//! `Idempotency-Key`: asking again with the same key gets the same answer and has no second effect.

use std::collections::HashSet;

use futures_util::future::join_all;
use gateway::api_client::ApiClient;
use reqwest::Method;
use schemas::api::Accepted;
use serde_json::json;
use tests::ask::{KEY, answer, of};
use tests::books;
use tests::centre::Centre;
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
