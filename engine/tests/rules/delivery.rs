//! Update delivery status: pending < sent < delivered < read < played, failed ends it. It never goes back, whatever
//! order or number of receipts arrive; a receipt may come before the send it belongs to is recorded.

use schemas::command::Receipt;
use schemas::event::{Event, MessageSettled, ReceiptParked};
use schemas::limits::{ERROR_DETAIL_CHARS_MAX, PARKED_RECEIPTS_MAX, PROVIDER_ID_BYTES_MAX};
use schemas::{Actor, DeliveryError, DeliveryStatus, Rejection};

use DeliveryStatus::{Delivered, Failed, Pending, Played, Read, Sent};

use super::centre::*;
use super::harness::{Scene, Step, given, second};

/// Ana has sent `m1` to Eva; the network does not have it yet.
fn submitted() -> Scene {
    given([online(ANA), wrote(EVA), sends(ANA, of(EVA), "m1")])
}

/// The network has it, and named it `w1`.
fn taken() -> Scene {
    submitted().and([begins_attempt(message("m1")), ends_attempt(message("m1"), 1, took("w1"))])
}

/// The call for it never came back.
fn uncertain() -> Scene {
    submitted().and([begins_attempt(message("m1")), begins_attempt(message("m1"))])
}

fn parked(provider_id: &str, receipt: DeliveryStatus) -> Event {
    ReceiptParked {
        channel: channel(WA),
        provider_id: provider_id.to_owned(),
        receipt,
        reported_at: second(0),
        error: (receipt == Failed).then(|| error(131_026)),
    }
    .into()
}

fn receipts(provider_id: &str, statuses: &[DeliveryStatus]) -> Vec<Step> {
    let each = |status: &DeliveryStatus| receipt_for(provider_id, *status);
    statuses.iter().map(each).collect()
}

#[test]
fn each_receipt_moves_the_status_up() {
    let mut scene = taken();
    for status in [Sent, Delivered, Read, Played] {
        scene = scene.and([receipt_for("w1", status)]).then_status(message("m1"), status);
    }
}

#[test]
fn a_receipt_is_recorded_with_the_providers_time_and_the_status_after_it() {
    let delivered = Receipt { reported_at: second(500), ..receipt_of(None, Some("w1"), Delivered) };
    taken().when(reports(delivered.clone())).then([updated(of(EVA), &delivered, message("m1"), Delivered)]);
}

#[test]
fn every_order_of_receipts_ends_in_the_highest() {
    let orders: [[DeliveryStatus; 3]; 6] = [
        [Sent, Delivered, Read],
        [Sent, Read, Delivered],
        [Delivered, Sent, Read],
        [Delivered, Read, Sent],
        [Read, Sent, Delivered],
        [Read, Delivered, Sent],
    ];
    for order in orders {
        taken().and(receipts("w1", &order)).then_status(message("m1"), Read);
    }
}

#[test]
fn a_receipt_that_comes_late_is_kept_and_moves_nothing() {
    let late = receipt_of(None, Some("w1"), Delivered);
    taken().and(receipts("w1", &[Read])).when(reports(late.clone())).then([updated(
        of(EVA),
        &late,
        message("m1"),
        Read,
    )]);
}

#[test]
fn a_repeated_receipt_changes_nothing() {
    taken()
        .and(receipts("w1", &[Delivered]))
        .when(receipt_for("w1", Delivered))
        .then_nothing()
        .when(receipt(message("m1"), Delivered))
        .then_nothing();
}

#[test]
fn failed_ends_it() {
    let late = receipt_of(None, Some("w1"), Delivered);
    taken()
        .and(receipts("w1", &[Sent, Failed]))
        .then_status(message("m1"), Failed)
        .when(reports(late.clone()))
        .then([updated(of(EVA), &late, message("m1"), Failed)]);
}

#[test]
fn failed_comes_with_its_error_cut_to_what_is_kept() {
    let long = DeliveryError { code: 131_026, detail: "x".repeat(ERROR_DETAIL_CHARS_MAX + 1) };
    let failed = Receipt { error: Some(long.clone()), ..receipt_of(None, Some("w1"), Failed) };
    let cut = Receipt {
        error: Some(DeliveryError { detail: "x".repeat(ERROR_DETAIL_CHARS_MAX), ..long }),
        ..failed.clone()
    };
    taken().when(reports(failed)).then([updated(of(EVA), &cut, message("m1"), Failed)]);
}

