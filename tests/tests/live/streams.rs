//! Streams themselves: how many there may be, and when they end.

use futures_util::future::join_all;
use reqwest::Method;
use serde_json::{Value, json};
use tests::ask::{answer, eventually, put};
use tests::centre::{Centre, agent};
use tests::listener::Listener;
use tests::server::TestServer;

#[tokio::test(flavor = "multi_thread")]
async fn the_streams_of_a_revoked_token_end_before_anything_more_is_heard() {
    let server = TestServer::start_quiet(Centre::default()).await;
    let admin = server.admin();
    let created: Value = admin.send(Method::POST, "/v1/tokens", &json!({"agent": agent(0)})).await.unwrap();
    let mut screen = Listener::open(&admin.with_token(created["token"].as_str().unwrap())).await;
    let path = format!("/v1/tokens/{}", created["id"].as_str().unwrap());
    assert_eq!(answer(admin.request(Method::DELETE, &path)).await.status, 204);
    put(&admin, "/v1/clients/acme", &json!({"name": "Secret Plans"})).await;
    assert_eq!(screen.next_or_end().await, None);
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_has_20_streams_and_gets_their_places_back() {
    let server = TestServer::start_quiet(Centre::default()).await;
    let ana = server.agent(0).await;
    let mut open = join_all((0..20).map(|_| Listener::open(&ana))).await;
    let refused = answer(ana.request(Method::GET, "/v1/events")).await;
    assert_eq!((refused.status, refused.problem().code.as_str()), (429, "too_many_streams_of_token"));
    Listener::open(&server.agent(1).await).await;
    open.pop();
    eventually("its place is free", async || {
        let response = ana.request(Method::GET, "/v1/events").send().await.unwrap();
        (response.status() == 200).then_some(())
    })
    .await;
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn open_streams_end_when_the_server_does() {
    let server = TestServer::start_quiet(Centre::default()).await;
    let mut screen = Listener::open(&server.agent(0).await).await;
    let (ended, ()) = tokio::join!(screen.next_or_end(), server.stop());
    assert_eq!(ended, None);
}
