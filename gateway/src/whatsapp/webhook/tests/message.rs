//! Messages: senders, types, texts.

use super::*;

#[track_caller]
fn only_message(members: Value) -> InboundMessage {
    match only(&messages(members)).kind {
        UpdateKind::Message(message) => message,
        kind => panic!("{kind:?}"),
    }
}

#[test]
fn a_text_message_is_read_with_its_sender_and_its_business_number() {
    let message = text("wamid.A", "5511987654321", "Bom dia, quero remarcar");
    let update = only(&messages(json!({
        "contacts": [{"profile": {"name": "Beatriz"}, "wa_id": "5511987654321", "user_id": "BR.77"}],
        "messages": [message],
    })));
    assert_eq!(update.account_id.as_deref(), Some("waba-7"));
    assert_eq!(update.phone_number_id.as_deref(), Some("1122"));
    assert_eq!(serde_json::from_str::<Value>(&update.raw).unwrap(), message);
    assert_eq!(
        update.kind,
        UpdateKind::Message(InboundMessage {
            provider_id: "wamid.A".into(),
            from: Identity { wa_id: Some("5511987654321".into()), user_id: Some("BR.77".into()) },
            profile_name: Some("Beatriz".into()),
            written_at_ms: 1_767_225_600_000,
            text: Some("Bom dia, quero remarcar".into()),
            kind: "text".into(),
        })
    );
}

#[test]
fn the_raw_text_of_an_update_is_byte_for_byte_what_was_received() {
    let message = r#"{ "id":"wamid.A",  "from":"551190","timestamp":1767225600,"type":"text",
        "text":{"body":"a\/b \u00e7 \u0040"}, "new":1.50 }"#;
    let body = format!(
        r#"{{"object":"whatsapp_business_account","entry":[{{"id":"9","changes":[{{"field":"messages",
        "value":{{"messages":[ {message} ]}}}}]}}]}}"#
    );
    let update = only(body.as_bytes());
    assert_eq!(update.raw, message);
    let UpdateKind::Message(read) = update.kind else { panic!() };
    assert_eq!(read.text.as_deref(), Some("a/b ç @"));
}

#[test]
fn every_type_of_message_is_kept_with_its_type() {
    for (kind, content) in [
        ("image", json!({"image": {"id": "m1", "mime_type": "image/png", "sha256": "x", "caption": "c"}})),
        ("reaction", json!({"reaction": {"message_id": "wamid.B"}})),
        ("interactive", json!({"interactive": {"type": "button_reply", "button_reply": {"id": "1"}}})),
        ("interactive", json!({})),
        ("unsupported", json!({"errors": [{"code": 131_051}], "unsupported": {"type": "poll"}})),
        ("hologram", json!({"hologram": [1, 2]})),
        ("text", json!({"text": "not an object"})),
        ("image", json!({"text": {"body": "not the body of an image"}})),
    ] {
        let mut message =
            json!({"from": "551190", "id": "wamid.A", "timestamp": 1_767_225_600, "type": kind});
        message.as_object_mut().unwrap().extend(content.as_object().unwrap().clone());
        let update = only(&messages(json!({"messages": [message]})));
        assert_eq!(serde_json::from_str::<Value>(&update.raw).unwrap(), message);
        let UpdateKind::Message(read) = update.kind else { panic!("{kind}") };
        assert_eq!((read.kind.as_str(), read.text), (kind, None));
    }
    let untyped = only_message(json!({"messages": [{"from": "551190", "id": "wamid.A", "timestamp": "1"}]}));
    assert_eq!(untyped.kind, "unknown");
}

#[test]
fn somebody_with_a_username_is_known_by_user_id_alone() {
    let hidden = json!({"from_user_id": "BR.77", "id": "wamid.A", "timestamp": "1", "type": "text"});
    let message = only_message(json!({
        "contacts": [{"profile": {"name": "Bia", "username": "bia"}, "user_id": "BR.77"}],
        "messages": [hidden],
    }));
    assert_eq!(message.from, Identity { wa_id: None, user_id: Some("BR.77".into()) });
    assert_eq!(message.profile_name.as_deref(), Some("Bia"));

    let misplaced = only_message(json!({"messages": [text("wamid.A", "BR.77", "oi")]}));
    assert_eq!(misplaced.from, Identity { wa_id: None, user_id: Some("BR.77".into()) });
}

#[test]
fn contacts_are_matched_to_messages_by_id() {
    let contact = |name: &str, wa_id: &str| json!({"profile": {"name": name}, "wa_id": wa_id});
    let updates = parse(&messages(json!({
        "contacts": [contact("Ana", "551"), contact("Bia", "552")],
        "messages": [text("wamid.B", "552", "b"), text("wamid.A", "551", "a"), text("wamid.C", "553", "c")],
    })))
    .unwrap();
    let names: Vec<_> = updates
        .iter()
        .map(|update| match &update.kind {
            UpdateKind::Message(message) => message.profile_name.as_deref(),
            kind => panic!("{kind:?}"),
        })
        .collect();
    assert_eq!(names, [Some("Bia"), Some("Ana"), None]);
}

#[test]
fn the_only_contact_belongs_to_the_only_message_unless_the_user_ids_differ() {
    let mut message = text("wamid.A", "5511987654321", "oi");
    let contact = json!([{"profile": {"name": "Bia"}, "wa_id": "551187654321", "user_id": "BR.77"}]);
    let read = only_message(json!({"contacts": contact, "messages": [message]}));
    assert_eq!(read.from, Identity { wa_id: Some("5511987654321".into()), user_id: Some("BR.77".into()) });

    message["from_user_id"] = "BR.78".into();
    let read = only_message(json!({"contacts": contact, "messages": [message]}));
    assert_eq!((read.from.user_id.as_deref(), read.profile_name), (Some("BR.78"), None));
}

#[test]
fn a_system_message_needs_no_contact() {
    let body = messages(json!({"messages": [{
        "from": "551190", "id": "wamid.S", "timestamp": "1767225600", "type": "system",
        "system": {"type": "user_changed_number", "wa_id": "551191", "body": "changed"},
    }]}));
    let UpdateKind::IdentityChange(change) = only(&body).kind else { panic!() };
    assert_eq!((change.from.as_str(), change.to.as_str()), ("551190", "551191"));
}

#[test]
fn half_an_emoji_does_not_cost_the_message() {
    let body = String::from_utf8(messages(json!({
        "contacts": [{"profile": {"name": "Bia CUT"}, "wa_id": "551190"}],
        "messages": [text("wamid.A", "551190", "oi CUT")],
    })))
    .unwrap()
    .replace("CUT", r"\ud83d");
    let UpdateKind::Message(message) = only(body.as_bytes()).kind else { panic!() };
    assert!(message.text.unwrap().starts_with("oi \u{fffd}"));
    assert!(message.profile_name.unwrap().starts_with("Bia \u{fffd}"));
}

#[test]
fn a_system_message_that_changes_nobody_is_no_message() {
    let body = messages(json!({"messages": [{
        "from": "551190", "id": "wamid.S", "timestamp": "1767225600", "type": "system",
        "system": {"type": "customer_identity_changed", "identity": "hash", "body": "changed"},
    }]}));
    assert_eq!(only(&body).kind, UpdateKind::Other { field: "messages.messages".into() });
}
