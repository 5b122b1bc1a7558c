//! What an agent sees of what is not theirs alone: past conversations of a contact, and delivery statuses.

use gateway::api_client::ApiClient;
use schemas::ConversationId;
use schemas::api::Page;
use schemas::api::live::LiveChange;
use schemas::api::views::{ContactConversation, MessageState};
use serde_json::json;
use tests::ask::{
    add_note, eventually, header, inbound_texts, lines, of, post, put, read_at, send, status_of, unreadable,
};
use tests::centre::{Centre, agent, disposition};
use tests::listener::Listener;
use tests::server::{NUMBER, TestServer};
use tests::whatsapp::{message, receipt};

#[tokio::test(flavor = "multi_thread")]
async fn an_agent_with_a_contact_at_hand_sees_as_many_of_their_past_conversations_as_the_client_allows() {
    let server = TestServer::start_quiet(Centre::default()).await;
    let (admin, ana, ben) = (server.admin(), server.agent(0).await, server.agent(1).await);
    put(&admin, "/v1/clients/acme", &json!({"name": "Acme", "history_conversations": 2})).await;
    let presence = async |number: usize, presence: &str| {
        let path = format!("/v1/agents/{}/presence", agent(number));
        put(&admin, &path, &json!({ "presence": presence })).await;
    };
    presence(0, "offline").await;
    let mut past = Vec::new();
    for number in 0..3 {
        assert_eq!(server.webhook(message(1, &format!("wamid.{number}"), "hello")).await, 200);
        past.push(server.conversation(1).await);
        post(&ben, &of(past[number], "finish"), &json!({"disposition": disposition()})).await;
    }
    presence(0, "online").await;
    presence(1, "offline").await;
    let path = format!("/v1/contacts/{}/conversations", server.contact(1));
    assert_eq!(unreadable(&ana, &path).await.code, "forbidden", "a contact she has nothing to do with");

    assert_eq!(server.webhook(message(1, "wamid.now", "hello")).await, 200);
    let open = server.conversation(1).await;
    let seen = async |api: &ApiClient| -> Vec<ConversationId> {
        let page: Page<ContactConversation> = read_at(api, &path, server.head().await).await;
        page.items.iter().map(|row| row.conversation).collect()
    };
    assert_eq!(seen(&ana).await, [open, past[2], past[1]]);
    assert_eq!(inbound_texts(&lines(&ana, past[1]).await), ["hello"]);
    assert_eq!(unreadable(&ana, &of(past[0], "messages")).await.code, "forbidden");
    assert_eq!(seen(&ben).await, [past[2], past[1], past[0]], "his own, and not the open one");
    assert_eq!(unreadable(&ben, &of(open, "messages")).await.code, "forbidden");
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn where_a_channel_does_not_show_statuses_agents_do_not_see_them_and_receipts_are_kept() {
    let server = TestServer::start_quiet(Centre::default()).await;
    let (admin, ana) = (server.admin(), server.agent(0).await);
    let define = async |shown: bool| {
        let body = json!({"kind": "whatsapp", "address": NUMBER, "name": "Main", "show_status": shown});
        put(&admin, "/v1/channels/wa", &body).await
    };
    define(false).await;
    let conversation = server.opened_by(1).await;
    let (of_agent, of_admin) = (Listener::open(&ana).await, Listener::open(&admin).await);
    let id = send(&ana, conversation, "It leaves today").await.message.unwrap();
    let taken = async || Some(server.stand_in.accepted().first()?.wamid.clone());
    let wamid = eventually("it is sent", taken).await;
    assert_eq!(server.webhook(receipt(1, &wamid, Some(id), "delivered")).await, 200);
    let last = add_note(&ana, conversation, "the last").await.position;
    header(&ana, conversation, last).await;

    assert_eq!(status_of(&lines(&ana, conversation).await, id), None);
    let seen = status_of(&lines(&admin, conversation).await, id).unwrap();
    assert_eq!(seen.status, MessageState::Delivered);
    assert_eq!(statuses_until(of_agent, last).await, 0, "the agent was told");
    assert!(statuses_until(of_admin, last).await > 0);

    header(&ana, conversation, define(true).await.position).await;
    let kept = status_of(&lines(&ana, conversation).await, id).unwrap();
    assert_eq!(kept.status, MessageState::Delivered);
    server.stop().await;
}

/// How many statuses are pushed up to a position.
async fn statuses_until(mut listener: Listener, last: schemas::Position) -> usize {
    let mut count = 0;
    loop {
        let event = listener.next().await.event();
        count += usize::from(matches!(event.change, LiveChange::Status { .. }));
        if event.position >= last {
            return count;
        }
    }
}
