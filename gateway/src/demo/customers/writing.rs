//! What customers write, as Meta puts it into webhooks: mostly text, sometimes what atender only keeps.

use engine::clock;
use schemas::Content;
use serde_json::{Value, json};

use super::person::{Move, Sender};
use crate::demo::chance::Chance;
use crate::demo::letters::{Letters, Number, fingerprint, provider_id};

const TEXTS: [&str; 10] = [
    "Hola, buenos días",
    "¿Dónde está mi pedido?",
    "Hello, is anybody there?",
    "No me llega el código / the code does not arrive",
    "Thanks, that was quick 😀",
    "¿Me pueden llamar mañana?",
    "My bill says \"120 €\" and I do not understand why",
    "Quiero cambiar de plan",
    "Sí",
    "It still does not work.\nI have tried everything twice.",
];
const NAMES: [&str; 8] = ["Lucía", "Mateo", "Sofía", "Hugo", "Aisha", "João", "Mei", "Pau"];
/// Messages that are no text.
const UNSUPPORTED: f64 = 0.03;

/// A message, ready for a webhook.
pub(super) struct Written {
    pub(super) number: Number,
    /// Its part of `messages`, exactly as it goes out.
    pub(super) message: String,
    /// Its part of `contacts`.
    pub(super) contact: String,
}

/// Writes a message and takes it down; nothing when the day has had all it may.
pub(super) fn write(
    letters: &Letters,
    line: usize,
    (customer, sender): (u32, &Sender),
    chance: &mut Chance,
) -> Option<Written> {
    let number = letters.add(u16::try_from(line).ok()?)?;
    let mut message = json!({ "id": provider_id(number), "timestamp": timestamp() });
    let name = NAMES[customer as usize % NAMES.len()];
    let mut contact = json!({"profile": {"name": format!("{name} {customer}")}});
    if let Some(wa_id) = &sender.wa_id {
        message["from"] = wa_id.as_str().into();
        contact["wa_id"] = wa_id.as_str().into();
    }
    if let Some(user_id) = &sender.user_id {
        message["from_user_id"] = user_id.as_str().into();
        contact["user_id"] = user_id.as_str().into();
    }
    let (content, message) = if chance.happens(UNSUPPORTED) {
        let (kind, value) = unsupported(chance);
        message["type"] = kind.into();
        message[kind] = value;
        let raw = message.to_string();
        (Content::Unsupported { kind: kind.into(), raw: raw.clone() }, raw)
    } else {
        let text = format!("{} (#{number})", chance.choose(&TEXTS).unwrap_or(&""));
        message["type"] = "text".into();
        message["text"] = json!({"body": text});
        (Content::Text(text), message.to_string())
    };
    letters.says(number, fingerprint(&content));
    Some(Written { number, message, contact: contact.to_string() })
}

fn timestamp() -> String {
    (clock::now().millis() / 1000).to_string()
}

fn unsupported(chance: &mut Chance) -> (&'static str, Value) {
    match chance.between(0, 2) {
        0 => {
            ("image", json!({"mime_type": "image/jpeg", "sha256": "dGhlIGRlbW8=", "id": "1003383421387256"}))
        }
        1 => ("location", json!({"latitude": 40.4168, "longitude": -3.7038, "name": "Puerta del Sol"})),
        _ => ("reaction", json!({"message_id": "wamid.HBgLMTY0NjcwNDM1OTUVAgARGBI1Rj", "emoji": "👍"})),
    }
}

/// The body of a webhook with these messages, all written to the number with this id.
pub(super) fn body(phone_number_id: &str, written: &[Written]) -> String {
    let part = |of: fn(&Written) -> &str| written.iter().map(of).collect::<Vec<_>>().join(",");
    webhook(phone_number_id, &part(|w| &w.contact), &part(|w| &w.message))
}

/// The body of a webhook in which WhatsApp says that somebody has another number.
pub(super) fn number_changed(phone_number_id: &str, Move { from, to }: &Move) -> String {
    let body = format!("User changed from {from} to {to}");
    let message = json!({
        "from": from,
        "id": format!("wamid.MOVED{from}"),
        "timestamp": timestamp(),
        "type": "system",
        "system": {"type": "user_changed_number", "wa_id": to, "body": body},
    });
    webhook(phone_number_id, "", &message.to_string())
}

fn webhook(phone_number_id: &str, contacts: &str, messages: &str) -> String {
    let metadata = json!({"display_phone_number": "15550100", "phone_number_id": phone_number_id});
    format!(
        r#"{{"object":"whatsapp_business_account","entry":[{{"id":"100200300400500","changes":[{{"field":"messages","value":{{"messaging_product":"whatsapp","metadata":{metadata},"contacts":[{contacts}],"messages":[{messages}]}}}}]}}]}}"#
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::whatsapp::webhook::{UpdateKind, parse};

    #[test]
    fn what_is_written_is_read_from_the_webhook_as_it_was_taken_down() {
        let (letters, mut chance) = (Letters::default(), Chance::of(1, "test", 0));
        let sender = |n: u32| Sender {
            wa_id: (!n.is_multiple_of(3)).then(|| format!("34600{n:06}")),
            user_id: (n % 3 != 1).then(|| format!("ES.DEMO{n:06}")),
        };
        let written: Vec<Written> =
            (0..200).map(|n| write(&letters, 0, (n, &sender(n)), &mut chance).unwrap()).collect();
        let updates = parse(body("1122", &written).as_bytes()).unwrap();
        assert_eq!(updates.len(), 200);
        let mut kept = 0;
        for (n, ((update, written), letter)) in (0..).zip(updates.iter().zip(&written).zip(letters.all())) {
            let UpdateKind::Message(message) = &update.kind else { panic!("{update:?}") };
            let from = Sender { wa_id: message.from.wa_id.clone(), user_id: message.from.user_id.clone() };
            assert_eq!(from, sender(n));
            assert_eq!(message.provider_id, provider_id(written.number));
            assert!(message.profile_name.is_some());
            let content = match &message.text {
                Some(text) => Content::Text(text.clone()),
                None => {
                    kept += 1;
                    Content::Unsupported { kind: message.kind.clone(), raw: update.raw.clone() }
                }
            };
            assert_eq!(fingerprint(&content), letter.content);
        }
        assert!(kept > 0);
    }

    #[test]
    fn a_number_that_changed_is_read_from_the_webhook() {
        let moved = Move { from: "34600000005".into(), to: "34601000005".into() };
        let updates = parse(number_changed("1122", &moved).as_bytes()).unwrap();
        let [update] = &updates[..] else { panic!("{updates:?}") };
        let UpdateKind::IdentityChange(change) = &update.kind else { panic!("{update:?}") };
        assert_eq!((&change.from, &change.to), (&moved.from, &moved.to));
    }
}
