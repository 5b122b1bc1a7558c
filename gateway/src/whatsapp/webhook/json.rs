//! JSON read one level at a time, every member kept as the text it was received as.

use std::borrow::Cow;
use std::fmt;

use schemas::limits::IDENTITY_BYTES_MAX;
use serde::de::{self, Deserialize, Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;

/// The members of a JSON object in their order, values unread.
#[derive(Default)]
pub(super) struct Object<'a>(Vec<(Cow<'a, str>, &'a str)>);

impl<'a> Object<'a> {
    pub(super) fn parse(json: &'a str) -> Result<Self, serde_json::Error> {
        serde_json::from_str(json)
    }

    pub(super) fn members(&self) -> impl Iterator<Item = (&str, &'a str)> {
        self.0.iter().map(|(name, value)| (name.as_ref(), *value))
    }

    /// The member of this name unless it is null; the last one if there are several.
    pub(super) fn get(&self, name: &str) -> Option<&'a str> {
        let (_, value) = self.0.iter().rfind(|(member, _)| member == name)?;
        (*value != "null").then_some(*value)
    }

    /// The member of this name if it is an object, otherwise an empty one.
    pub(super) fn object(&self, name: &str) -> Object<'a> {
        self.get(name).and_then(|value| Object::parse(value).ok()).unwrap_or_default()
    }

    /// The member of this name if it is a string that is not empty.
    pub(super) fn string(&self, name: &str) -> Option<String> {
        let Text(text) = serde_json::from_str(self.get(name)?).ok()?;
        (!text.is_empty()).then_some(text)
    }

    /// The member of this name if it is a string of 1 to 256 bytes. For what every update of a change is given: a
    /// longer one would be held once for each.
    pub(super) fn short(&self, name: &str) -> Option<String> {
        self.string(name).filter(|text| text.len() <= IDENTITY_BYTES_MAX)
    }

    /// Like [`Object::short`], but also takes a whole number, as some senders write ids.
    pub(super) fn id(&self, name: &str) -> Option<String> {
        self.short(name).or_else(|| self.integer::<u64>(name).map(|id| id.to_string()))
    }

    /// A whole number, written as a number or as a string.
    pub(super) fn integer<N: std::str::FromStr>(&self, name: &str) -> Option<N> {
        self.get(name)?.trim_matches('"').parse().ok()
    }

    /// Unix seconds, written as a number or as a string, in milliseconds.
    pub(super) fn seconds_as_ms(&self, name: &str) -> Option<u64> {
        self.integer::<u64>(name)?.checked_mul(1000)
    }
}

/// The items of a JSON array, unread; nothing if it is not an array.
pub(super) fn items(json: &str) -> Option<Vec<&str>> {
    let items: Vec<&RawValue> = serde_json::from_str(json).ok()?;
    Some(items.into_iter().map(RawValue::get).collect())
}

impl<'de> Deserialize<'de> for Object<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Members;

        impl<'de> Visitor<'de> for Members {
            type Value = Object<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut members = Vec::new();
                while let Some((Name(name), value)) = map.next_entry::<Name<'de>, &'de RawValue>()? {
                    members.push((name, value.get()));
                }
                Ok(Object(members))
            }
        }

        deserializer.deserialize_map(Members)
    }
}

#[derive(serde::Deserialize)]
#[serde(transparent)]
struct Name<'a>(#[serde(borrow)] Cow<'a, str>);

/// A string in which half of a surrogate pair, as a client leaves it when it cuts an emoji, becomes U+FFFD. As a
/// plain `String` it would be refused, and the customer's whole message with it.
struct Text(String);

impl<'de> Deserialize<'de> for Text {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Bytes;

        impl Visitor<'_> for Bytes {
            type Value = Text;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a string")
            }

            fn visit_bytes<E: de::Error>(self, bytes: &[u8]) -> Result<Self::Value, E> {
                Ok(Text(String::from_utf8_lossy(bytes).into_owned()))
            }
        }

        deserializer.deserialize_bytes(Bytes)
    }
}
