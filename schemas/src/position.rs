//! Where an event is in the log: shard, sequence of its frame, index in the frame. Written `0-1234-5`.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// One of the streams that the log is divided into.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct ShardId(pub u16);

impl fmt::Display for ShardId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// The place of one event. Positions of one shard are ordered; the order is the log's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Position {
    /// The shard whose log this is.
    pub shard: ShardId,
    /// The stream sequence of the frame, from 1.
    pub sequence: u64,
    /// The event's place among all events of the frame, from 0.
    pub index: u32,
}

/// A text that is not a position.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a position: shard-sequence-index expected, such as 0-1234-5")]
pub struct PositionError(String);

impl Position {
    /// Before the first event of the shard.
    pub const fn start(shard: ShardId) -> Self {
        Self { shard, sequence: 0, index: 0 }
    }
}

impl fmt::Display for Position {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{}-{}", self.shard, self.sequence, self.index)
    }
}

impl FromStr for Position {
    type Err = PositionError;

    fn from_str(text: &str) -> Result<Self, PositionError> {
        let bad = || PositionError(text.chars().take(80).collect());
        // Signs and leading zeros would give one position two spellings.
        let canonical =
            |part: &str| part.bytes().all(|b| b.is_ascii_digit()) && (part == "0" || !part.starts_with('0'));
        let parts: Vec<&str> = text.split('-').collect();
        let [shard, sequence, index] = parts[..] else {
            return Err(bad());
        };
        if !parts.iter().all(|part| canonical(part)) {
            return Err(bad());
        }
        Ok(Self {
            shard: ShardId(shard.parse().map_err(|_| bad())?),
            sequence: sequence.parse().map_err(|_| bad())?,
            index: index.parse().map_err(|_| bad())?,
        })
    }
}

impl Serialize for Position {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if serializer.is_human_readable() {
            serializer.collect_str(self)
        } else {
            (self.shard, self.sequence, self.index).serialize(serializer)
        }
    }
}

impl<'de> Deserialize<'de> for Position {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        if deserializer.is_human_readable() {
            let text = std::borrow::Cow::<str>::deserialize(deserializer)?;
            text.parse().map_err(serde::de::Error::custom)
        } else {
            let (shard, sequence, index) = Deserialize::deserialize(deserializer)?;
            Ok(Self { shard, sequence, index })
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_position_reads_back_and_has_one_spelling() {
        let position = Position { shard: ShardId(3), sequence: 1234, index: 5 };
        assert_eq!(position.to_string(), "3-1234-5");
        assert_eq!("3-1234-5".parse(), Ok(position));
        for text in ["", "3-1234", "3-1234-5-6", "3-01-5", "+3-1-5", "3--5", "99999-1-1", "a-b-c"] {
            assert!(text.parse::<Position>().is_err(), "{text:?} was taken");
        }
    }
}
