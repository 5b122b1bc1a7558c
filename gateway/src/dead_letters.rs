//! Updates of webhooks that could not be taken in, kept as a provider would send them again, until somebody
//! delivers them by hand. The stream is bounded and refuses when it is full: the provider then keeps the update
//! and sends it again. Nothing is dropped here, ever.

use std::error::Error;
use std::time::Duration;

use async_nats::jetstream::stream::{self, DiscardPolicy, RawMessageErrorKind, RetentionPolicy, StorageType};
use async_nats::jetstream::message::{PublishMessage, StreamMessage};
use async_nats::{Client, HeaderMap, jetstream};
use bytes::Bytes;
use futures_util::TryStreamExt;
use metrics::{counter, gauge};
use schemas::{Timestamp, WorkspaceId};
use serde_json::{Value, json};

use crate::whatsapp::webhook::{self, InboundMessage, ParseError, Update, UpdateKind};

const STREAM: &str = "ATENDER_DEAD_LETTERS";
/// Letters kept for all workspaces together; one more is refused.
pub const LETTERS_MAX: i64 = 100_000;
/// Bytes kept for all workspaces together.
pub const LETTERS_BYTES_MAX: i64 = 256 * 1024 * 1024;
/// A provider that gets no 200 sends the whole webhook again; its letters are kept once within this time.
const SAME_LETTER_WITHIN: Duration = Duration::from_secs(60 * 60);
/// Bytes of letters read for one page, so that large ones make small pages.
const PAGE_BYTES_MAX: usize = 4 * 1024 * 1024;

const REASON: &str = "Atender-Reason";
const RECEIVED_AT: &str = "Atender-Received-At";

/// The dead letters cannot be read or written.
#[derive(Debug, thiserror::Error)]
#[error("{what} failed")]
pub struct DeadLettersError {
    /// What was asked of NATS.
    what: &'static str,
    /// The cause; for a letter that is not taken also that the stream is full.
    #[source]
    source: Box<dyn Error + Send + Sync>,
}

impl DeadLettersError {
    fn new(what: &'static str) -> impl FnOnce(Box<dyn Error + Send + Sync>) -> Self {
        move |source| Self { what, source }
    }
}

/// An update that was not taken in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Letter {
    /// Its number.
    pub sequence: u64,
    /// When it came.
    pub received_at: Timestamp,
    /// Why it was not taken in.
    pub reason: String,
    /// A webhook's body that holds this update alone.
    pub body: Bytes,
}

impl Letter {
    fn of(message: StreamMessage) -> Self {
        let header = |name| message.headers.get(name).map(|value| value.as_str());
        let received_at = header(RECEIVED_AT).and_then(|time| time.parse().ok());
        Self {
            sequence: message.sequence,
            received_at: received_at.unwrap_or_default(),
            reason: header(REASON).unwrap_or_default().to_owned(),
            body: message.payload,
        }
    }

