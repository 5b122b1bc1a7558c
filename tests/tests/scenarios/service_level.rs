//! Service levels: by when a customer is to be answered stands in the inbox, and that it did not happen is pushed.

use reqwest::Method;
use schemas::api::live::LiveChange;
use schemas::api::views::{EntryBody, InboxItem};
use schemas::event::ResponseKind;
use serde_json::json;
use tests::ask::{lines, refused, send};
use tests::centre::{Centre, agent, campaign};
use tests::listener::Listener;
use tests::server::TestServer;
use tests::whatsapp::message;

async fn promising(first_response_seconds: u32, next_response_seconds: u32) -> TestServer {
    let server = TestServer::start_quiet(Centre { agents: 1, campaigns: 1, ..Centre::default() }).await;
    let level = json!({
        "first_response_seconds": first_response_seconds,
        "next_response_seconds": next_response_seconds,
    });
    server.redefine(&json!({ "service_level": level })).await;
    server
}

async fn only_row(server: &TestServer) -> InboxItem {
    let [row] = <[InboxItem; 1]>::try_from(server.inbox(0).await).unwrap();
    row
}

#[tokio::test(flavor = "multi_thread")]
async fn by_when_a_customer_is_to_be_answered_stands_in_the_inbox_until_a_person_answers() {
    let server = promising(600, 300).await;
    let ana = server.agent(0).await;
    let conversation = server.opened_by(1).await;
    let row = only_row(&server).await;
    let (opened_at, due_at) = (row.opened_at, row.due_at.unwrap());
    assert_eq!((due_at.since(opened_at).as_secs(), row.is_first_response, row.is_missed), (600, true, false));
    send(&ana, conversation, "hello").await;
    let row = only_row(&server).await;
    assert_eq!((row.due_at, row.is_first_response, row.waiting_since), (None, false, None));
    assert_eq!(server.webhook(message(1, "wamid.1.2", "and now?")).await, 200);
    let row = only_row(&server).await;
    let waits = row.due_at.unwrap().since(row.waiting_since.unwrap());
    assert_eq!((waits.as_secs(), row.is_first_response), (300, false));
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_that_does_not_come_is_pushed_to_the_agent_and_to_who_watches_once() {
    let server = promising(1, 600).await;
    let (admin, ana) = (server.admin(), server.agent(0).await);
    let (mut screen, mut wallboard) = (Listener::open(&ana).await, Listener::open(&admin).await);
    let conversation = server.opened_by(1).await;
    let due_at = only_row(&server).await.due_at.unwrap();
    for listener in [&mut screen, &mut wallboard] {
        let missed = listener.until(|event| match &event.change {
            LiveChange::Entry { entry, .. } => match &entry.body {
                EntryBody::ResponseMissed { response, due_at, agent } => {
                    Some((*response, *due_at, agent.clone()))
                }
                _ => None,
            },
            _ => None,
        });
        assert_eq!(missed.await, (ResponseKind::First, due_at, Some(agent(0))));
    }
    let row = only_row(&server).await;
    assert_eq!((row.due_at, row.is_first_response, row.is_missed), (Some(due_at), true, true));
    send(&ana, conversation, "sorry").await;
    let row = only_row(&server).await;
    assert_eq!((row.due_at, row.is_missed), (None, false));
    let told = lines(&admin, conversation).await;
    let missed = told.iter().filter(|line| matches!(line.body, EntryBody::ResponseMissed { .. }));
    assert_eq!(missed.count(), 1);
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_is_not_due_at_once() {
    let server = promising(60, 60).await;
    let mut definition = server.definition_of(0).await;
    definition["service_level"]["first_response_seconds"] = json!(0);
    let path = format!("/v1/campaigns/{}", campaign(0));
    let refusal = refused(&server.admin(), Method::PUT, &path, &definition).await;
    assert_eq!(
        (refusal.code.as_str(), refusal.field.as_deref()),
        ("service_level_seconds", Some("service_level"))
    );
    server.stop().await;
}
