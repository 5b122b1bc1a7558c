//! Typed ids. Two kinds: names chosen by an operator (`sales`, `ana`), and 128-bit ids derived by hashing.
//! An id of one kind cannot be passed where another is asked for.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use smol_str::SmolStr;

use crate::limits::NAME_ID_BYTES_MAX;

/// Why a text is not an id.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum IdError {
    /// Empty or too long, or a character outside `a-z 0-9 . _ -`, or not starting with a letter or digit.
    #[error(
        "`{0}` is not an id: 1 to {NAME_ID_BYTES_MAX} of a-z, 0-9, '.', '_', '-', starting with a letter or digit"
    )]
    Name(String),
    /// Not 32 lower-case hexadecimal digits.
    #[error("`{0}` is not an id: 32 lower-case hexadecimal digits expected")]
    Hex(String),
}

fn check_name(text: &str) -> Result<(), IdError> {
    let bytes = text.as_bytes();
    let plain = |b: &u8| b.is_ascii_lowercase() || b.is_ascii_digit();
    let good = bytes.len() <= NAME_ID_BYTES_MAX
        && bytes.first().is_some_and(plain)
        && bytes.iter().all(|b| plain(b) || matches!(b, b'.' | b'_' | b'-'));
    if good { Ok(()) } else { Err(IdError::Name(text.chars().take(80).collect())) }
}

macro_rules! name_id {
    ($($(#[$doc:meta])* $name:ident;)*) => {$(
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
        #[serde(transparent)]
        pub struct $name(SmolStr);

        impl $name {
            /// Checks `text` and makes an id of it.
            ///
            /// # Errors
            /// [`IdError::Name`] when `text` is not a well-formed name.
            pub fn new(text: &str) -> Result<Self, IdError> {
                check_name(text)?;
                Ok(Self(SmolStr::new(text)))
            }

            /// The id as text.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl FromStr for $name {
            type Err = IdError;
            fn from_str(text: &str) -> Result<Self, IdError> {
                Self::new(text)
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, concat!(stringify!($name), "({})"), self.0)
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let text = SmolStr::deserialize(deserializer)?;
                check_name(&text).map_err(serde::de::Error::custom)?;
                Ok(Self(text))
            }
        }
    )*};
}

name_id! {
    /// The organisation that runs the contact centre; the unit of consistency.
    WorkspaceId;
    /// A company the contact centre serves.
    ClientId;
    /// Work done for a client.
    ProjectId;
    /// Part of a project that agents work in.
    CampaignId;
    /// One business address on one network.
    ChannelId;
    /// A disposition or a sub-disposition.
    DispositionId;
    /// An agent, supervisor, administrator or auditor.
    AgentId;
    /// A reason for being away.
    ReasonId;
    /// Something that some agents can do, such as a language.
    SkillId;
    /// A predefined text.
    TextId;
    /// What an agent types for a predefined text, without the slash.
    Shortcut;
    /// A field of a contact's profile that a client has declared.
    FieldId;
}

macro_rules! hash_id {
    ($($(#[$doc:meta])* $name:ident;)*) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub struct $name([u8; 16]);

        impl $name {
            /// The id of these bytes.
            pub const fn from_bytes(bytes: [u8; 16]) -> Self {
                Self(bytes)
            }

            /// The id's bytes.
            pub const fn as_bytes(&self) -> &[u8; 16] {
                &self.0
            }
        }

        impl FromStr for $name {
            type Err = IdError;
            fn from_str(text: &str) -> Result<Self, IdError> {
                let mut bytes = [0; 16];
                // hex also takes upper case; one id must have one spelling.
                let lower = !text.bytes().any(|b| b.is_ascii_uppercase());
                match hex::decode_to_slice(text, &mut bytes) {
                    Ok(()) if lower => Ok(Self(bytes)),
                    _ => Err(IdError::Hex(text.chars().take(80).collect())),
                }
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                let mut text = [0; 32];
                hex::encode_to_slice(self.0, &mut text).map_err(|_| fmt::Error)?;
                f.write_str(std::str::from_utf8(&text).map_err(|_| fmt::Error)?)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, concat!(stringify!($name), "({})"), self)
            }
        }

        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                if serializer.is_human_readable() {
                    serializer.collect_str(self)
                } else {
                    self.0.serialize(serializer)
                }
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                if deserializer.is_human_readable() {
                    let text = std::borrow::Cow::<str>::deserialize(deserializer)?;
                    text.parse().map_err(serde::de::Error::custom)
                } else {
                    <[u8; 16]>::deserialize(deserializer).map(Self)
                }
            }
        }
    )*};
}

