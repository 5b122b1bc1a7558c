//! Webhooks as WhatsApp posts them, for the customers of [`crate::centre`] and the number of its channel.

use gateway::demo::whatsapp_stand_in::{StatusWebhook, status_webhook, text_webhook};
use schemas::MessageId;

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
