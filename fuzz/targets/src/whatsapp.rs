//! What Meta sends. A body gives updates or an error, and what is made of it is in proportion to it.

use gateway::whatsapp::signature::{HEADER_LEN, SignatureError, sign, verify};
use gateway::whatsapp::webhook::{self, Update, UpdateKind};

/// Bytes that an update may hold beside what it says itself: ids and a name that others in the body give it.
const GIVEN_BYTES_MAX: usize = 4 * 1024;
const SECRET: &[u8] = b"app-secret";

pub(crate) fn webhook(body: &[u8]) {
    let Ok(updates) = webhook::parse(body) else { return };
    let text = std::str::from_utf8(body).expect("only text has updates");
    // What is kept whole is a part of the body, and no byte of the body is kept twice.
    let kept: usize = updates.iter().map(|update| update.raw.len()).sum();
    assert!(kept <= body.len(), "{kept} bytes are kept of {}", body.len());
    for update in &updates {
        assert!(text.contains(&update.raw), "what is kept is not in the body");
        let held = held_bytes(update);
        assert!(held <= 4 * update.raw.len() + GIVEN_BYTES_MAX, "{held} bytes for {}", update.raw.len());
        check(update);
    }
}

fn check(update: &Update) {
    match &update.kind {
        UpdateKind::Message(message) => {
            assert!(!message.provider_id.is_empty());
            assert!(message.from.wa_id.is_some() || message.from.user_id.is_some(), "from nobody");
            assert!(message.text.is_none() || message.kind == "text");
            assert_eq!(message.written_at_ms % 1000, 0);
        }
        UpdateKind::Status(status) => assert!(!status.provider_id.is_empty()),
        UpdateKind::IdentityChange(change) => assert_ne!(change.from, change.to),
        UpdateKind::Other { .. } => {}
    }
}

fn held_bytes(update: &Update) -> usize {
    let of = |text: &Option<String>| text.as_ref().map_or(0, String::len);
    let kind = match &update.kind {
        UpdateKind::Message(m) => {
            m.provider_id.len()
                + m.kind.len()
                + of(&m.from.wa_id)
                + of(&m.from.user_id)
                + of(&m.profile_name)
                + of(&m.text)
        }
        UpdateKind::Status(s) => {
            let error = s.error.as_ref().map_or(0, |error| error.detail.len());
            s.provider_id.len() + of(&s.our_message_id) + error
        }
        UpdateKind::IdentityChange(c) => {
            let also: usize = c.also.iter().map(String::len).sum();
            of(&c.provider_id) + c.from.len() + c.to.len() + also
        }
        UpdateKind::Other { field } => field.len(),
    };
    of(&update.account_id) + of(&update.phone_number_id) + kind
}

/// The header up to the first line break, then the body.
pub(crate) fn signature(bytes: &[u8]) {
    let end = bytes.iter().position(|byte| *byte == b'\n').unwrap_or(bytes.len());
    let (header, body) = (&bytes[..end], bytes.get(end + 1..).unwrap_or_default());
    let Ok(header) = std::str::from_utf8(header) else { return };
    let good = sign(SECRET, body);
    match verify(&[SECRET], Some(header), body) {
        Ok(()) => assert_eq!(header, good),
        Err(SignatureError::Mismatch) => {
            assert_eq!(header.len(), HEADER_LEN);
            assert_ne!(header, good);
        }
        Err(SignatureError::Malformed) => assert_ne!(header, good),
        Err(error) => panic!("{error} of a header and a secret"),
    }
    assert_eq!(verify(&[SECRET], Some(&good), body), Ok(()));
}
