//! Agents hear of what is theirs and of what waits for them, and of nothing else.

use schemas::Position;
use schemas::api::live::{LiveChange, LiveEvent};
use schemas::api::views::EntryBody;
use serde_json::json;
use tests::ask::{add_note, of, post, put, send};
use tests::centre::{Centre, agent, campaign, channel};
use tests::listener::Listener;
use tests::server::TestServer;

/// Something that everybody who works here hears of.
async fn call_out(server: &TestServer, name: &str) -> Position {
    put(&server.admin(), "/v1/clients/acme", &json!({ "name": name })).await.position
}

/// What is heard before the call that everybody hears.
async fn heard_before(listener: &mut Listener, call: Position) -> Vec<LiveEvent> {
    let mut events = Vec::new();
    loop {
        let event = listener.next().await.event();
        if event.position == call {
            return events;
        }
        events.push(event);
    }
}

fn is_assigned_to_ben(event: &LiveEvent) -> bool {
    matches!(&event.change, LiveChange::Entry { entry, .. }
        if matches!(&entry.body, EntryBody::Assigned { agent: to, .. } if *to == agent(1)))
}

#[tokio::test(flavor = "multi_thread")]
async fn an_agent_hears_of_their_own_conversations_and_of_none_of_others() {
    let server = TestServer::start(Centre::default()).await;
    let (ana, ben) = (server.agent(0).await, server.agent(1).await);
    let conversation = server.opened_by(1).await;
    let (mut of_ana, mut of_ben) = (Listener::open(&ana).await, Listener::open(&ben).await);
    add_note(&ana, conversation, "not for Ben").await;
    send(&ana, conversation, "nor this").await;
    let all_receipts = |event: &LiveEvent| {
        matches!(&event.change, LiveChange::Status { status, .. } if status.receipts.len() == 3).then_some(())
    };
    of_ana.until(all_receipts).await;
    let call = call_out(&server, "Acme Ltd").await;
    assert_eq!(heard_before(&mut of_ana, call).await, []);
    assert_eq!(heard_before(&mut of_ben, call).await, []);

    let to_ben = json!({"agent": agent(1), "note": "yours now"});
    post(&ana, &of(conversation, "transfer"), &to_ben).await;
    let call = call_out(&server, "Acme Inc").await;
    for listener in [&mut of_ana, &mut of_ben] {
        let heard = heard_before(listener, call).await;
        assert!(heard.iter().any(is_assigned_to_ben), "{heard:?}");
    }
    // Ana heard that she lost it, and hears no more of it.
    add_note(&ben, conversation, "not for Ana").await;
    let call = call_out(&server, "Acme").await;
    assert_eq!(heard_before(&mut of_ana, call).await, []);
    assert_eq!(heard_before(&mut of_ben, call).await.len(), 1);
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_agent_hears_of_what_waits_in_their_campaigns_and_not_in_others() {
    let server = TestServer::start_quiet(Centre { capacity: 1, ..Centre::default() }).await;
    for number in 0..2 {
        let path = format!("/v1/agents/{}", agent(number));
        let campaigns = json!([campaign(number)]);
        let body = json!({"name": "A", "campaigns": campaigns, "channels": [channel()], "capacity": 1});
        put(&server.admin(), &path, &body).await;
    }
    server.opened_by(1).await;
    let (ana, ben) = (server.agent(0).await, server.agent(1).await);
    let (mut of_ana, mut of_ben) = (Listener::open(&ana).await, Listener::open(&ben).await);
    // Ana is full, so this one waits in her campaign, which is not Ben's.
    let waiting = server.opened_by(2).await;
    let call = call_out(&server, "Acme Ltd").await;
    assert_eq!(heard_before(&mut of_ben, call).await, []);
    let heard = heard_before(&mut of_ana, call).await;
    let is_queued = |event: &LiveEvent| {
        matches!(&event.change, LiveChange::Entry { conversation, agent: None, entry, .. }
            if *conversation == waiting && matches!(entry.body, EntryBody::Queued { .. }))
    };
    assert!(heard.iter().any(is_queued), "{heard:?}");
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_contacts_address_is_pushed_to_those_who_see_everything_and_not_to_agents() {
    let server = TestServer::start_quiet(Centre::default()).await;
    let ana = server.agent(0).await;
    let conversation = server.opened_by(1).await;
    let listeners = [Listener::open(&ana).await, Listener::open(&server.admin()).await];
    send(&ana, conversation, "It leaves today").await;
    let mut addresses = Vec::new();
    for mut listener in listeners {
        let address = |event: &LiveEvent| match &event.change {
            LiveChange::Entry { to, .. } => Some(to.clone()),
            LiveChange::Status { .. }
            | LiveChange::Presence { .. }
            | LiveChange::Connection { .. }
            | LiveChange::Contact { .. }
            | LiveChange::Configuration { .. } => None,
        };
        addresses.push(listener.until(address).await);
    }
    assert_eq!(addresses, [None, Some(tests::centre::identity(1))]);
    server.stop().await;
}
