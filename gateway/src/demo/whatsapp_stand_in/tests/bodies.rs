//! What the stand-in writes, read by the parser.

use super::*;
use crate::whatsapp::webhook::{DeliveryStatus, UpdateKind, parse};

#[test]
fn the_bodies_are_read_as_what_they_say() {
    let body = "a/b <ç> 100% @ \u{1f600}";
    let bytes = text_webhook(NUMBER, "5511987654321", "Bia", "wamid.A", 1_767_225_600, body);
    assert!(bytes.is_ascii());
    let raw = std::str::from_utf8(&bytes).unwrap();
    assert!(raw.contains(r"a\/b \u003C\u00e7> 100\u0025 \u0040 \ud83d\ude00"), "{raw}");
    let update = parse(&bytes).unwrap().remove(0);
    let UpdateKind::Message(message) = update.kind else { panic!() };
    assert_eq!(update.phone_number_id.as_deref(), Some(NUMBER));
    assert_eq!(message.text.as_deref(), Some(body));
    assert_eq!(message.profile_name.as_deref(), Some("Bia"));
    assert_eq!(message.from.wa_id.as_deref(), Some("5511987654321"));

    let bytes = text_webhook(NUMBER, "BR.77", "Bia", "wamid.A", 1, "oi");
    let UpdateKind::Message(message) = parse(&bytes).unwrap().remove(0).kind else { panic!() };
    assert_eq!((message.from.wa_id, message.from.user_id.as_deref()), (None, Some("BR.77")));

    let bytes = status_webhook(&StatusWebhook {
        phone_number_id: NUMBER,
        wamid: "wamid.A",
        recipient: "5511987654321",
        status: "failed",
        unix_seconds: 2,
        callback_data: Some("m1"),
        error: Some((131_026, "undeliverable")),
    });
    let UpdateKind::Status(status) = parse(&bytes).unwrap().remove(0).kind else { panic!() };
    assert_eq!((status.status, status.our_message_id.as_deref()), (DeliveryStatus::Failed, Some("m1")));
    let error = status.error.unwrap();
    assert_eq!((error.code, error.detail.as_str()), (131_026, "undeliverable"));
}

#[test]
fn secrets_are_not_printed() {
    let target = WebhookTarget { url: "http://127.0.0.1/".into(), app_secret: b"very-secret".to_vec() };
    assert!(!format!("{target:?}").contains("very-secret"));
}
