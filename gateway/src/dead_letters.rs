//! Updates of webhooks that could not be taken in, kept as a provider would send them again, until somebody
//! delivers them by hand. The stream is bounded and refuses when it is full: the provider then keeps the update
//! and sends it again. Nothing is dropped here, ever.

pub(crate) mod letter;

use std::error::Error;
use std::time::Duration;

use async_nats::jetstream::context::PublishErrorKind;
use async_nats::jetstream::message::PublishMessage;
use async_nats::jetstream::stream::{self, DiscardPolicy, RawMessageErrorKind, RetentionPolicy, StorageType};
use async_nats::{Client, HeaderMap, jetstream};
use engine::patience::patiently;
use futures_util::TryStreamExt;
use metrics::{counter, gauge};
use schemas::{Timestamp, WorkspaceId};

use crate::limits::{LETTERS_BYTES_MAX, LETTERS_MAX, LETTERS_PAGE_BYTES_MAX};
use crate::whatsapp::webhook::Update;
pub use letter::Letter;
use letter::{REASON, RECEIVED_AT, body_of};

const STREAM: &str = "ATENDER_DEAD_LETTERS";
/// A provider that gets no 200 sends the whole webhook again; its letters are kept once within this time.
const SAME_LETTER_WITHIN: Duration = Duration::from_secs(60 * 60);

/// Why dead letters cannot be read or written.
#[derive(Debug, thiserror::Error)]
pub enum DeadLettersError {
    /// NATS did not answer, or refused: the stream is full.
    #[error("{what} failed")]
    Unavailable {
        /// What was asked of NATS.
        what: &'static str,
        /// The cause.
        #[source]
        source: Box<dyn Error + Send + Sync>,
    },
    /// NATS takes no message that large; Meta sends none either.
    #[error("an update of {bytes} bytes cannot be kept as a dead letter")]
    TooLarge {
        /// Its size as a letter.
        bytes: usize,
    },
}

impl DeadLettersError {
    fn unavailable(what: &'static str) -> impl FnOnce(Box<dyn Error + Send + Sync>) -> Self {
        move |source| Self::Unavailable { what, source }
    }
}

/// What the stream has to be like.
pub(crate) fn stream_config(replicas: usize) -> stream::Config {
    stream::Config {
        name: STREAM.to_owned(),
        description: Some("atender: webhooks that could not be taken in".to_owned()),
        subjects: vec!["atender.dead.>".to_owned()],
        retention: RetentionPolicy::Limits,
        storage: StorageType::File,
        discard: DiscardPolicy::New,
        max_messages: LETTERS_MAX,
        max_bytes: LETTERS_BYTES_MAX,
        duplicate_window: SAME_LETTER_WITHIN,
        num_replicas: replicas,
        ..Default::default()
    }
}

/// The dead letters of a workspace; clones share the connection.
#[derive(Debug, Clone)]
pub struct DeadLetters {
    context: jetstream::Context,
    stream: stream::Stream<()>,
    subject: String,
}

impl DeadLetters {
    /// Opens the stream `ATENDER_DEAD_LETTERS`, or creates it, for the letters of this workspace.
    ///
    /// # Errors
    /// When NATS does not answer, or refuses.
    pub async fn open(
        client: &Client,
        replicas: usize,
        workspace: &WorkspaceId,
    ) -> Result<Self, DeadLettersError> {
        let failed = DeadLettersError::unavailable("opening the dead letters");
        let context = jetstream::new(client.clone());
        let open = || context.get_or_create_stream(stream_config(replicas));
        if let Err(error) = patiently("the dead letters", open).await {
            return Err(failed(error.into()));
        }
        let stream = context.get_stream_no_info(STREAM).await;
        let stream = stream.map_err(|error| failed(error.into()))?;
        let letters = Self { context, stream, subject: format!("atender.dead.{workspace}") };
        gauge!("atender_dead_letters").set(letters.count().await? as f64);
        Ok(letters)
    }

