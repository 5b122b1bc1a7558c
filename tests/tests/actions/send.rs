//! An answer goes out once; a note never does.

use reqwest::Method;
use schemas::MessageId;
use schemas::api::Accepted;
use schemas::api::live::LiveChange;
use schemas::api::views::{EntryBody, MessageState};
use serde_json::json;
use tests::ask::{KEY, add_note, eventually, header, lines, of, post, send};
use tests::centre::{Centre, agent, identity};
use tests::listener::Listener;
use tests::server::{NUMBER, TestServer};

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_goes_out_once_and_carries_its_id_until_it_is_read() {
    let server = TestServer::start(Centre::default()).await;
    let ana = server.agent(0).await;
    let conversation = server.opened_by(1).await;
    let mut screen = Listener::open(&ana).await;
    let answer = async || -> Accepted {
        let request = ana.request(Method::POST, &of(conversation, "messages")).header(KEY, "answer-1");
        ana.answer(request.json(&json!({"text": "It leaves today"}))).await.unwrap()
    };
    let (first, again) = (answer().await, answer().await);
    assert_eq!((first.message, first.position), (again.message, again.position));
    assert!(again.repeated);
    let id = first.message.unwrap();
    screen.until(|event| is_read(&event.change, id).then_some(())).await;

    let accepted = server.stand_in.accepted();
    let [sent] = &accepted[..] else { panic!("{accepted:?}") };
    assert_eq!(sent.callback_data, Some(id.to_string()));
    assert_eq!((sent.to.as_str(), sent.phone_number_id.as_str()), (identity(1).as_str(), NUMBER));
    assert_eq!(sent.body, "It leaves today");
    let row = &server.inbox(0).await[0];
    assert_eq!((row.unread, row.waiting_since), (0, None));
    server.stop().await;
}

fn is_read(change: &LiveChange, id: MessageId) -> bool {
    matches!(change, LiveChange::Status { message, status, .. }
        if *message == id && status.status == MessageState::Read)
}

#[tokio::test(flavor = "multi_thread")]
async fn answers_of_a_conversation_go_out_in_the_order_in_which_they_were_given() {
    let server = TestServer::start(Centre::default()).await;
    let ana = server.agent(0).await;
    let conversation = server.opened_by(1).await;
    let mut given = Vec::new();
    for number in 0..20 {
        let sent = send(&ana, conversation, &format!("answer {number}")).await;
        given.push(sent.message.unwrap().to_string());
    }
    eventually("all are sent", async || (server.stand_in.accepted_total() == 20).then_some(())).await;
    let accepted = server.stand_in.accepted().into_iter();
    assert_eq!(accepted.map(|sent| sent.callback_data.unwrap()).collect::<Vec<_>>(), given);
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_note_is_read_by_the_next_agent_and_never_by_the_customer() {
    let server = TestServer::start(Centre::default()).await;
    let (ana, ben) = (server.agent(0).await, server.agent(1).await);
    let conversation = server.opened_by(1).await;
    add_note(&ana, conversation, "He has called twice").await;
    let body = json!({"agent": agent(1), "note": "Knows the carrier"});
    post(&ana, &of(conversation, "transfer"), &body).await;
    header(&ben, conversation, server.head().await).await;
    let is_it =
        |body: &EntryBody| matches!(body, EntryBody::Note { text, .. } if text == "He has called twice");
    assert!(lines(&ben, conversation).await.iter().any(|entry| is_it(&entry.body)));

    // What was said before an answer would have gone out before it.
    let answer = send(&ben, conversation, "I am looking into it").await.message.unwrap();
    eventually("it is sent", async || (server.stand_in.accepted_total() > 0).then_some(())).await;
    let accepted = server.stand_in.accepted();
    assert_eq!(accepted.len(), 1, "{accepted:?}");
    assert_eq!(accepted[0].callback_data, Some(answer.to_string()));
    server.stop().await;
}
