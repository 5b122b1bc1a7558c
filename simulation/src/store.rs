//! What NATS keeps: the stream of the log and the key of the lease, as JetStream treats them.

use bytes::Bytes;
use serde_json::{Value, json};

#[derive(Default)]
pub(crate) struct Store {
    /// The first has sequence 1.
    pub(crate) frames: Vec<Bytes>,
    /// How many of the first are gone.
    pub(crate) purged: u64,
    /// How many of the last are not shown to whoever looks.
    pub(crate) lacks: u64,
    /// Every value that the key has had, with its revision.
    key: Vec<(Bytes, u64)>,
    revision: u64,
}

impl Store {
    pub(crate) fn head(&self) -> u64 {
        self.frames.len() as u64
    }

    fn shown(&self) -> u64 {
        self.head().saturating_sub(self.lacks).max(self.purged)
    }

    /// JetStream's answer, and whether the frame was taken.
    pub(crate) fn append(&mut self, bytes: Bytes, expected_last: u64) -> (Value, bool) {
        let head = self.head();
        if head != expected_last {
            let description = format!("wrong last sequence: {head}");
            return (refusal(400, 10_071, &description), false);
        }
        self.frames.push(bytes);
        (json!({ "stream": "log", "seq": head + 1 }), true)
    }

    pub(crate) fn read(&self, sequence: u64) -> Option<Bytes> {
        if sequence <= self.purged || sequence > self.shown() {
            return None;
        }
        self.frames.get(usize::try_from(sequence).ok()?.checked_sub(1)?).cloned()
    }

    pub(crate) fn state(&self) -> Value {
        let bytes: usize = self.frames.iter().map(Bytes::len).sum();
        let first = if self.shown() == 0 { 0 } else { self.purged + 1 };
        let never = "1970-01-01T00:00:00Z";
        json!({
            "messages": self.shown() - self.purged, "bytes": bytes, "first_seq": first, "first_ts": never,
            "last_seq": self.shown(), "last_ts": never, "consumer_count": 0,
        })
    }

    /// The key so many changes ago.
    pub(crate) fn entry(&self, changes_ago: usize) -> Option<(Bytes, u64)> {
        let last = self.key.len().checked_sub(1)?;
        self.key.get(last.saturating_sub(changes_ago)).cloned()
    }

    pub(crate) fn write(&mut self, value: Bytes, revision: Option<u64>) -> Result<u64, String> {
        let is_right = match (self.key.last(), revision) {
            (Some((_, has)), Some(revision)) => *has == revision,
            (Some((value, _)), None) => value.is_empty(),
            (None, revision) => revision.is_none(),
        };
        if !is_right {
            return Err(format!("wrong last sequence: {}", self.revision));
        }
        self.revision += 1;
        self.key.push((value, self.revision));
        Ok(self.revision)
    }

    /// As a person may; what is left is a mark without a value.
    pub(crate) fn delete_key(&mut self) {
        self.revision += 1;
        self.key.push((Bytes::new(), self.revision));
    }
}

pub(crate) fn refusal(code: u16, err_code: u16, description: &str) -> Value {
    json!({ "error": { "code": code, "err_code": err_code, "description": description }, "seq": 0 })
}