#[test]
fn a_failed_message_that_is_sent_again_is_pending_again() {
    taken()
        .and(receipts("w1", &[Failed]))
        .and([resends(ANA, of(EVA), message("m1"))])
        .then_status(message("m1"), Pending);
}

/// It was delivered and failed, was sent again, and the network took it as `w2`.
fn taken_again() -> Scene {
    let again = [
        resends(ANA, of(EVA), message("m1")),
        begins_attempt(message("m1")),
        ends_attempt(message("m1"), 2, took("w2")),
    ];
    taken().and(receipts("w1", &[Delivered, Failed])).and(again)
}

#[test]
fn receipts_of_the_send_before_do_not_count_after_a_resend() {
    let old = receipt_of(None, Some("w1"), Read);
    taken_again()
        .when(reports(old.clone()))
        .then([updated(of(EVA), &old, message("m1"), Pending)])
        .then_status(message("m1"), Pending)
        .when(reports(Receipt { message: Some(message("m1")), ..old }))
        .then_accepted()
        .then_status(message("m1"), Pending);
}

#[test]
fn receipts_of_the_send_before_do_not_count_while_it_waits_to_be_sent_again() {
    taken()
        .and(receipts("w1", &[Failed]))
        .and([resends(ANA, of(EVA), message("m1")), receipt_for("w1", Delivered)])
        .then_status(message("m1"), Pending)
        .when(begins_attempt(message("m1")))
        .then_accepted();
}

#[test]
fn receipts_of_the_new_send_count_after_a_resend() {
    taken_again().and(receipts("w2", &[Delivered, Sent])).then_status(message("m1"), Delivered);
}

#[test]
fn a_network_id_that_is_not_the_messages_does_not_count() {
    let astray = receipt_of(Some(message("m1")), Some("w9"), Failed);
    taken()
        .and([receipt_for("w9", Read)])
        .when(reports(astray.clone()))
        .then([updated(of(EVA), &astray, message("m1"), Pending)])
        .then_status(message("m1"), Pending);
}

#[test]
fn a_receipt_that_waited_and_was_used_makes_room_for_another() {
    let ids = (1..PARKED_RECEIPTS_MAX).map(|i| format!("x{i}"));
    submitted()
        .and([receipt_for("w1", Delivered)])
        .and(ids.map(|id| receipt_for(&id, Sent).after(0)))
        .and([reports(receipt_of(Some(message("m1")), Some("w1"), Sent))])
        .when(receipt_for("one more", Sent))
        .then([parked("one more", Sent)]);
}

#[test]
fn a_receipt_of_the_new_send_may_come_before_the_networks_answer() {
    taken()
        .and(receipts("w1", &[Failed]))
        .and([resends(ANA, of(EVA), message("m1")), begins_attempt(message("m1"))])
        .and([reports(receipt_of(Some(message("m1")), Some("w2"), Sent))])
        .then_status(message("m1"), Sent);
}

#[test]
fn a_receipt_before_the_send_is_recorded_waits_for_it() {
    let delivered = receipt_of(None, Some("w1"), Delivered);
    submitted()
        .and([begins_attempt(message("m1"))])
        .when(receipt_for("w1", Delivered))
        .then([parked("w1", Delivered)])
        .then_status(message("m1"), Pending)
        .when(ends_attempt(message("m1"), 1, took("w1")))
        .then_ends_in(updated(of(EVA), &delivered, message("m1"), Delivered))
        .then_status(message("m1"), Delivered);
}

#[test]
fn all_receipts_that_waited_count_whatever_their_order() {
    submitted()
        .and([begins_attempt(message("m1"))])
        .and(receipts("w1", &[Read, Sent, Delivered]))
        .and([ends_attempt(message("m1"), 1, took("w1"))])
        .then_status(message("m1"), Read);
}

#[test]
fn receipts_that_waited_count_too_when_a_receipt_with_both_ids_comes() {
    let both = receipt_of(Some(message("m1")), Some("w1"), Sent);
    let waited = receipt_of(None, Some("w1"), Delivered);
    submitted()
        .and([begins_attempt(message("m1")), receipt_for("w1", Delivered)])
        .when(reports(both.clone()))
        .then([
            updated(of(EVA), &both, message("m1"), Sent),
            updated(of(EVA), &waited, message("m1"), Delivered),
        ])
        .then_status(message("m1"), Delivered);
}

