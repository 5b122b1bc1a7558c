//! Inactivity: a customer who does not answer is warned, and the conversation closed.

use schemas::ConversationId;
use schemas::api::live::LiveChange;
use schemas::api::views::{Conversation, ConversationState, Entry, EntryBody};
use schemas::event::{Author, SystemCause};
use schemas::{Actor, Content};
use serde_json::{Value, json};
use tests::ask::{eventually, lines, put, read, refused, send};
use tests::centre::{Centre, agent, campaign, disposition};
use tests::listener::Listener;
use tests::server::TestServer;

/// A server whose only campaign says this about time, and whose agents hold one conversation each.
async fn saying(timing: &Value) -> TestServer {
    let centre = Centre { agents: 1, campaigns: 1, capacity: 1, ..Centre::default() };
    let server = TestServer::start_quiet(centre).await;
    server.redefine(timing).await;
    server
}

fn rule() -> Value {
    json!({"inactivity": {
        "warn_after_seconds": 1, "warn_text": "still there?",
        "close_after_seconds": 1, "close_text": "goodbye",
        "disposition": disposition(), "sub_disposition": null,
    }})
}

/// What atender wrote by itself, oldest first.
fn told(lines: &[Entry]) -> Vec<(SystemCause, String)> {
    let told = lines.iter().rev().filter_map(|line| match &line.body {
        EntryBody::Outbound { author: Author::System(cause), content: Content::Text(text), .. } => {
            Some((*cause, text.clone()))
        }
        _ => None,
    });
    told.collect()
}

async fn state_of(server: &TestServer, conversation: ConversationId) -> Conversation {
    read(&server.admin(), &format!("/v1/conversations/{conversation}")).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_customer_who_does_not_answer_is_warned_and_the_conversation_closed_and_the_next_one_given() {
    let server = saying(&rule()).await;
    let ana = server.agent(0).await;
    let mut screen = Listener::open(&ana).await;
    let (first, second) = (server.opened_by(1).await, server.opened_by(2).await);
    send(&ana, first, "how can I help?").await;
    let warned = screen.until(|event| match &event.change {
        LiveChange::Entry { conversation, entry, .. } => match &entry.body {
            EntryBody::InactivityWarned { .. } => Some(*conversation),
            _ => None,
        },
        _ => None,
    });
    assert_eq!(warned.await, first);
    let closed = async || {
        let shown = state_of(&server, first).await;
        (shown.state == ConversationState::Finished).then_some(shown)
    };
    let closed = eventually("the conversation is closed", closed).await;
    assert_eq!((closed.disposition, closed.agent), (Some(disposition()), Some(agent(0))));
    let written = lines(&server.admin(), first).await;
    let expected = [
        (SystemCause::InactivityWarning, "still there?".to_owned()),
        (SystemCause::InactivityClosed, "goodbye".to_owned()),
    ];
    assert_eq!(told(&written), expected);
    let finished = written.iter().find(|line| matches!(line.body, EntryBody::Finished { .. })).unwrap();
    assert_eq!(finished.by, Actor::System);
    server.head().await;
    assert_eq!(server.inbox(0).await[0].conversation, second);
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_atender_writes_goes_out_as_any_message_does() {
    let server = saying(&rule()).await;
    let ana = server.agent(0).await;
    let conversation = server.opened_by(1).await;
    send(&ana, conversation, "how can I help?").await;
    let is_over = async || {
        let shown = state_of(&server, conversation).await;
        (shown.state == ConversationState::Finished).then_some(())
    };
    eventually("the conversation is closed", is_over).await;
    let written = lines(&server.admin(), conversation).await;
    let by_atender = |line: &Entry| match &line.body {
        EntryBody::Outbound { message, author: Author::System(_), .. } => Some(message.to_string()),
        _ => None,
    };
    let messages: Vec<String> = written.iter().filter_map(by_atender).collect();
    assert_eq!(messages.len(), 2);
    let all_taken = async || {
        let is_taken = |id: &String| server.stand_in.times_accepted(id) == 1;
        messages.iter().all(is_taken).then_some(())
    };
    eventually("the network has both", all_taken).await;
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_closed_for_inactivity_is_closed_with_a_disposition_of_the_campaign() {
    let server = saying(&json!({})).await;
    let admin = server.admin();
    let mut definition = server.definition_of(0).await;
    definition["inactivity"] = rule()["inactivity"].take();
    definition["inactivity"]["disposition"] = json!("gone");
    let path = format!("/v1/campaigns/{}", campaign(0));
    let refusal = refused(&admin, reqwest::Method::PUT, &path, &definition).await;
    assert_eq!(
        (refusal.code.as_str(), refusal.field.as_deref()),
        ("disposition_not_allowed", Some("disposition"))
    );
    definition["inactivity"]["disposition"] = json!(disposition());
    definition["inactivity"]["warn_text"] = Value::Null;
    let refusal = refused(&admin, reqwest::Method::PUT, &path, &definition).await;
    assert_eq!((refusal.code.as_str(), refusal.field.as_deref()), ("inactivity_warning", Some("warn_text")));
    definition["inactivity"]["warn_text"] = json!("still there?");
    put(&admin, &path, &definition).await;
    server.head().await;
    assert_eq!(server.definition_of(0).await["inactivity"], definition["inactivity"]);
    server.stop().await;
}
