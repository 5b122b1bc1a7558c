//! Cursors: where the next page begins, as text that means nothing to who holds it. Hexadecimal of a version byte,
//! a byte for the list it is of, and the end of a key; anything else is refused, not guessed at.

const VERSION: u8 = 1;

/// A text that is not a cursor of this list.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a cursor of this list: give the `next` of the page before, or none")]
pub struct BadCursor(String);

/// The lists that have cursors; the numbers are in cursors that clients hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum List {
    Agent = 1,
    Queue = 2,
    Contact = 3,
    Messages = 4,
    Changes = 5,
    Notes = 6,
    Search = 7,
}

impl List {
    pub(crate) const ALL: [Self; 7] =
        [Self::Agent, Self::Queue, Self::Contact, Self::Messages, Self::Changes, Self::Notes, Self::Search];

    /// How much of the key a cursor holds.
    const fn width(self) -> usize {
        match self {
            // Class or urgency, time, conversation.
            Self::Agent | Self::Queue => 25,
            // Time, conversation.
            Self::Contact => 24,
            // Sequence and index.
            Self::Messages | Self::Changes | Self::Notes => 12,
            // Word of the query, kind, term, contact.
            Self::Search => 34,
        }
    }
}

impl BadCursor {
    pub(crate) fn of(text: &str) -> Self {
        Self(text.chars().take(80).collect())
    }
}

/// The cursor behind the row with this key.
pub(crate) fn encode(list: List, key: &[u8]) -> String {
    let mut bytes = vec![VERSION, list as u8];
    bytes.extend_from_slice(&key[key.len() - list.width()..]);
    hex::encode(bytes)
}

/// The end of the key that [`encode`] was given.
pub(crate) fn decode(list: List, text: &str) -> Result<Vec<u8>, BadCursor> {
    let bad = || BadCursor::of(text);
    // hex also takes upper case; one cursor has one spelling.
    if text.len() != 2 * (2 + list.width()) || text.bytes().any(|byte| byte.is_ascii_uppercase()) {
        return Err(bad());
    }
    let mut bytes = hex::decode(text).map_err(|_| bad())?;
    if bytes[..2] != [VERSION, list as u8] {
        return Err(bad());
    }
    Ok(bytes.split_off(2))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_reads_back() {
        for list in List::ALL {
            let key: Vec<u8> = (0..40).collect();
            assert_eq!(decode(list, &encode(list, &key)).unwrap(), key[40 - list.width()..]);
        }
    }

    #[test]
    fn anything_else_is_refused() {
        let good = encode(List::Queue, &[0xab; 41]);
        let of_another_version = format!("02{}", &good[2..]);
        let cut = good[..good.len() - 2].to_owned();
        let long = format!("{good}00");
        let loud = good.to_uppercase();
        let not_hex = format!("{}zz", &good[..good.len() - 2]);
        for text in ["", "x", &of_another_version, &cut, &long, &loud, &not_hex, "é"] {
            assert!(decode(List::Queue, text).is_err(), "{text:?} was taken");
        }
        assert!(decode(List::Agent, &good).is_err(), "a cursor of another list was taken");
    }
}
