//! What must hold for any bytes in the formats that nobody else reads: work items and dead letters. For the fuzz
//! targets, which are outside of this crate; each function panics when a property does not hold.

use crate::dead_letters::letter::body_of;
use crate::outbox::item::{decode_items, encode_items};
use crate::whatsapp::webhook;

/// Work items that are read are written so that they read as the same.
pub fn outbox_items(bytes: &[u8]) {
    let Ok(items) = decode_items(bytes) else { return };
    let written = encode_items(&items);
    assert!(written.len() <= bytes.len(), "items that grow when they are written");
    assert_eq!(decode_items(&written).as_ref(), Ok(&items));
}

/// The dead letter of an update holds this update and no other.
pub fn dead_letters(body: &[u8]) {
    for update in webhook::parse(body).unwrap_or_default() {
        let letter = body_of(&update);
        assert_eq!(webhook::parse(letter.as_bytes()), Ok(vec![update]), "{letter}");
    }
}
