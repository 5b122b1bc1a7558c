//! Statuses of sent messages.

use super::*;

#[track_caller]
fn only_status(status: Value) -> StatusUpdate {
    match only(&messages(json!({"statuses": [status]}))).kind {
        UpdateKind::Status(status) => status,
        kind => panic!("{kind:?}"),
    }
}

#[test]
fn every_step_of_a_sent_message_is_read() {
    for (name, step) in [
        ("sent", DeliveryStatus::Sent),
        ("delivered", DeliveryStatus::Delivered),
        ("read", DeliveryStatus::Read),
        ("played", DeliveryStatus::Played),
    ] {
        let status = only_status(json!({
            "id": "wamid.A", "status": name, "timestamp": "1767225601", "recipient_id": "551190",
            "biz_opaque_callback_data": "01J-message", "pricing": {"billable": false},
        }));
        assert_eq!(
            status,
            StatusUpdate {
                provider_id: "wamid.A".into(),
                status: step,
                reported_at_ms: 1_767_225_601_000,
                our_message_id: Some("01J-message".into()),
                error: None,
            }
        );
    }
}

#[test]
fn a_failure_carries_the_first_error_and_its_best_explanation() {
    let failed = |errors: Value| {
        let status = only_status(json!({"id": "w", "status": "failed", "timestamp": 5, "errors": errors}));
        (status.status, status.error.map(|error| (error.code, error.detail)))
    };
    let explained = |code, detail: &str| (DeliveryStatus::Failed, Some((code, detail.to_owned())));
    let full = json!({"code": 131_026, "title": "T", "message": "M", "error_data": {"details": "D"}});
    assert_eq!(failed(json!([full, {"code": 1}])), explained(131_026, "D"));
    assert_eq!(failed(json!([{"code": 131_026, "title": "T", "message": "M"}])), explained(131_026, "M"));
    assert_eq!(failed(json!([{"code": "131026", "title": "T"}])), explained(131_026, "T"));
    assert_eq!(failed(json!([{"code": 131_026}])), explained(131_026, ""));
    assert_eq!(failed(json!([])), (DeliveryStatus::Failed, None));
    assert_eq!(failed(json!({"code": 1})), (DeliveryStatus::Failed, None));
}
