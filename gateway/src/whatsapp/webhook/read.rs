//! One message or one status of a `messages` change. `None` means: not readable as such, keep it whole instead.

use schemas::limits::NAME_CHARS_MAX;

use super::json::{Object, items};
use super::{DeliveryStatus, Identity, InboundMessage, StatusError, StatusUpdate};
use crate::whatsapp::is_business_scoped_user_id;

/// The people named in a change, beside its messages.
pub(super) struct Contacts(Vec<Contact>);

struct Contact {
    identity: Identity,
    profile_name: Option<String>,
}

impl Contacts {
    pub(super) fn read(value: &Object<'_>) -> Self {
        let contacts = value.get("contacts").and_then(items).unwrap_or_default();
        Self(
            contacts
                .into_iter()
                .map(|contact| {
                    let contact = Object::parse(contact).unwrap_or_default();
                    let name = contact.object("profile").string("name");
                    Contact {
                        identity: identity(contact.short("wa_id"), contact.short("user_id")),
                        profile_name: name.map(|name| name.chars().take(NAME_CHARS_MAX).collect()),
                    }
                })
                .collect(),
        )
    }

    /// The contact of a sender. `wa_id` and `from` may differ (Meta documents it), so the only contact beside an
    /// only message is taken too, unless its user id says that it is somebody else.
    fn of(&self, sender: &Identity, message_is_alone: bool) -> Option<&Contact> {
        let same = |a: &Option<String>, b: &Option<String>| a.is_some() && a == b;
        self.0
            .iter()
            .find(|contact| same(&contact.identity.user_id, &sender.user_id))
            .or_else(|| self.0.iter().find(|contact| same(&contact.identity.wa_id, &sender.wa_id)))
            .or_else(|| match self.0.as_slice() {
                [only] if message_is_alone => {
                    (only.identity.user_id.is_none() || sender.user_id.is_none()).then_some(only)
                }
                _ => None,
            })
    }
}

/// A business-scoped user id has been seen in the place of the phone number; it is moved to where it belongs.
pub(super) fn identity(phone: Option<String>, user_id: Option<String>) -> Identity {
    match phone {
        Some(id) if is_business_scoped_user_id(&id) => {
            Identity { wa_id: None, user_id: user_id.or(Some(id)) }
        }
        wa_id => Identity { wa_id, user_id },
    }
}

pub(super) fn message(json: &str, contacts: &Contacts, alone: bool) -> Option<InboundMessage> {
    let message = Object::parse(json).ok()?;
    let sender = identity(message.string("from"), message.string("from_user_id"));
    let contact = contacts.of(&sender, alone);
    let known = contact.map(|contact| contact.identity.clone()).unwrap_or_default();
    let from = Identity { wa_id: sender.wa_id.or(known.wa_id), user_id: sender.user_id.or(known.user_id) };
    if from == Identity::default() {
        return None;
    }
    let kind = message.string("type").unwrap_or_else(|| "unknown".into());
    Some(InboundMessage {
        provider_id: message.string("id")?,
        from,
        profile_name: contact.and_then(|contact| contact.profile_name.clone()),
        written_at_ms: message.seconds_as_ms("timestamp")?,
        text: if kind == "text" { message.object("text").string("body") } else { None },
        kind,
    })
}

pub(super) fn status(json: &str) -> Option<StatusUpdate> {
    let status = Object::parse(json).ok()?;
    Some(StatusUpdate {
        provider_id: status.string("id")?,
        status: match status.string("status")?.as_str() {
            "sent" => DeliveryStatus::Sent,
            "delivered" => DeliveryStatus::Delivered,
            "read" => DeliveryStatus::Read,
            "played" => DeliveryStatus::Played,
            "failed" => DeliveryStatus::Failed,
            _ => return None,
        },
        reported_at_ms: status.seconds_as_ms("timestamp")?,
        our_message_id: status.string("biz_opaque_callback_data"),
        error: status.get("errors").and_then(items).and_then(|errors| error(errors.first()?)),
    })
}

fn error(json: &str) -> Option<StatusError> {
    let error = Object::parse(json).ok()?;
    let detail = error.object("error_data").string("details");
    Some(StatusError {
        code: error.integer("code")?,
        detail: detail
            .or_else(|| error.string("message"))
            .or_else(|| error.string("title"))
            .unwrap_or_default(),
    })
}
