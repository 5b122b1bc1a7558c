//! The text of a token: `atender_<id>_<secret>`, both hexadecimal. The id is public, the secret is never kept.

use std::fmt;
use std::str::FromStr;

use engine::random;
use serde::{Deserialize, Serialize};
use smol_str::SmolStr;

const PREFIX: &str = "atender_";
const ID_CHARS: usize = 16;

/// A token's public id: 16 lower-case hexadecimal digits.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "SmolStr")]
pub struct TokenId(SmolStr);

/// A text that is not a token's id.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a token's id: {ID_CHARS} lower-case hexadecimal digits expected")]
pub struct TokenIdError(String);

impl TokenId {
    /// An id that no other token has.
    pub fn random() -> Self {
        Self(hex::encode(random::bytes::<{ ID_CHARS / 2 }>()).into())
    }

    /// The id in the text of a token, whether or not there is such a token.
    pub fn of(text: &str) -> Option<Self> {
        parse(text).map(|(id, _)| id)
    }

    /// The id as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<SmolStr> for TokenId {
    type Error = TokenIdError;

    fn try_from(text: SmolStr) -> Result<Self, TokenIdError> {
        let plain = |byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f');
        if text.len() == ID_CHARS && text.bytes().all(plain) {
            Ok(Self(text))
        } else {
            Err(TokenIdError(text.chars().take(80).collect()))
        }
    }
}

impl FromStr for TokenId {
    type Err = TokenIdError;

    fn from_str(text: &str) -> Result<Self, TokenIdError> {
        SmolStr::new(text).try_into()
    }
}

impl fmt::Display for TokenId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

pub(super) fn text(id: &TokenId, secret: &str) -> String {
    format!("{PREFIX}{id}_{secret}")
}

/// The id and the secret in the text of a token.
pub(super) fn parse(text: &str) -> Option<(TokenId, &str)> {
    let (id, secret) = text.strip_prefix(PREFIX)?.split_once('_')?;
    Some((id.parse().ok()?, secret))
}

pub(super) mod hash_as_hex {
    use serde::{Deserialize, Deserializer, Serializer, de};

    pub(in crate::tokens) fn serialize<S: Serializer>(hash: &blake3::Hash, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(hash.to_hex().as_str())
    }

    pub(in crate::tokens) fn deserialize<'de, D: Deserializer<'de>>(
        from: D,
    ) -> Result<blake3::Hash, D::Error> {
        let text = String::deserialize(from)?;
        blake3::Hash::from_hex(text).map_err(de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_reads_back() {
        let (id, secret) = (TokenId::random(), random::token());
        let token = text(&id, &secret);
        assert_eq!(parse(&token), Some((id.clone(), secret.as_str())));
        assert_eq!(TokenId::of(&token), Some(id));
    }

    #[test]
    fn anything_else_is_no_token() {
        let id = "0123456789abcdef";
        for text in [
            String::new(),
            "atender_".into(),
            format!("atender_{id}"),
            format!("{id}_secret"),
            format!("atender_{}_secret", id.to_uppercase()),
            format!("atender_{}_secret", &id[1..]),
            format!("atender_{id}0_secret"),
            "atender_0123456789abcde*_secret".into(),
            "atender__secret".into(),
        ] {
            assert_eq!(parse(&text), None, "{text:?} was taken");
        }
    }
}
