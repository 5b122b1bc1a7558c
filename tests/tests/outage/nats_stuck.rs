//! The supervised nats-server runs and takes nothing: the kind of trouble that does not pass by itself.

use gateway::api_client::ApiClient;
use reqwest::Method;
use rustix::process::Signal;
use serde_json::{Value, json};
use tests::ask::{KEY, answer, eventually, of};
use tests::centre::Centre;
use tests::server::TestServer;
use tests::signal;

async fn note(api: &ApiClient, path: &str, text: &str) -> u16 {
    answer(api.request(Method::POST, path).header(KEY, text).json(&json!({ "text": text }))).await.status
}

#[tokio::test(flavor = "multi_thread")]
async fn a_nats_server_that_does_nothing_any_more_is_ended_and_started_again() {
    let server = TestServer::start_quiet(Centre { agents: 1, ..Centre::default() }).await;
    let (ana, path) = (server.agent(0).await, of(server.opened_by(1).await, "notes"));
    assert_eq!(note(&ana, &path, "before").await, 200);
    let nats = server.server.nats().unwrap();
    let stuck = nats.pid().unwrap();
    signal::send(stuck, Signal::STOP);
    signal::stopped(stuck).await;
    assert_eq!(note(&ana, &path, "meanwhile").await, 503);
    let ready = answer(server.admin().request(Method::GET, "/readyz")).await;
    assert_eq!(ready.status, 503, "{ready:?}");

    // Told to end it does not hear, and is killed.
    let is_told = async || signal::is_pending(stuck, Signal::TERM).then_some(());
    eventually("it is told to end", is_told).await;
    eventually("another one runs", async || nats.pid().filter(|pid| *pid != stuck)).await;
    let is_ready = async || {
        let ready = answer(server.admin().request(Method::GET, "/readyz")).await;
        (ready.status == 200).then_some(())
    };
    eventually("atender is ready again", is_ready).await;
    // The same request as before takes effect once.
    assert_eq!(note(&ana, &path, "meanwhile").await, 200);
    assert_eq!(note(&ana, &path, "after").await, 200);
    assert_eq!(nats.restarts(), 1, "it was started again more than once");
    let in_log = tests::books::notes(&tests::books::events(&server.server.app().log).await);
    let texts: Vec<&str> = in_log.iter().map(|(text, _)| text.as_str()).collect();
    assert_eq!(texts, ["before", "meanwhile", "after"]);
    let _: Value = ana.get("/v1/inbox").await.unwrap();
    server.stop().await;
}
