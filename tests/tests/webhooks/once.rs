//! A message is stored once however often it comes, and messages that come together open one conversation.

use std::time::Duration;

use futures_util::future::join_all;
use schemas::api::views::MessageState;
use serde_json::json;
use tests::ask::{eventually, inbound_texts, lines, send, status_of};
use tests::centre::{Centre, identity};
use tests::server::TestServer;
use tests::whatsapp::{WRITTEN_AT_SECONDS, message};
use tokio::time::sleep;

use super::posting::{envelope, post_signed, stored, text};

#[tokio::test(flavor = "multi_thread")]
async fn the_same_webhook_five_times_is_stored_once() {
    let server = TestServer::start_quiet(Centre::default()).await;
    let one_by_one = message(1, "wamid.1", "My order has not come");
    for _ in 0..5 {
        assert_eq!(server.webhook(one_by_one.clone()).await, 200);
    }
    let at_once = message(1, "wamid.2", "Are you there?");
    assert_eq!(join_all((0..5).map(|_| server.webhook(at_once.clone()))).await, [200; 5]);
    assert_eq!((stored(&server, "wamid.1").await, stored(&server, "wamid.2").await), (1, 1));
    let conversation = server.conversation(1).await;
    let texts = ["My order has not come", "Are you there?"];
    assert_eq!(inbound_texts(&lines(&server.admin(), conversation).await), texts);
    assert_eq!(server.inbox(0).await[0].unread, 2);
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn two_messages_of_a_new_contact_a_millisecond_apart_open_one_conversation() {
    let server = TestServer::start_quiet(Centre { capacity: 100, ..Centre::default() }).await;
    for from in 0..25 {
        let [first, second] = ["a", "b"].map(|name| message(from, &format!("wamid.{from}{name}"), "hello"));
        let later = async {
            sleep(Duration::from_millis(1)).await;
            server.webhook(second).await
        };
        assert_eq!(tokio::join!(server.webhook(first), later), (200, 200));
        let conversations = server.conversations(from).await;
        let [one] = &conversations[..] else { panic!("contact {from} has {conversations:?}") };
        assert_eq!(inbound_texts(&lines(&server.admin(), one.conversation).await).len(), 2);
    }
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn all_messages_and_statuses_of_one_webhook_are_taken_in_and_in_order() {
    let server = TestServer::start_quiet(Centre::default()).await;
    let agent = server.agent(0).await;
    let conversation = server.opened_by(1).await;
    let id = send(&agent, conversation, "welcome").await.message.unwrap();
    let taken = async || Some(server.stand_in.accepted().first()?.wamid.clone());
    let wamid = eventually("it is sent", taken).await;

    let messages: Vec<_> =
        (0..40).map(|n| text(1 + n % 4, &format!("wamid.m{n}"), &format!("line {n}"))).collect();
    let statuses = ["read", "sent", "delivered"].map(|status| {
        json!({"id": wamid, "status": status, "timestamp": WRITTEN_AT_SECONDS.to_string(),
            "recipient_id": identity(1), "biz_opaque_callback_data": id})
    });
    let body = envelope(&format!(r#""messages":{},"statuses":{}"#, json!(messages), json!(statuses)));
    assert_eq!(post_signed(&server, &body).await.status, 200);

    for from in 1..=4 {
        let all = lines(&server.admin(), server.conversation(from).await).await;
        let written: Vec<_> = inbound_texts(&all).into_iter().filter(|text| *text != "hello").collect();
        let expected: Vec<_> = (0..40).filter(|n| 1 + n % 4 == from).map(|n| format!("line {n}")).collect();
        assert_eq!(written, expected);
    }
    let status = status_of(&lines(&agent, conversation).await, id).unwrap();
    assert_eq!((status.status, status.receipts.len()), (MessageState::Read, 3));
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_webhook_with_a_thousand_messages_is_taken_in_whole() {
    let server = TestServer::start_quiet(Centre::default()).await;
    let messages: Vec<_> = (0..1000).map(|n| text(1, &format!("wamid.{n}"), &format!("line {n}"))).collect();
    let body = envelope(&format!(r#""messages":{}"#, json!(messages)));
    for _ in 0..2 {
        assert_eq!(post_signed(&server, &body).await.status, 200);
    }
    let conversations = server.conversations(1).await;
    assert_eq!(conversations.len(), 1);
    assert_eq!(server.inbox(0).await[0].unread, 1000);
    server.stop().await;
}
