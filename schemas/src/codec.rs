//! Strict postcard: every byte must be used, so a value that was cut or padded is an error and never a guess.

use serde::Serialize;
use serde::de::Deserialize;

/// Why bytes could not be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DecodeError {
    /// The bytes end early or do not follow the format.
    #[error("malformed {what}: {reason}")]
    Malformed {
        /// What was being read.
        what: &'static str,
        /// What was wrong with it.
        reason: String,
    },
    /// Bytes are left over after a complete value.
    #[error("{left} bytes left over after {what}")]
    LeftOver {
        /// What was being read.
        what: &'static str,
        /// How many bytes follow it.
        left: usize,
    },
    /// An event of a type or version this program does not know. It is never skipped.
    #[error("unknown event type {number} version {version}: written by a newer atender")]
    UnknownEvent {
        /// The event's type number.
        number: u16,
        /// The event's version.
        version: u8,
    },
    /// The frame's format byte is not one this program reads.
    #[error("unknown frame format {0}: written by a newer atender, or not a frame")]
    UnknownFormat(u8),
}

impl DecodeError {
    pub(crate) fn malformed(what: &'static str, reason: impl ToString) -> Self {
        Self::Malformed { what, reason: reason.to_string() }
    }
}

/// Appends `value` to `out` as postcard.
///
/// # Panics
/// Never for the types of this crate: they all have a known length and `Vec` does not run out.
pub fn encode<T: Serialize + ?Sized>(value: &T, out: &mut Vec<u8>) {
    let buffer = std::mem::take(out);
    *out = postcard::to_extend(value, buffer).expect("plain data always encodes");
}

/// Reads one `T` that fills `bytes` exactly.
///
/// # Errors
/// [`DecodeError`] when the bytes are cut, malformed or longer than the value.
pub fn decode<'a, T: Deserialize<'a>>(what: &'static str, bytes: &'a [u8]) -> Result<T, DecodeError> {
    let (value, rest) = decode_first(what, bytes)?;
    if rest.is_empty() { Ok(value) } else { Err(DecodeError::LeftOver { what, left: rest.len() }) }
}

/// Reads one `T` from the front of `bytes` and gives back what follows it.
///
/// # Errors
/// [`DecodeError::Malformed`] when the bytes are cut or do not follow the format.
pub fn decode_first<'a, T: Deserialize<'a>>(
    what: &'static str,
    bytes: &'a [u8],
) -> Result<(T, &'a [u8]), DecodeError> {
    postcard::take_from_bytes(bytes).map_err(|error| DecodeError::malformed(what, error))
}
