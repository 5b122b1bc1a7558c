//! Finish: with a disposition of the campaign; what the contact writes after it is a new conversation.

use reqwest::Method;
use schemas::api::views::{ConversationState, EntryBody};
use serde_json::json;
use tests::ask::{add_note, header, inbound_texts, inbox, lines, of, post, put, refused};
use tests::centre::{Centre, agent, disposition};
use tests::server::TestServer;
use tests::whatsapp::message;

#[tokio::test(flavor = "multi_thread")]
async fn a_finish_needs_a_sub_disposition_where_there_are_any_and_keeps_the_notes() {
    let server = TestServer::start(Centre::default()).await;
    let ana = server.agent(0).await;
    let sub = json!({"name": "By courier", "parent": disposition()});
    put(&server.admin(), "/v1/dispositions/by-courier", &sub).await;
    let conversation = server.opened_by(1).await;
    add_note(&ana, conversation, "The parcel is here").await;
    let finish = of(conversation, "finish");
    let solved = disposition();
    for (body, code) in [
        (json!({"disposition": "by-courier"}), "disposition_not_allowed"),
        (json!({"disposition": solved}), "sub_disposition_required"),
        (json!({"disposition": solved, "sub_disposition": solved}), "not_a_sub_disposition"),
    ] {
        assert_eq!(refused(&ana, Method::POST, &finish, &body).await.code, code);
    }
    let body = json!({"disposition": solved, "sub_disposition": "by-courier"});
    let finished = post(&ana, &finish, &body).await;

    let over = header(&ana, conversation, finished.position).await;
    assert_eq!((over.state, over.agent), (ConversationState::Finished, Some(agent(0))));
    assert_eq!((over.disposition, over.sub_disposition.unwrap().as_str()), (Some(solved), "by-courier"));
    assert!(over.finished_at.is_some() && inbox(&ana).await.is_empty());
    assert!(matches!(&lines(&ana, conversation).await[1].body, EntryBody::Note { .. }));
    assert_eq!(refused(&ana, Method::POST, &finish, &body).await.code, "conversation_not_open");
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_after_the_finish_opens_a_new_conversation() {
    let server = TestServer::start(Centre::default()).await;
    let (admin, ana) = (server.admin(), server.agent(0).await);
    let first = server.opened_by(1).await;
    post(&ana, &of(first, "finish"), &json!({"disposition": disposition()})).await;
    assert_eq!(server.webhook(message(1, "wamid.after", "and now it is broken")).await, 200);

    let both = server.conversations(1).await;
    let [new, old] = &both[..] else { panic!("{both:?}") };
    assert_eq!((old.conversation, old.state), (first, ConversationState::Finished));
    assert_ne!(new.conversation, first);
    assert_eq!(new.state, ConversationState::Assigned);
    assert_eq!(inbound_texts(&lines(&admin, new.conversation).await), ["and now it is broken"]);
    assert_eq!(inbound_texts(&lines(&admin, first).await), ["hello"]);
    server.stop().await;
}
