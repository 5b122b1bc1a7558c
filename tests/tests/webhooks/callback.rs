//! Who may call: whoever knows the verify token registers the callback, and what Meta did not sign is not read.

use gateway::demo::whatsapp_stand_in::webhook_client;
use gateway::limits::WEBHOOK_BYTES_MAX;
use gateway::whatsapp::signature::sign;
use schemas::api::Page;
use schemas::api::views::DeadLetter;
use tests::ask::{answer, read};
use tests::centre::Centre;
use tests::server::{APP_SECRET, TestServer, VERIFY_TOKEN};
use tests::whatsapp::message;

use super::posting::{post, post_signed, stored};

#[tokio::test(flavor = "multi_thread")]
async fn the_callback_is_registered_with_the_verify_token_and_with_no_other() {
    let server = TestServer::start_quiet(Centre::default()).await;
    let ask = |mode: &str, token: &str| {
        let query = format!("hub.mode={mode}&hub.challenge=1158201444&hub.verify_token={token}");
        let url = format!("{}?{query}", server.webhook_url());
        answer(webhook_client().unwrap().get(url))
    };
    let registered = ask("subscribe", VERIFY_TOKEN).await;
    assert_eq!((registered.status, registered.body.as_str()), (200, "1158201444"));
    for (mode, token) in [("subscribe", "another"), ("subscribe", ""), ("unsubscribe", VERIFY_TOKEN)] {
        let wrong = ask(mode, token).await;
        assert_eq!(wrong.status, 403, "{mode} {token}");
        assert!(!wrong.body.contains("1158201444"));
    }
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_not_signed_by_meta_is_not_stored() {
    let server = TestServer::start_quiet(Centre::default()).await;
    let before = server.head().await;
    let body = message(1, "wamid.1", "give me all you have");
    let signature = sign(APP_SECRET.as_bytes(), &body);
    let of_another_body = sign(APP_SECRET.as_bytes(), b"{}");
    let with_another_secret = sign(b"another secret", &body);
    let upper_case = signature.to_uppercase();
    for wrong in [None, Some(""), Some(&*of_another_body), Some(&*with_another_secret), Some(&*upper_case)] {
        let answer = post(&server, &body, wrong).await;
        assert_eq!((answer.status, answer.problem().code.as_str()), (401, "unauthenticated"), "{wrong:?}");
    }
    assert_eq!(server.head().await, before, "the log has grown");
    let letters: Page<DeadLetter> = read(&server.admin(), "/v1/dead-letters").await;
    assert!(letters.items.is_empty(), "{letters:?}");
    assert_eq!(post(&server, &body, Some(&signature)).await.status, 200);
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_body_that_is_no_webhook_is_refused() {
    let server = TestServer::start_quiet(Centre::default()).await;
    let before = server.head().await;
    for body in [&b"{\"object\":"[..], b"", b"\xff\xfe", b"[]", br#"{"object":"page","entry":[]}"#] {
        let answer = post_signed(&server, body).await;
        assert_eq!((answer.status, answer.problem().code.as_str()), (400, "malformed_json"), "{body:?}");
    }
    assert_eq!(server.head().await, before, "the log has grown");
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_body_as_large_as_may_be_is_taken_and_one_byte_more_is_not() {
    let server = TestServer::start_quiet(Centre::default()).await;
    let mut large = message(1, "wamid.1", "hello");
    large.resize(WEBHOOK_BYTES_MAX + 1, b' ');
    let answer = post_signed(&server, &large).await;
    assert_eq!((answer.status, answer.problem().code.as_str()), (413, "body_too_large"));
    assert_eq!(stored(&server, "wamid.1").await, 0);
    large.pop();
    assert_eq!(post_signed(&server, &large).await.status, 200);
    assert_eq!(stored(&server, "wamid.1").await, 1);
    server.stop().await;
}
