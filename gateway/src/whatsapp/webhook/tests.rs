//! Fixtures written from Meta's documented shapes, shared by the tests of the parser.

mod envelope;
mod message;
mod properties;
mod status;

use serde_json::{Value, json};

use super::*;

fn change(field: &str, value: Value) -> Vec<u8> {
    json!({
        "object": "whatsapp_business_account",
        "entry": [{"id": "waba-7", "time": 1_767_225_600, "changes": [{"field": field, "value": value}]}],
    })
    .to_string()
    .into_bytes()
}

/// A `messages` change of one business number; `members` are added beside its metadata.
fn messages(members: Value) -> Vec<u8> {
    let mut value = json!({
        "messaging_product": "whatsapp",
        "metadata": {"display_phone_number": "+55 11 4000-1000", "phone_number_id": "1122"},
    });
    value.as_object_mut().unwrap().extend(members.as_object().unwrap().clone());
    change("messages", value)
}

fn text(id: &str, from: &str, body: &str) -> Value {
    json!({"from": from, "id": id, "timestamp": "1767225600", "type": "text", "text": {"body": body}})
}

#[track_caller]
fn only(body: &[u8]) -> Update {
    let mut updates = parse(body).unwrap();
    assert_eq!(updates.len(), 1, "{updates:#?}");
    updates.remove(0)
}
