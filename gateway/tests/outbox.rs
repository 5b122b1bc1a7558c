//! What is sent goes out once, in order, whatever the network answers and wherever the process dies.
#![allow(clippy::unwrap_used, reason = "a test may")]

#[path = "outbox/centre.rs"]
mod centre;

use std::time::Duration;

use async_nats::jetstream;
use centre::{Centre, ana, webchat, whatsapp};
use engine::clock;
use gateway::demo::whatsapp_stand_in::Fault;
use schemas::command::Receipt;
use schemas::{Actor, Command, DeliveryStatus, Event, MessageId};

const TOO_MUCH: Fault = Fault::GraphError { http_status: 400, code: 130_429 };

fn receipt(message: MessageId, provider_id: &str, status: DeliveryStatus) -> Command {
    Command::RecordReceipt(Receipt {
        channel: whatsapp(),
        message: Some(message),
        provider_id: Some(provider_id.to_owned()),
        status,
        reported_at: clock::now(),
        error: None,
    })
}

#[tokio::test]
async fn a_message_goes_out_once_and_carries_our_id() {
    let mut centre = Centre::open().await;
    let outbox = centre.outbox().await;
    let conversation = centre.conversation(whatsapp(), "346001").await;
    let message = centre.send(conversation, "Good morning").await;

    let provider_id = centre.accepted(message).await;
    let sent = centre.meta.accepted();
    assert_eq!(sent.len(), 1);
    assert_eq!(sent[0].wamid, provider_id);
    assert_eq!(sent[0].callback_data, Some(message.to_string()));
    assert_eq!((sent[0].to.as_str(), sent[0].body.as_str()), ("346001", "Good morning"));
    outbox.stop().await;
    centre.close().await;
}

#[tokio::test]
async fn an_error_that_passes_is_tried_again_until_it_has_passed() {
    let mut centre = Centre::open().await;
    let outbox = centre.outbox().await;
    centre.meta.next_fault(TOO_MUCH);
    centre.meta.next_fault(Fault::GraphError { http_status: 503, code: 131_016 });
    let conversation = centre.conversation(whatsapp(), "346001").await;
    let message = centre.send(conversation, "Good morning").await;

    for (attempt, code) in [(1, 130_429), (2, 131_016)] {
        assert_eq!(centre.attempted(message).await, attempt);
        let deferred = centre
            .wait_for(message, |event| match event {
                Event::SendDeferred(deferred) => Some(deferred.clone()),
                _ => None,
            })
            .await;
        assert_eq!((deferred.attempt, deferred.error.code), (attempt, code));
    }
    assert_eq!(centre.attempted(message).await, 3);
    centre.accepted(message).await;
    assert_eq!(centre.times_accepted(message), 1);
    outbox.stop().await;
    centre.close().await;
}

#[tokio::test]
async fn an_error_that_lasts_fails_the_message_with_its_code_until_it_is_sent_again() {
    let mut centre = Centre::open().await;
    let outbox = centre.outbox().await;
    centre.meta.next_fault(Fault::GraphError { http_status: 400, code: 131_047 });
    let conversation = centre.conversation(whatsapp(), "346001").await;
    let message = centre.send(conversation, "Good morning").await;

    let failed = centre
        .wait_for(message, |event| match event {
            Event::DeliveryUpdated(updated) => Some(updated.clone()),
            _ => None,
        })
        .await;
    assert_eq!((failed.status, failed.error.unwrap().code), (DeliveryStatus::Failed, 131_047));
    assert_eq!(centre.meta.accepted_total(), 0);

    centre.does(Actor::Agent(ana()), Command::Resend { conversation, message }).await;
    assert_eq!(centre.attempted(message).await, 2);
    centre.accepted(message).await;
    assert_eq!(centre.texts(), ["Good morning"]);
    outbox.stop().await;
    centre.close().await;
}

#[tokio::test]
async fn an_attempt_that_a_crash_cut_off_is_not_repeated_and_a_receipt_settles_it() {
    let mut centre = Centre::open().await;
    let conversation = centre.conversation(whatsapp(), "346001").await;
    let message = centre.send(conversation, "Good morning").await;
    centre.does(Actor::System, Command::BeginAttempt { message }).await;

    let outbox = centre.outbox().await;
    centre.uncertain(message).await;
    outbox.stop().await;
    assert_eq!(centre.meta.accepted_total(), 0);

    centre.does(Actor::Channel(whatsapp()), receipt(message, "wamid.X", DeliveryStatus::Delivered)).await;
    let status = centre
        .wait_for(message, |event| match event {
            Event::DeliveryUpdated(updated) => Some(updated.status),
            _ => None,
        })
        .await;
    assert_eq!(status, DeliveryStatus::Delivered);
    centre.close().await;
}

#[tokio::test]
async fn a_process_that_dies_during_the_call_sends_nothing_twice() {
    let mut centre = Centre::open().await;
    let conversation = centre.conversation(whatsapp(), "346001").await;
    let killed = centre.outbox().await;
    centre.meta.next_fault(Fault::Timeout(Duration::from_secs(60)));
    let message = centre.send(conversation, "Good morning").await;
    let next = centre.send(conversation, "Are you there?").await;
    centre.network_has(1).await;
    drop(killed);

    let outbox = centre.outbox().await;
    centre.uncertain(message).await;
    centre.accepted(next).await;
    outbox.stop().await;
    assert_eq!(centre.texts(), ["Good morning", "Are you there?"]);
    centre.close().await;
}