    /// The updates it holds: one, unless a newer version finds more in it.
    ///
    /// # Errors
    /// When the body is none that [`DeadLetters::keep`] wrote.
    pub fn updates(&self) -> Result<Vec<Update>, ParseError> {
        webhook::parse(&self.body)
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
    pub async fn open(client: &Client, workspace: &WorkspaceId) -> Result<Self, DeadLettersError> {
        let failed = DeadLettersError::new("opening the dead letters");
        let context = jetstream::new(client.clone());
        let config = stream::Config {
            name: STREAM.to_owned(),
            description: Some("atender: webhooks that could not be taken in".to_owned()),
            subjects: vec!["atender.dead.>".to_owned()],
            retention: RetentionPolicy::Limits,
            storage: StorageType::File,
            discard: DiscardPolicy::New,
            max_messages: LETTERS_MAX,
            max_bytes: LETTERS_BYTES_MAX,
            duplicate_window: SAME_LETTER_WITHIN,
            ..Default::default()
        };
        if let Err(error) = context.get_or_create_stream(config).await {
            return Err(failed(error.into()));
        }
        let stream = context.get_stream_no_info(STREAM).await;
        let stream = stream.map_err(|error| failed(error.into()))?;
        let letters = Self {
            context,
            stream,
            subject: format!("atender.dead.{workspace}"),
        };
        gauge!("atender_dead_letters").set(letters.count().await? as f64);
        Ok(letters)
    }

    /// Keeps an update. When this gives `Ok`, it is durable.
    ///
    /// # Errors
    /// When the letters are full or NATS does not answer; nobody may be told that the update is safe.
    pub async fn keep(
        &self,
        update: &Update,
        reason: &str,
        received_at: Timestamp,
    ) -> Result<(), DeadLettersError> {
        let failed = DeadLettersError::new("keeping a dead letter");
        let body = body_of(update);
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
        let published = published.map_err(|error| failed(error.into()))?;
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
        while letters.len() < limit && bytes < PAGE_BYTES_MAX {
            let found = self
                .stream
                .get_first_raw_message_by_subject(&self.subject, next)
                .await;
            let letter = match found {
                Ok(message) => Letter::of(message),
                Err(error) if error.kind() == RawMessageErrorKind::NoMessageFound => return Ok((letters, false)),
                Err(error) => return Err(DeadLettersError::new("reading the dead letters")(error.into())),
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
            Err(error) => Err(DeadLettersError::new("reading a dead letter")(error.into())),
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
            Err(error) => Err(DeadLettersError::new("erasing a dead letter")(error.into())),
        }
    }

    async fn count(&self) -> Result<usize, DeadLettersError> {
        let failed = DeadLettersError::new("counting the dead letters");
        let counts = match self.stream.info_with_subjects(&self.subject).await {
            Ok(counts) => counts.try_fold(0, |sum, (_, count)| async move { Ok(sum + count) }).await,
            Err(error) => Err(error),
        };
        counts.map_err(|error| failed(error.into()))
    }
}

/// A webhook's body with this update alone, its bytes unchanged, and with what the update does not say by itself.
fn body_of(update: &Update) -> String {
    let account = json!(update.account_id);
    let within_messages = |member: &str, contacts: Value| {
        let metadata = json!({"phone_number_id": update.phone_number_id});
        let (member, raw) = (Value::from(member), &update.raw);
        format!(r#"{{"field":"messages","value":{{"metadata":{metadata},"contacts":{contacts},{member}:[{raw}]}}}}"#)
    };
    let change = match &update.kind {
        UpdateKind::Message(message) => within_messages("messages", json!([sender(message)])),
        UpdateKind::Status(_) => within_messages("statuses", Value::Null),
        UpdateKind::Other { field } => match field.strip_prefix("messages.") {
            Some(member) => within_messages(member, Value::Null),
            None => update.raw.clone(),
        },
    };
    format!(r#"{{"object":"whatsapp_business_account","entry":[{{"id":{account},"changes":[{change}]}}]}}"#)
}

fn sender(message: &InboundMessage) -> Value {
    json!({
        "profile": {"name": message.profile_name},
        "wa_id": message.from.wa_id,
        "user_id": message.from.user_id,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn assert_reads_back(body: &str) {
        let updates = webhook::parse(body.as_bytes()).unwrap();
        assert!(!updates.is_empty());
        for update in updates {
            let letter = body_of(&update);
            assert_eq!(webhook::parse(letter.as_bytes()), Ok(vec![update]), "{letter}");
        }
    }

    fn of_messages(value: &str) -> String {
        format!(
            r#"{{"object":"whatsapp_business_account","entry":[{{"id":"100","changes":[{{"field":"messages","value":{{"metadata":{{"phone_number_id":"1\u00322"}},{value}}}}}]}}]}}"#
        )
    }

    #[test]
    fn a_letter_holds_what_came_with_the_message() {
        for value in [
            r#""contacts":[{"profile":{"name":"Ana \"A\""},"wa_id":"346"}],"messages":[{"from":"346","id":"w1","timestamp":"17","type":"text","text":{"body":"caf\u00e9\/"}}]"#,
            // The contact's number differs from the sender's, and has the user id that the message lacks.
            r#""contacts":[{"wa_id":"5491","user_id":"AR.9"}],"messages":[{"from":"541","id":"w1","timestamp":17,"type":"image","image":{"id": 1.0e3}}]"#,
            r#""contacts":[{"user_id":"AR.9"}],"messages":[{"from_user_id":"AR.9","id":"w1","timestamp":"17","type":"text"}]"#,
            r#""messages":[{"from":"346","id":"w1","timestamp":"17"},{"from":"347","id":"w2","timestamp":"17"}]"#,
        ] {
            assert_reads_back(&of_messages(value));
        }
    }

    #[test]
    fn a_letter_holds_a_status_and_what_is_not_understood() {
        for value in [
            r#""statuses":[{"id":"w","status":"failed","timestamp":"17","errors":[{"code":131026,"title":"no"}]}]"#,
            r#""statuses":[{"id":"w","status":"vanished","timestamp":"17"}]"#,
            r#""errors":[{"code":131000}],"odd\"member":[1,"two"]"#,
        ] {
            assert_reads_back(&of_messages(value));
        }
        let entry = |entry: &str| format!(r#"{{"object":"whatsapp_business_account","entry":[{entry}]}}"#);
        assert_reads_back(&entry(r#"{"id":7,"changes":[{"field":"account_alerts","value":{"a":[1]}}]}"#));
        assert_reads_back(&entry(r#"{"changes":[{"field":"messages","value":{}}]}"#));
    }
}