    /// Keeps an update. When this gives `Ok`, it is durable.
    ///
    /// # Errors
    /// [`DeadLettersError`]; nobody may then be told that the update is safe.
    pub async fn keep(
        &self,
        update: &Update,
        reason: &str,
        received_at: Timestamp,
    ) -> Result<(), DeadLettersError> {
        let body = body_of(update);
        let bytes = body.len();
        let mut headers = HeaderMap::new();
        headers.insert(REASON, reason.replace(char::is_control, " "));
        headers.insert(RECEIVED_AT, received_at.to_string());
        let letter = PublishMessage::build()
            .headers(headers)
            .message_id(blake3::hash(body.as_bytes()).to_hex())
            .payload(body.into());
        let published = match self.context.send_publish(self.subject.clone(), letter).await {
            Ok(acknowledgement) => acknowledgement.await,
            Err(error) => Err(error),
        };
        let published = published.map_err(|error| match error.kind() {
            PublishErrorKind::MaxPayloadExceeded => DeadLettersError::TooLarge { bytes },
            _ => DeadLettersError::unavailable("keeping a dead letter")(error.into()),
        })?;
        if !published.duplicate {
            counter!("atender_dead_letters_total").increment(1);
            gauge!("atender_dead_letters").increment(1.0);
        }
        Ok(())
    }

    /// Up to `limit` letters after number `after`, oldest first; fewer when they are large. Also whether there may
    /// be more.
    ///
    /// # Errors
    /// When NATS does not answer.
    pub async fn list(&self, after: u64, limit: usize) -> Result<(Vec<Letter>, bool), DeadLettersError> {
        let mut letters: Vec<Letter> = Vec::new();
        let (mut next, mut bytes) = (after.saturating_add(1), 0);
        while letters.len() < limit && bytes < LETTERS_PAGE_BYTES_MAX {
            let found = self.stream.get_first_raw_message_by_subject(&self.subject, next).await;
            let letter = match found {
                Ok(message) => Letter::of(message),
                Err(error) if error.kind() == RawMessageErrorKind::NoMessageFound => {
                    return Ok((letters, false));
                }
                Err(error) => {
                    return Err(DeadLettersError::unavailable("reading the dead letters")(error.into()));
                }
            };
            next = letter.sequence.saturating_add(1);
            bytes += letter.body.len();
            letters.push(letter);
        }
        Ok((letters, true))
    }

    /// The letter of this number, unless it was taken in or is another workspace's.
    ///
    /// # Errors
    /// When NATS does not answer.
    pub async fn get(&self, sequence: u64) -> Result<Option<Letter>, DeadLettersError> {
        match self.stream.get_raw_message(sequence).await {
            Ok(message) if message.subject.as_str() == self.subject => Ok(Some(Letter::of(message))),
            Ok(_) => Ok(None),
            Err(error) if error.kind() == RawMessageErrorKind::NoMessageFound => Ok(None),
            Err(error) => Err(DeadLettersError::unavailable("reading a dead letter")(error.into())),
        }
    }

    /// Erases a letter that has been taken in; nothing happens if it is gone already.
    ///
    /// # Errors
    /// When NATS does not answer. The letter may then be delivered once more, which does nothing twice.
    pub async fn remove(&self, sequence: u64) -> Result<(), DeadLettersError> {
        match self.stream.delete_message(sequence).await {
            Ok(_) => {
                gauge!("atender_dead_letters").decrement(1.0);
                Ok(())
            }
            Err(_) if self.get(sequence).await?.is_none() => Ok(()),
            Err(error) => Err(DeadLettersError::unavailable("erasing a dead letter")(error.into())),
        }
    }

    async fn count(&self) -> Result<usize, DeadLettersError> {
        let failed = DeadLettersError::unavailable("counting the dead letters");
        let counts = match self.stream.info_with_subjects(&self.subject).await {
            Ok(counts) => counts.try_fold(0, |sum, (_, count)| async move { Ok(sum + count) }).await,
            Err(error) => Err(error),
        };
        counts.map_err(|error| failed(error.into()))
    }
}