#[tokio::test]
async fn a_message_whose_answer_is_lost_is_uncertain_and_does_not_hold_up_the_next() {
    let mut centre = Centre::open().await;
    let outbox = centre.outbox().await;
    centre.meta.next_fault(Fault::AcceptThenDrop);
    let conversation = centre.conversation(whatsapp(), "346001").await;
    let first = centre.send(conversation, "one").await;
    let second = centre.send(conversation, "two").await;

    centre.uncertain(first).await;
    centre.accepted(second).await;
    assert_eq!(centre.texts(), ["one", "two"]);
    outbox.stop().await;
    centre.close().await;
}

#[tokio::test]
async fn messages_of_a_conversation_keep_their_order_and_others_do_not_wait() {
    let mut centre = Centre::open().await;
    let outbox = centre.outbox().await;
    let slow = centre.conversation(whatsapp(), "346001").await;
    let other = centre.conversation(whatsapp(), "346002").await;
    centre.meta.fault_for("346001", Some(TOO_MUCH));
    let first = centre.send(slow, "one").await;
    centre.wait_for(first, |event| matches!(event, Event::SendDeferred(_)).then_some(())).await;
    let second = centre.send(slow, "two").await;
    centre.wait_for(first, |event| matches!(event, Event::SendDeferred(_)).then_some(())).await;

    let elsewhere = centre.send(other, "elsewhere").await;
    centre.accepted(elsewhere).await;
    centre.meta.fault_for("346001", None);
    centre.accepted(first).await;
    centre.accepted(second).await;
    assert_eq!(centre.texts(), ["elsewhere", "one", "two"]);
    outbox.stop().await;
    centre.close().await;
}

#[tokio::test]
async fn what_was_not_sent_before_a_stop_is_sent_after_the_next_start_in_order() {
    let mut centre = Centre::open().await;
    let outbox = centre.outbox().await;
    let conversation = centre.conversation(whatsapp(), "346001").await;
    centre.meta.fault_for("346001", Some(TOO_MUCH));
    let first = centre.send(conversation, "one").await;
    centre.wait_for(first, |event| matches!(event, Event::SendDeferred(_)).then_some(())).await;
    outbox.stop().await;
    centre.meta.fault_for("346001", None);

    let second = centre.send(conversation, "two").await;
    let outbox = centre.outbox().await;
    centre.accepted(first).await;
    centre.accepted(second).await;
    assert_eq!(centre.texts(), ["one", "two"]);
    outbox.stop().await;
    centre.close().await;
}

#[tokio::test]
async fn relaying_everything_again_sends_nothing_twice() {
    let mut centre = Centre::open().await;
    let outbox = centre.outbox().await;
    let conversation = centre.conversation(whatsapp(), "346001").await;
    for text in ["one", "two", "three"] {
        let message = centre.send(conversation, text).await;
        centre.accepted(message).await;
    }
    outbox.stop().await;

    let context = jetstream::new(centre.client.clone());
    context.delete_key_value("ATENDER_OUTBOX").await.unwrap();
    let outbox = centre.outbox().await;
    let message = centre.send(conversation, "four").await;
    centre.accepted(message).await;
    outbox.stop().await;
    assert_eq!(centre.texts(), ["one", "two", "three", "four"]);
    centre.close().await;
}

#[tokio::test]
async fn through_a_crash_of_nats_every_message_goes_out_once_and_in_order() {
    let mut centre = Centre::open().await;
    let outbox = centre.outbox().await;
    let mut conversations = Vec::new();
    for contact in 0..8 {
        conversations.push(centre.conversation(whatsapp(), &format!("34600{contact}")).await);
    }
    let mut messages = Vec::new();
    for number in 0..20 {
        if number == 8 {
            centre.kill_nats();
        }
        for conversation in &conversations {
            messages.push(centre.send(*conversation, &number.to_string()).await);
        }
    }
    for message in messages {
        centre.accepted(message).await;
    }
    outbox.stop().await;

    assert_eq!((centre.meta.accepted_total(), centre.meta.accepted_repeatedly()), (160, 0));
    for contact in 0..8 {
        let to = format!("34600{contact}");
        let accepted = centre.meta.accepted();
        let sent = accepted.iter().filter(|sent| sent.to == to).map(|sent| sent.body.parse().unwrap());
        assert_eq!(sent.collect::<Vec<i32>>(), (0..20).collect::<Vec<_>>(), "to {to}");
    }
    centre.close().await;
}

#[tokio::test]
async fn a_message_of_another_network_is_left_to_its_connector() {
    let mut centre = Centre::open().await;
    let outbox = centre.outbox().await;
    let web = centre.conversation(webchat(), "visitor-1").await;
    let phone = centre.conversation(whatsapp(), "346001").await;
    let elsewhere = centre.send(web, "on the site").await;
    let message = centre.send(phone, "on the phone").await;
    centre.accepted(message).await;
    outbox.stop().await;

    assert_eq!(centre.texts(), ["on the phone"]);
    // Nobody has begun to send it.
    centre.does(Actor::System, Command::BeginAttempt { message: elsewhere }).await;
    assert_eq!(centre.attempted(elsewhere).await, 1);
    centre.close().await;
}
