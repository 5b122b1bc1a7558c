//! Delivers webhooks as Meta does: signed, and again until they are answered 200.

use std::sync::Arc;
use std::time::Duration;

use reqwest::{Client, StatusCode};
use tokio_util::sync::CancellationToken;

use super::writing::{Written, body};
use crate::demo::letters::Number;
use crate::demo::tally::{Count, Tally};
use crate::demo::whatsapp_stand_in::post_signed;

const BACKOFF: Duration = Duration::from_millis(50);
const BACKOFF_MAX: Duration = Duration::from_secs(2);
/// Attempts at a webhook once nobody writes any more.
const LAST_ATTEMPTS: u32 = 10;

pub(super) struct Postbox {
    pub(super) client: Client,
    pub(super) url: String,
    pub(super) app_secret: &'static [u8],
    pub(super) tally: Arc<Tally>,
    pub(super) stopping: CancellationToken,
}

/// A webhook to be sent.
#[derive(Clone)]
pub(super) struct Post {
    body: Vec<u8>,
    letters: Vec<Number>,
    /// How long it takes to set out.
    pub(super) after: Duration,
    /// Whether it is a copy of one that is sent anyway.
    pub(super) repeats: bool,
}

impl Postbox {
    /// One webhook with these messages.
    pub(super) fn seal(&self, phone_number_id: &str, written: &[Written]) -> Post {
        Post {
            body: body(phone_number_id, written).into_bytes(),
            letters: written.iter().map(|one| one.number).collect(),
            after: Duration::ZERO,
            repeats: false,
        }
    }

    /// One webhook in which nobody writes.
    pub(super) fn tell(&self, body: String) -> Post {
        Post { body: body.into_bytes(), letters: Vec::new(), after: Duration::ZERO, repeats: false }
    }

    /// Sends it until it is taken. At the end of the day it is given up after a few attempts.
    pub(super) async fn deliver(&self, post: Post) {
        tokio::time::sleep(post.after).await;
        if post.repeats {
            self.tally.one(Count::Duplicates);
        }
        let (mut backoff, mut attempts_left) = (BACKOFF, LAST_ATTEMPTS);
        while attempts_left > 0 {
            if self.attempt(&post).await {
                return;
            }
            self.tally.one(Count::WebhookRetries);
            if self.stopping.is_cancelled() {
                attempts_left -= 1;
            }
            tokio::time::sleep(backoff).await;
            backoff = (backoff * 2).min(BACKOFF_MAX);
        }
        self.tally.trouble("a webhook was given up: it was never answered 200");
    }

    async fn attempt(&self, post: &Post) -> bool {
        if !post.repeats {
            post.letters.iter().for_each(|number| self.tally.letters.posted(*number));
        }
        match post_signed(&self.client, &self.url, self.app_secret, post.body.clone()).await {
            Ok(StatusCode::OK) => {
                let news = post.letters.iter().filter(|number| self.tally.letters.taken(**number)).count();
                self.tally.add(Count::MessagesIn, news as u64);
                true
            }
            // It says so itself when it has too much to do, and is asked again.
            Ok(StatusCode::SERVICE_UNAVAILABLE) => false,
            Ok(status) => {
                self.tally.trouble(format!("a webhook was answered {status}"));
                false
            }
            Err(error) => {
                self.tally.trouble(format!("a webhook was not answered: {error}"));
                false
            }
        }
    }
}
