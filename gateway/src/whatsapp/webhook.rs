//! Reads a webhook's body into a flat list of updates, in the order of the body. Total: what is not understood is
//! kept whole as [`UpdateKind::Other`], so one malformed update never costs the others, and nothing is dropped.
//! Check the signature first: this trusts that the body comes from Meta.

mod identity;
mod json;
mod read;
#[cfg(test)]
mod tests;

use json::{Object, items};
use read::Contacts;

use crate::limits::WEBHOOK_BYTES_MAX;

/// Bytes of a member's name that are kept in [`UpdateKind::Other`].
const MEMBER_NAME_BYTES_MAX: usize = 256;

/// The field that tells of changed user ids, and the list in it.
pub(crate) const USER_ID_UPDATE: &str = "user_id_update";

/// One update of a webhook.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Update {
    /// The WhatsApp Business account (`entry[].id`); the only thing that tells whose a template's update is.
    pub account_id: Option<String>,
    /// The business phone number concerned (`metadata.phone_number_id`); updates about an account have none.
    pub phone_number_id: Option<String>,
    /// What was understood of it.
    pub kind: UpdateKind,
    /// The update exactly as received: a message, a status or an error of a `messages` change by itself; of any
    /// other field the whole change, with its `field` and `value`.
    pub raw: String,
}

/// What an update is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum UpdateKind {
    /// A person wrote to the business.
    Message(InboundMessage),
    /// A person has another phone number or user id.
    IdentityChange(IdentityChange),
    /// What became of a message the business sent.
    Status(StatusUpdate),
    /// Anything else, kept whole in [`Update::raw`].
    Other {
        /// The webhook field, such as `account_update`. For a part of a `messages` change that is not a readable
        /// message or status, `messages.` and the member it was found in, such as `messages.errors`. Empty if the
        /// change names no field.
        field: String,
    },
}

/// A message from a person, of any type. Only text is taken apart; the rest is in [`Update::raw`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InboundMessage {
    /// Meta's id of the message (`wamid.…`); a repeated delivery carries the same one.
    pub provider_id: String,
    /// Who wrote it; at least one of the two ids is known.
    pub from: Identity,
    /// The name the person gave themselves on WhatsApp.
    pub profile_name: Option<String>,
    /// When it was written, in milliseconds since 1970, to the second.
    pub written_at_ms: u64,
    /// The text of a `text` message; for every other type nothing.
    pub text: Option<String>,
    /// Meta's `type`, also one that is new to us; `unknown` if there is none.
    pub kind: String,
}

/// A person as WhatsApp names them. The phone number is left out for people with a username; the other id is
/// missing in webhooks from before April 2026.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Identity {
    /// WhatsApp id: a phone number with country code, digits only.
    pub wa_id: Option<String>,
    /// Business-scoped user id (BSUID).
    pub user_id: Option<String>,
}

/// A person has another phone number or user id.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IdentityChange {
    /// Meta's id of the system message that told it; an item of `user_id_update` has none.
    pub provider_id: Option<String>,
    /// The number or user id they had.
    pub from: String,
    /// What they have instead.
    pub to: String,
    /// Their other numbers and user ids.
    pub also: Vec<String>,
    /// When it changed, in milliseconds since 1970, to the second; 0 if that was not told.
    pub changed_at_ms: u64,
}

/// A step of a message the business sent. Steps come late, twice and in any order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StatusUpdate {
    /// Meta's id of the message (`wamid.…`).
    pub provider_id: String,
    /// The step reached.
    pub status: DeliveryStatus,
    /// When it was reached, in milliseconds since 1970, to the second.
    pub reported_at_ms: u64,
    /// What was given as `biz_opaque_callback_data` when the message was sent: our own id of it.
    pub our_message_id: Option<String>,
    /// The first of the errors, usually with [`DeliveryStatus::Failed`]; the others are in [`Update::raw`].
    pub error: Option<StatusError>,
}

/// Steps of a sent message. `Read` implies `Delivered`, which Meta then leaves out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DeliveryStatus {
    /// On its way from Meta's servers.
    Sent,
    /// On a device of the person.
    Delivered,
    /// Shown to the person; never reported if they turned read receipts off.
    Read,
    /// A voice message, played for the first time.
    Played,
    /// Not delivered; see the error.
    Failed,
}

/// Why a message failed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StatusError {
    /// Meta's code; see [`crate::whatsapp::api::classify`].
    pub code: i64,
    /// Meta's explanation, in English; may be empty.
    pub detail: String,
}

/// Why a body holds no updates at all. The texts never quote the body, which is private.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ParseError {
    /// Larger than [`WEBHOOK_BYTES_MAX`].
    #[error("the webhook has {bytes} bytes, more than {WEBHOOK_BYTES_MAX}")]
    TooLarge {
        /// Size of the body.
        bytes: usize,
    },
    /// Not JSON in UTF-8.
    #[error("the webhook is not JSON")]
    NotJson,
    /// JSON, but not `{"object": "whatsapp_business_account", "entry": […]}`.
    #[error("the webhook is not one of a WhatsApp Business account")]
    NotWhatsApp,
}