#[test]
fn a_repeated_receipt_that_teaches_the_networks_id_is_not_in_vain() {
    submitted()
        .and([receipt(message("m1"), Sent), receipt_for("w1", Delivered)])
        .then_status(message("m1"), Sent)
        .and([reports(receipt_of(Some(message("m1")), Some("w1"), Sent))])
        .then_status(message("m1"), Delivered);
}

#[test]
fn receipts_that_waited_count_once() {
    let both = receipt_of(Some(message("m1")), Some("w1"), Delivered);
    submitted()
        .and([begins_attempt(message("m1")), receipt_for("w1", Delivered)])
        .when(reports(both.clone()))
        .then([updated(of(EVA), &both, message("m1"), Delivered)]);
}

#[test]
fn a_receipt_that_waits_already_is_not_parked_twice() {
    submitted().and([receipt_for("w1", Delivered)]).when(receipt_for("w1", Delivered)).then_nothing();
}

#[test]
fn a_receipt_with_both_ids_teaches_the_networks_id() {
    submitted()
        .and([
            begins_attempt(message("m1")),
            reports(receipt_of(Some(message("m1")), Some("w1"), Sent)),
            receipt_for("w1", Read),
        ])
        .then_status(message("m1"), Read);
}

#[test]
fn a_connector_that_sends_by_itself_reports_with_our_id() {
    submitted()
        .and([receipt(message("m1"), Sent)])
        .then_status(message("m1"), Sent)
        .when(begins_attempt(message("m1")))
        .then_rejected(Rejection::MessageNotPending(message("m1")));
}

#[test]
fn an_uncertain_message_is_settled_by_a_receipt_that_carries_our_id() {
    uncertain()
        .and([reports(receipt_of(Some(message("m1")), Some("w1"), Delivered))])
        .then_status(message("m1"), Delivered)
        .when(settles(ANA, of(EVA), message("m1"), Failed))
        .then_rejected(Rejection::MessageNotUncertain(message("m1")));
}

#[test]
fn an_uncertain_message_is_settled_by_the_agent_who_has_the_conversation() {
    for status in [Sent, Failed] {
        let settled = MessageSettled { conversation: of(EVA), message: message("m1"), ordinal: 0, status };
        uncertain()
            .when(settles(ANA, of(EVA), message("m1"), status))
            .then([settled.into()])
            .then_status(message("m1"), status);
    }
}

#[test]
fn an_uncertain_message_of_a_finished_conversation_is_settled_by_a_supervisor() {
    uncertain()
        .and([finishes(ANA, of(EVA)), settles(SUE, of(EVA), message("m1"), Sent)])
        .then_status(message("m1"), Sent);
}

#[test]
fn receipts_count_after_the_conversation_is_finished() {
    taken().and([finishes(ANA, of(EVA)), receipt_for("w1", Read)]).then_status(message("m1"), Read);
}

#[test]
fn the_same_network_id_on_another_channel_is_another_message() {
    let elsewhere = Receipt { channel: channel(APPLE), ..receipt_of(None, Some("w1"), Read) };
    taken().and([reports(elsewhere)]).then_status(message("m1"), Pending);
}

#[test]
fn our_id_on_another_channel_touches_nothing() {
    let elsewhere =
        Receipt { channel: channel(APPLE), ..receipt_of(Some(message("m1")), Some("w1"), Failed) };
    taken().and([reports(elsewhere)]).then_status(message("m1"), Pending);
}

#[test]
fn receipts_can_be_entered_by_an_administrator() {
    taken().and([receipt_for("w1", Read).by(Actor::Administrator)]).then_status(message("m1"), Read);
}

