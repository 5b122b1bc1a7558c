//! What was accepted: the last messages in full, and how often each callback data came, in bounded memory.

use std::collections::{HashMap, VecDeque};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::shape::TextMessage;

/// Accepted messages kept in full.
pub const ACCEPTED_KEPT_MAX: usize = 10_000;
/// Different callback data counted; what comes after them is accepted but not counted. About 100 MB if full.
pub const COUNTED_MAX: usize = 2_000_000;

/// A message the stand-in took.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AcceptedMessage {
    /// The id it was given (`wamid.…`).
    pub wamid: String,
    /// The business number it was sent from.
    pub phone_number_id: String,
    /// Who it is for: a phone number, or a business-scoped user id.
    pub to: String,
    /// Its text.
    pub body: String,
    /// `biz_opaque_callback_data`, if there was any.
    pub callback_data: Option<String>,
    /// The request's body, exactly as received.
    pub request: String,
    /// When it came, in milliseconds since 1970, by the stand-in's clock.
    pub accepted_at_ms: u64,
}

#[derive(Debug)]
pub(super) struct Ledger {
    seed: u64,
    total: u64,
    last: VecDeque<AcceptedMessage>,
    times: HashMap<[u8; 16], u32>,
    repeated: u64,
}

impl Ledger {
    pub(super) fn new(seed: u64) -> Self {
        Self { seed, total: 0, last: VecDeque::new(), times: HashMap::new(), repeated: 0 }
    }

    /// Takes a message down and gives it its id.
    pub(super) fn accept(
        &mut self,
        phone_number_id: &str,
        message: &TextMessage,
        request: &str,
        now_ms: u64,
    ) -> String {
        self.total += 1;
        if let Some(callback_data) = &message.callback_data {
            self.count(callback_data);
        }
        let wamid = self.new_wamid();
        if self.last.len() == ACCEPTED_KEPT_MAX {
            self.last.pop_front();
        }
        self.last.push_back(AcceptedMessage {
            wamid: wamid.clone(),
            phone_number_id: phone_number_id.to_owned(),
            to: message.to.clone(),
            body: message.body.clone(),
            callback_data: message.callback_data.clone(),
            request: request.to_owned(),
            accepted_at_ms: now_ms,
        });
        wamid
    }

    pub(super) fn accepted(&self) -> Vec<AcceptedMessage> {
        self.last.iter().cloned().collect()
    }

    pub(super) fn total(&self) -> u64 {
        self.total
    }

    pub(super) fn times(&self, callback_data: &str) -> u32 {
        self.times.get(&key(callback_data)).copied().unwrap_or(0)
    }

    pub(super) fn repeated(&self) -> u64 {
        self.repeated
    }

    fn count(&mut self, callback_data: &str) {
        let key = key(callback_data);
        if self.times.len() == COUNTED_MAX && !self.times.contains_key(&key) {
            return;
        }
        let times = self.times.entry(key).or_default();
        *times += 1;
        if *times == 2 {
            self.repeated += 1;
        }
    }

    fn new_wamid(&self) -> String {
        let mut seed = [0; 16];
        seed[..8].copy_from_slice(&self.seed.to_be_bytes());
        seed[8..].copy_from_slice(&self.total.to_be_bytes());
        format!("wamid.{}", STANDARD.encode(&blake3::hash(&seed).as_bytes()[..24]))
    }
}

fn key(callback_data: &str) -> [u8; 16] {
    let mut key = [0; 16];
    key.copy_from_slice(&blake3::hash(callback_data.as_bytes()).as_bytes()[..16]);
    key
}