hash_id! {
    /// A customer. Derived from the first identity with a key of the workspace, so that it tells nothing.
    ContactId;
    /// One contact, one channel, one campaign, from first message to finish.
    /// It has the bytes of the [`MessageId`] that opened it.
    ConversationId;
    /// A message, inbound or outbound. It has the bytes of the [`CommandId`] that brought it.
    MessageId;
    /// One attempt of a client to have something done, however often it is repeated.
    CommandId;
    /// One frame of the log, as its writer named it before it knew whether the log took it.
    FrameId;
}

/// Hashes the parts, each with its length, under a context that keeps kinds of id apart.
fn derive(context: &'static str, parts: &[&[u8]]) -> [u8; 16] {
    let mut hasher = blake3::Hasher::new_derive_key(context);
    absorb(&mut hasher, parts)
}

fn absorb(hasher: &mut blake3::Hasher, parts: &[&[u8]]) -> [u8; 16] {
    for part in parts {
        hasher.update(&(part.len() as u64).to_le_bytes());
        hasher.update(part);
    }
    let mut bytes = [0; 16];
    bytes.copy_from_slice(&hasher.finalize().as_bytes()[..16]);
    bytes
}

impl CommandId {
    /// The id of an inbound message: the same for every copy of it that a provider delivers.
    pub fn of_inbound(workspace: &WorkspaceId, channel: &ChannelId, provider_id: &str) -> Self {
        let parts = [workspace.as_str(), channel.as_str(), provider_id].map(str::as_bytes);
        Self(derive("atender 2026 inbound message", &parts))
    }

    /// The id of a command that carries an `Idempotency-Key`: keys of different principals never meet.
    pub fn of_key(workspace: &WorkspaceId, principal: &str, key: &str) -> Self {
        let parts = [workspace.as_str(), principal, key].map(str::as_bytes);
        Self(derive("atender 2026 idempotency key", &parts))
    }

    /// The id of a step that the engine itself takes once, such as the first attempt to send a message.
    pub fn of_step(workspace: &WorkspaceId, step: &str, subject: &[u8], number: u64) -> Self {
        let parts = [workspace.as_str().as_bytes(), step.as_bytes(), subject, &number.to_le_bytes()];
        Self(derive("atender 2026 engine step", &parts))
    }
}

impl ContactId {
    /// The id of the contact who is `identity` on a network of this kind.
    pub fn of_identity(workspace_key: &[u8; 32], network: &str, identity: &str) -> Self {
        let mut hasher = blake3::Hasher::new_keyed(workspace_key);
        Self(absorb(&mut hasher, &[b"contact", network.as_bytes(), identity.as_bytes()]))
    }
}

impl MessageId {
    /// The id of a message that a command causes beside the one that has its bytes, counted from 0.
    pub fn of_system(command: CommandId, number: u64) -> Self {
        Self(derive("atender 2026 system message", &[&command.0, &number.to_le_bytes()]))
    }
}

impl From<CommandId> for MessageId {
    fn from(id: CommandId) -> Self {
        Self(id.0)
    }
}

impl From<MessageId> for ConversationId {
    fn from(id: MessageId) -> Self {
        Self(id.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_that_could_be_read_two_ways_is_refused() {
        for text in ["", "Ana", "-a", ".a", "a b", "a/b", "ñ", &"a".repeat(NAME_ID_BYTES_MAX + 1)] {
            assert!(AgentId::new(text).is_err(), "{text:?} was taken");
        }
        assert!(AgentId::new("ana.maria_2-b").is_ok());
    }

    #[test]
    fn a_hash_id_has_one_spelling() {
        let id = MessageId::from_bytes([0xab; 16]);
        assert_eq!(id.to_string().parse::<MessageId>(), Ok(id));
        assert!(id.to_string().to_uppercase().parse::<MessageId>().is_err());
        assert!("ab".parse::<MessageId>().is_err());
    }

    #[test]
    fn parts_cannot_run_into_each_other() {
        let workspace = WorkspaceId::new("default").unwrap();
        assert_ne!(CommandId::of_key(&workspace, "ab", "c"), CommandId::of_key(&workspace, "a", "bc"));
    }

    #[test]
    fn a_contact_id_depends_on_the_workspace_key() {
        let of = |key| ContactId::of_identity(&key, "whatsapp", "34600000000");
        assert_eq!(of([1; 32]), of([1; 32]));
        assert_ne!(of([1; 32]), of([2; 32]));
    }
}