refusals! {
    so_many_receipts_may_wait_and_no_more:
        given {
            let ids = (0..PARKED_RECEIPTS_MAX).map(|i| format!("x{i}"));
            ids.map(|id| receipt_for(&id, Sent).after(0))
        }
        when receipt_for("one more", Sent)
        => Rejection::TooManyParkedReceipts;
    a_receipt_says_something:
        given [online(ANA), wrote(EVA), sends(ANA, of(EVA), "m1")]
        when receipt(message("m1"), Pending)
        => Rejection::NotAReceiptStatus;
    a_receipt_is_of_a_message:
        given [online(ANA)]
        when reports(receipt_of(None, None, Sent))
        => Rejection::ReceiptWithoutMessage;
    a_receipt_with_our_id_only_is_of_a_message_we_know:
        given [online(ANA)]
        when receipt(message("m1"), Sent)
        => Rejection::UnknownMessage(message("m1"));
    a_connector_does_not_report_for_another_channel:
        given [online(ANA), wrote(EVA), sends(ANA, of(EVA), "m1")]
        when receipt(message("m1"), Sent).by(Actor::Channel(channel(APPLE)))
        => Rejection::Forbidden;
    a_connector_does_not_touch_the_messages_of_another_channel:
        given [online(ANA), wrote(EVA), sends(ANA, of(EVA), "m1")]
        when reports(Receipt { channel: channel(APPLE), ..receipt_of(Some(message("m1")), None, Sent) })
        => Rejection::UnknownMessage(message("m1"));
    an_agent_does_not_report:
        given [online(ANA), wrote(EVA), sends(ANA, of(EVA), "m1")]
        when receipt(message("m1"), Sent).by(as_agent(ANA))
        => Rejection::Forbidden;
    an_auditor_does_not_report:
        given [online(ANA), wrote(EVA), sends(ANA, of(EVA), "m1")]
        when receipt(message("m1"), Sent).by(as_agent(TOM))
        => Rejection::Forbidden;
    a_receipt_is_of_a_channel_that_exists:
        given [online(ANA)]
        when reports(Receipt { channel: channel("nowhere"), ..receipt_of(None, Some("w1"), Sent) })
        => Rejection::UnknownChannel(channel("nowhere"));
    a_networks_id_is_not_too_long:
        given [online(ANA)]
        when receipt_for(&"w".repeat(PROVIDER_ID_BYTES_MAX + 1), Sent)
        => Rejection::InvalidText("provider id".into());
    a_networks_id_is_measured_in_bytes:
        given [online(ANA)]
        when receipt_for(&"ñ".repeat(PROVIDER_ID_BYTES_MAX), Sent)
        => Rejection::InvalidText("provider id".into());
    a_message_that_is_not_uncertain_is_not_settled:
        given [online(ANA), wrote(EVA), sends(ANA, of(EVA), "m1")]
        when settles(ANA, of(EVA), message("m1"), Sent)
        => Rejection::MessageNotUncertain(message("m1"));
    a_message_is_settled_as_sent_or_failed:
        given [online(ANA), wrote(EVA), sends(ANA, of(EVA), "m1")]
        when settles(ANA, of(EVA), message("m1"), Read)
        => Rejection::NotAReceiptStatus;
    who_does_not_have_the_conversation_settles_nothing:
        given [online(ANA), wrote(EVA), sends(ANA, of(EVA), "m1")]
        when settles(BEN, of(EVA), message("m1"), Sent)
        => Rejection::NotAssignedAgent(of(EVA));
    an_agent_settles_nothing_after_finish:
        given [online(ANA), wrote(EVA), sends(ANA, of(EVA), "m1"), finishes(ANA, of(EVA))]
        when settles(ANA, of(EVA), message("m1"), Sent)
        => Rejection::Forbidden;
    an_auditor_settles_nothing:
        given [online(ANA), wrote(EVA), sends(ANA, of(EVA), "m1"), finishes(ANA, of(EVA))]
        when settles(TOM, of(EVA), message("m1"), Sent)
        => Rejection::Forbidden;
    a_message_is_settled_in_its_own_conversation:
        given [online(ANA), wrote(EVA), sends(ANA, of(EVA), "m1"), wrote(LUIS)]
        when settles(ANA, of(LUIS), message("m1"), Sent)
        => Rejection::UnknownMessage(message("m1"));
}

#[test]
fn a_message_is_settled_once() {
    uncertain()
        .and([settles(ANA, of(EVA), message("m1"), Sent)])
        .when(settles(ANA, of(EVA), message("m1"), Failed))
        .then_rejected(Rejection::MessageNotUncertain(message("m1")));
}

#[test]
fn a_status_after_any_two_receipts_is_the_higher_of_them() {
    let order = [Pending, Sent, Delivered, Read, Played, Failed];
    for (i, first) in order.into_iter().enumerate() {
        for (j, second) in order.into_iter().enumerate() {
            assert_eq!(first.after(second), order[i.max(j)]);
        }
    }
}
