//! Webhooks as WhatsApp posts them, for the customers of [`crate::centre`] and the number of its channel.

use gateway::demo::whatsapp_stand_in::{StatusWebhook, status_webhook, text_webhook};
use schemas::MessageId;
use serde_json::{Value, json};

use crate::centre::identity;
use crate::server::NUMBER;

/// When everything was written, in seconds since 1970.
pub const WRITTEN_AT_SECONDS: u64 = 1_767_225_600;
pub const PROFILE_NAME: &str = "Lola Ruiz";

/// A message of this customer.
pub fn message(from: u64, wamid: &str, text: &str) -> Vec<u8> {
    message_to(NUMBER, from, wamid, text)
}

/// A message of this customer to another number.
pub fn message_to(number: &str, from: u64, wamid: &str, text: &str) -> Vec<u8> {
    text_webhook(number, &identity(from), PROFILE_NAME, wamid, WRITTEN_AT_SECONDS, text)
}

/// What became of a message to this customer, named by the network's id, and by ours where the network tells it.
pub fn receipt(to: u64, wamid: &str, ours: Option<MessageId>, status: &str) -> Vec<u8> {
    let ours = ours.map(|id| id.to_string());
    status_webhook(&StatusWebhook {
        phone_number_id: NUMBER,
        wamid,
        recipient: &identity(to),
        status,
        unix_seconds: WRITTEN_AT_SECONDS + 60,
        callback_data: ours.as_deref(),
        error: None,
    })
}

/// A message of somebody who is known by a number, a user id, or both.
pub fn message_of(wa_id: Option<&str>, user_id: Option<&str>, wamid: &str, text: &str) -> Vec<u8> {
    let mut contact = json!({"profile": {"name": PROFILE_NAME}});
    let mut message = json!({
        "id": wamid, "timestamp": WRITTEN_AT_SECONDS.to_string(), "type": "text", "text": {"body": text},
    });
    if let Some(wa_id) = wa_id {
        contact["wa_id"] = wa_id.into();
        message["from"] = wa_id.into();
    }
    if let Some(user_id) = user_id {
        contact["user_id"] = user_id.into();
        message["from_user_id"] = user_id.into();
    }
    change("messages", &json!({"contacts": [contact], "messages": [message]}))
}

/// A customer's number changed; nobody wrote.
pub fn number_changed(from: &str, to: &str, wamid: &str) -> Vec<u8> {
    let body = format!("User A changed from {from} to {to}");
    let system = json!({"type": "user_changed_number", "wa_id": to, "body": body});
    let message = json!({
        "from": from, "id": wamid, "timestamp": WRITTEN_AT_SECONDS.to_string(), "type": "system", "system": system,
    });
    change("messages", &json!({"messages": [message]}))
}

/// A customer's user id changed.
pub fn user_id_changed(from: &str, to: &str) -> Vec<u8> {
    let update = json!({"user_id": {"previous": from, "current": to}, "timestamp": WRITTEN_AT_SECONDS});
    change("user_id_update", &json!({"user_id_update": [update]}))
}

fn change(field: &str, members: &Value) -> Vec<u8> {
    let mut value = json!({
        "messaging_product": "whatsapp",
        "metadata": {"display_phone_number": "34 911 000 000", "phone_number_id": NUMBER},
    });
    for (name, member) in members.as_object().into_iter().flatten() {
        value[name] = member.clone();
    }
    let changes = json!([{"field": field, "value": value}]);
    let body = json!({"object": "whatsapp_business_account", "entry": [{"id": "waba", "changes": changes}]});
    body.to_string().into_bytes()
}
