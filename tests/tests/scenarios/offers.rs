//! Offers: an agent accepts, declines, or does not answer.

use schemas::api::views::{EntryBody, InboxItem};
use schemas::event::OfferEnd;
use serde_json::{Value, json};
use tests::ask::{eventually, lines, of, post, put, refused};
use tests::centre::{Centre, agent, campaign};
use tests::listener::Listener;
use tests::server::TestServer;

/// A server whose campaigns give agents so many seconds to accept.
async fn offering(seconds: u16) -> TestServer {
    let server = TestServer::start_quiet(Centre { campaigns: 1, ..Centre::default() }).await;
    let admin = server.admin();
    let path = format!("/v1/campaigns/{}", campaign(0));
    let mut definition: Value = admin.get::<Value>(&path).await.unwrap()["definition"].take();
    definition["routing"] = json!({ "offer_seconds": seconds });
    put(&admin, &path, &definition).await;
    server
}

async fn only_row(server: &TestServer, number: usize) -> InboxItem {
    let rows = server.inbox(number).await;
    let [row] = <[InboxItem; 1]>::try_from(rows).unwrap();
    row
}

#[tokio::test(flavor = "multi_thread")]
async fn an_offer_is_pushed_stands_in_the_inbox_and_is_accepted() {
    let server = offering(60).await;
    let ana = server.agent(0).await;
    let mut screen = Listener::open(&ana).await;
    let conversation = server.opened_by(1).await;
    let pushed = screen.until(|event| match &event.change {
        schemas::api::live::LiveChange::Entry { entry, .. } => match &entry.body {
            EntryBody::Offered { agent, until, .. } => Some((agent.clone(), *until)),
            _ => None,
        },
        _ => None,
    });
    let (to, until) = pushed.await;
    assert_eq!(to, agent(0));
    let row = only_row(&server, 0).await;
    assert_eq!((row.conversation, row.agent), (conversation, None));
    assert_eq!((row.offered_to, row.offered_until), (Some(agent(0)), Some(until)));
    let early =
        refused(&ana, reqwest::Method::POST, &of(conversation, "messages"), &json!({"text": "hi"})).await;
    assert_eq!(early.code, "not_assigned_agent");
    post(&ana, &of(conversation, "accept"), &json!({})).await;
    let row = only_row(&server, 0).await;
    assert_eq!((row.agent, row.offered_to), (Some(agent(0)), None));
    post(&ana, &of(conversation, "messages"), &json!({"text": "hello"})).await;
    let again = refused(&ana, reqwest::Method::POST, &of(conversation, "accept"), &json!({})).await;
    assert_eq!(again.code, "not_offered");
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_one_declines_another_is_offered() {
    let server = offering(60).await;
    let (ana, ben) = (server.agent(0).await, server.agent(1).await);
    let conversation = server.opened_by(1).await;
    let not_hers = refused(&ben, reqwest::Method::POST, &of(conversation, "decline"), &json!({})).await;
    assert_eq!(not_hers.code, "not_offered");
    post(&ana, &of(conversation, "decline"), &json!({})).await;
    assert!(server.inbox(0).await.is_empty());
    assert_eq!(only_row(&server, 1).await.offered_to, Some(agent(1)));
    post(&ben, &of(conversation, "decline"), &json!({})).await;
    // Nobody is left to be asked: it waits, and can be taken.
    assert!(server.inbox(1).await.is_empty());
    let path = of(conversation, "assign");
    post(&ana, &path, &json!({ "agent": agent(0) })).await;
    assert_eq!(only_row(&server, 0).await.agent, Some(agent(0)));
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_does_not_answer_is_away_and_another_is_offered_it() {
    let server = offering(1).await;
    let admin = server.admin();
    let conversation = server.opened_by(1).await;
    let shown = async || {
        let shown: Value = admin.get(&format!("/v1/agents/{}", agent(0))).await.unwrap();
        (shown["presence"] == "away").then_some(shown)
    };
    let shown = eventually("agent 0 is away", shown).await;
    assert_eq!(shown["away_reason"], "not-responding");
    let timed_out = async || {
        let ended = lines(&admin, conversation).await;
        let is_it =
            |body: &EntryBody| matches!(body, EntryBody::OfferEnded { cause: OfferEnd::TimedOut, .. });
        ended.iter().any(|line| is_it(&line.body)).then_some(())
    };
    eventually("the offer has ended", timed_out).await;
    server.stop().await;
}
