//! Every message that customers write, remembered apart from the system under test, for its books.

use std::sync::Mutex;
use std::time::{Duration, Instant};

use schemas::Content;

use super::tally::lock;

/// Messages of customers a day has at most; they are remembered to its end.
pub const LETTERS_MAX: usize = 1_000_000;
const PREFIX: &str = "wamid.DEMO";

/// The number of a message; its place in [`Letters`].
pub(super) type Number = u32;

/// What is remembered of a message.
#[derive(Debug, Clone)]
pub(super) struct Letter {
    /// The hash of what it says, as it should be kept.
    pub(super) content: [u8; 16],
    /// The number of the channel it was written to.
    pub(super) channel: u16,
    /// Whether its webhook was answered 200.
    pub(super) taken: bool,
    /// When its webhook was last sent before it was taken.
    sent: Instant,
    pushed: bool,
}

/// All messages of the day, by their numbers.
#[derive(Debug, Default)]
pub(super) struct Letters(Mutex<Vec<Letter>>);

impl Letters {
    /// Takes one more down; gives back its number, or nothing when the day has had all it may.
    pub(super) fn add(&self, channel: u16) -> Option<Number> {
        let mut letters = lock(&self.0);
        if letters.len() == LETTERS_MAX {
            return None;
        }
        let number = Number::try_from(letters.len()).ok()?;
        let content = [0; 16];
        letters.push(Letter { content, channel, taken: false, sent: Instant::now(), pushed: false });
        Some(number)
    }

    /// What the message says; its number is part of that, so it is known after it.
    pub(super) fn says(&self, number: Number, content: [u8; 16]) {
        self.change(number, |letter| letter.content = content);
    }

    /// Its webhook goes out now.
    pub(super) fn posted(&self, number: Number) {
        self.change(number, |letter| {
            if !letter.taken {
                letter.sent = Instant::now();
            }
        });
    }

    /// Its webhook was answered 200; whether that was news.
    pub(super) fn taken(&self, number: Number) -> bool {
        let mut news = false;
        self.change(number, |letter| news = !std::mem::replace(&mut letter.taken, true));
        news
    }

    /// It was pushed to somebody who listens since `listening`: how long that took, unless it is known already or
    /// the message is from before.
    pub(super) fn pushed(&self, number: Number, listening: Instant) -> Option<Duration> {
        let mut took = None;
        self.change(number, |letter| {
            if !letter.pushed && letter.sent >= listening {
                took = Some(letter.sent.elapsed());
            }
            letter.pushed = true;
        });
        took
    }

    /// Whether the day has had all it may.
    pub(super) fn are_full(&self) -> bool {
        lock(&self.0).len() == LETTERS_MAX
    }

    /// All of them, in the order of their numbers.
    pub(super) fn all(&self) -> Vec<Letter> {
        lock(&self.0).clone()
    }

    fn change(&self, number: Number, change: impl FnOnce(&mut Letter)) {
        if let Some(letter) = lock(&self.0).get_mut(number as usize) {
            change(letter);
        }
    }
}

/// The provider's id of the message with this number.
pub(super) fn provider_id(number: Number) -> String {
    format!("{PREFIX}{number:010}")
}

/// The number of the message with this provider's id, if a customer of the demo wrote it.
pub(super) fn number_of(provider_id: &str) -> Option<Number> {
    provider_id.strip_prefix(PREFIX)?.parse().ok()
}

/// A hash of what a message says.
pub(super) fn fingerprint(content: &Content) -> [u8; 16] {
    let mut hasher = blake3::Hasher::new();
    match content {
        Content::Text(text) => hasher.update(b"text").update(text.as_bytes()),
        Content::Unsupported { kind, raw } => hasher
            .update(b"kept")
            .update(&(kind.len() as u64).to_le_bytes())
            .update(kind.as_bytes())
            .update(raw.as_bytes()),
    };
    let mut fingerprint = [0; 16];
    hasher.finalize_xof().fill(&mut fingerprint);
    fingerprint
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_is_found_again_in_the_providers_id() {
        assert_eq!(number_of(&provider_id(42)), Some(42));
        assert_eq!(number_of("wamid.HBgLMTY1MDM4"), None);
    }

    #[test]
    fn a_message_is_measured_once_and_only_by_who_listened_when_it_was_sent() {
        let letters = Letters::default();
        let before = Instant::now();
        let (first, second) = (letters.add(0).unwrap(), letters.add(0).unwrap());
        letters.posted(first);
        assert!(letters.pushed(first, before).is_some());
        assert!(letters.pushed(first, before).is_none());
        std::thread::sleep(Duration::from_millis(2));
        assert!(letters.pushed(second, Instant::now()).is_none());
    }

    #[test]
    fn what_differs_has_another_fingerprint() {
        let kept =
            |kind: &str, raw: &str| fingerprint(&Content::Unsupported { kind: kind.into(), raw: raw.into() });
        assert_ne!(kept("ab", "c"), kept("a", "bc"));
        assert_ne!(fingerprint(&Content::Text("a".into())), fingerprint(&Content::Text("b".into())));
    }
}
