//! The body as a whole: nothing is lost, whatever is wrong with a part of it.

use super::*;

fn fields(updates: &[Update]) -> Vec<&str> {
    updates
        .iter()
        .map(|update| match &update.kind {
            UpdateKind::Message(_) => "a message",
            UpdateKind::Status(_) => "a status",
            UpdateKind::IdentityChange(_) => "a change",
            UpdateKind::Other { field } => field,
        })
        .collect()
}

#[test]
fn a_malformed_update_is_kept_and_costs_no_other() {
    let good = text("wamid.A", "551190", "oi");
    let broken = [
        json!(17),
        json!({"from": "551190", "timestamp": "1", "type": "text"}),
        json!({"from": "551190", "id": "wamid.B", "type": "text"}),
        json!({"from": "551190", "id": "wamid.B", "timestamp": "soon", "type": "text"}),
        json!({"from": "551190", "id": "wamid.B", "timestamp": u64::MAX, "type": "text"}),
        json!({"id": "wamid.B", "timestamp": "1", "type": "text"}),
    ];
    let mut list = vec![good.clone()];
    list.extend(broken.iter().cloned());
    list.push(good);
    let updates = parse(&messages(json!({
        "messages": list,
        "statuses": [{"id": "wamid.C", "status": "warning", "timestamp": "1"}, {"id": "wamid.C", "status": "sent"}],
    })))
    .unwrap();
    let mut expected = vec!["a message"];
    expected
        .extend([["messages.messages"; 6].as_slice(), &["a message"], &["messages.statuses"; 2]].concat());
    assert_eq!(fields(&updates), expected);
    for (update, broken) in updates[1..7].iter().zip(&broken) {
        assert_eq!(&serde_json::from_str::<Value>(&update.raw).unwrap(), broken);
    }
}

#[test]
fn errors_and_new_members_beside_messages_are_kept() {
    let updates = parse(&messages(json!({
        "messages": [text("wamid.A", "551190", "oi")],
        "errors": [{"code": 131_000, "title": "Something"}, {"code": 130_429}],
        "novelty": {"of": "2027"},
        "nothing": null,
    })))
    .unwrap();
    let mut found = fields(&updates);
    found.sort_unstable();
    assert_eq!(found, ["a message", "messages.errors", "messages.errors", "messages.novelty"]);
}

#[test]
fn a_change_of_any_other_field_is_kept_whole() {
    let update = only(&change("account_update", json!({"event": "DISABLED_UPDATE"})));
    assert_eq!(update.account_id.as_deref(), Some("waba-7"));
    assert_eq!(update.phone_number_id, None);
    assert_eq!(update.kind, UpdateKind::Other { field: "account_update".into() });
    let raw: Value = serde_json::from_str(&update.raw).unwrap();
    assert_eq!(raw, json!({"field": "account_update", "value": {"event": "DISABLED_UPDATE"}}));
}

#[test]
fn a_change_that_holds_no_update_is_itself_one() {
    for value in [json!(null), json!("text"), json!([]), json!({"messages": []}), json!({"messages": null})] {
        let update = only(&change("messages", value));
        assert_eq!(update.kind, UpdateKind::Other { field: "messages".into() });
    }
    for entry in
        [json!({}), json!(1), json!({"changes": []}), json!({"changes": {}}), json!({"changes": [3]})]
    {
        let body = json!({"object": "whatsapp_business_account", "entry": [entry]}).to_string();
        assert_eq!(only(body.as_bytes()).kind, UpdateKind::Other { field: String::new() });
    }
}

#[test]
fn several_entries_and_changes_keep_their_order_and_their_number() {
    let of = |number: &str, id: &str| {
        let value = json!({"metadata": {"phone_number_id": number}, "messages": [text(id, "551190", "oi")]});
        json!({"field": "messages", "value": value})
    };
    let entries =
        json!([{"id": "w1", "changes": [of("1", "a"), of("2", "b")]}, {"id": 2, "changes": [of("3", "c")]}]);
    let updates =
        parse(json!({"object": "whatsapp_business_account", "entry": entries}).to_string().as_bytes())
            .unwrap();
    let seen: Vec<_> = updates
        .iter()
        .map(|update| (update.account_id.as_deref().unwrap(), update.phone_number_id.as_deref().unwrap()))
        .collect();
    assert_eq!(seen, [("w1", "1"), ("w1", "2"), ("2", "3")]);
}

#[test]
fn a_body_that_is_not_such_a_webhook_is_refused() {
    for body in ["", "{", "oi", r#"{"object":"whatsapp_business_account","entry":[]"#] {
        assert_eq!(parse(body.as_bytes()), Err(ParseError::NotJson), "{body}");
    }
    assert_eq!(parse(b"\"\xff\""), Err(ParseError::NotJson));
    for body in [
        "[]",
        "null",
        "{}",
        r#"{"entry":[]}"#,
        r#"{"object":"page","entry":[]}"#,
        r#"{"object":"whatsapp_business_account"}"#,
        r#"{"object":"whatsapp_business_account","entry":{}}"#,
    ] {
        assert_eq!(parse(body.as_bytes()), Err(ParseError::NotWhatsApp), "{body}");
    }
    let bytes = WEBHOOK_BYTES_MAX + 1;
    assert_eq!(parse(&vec![b' '; bytes]), Err(ParseError::TooLarge { bytes }));
}

#[test]
fn a_deeply_nested_body_does_not_exhaust_the_stack() {
    let depth = 1_000_000;
    let nested = format!("{}{}", "[".repeat(depth), "]".repeat(depth));
    let body = format!(
        r#"{{"object":"whatsapp_business_account","entry":[{{"changes":[{{"field":"messages",
        "value":{{"messages":[{nested}]}}}}]}}]}}"#
    );
    assert_eq!(only(body.as_bytes()).raw, nested);
}

#[test]
fn what_all_updates_of_a_change_are_given_is_short() {
    let long = "9".repeat(5_000);
    let updates = parse(&messages(json!({
        "metadata": {"phone_number_id": &long},
        "contacts": [{"wa_id": "551190", "user_id": &long, "profile": {"name": &long}}],
        "messages": [text("wamid.A", "551190", "oi")],
        long.clone(): [1, 2],
    })))
    .unwrap();
    assert_eq!(updates.len(), 3);
    for update in updates {
        assert_eq!(update.phone_number_id, None);
        match update.kind {
            UpdateKind::Message(message) => {
                assert_eq!(message.profile_name.unwrap().len(), 200);
                assert_eq!(message.from.user_id, None);
            }
            UpdateKind::Other { field } => assert_eq!(field.len(), "messages.".len() + 256),
            UpdateKind::Status(_) | UpdateKind::IdentityChange(_) => panic!("there is no such update"),
        }
    }
}
