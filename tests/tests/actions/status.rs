//! Update delivery status: whatever order and number receipts come in, a status only moves up.

use std::collections::HashMap;

use gateway::demo::whatsapp_stand_in::{Fault, StatusScript};
use reqwest::Method;
use schemas::api::live::LiveChange;
use schemas::api::views::{MessageState, MessageStatus};
use schemas::{ConversationId, DeliveryStatus, MessageId};
use serde_json::json;
use tests::ask::{eventually, header, lines, of, post, refused, send, status_of};
use tests::centre::Centre;
use tests::listener::Listener;
use tests::server::TestServer;
use tests::whatsapp::receipt;

async fn status(server: &TestServer, conversation: ConversationId, id: MessageId) -> MessageStatus {
    header(&server.admin(), conversation, server.head().await).await;
    status_of(&lines(&server.admin(), conversation).await, id).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn receipts_in_any_order_and_number_only_move_a_status_up() {
    let server = TestServer::start_quiet(Centre::default()).await;
    let conversation = server.opened_by(1).await;
    let id = send(&server.agent(0).await, conversation, "It leaves today").await.message.unwrap();
    let taken = async || Some(server.stand_in.accepted().first()?.wamid.clone());
    let wamid = eventually("the network has it", taken).await;
    for (reported, ours, expected) in [
        ("delivered", None, MessageState::Delivered),
        ("sent", Some(id), MessageState::Delivered),
        ("sent", None, MessageState::Delivered),
        ("read", Some(id), MessageState::Read),
        ("delivered", Some(id), MessageState::Read),
        ("read", None, MessageState::Read),
        ("sent", Some(id), MessageState::Read),
    ] {
        // One that has only the network's id waits until the answer of the call has told whose it is.
        assert_eq!(server.webhook(receipt(1, &wamid, ours, reported)).await, 200);
        let at_last = async || {
            let now = status(&server, conversation, id).await.status;
            assert!(now as u8 <= expected as u8, "{now:?} after {reported}");
            (now == expected).then_some(())
        };
        eventually(&format!("{expected:?} after {reported}"), at_last).await;
    }
    let shown = status(&server, conversation, id).await;
    let reported: Vec<_> = shown.receipts.iter().map(|receipt| receipt.status).collect();
    assert_eq!(reported, [DeliveryStatus::Sent, DeliveryStatus::Delivered, DeliveryStatus::Read]);
    assert_eq!((shown.attempts, shown.error), (1, None));
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_network_that_reports_twice_and_out_of_order_is_never_seen_to_go_back() {
    const ANSWERS: usize = 20;
    let statuses = StatusScript { reordered: 1.0, duplicated: 1.0, ..StatusScript::default() };
    let server = TestServer::start_with(Centre::default(), statuses).await;
    let ana = server.agent(0).await;
    let conversation = server.opened_by(1).await;
    let mut screen = Listener::open(&ana).await;
    let mut furthest: HashMap<MessageId, MessageState> = HashMap::new();
    for number in 0..ANSWERS {
        let sent = send(&ana, conversation, &format!("answer {number}")).await;
        furthest.insert(sent.message.unwrap(), MessageState::Pending);
    }
    eventually("all statuses are delivered", async || {
        let counts = server.stand_in.webhook_counts();
        // Three statuses of each, and each of them twice.
        (counts.planned == 6 * ANSWERS as u64 && counts.delivered == counts.planned).then_some(())
    })
    .await;
    let mut read = 0;
    while read < ANSWERS {
        if let LiveChange::Status { message, status, .. } = screen.next().await.event().change {
            let before = furthest.insert(message, status.status).unwrap();
            assert!(before as u8 <= status.status as u8, "{message} went from {before:?} to {status:?}");
            read += usize::from(status.status == MessageState::Read && before != MessageState::Read);
        }
    }
    for id in furthest.into_keys() {
        assert_eq!(status(&server, conversation, id).await.status, MessageState::Read);
    }
    assert_eq!(server.stand_in.accepted_repeatedly(), 0);
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_network_refuses_for_good_has_failed_and_goes_out_again_when_a_person_says_so() {
    let server = TestServer::start(Centre::default()).await;
    let ana = server.agent(0).await;
    let conversation = server.opened_by(1).await;
    // More than 24 hours since the customer wrote.
    server.stand_in.next_fault(Fault::GraphError { http_status: 400, code: 131_047 });
    let id = send(&ana, conversation, "It leaves today").await.message.unwrap();
    let comes_to = async |wanted: MessageState| {
        let looked =
            async || Some(status(&server, conversation, id).await).filter(|now| now.status == wanted);
        eventually(&format!("it has come to {wanted:?}"), looked).await
    };
    let failed = comes_to(MessageState::Failed).await;
    assert_eq!(failed.error.map(|error| error.code), Some(131_047));
    assert_eq!(server.stand_in.accepted_total(), 0);

    let resend = of(conversation, &format!("messages/{id}/resend"));
    post(&ana, &resend, &json!({})).await;
    comes_to(MessageState::Read).await;
    assert_eq!(server.stand_in.times_accepted(&id.to_string()), 1);
    let problem = refused(&ana, Method::POST, &resend, &json!({})).await;
    assert_eq!((problem.status, problem.code.as_str()), (409, "message_not_resendable"));
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_network_puts_off_is_tried_again_and_goes_out_once() {
    let server = TestServer::start(Centre::default()).await;
    let conversation = server.opened_by(1).await;
    server.stand_in.next_fault(Fault::GraphError { http_status: 400, code: 130_429 });
    server.stand_in.next_fault(Fault::GraphError { http_status: 503, code: 131_016 });
    let id = send(&server.agent(0).await, conversation, "It leaves today").await.message.unwrap();
    let is_read = async || {
        let now = status(&server, conversation, id).await;
        (now.status == MessageState::Read).then_some(now)
    };
    let status = eventually("it is read", is_read).await;
    assert_eq!((status.attempts, server.stand_in.times_accepted(&id.to_string())), (3, 1));
    server.stop().await;
}