/// Reads the body of a webhook. Source of the shapes: Meta, "Webhooks: messages" and its status reference.
///
/// # Errors
/// Only when the body as a whole cannot be read; see [`ParseError`].
pub fn parse(body: &[u8]) -> Result<Vec<Update>, ParseError> {
    if body.len() > WEBHOOK_BYTES_MAX {
        return Err(ParseError::TooLarge { bytes: body.len() });
    }
    let text = std::str::from_utf8(body).map_err(|_| ParseError::NotJson)?;
    let envelope = Object::parse(text)
        .map_err(|error| if error.is_data() { ParseError::NotWhatsApp } else { ParseError::NotJson })?;
    if envelope.string("object").as_deref() != Some("whatsapp_business_account") {
        return Err(ParseError::NotWhatsApp);
    }
    let entries = envelope.get("entry").and_then(items).ok_or(ParseError::NotWhatsApp)?;
    let mut updates = Vec::new();
    for entry in entries {
        read_entry(entry, &mut updates);
    }
    Ok(updates)
}

fn read_entry(entry: &str, updates: &mut Vec<Update>) {
    let object = Object::parse(entry).unwrap_or_default();
    let mut sink = Sink { account_id: object.id("id"), phone_number_id: None, updates };
    match object.get("changes").and_then(items) {
        Some(changes) if !changes.is_empty() => {
            for change in changes {
                read_change(change, &mut sink);
            }
        }
        _ => sink.other(String::new(), entry),
    }
}

fn read_change(change: &str, sink: &mut Sink<'_>) {
    let object = Object::parse(change).unwrap_or_default();
    let field = object.string("field").unwrap_or_default();
    let value = object.object("value");
    sink.phone_number_id = value.object("metadata").id("phone_number_id");
    let found_before = sink.updates.len();
    match field.as_str() {
        "messages" => read_messages(&value, sink),
        USER_ID_UPDATE => read_user_ids(&value, sink),
        _ => {}
    }
    if sink.updates.len() == found_before {
        sink.other(field, change);
    }
}

fn read_user_ids(value: &Object<'_>, sink: &mut Sink<'_>) {
    let updates = value.get(USER_ID_UPDATE).and_then(items).unwrap_or_default();
    let changes: Vec<_> = updates.iter().map(|item| identity::of_update(item)).collect();
    // All or none, so that what is not understood is kept with all that came with it.
    if changes.iter().any(Option::is_none) {
        return;
    }
    for (item, change) in updates.into_iter().zip(changes.into_iter().flatten()) {
        sink.push(UpdateKind::IdentityChange(change), item);
    }
}

fn read_messages(value: &Object<'_>, sink: &mut Sink<'_>) {
    let contacts = Contacts::read(value);
    for (name, member) in value.members() {
        if matches!(name, "messaging_product" | "metadata" | "contacts") || member == "null" {
            continue;
        }
        let list = items(member).unwrap_or_else(|| vec![member]);
        let alone = list.len() == 1;
        for item in list {
            let kind = match name {
                "messages" if is_system(item) => {
                    identity::of_system_message(item).map(UpdateKind::IdentityChange)
                }
                "messages" => read::message(item, &contacts, alone).map(UpdateKind::Message),
                "statuses" => read::status(item).map(UpdateKind::Status),
                _ => None,
            };
            match kind {
                Some(kind) => sink.push(kind, item),
                None => sink.other(format!("messages.{}", shortened(name)), item),
            }
        }
    }
}

/// Nobody wrote it: it tells what happened to a person.
fn is_system(item: &str) -> bool {
    Object::parse(item).is_ok_and(|message| message.string("type").as_deref() == Some("system"))
}

/// A member's name, cut so that many items cannot hold a long one each.
fn shortened(name: &str) -> &str {
    let longest = MEMBER_NAME_BYTES_MAX.min(name.len());
    let end = (0..=longest).rev().find(|end| name.is_char_boundary(*end)).unwrap_or(0);
    &name[..end]
}

struct Sink<'a> {
    account_id: Option<String>,
    phone_number_id: Option<String>,
    updates: &'a mut Vec<Update>,
}

impl Sink<'_> {
    fn push(&mut self, kind: UpdateKind, raw: &str) {
        self.updates.push(Update {
            account_id: self.account_id.clone(),
            phone_number_id: self.phone_number_id.clone(),
            kind,
            raw: raw.to_owned(),
        });
    }

    fn other(&mut self, field: String, raw: &str) {
        self.push(UpdateKind::Other { field }, raw);
    }
}
