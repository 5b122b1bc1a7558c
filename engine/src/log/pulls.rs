//! An ephemeral pull consumer and the requests that keep frames coming: two under way at a time, each bounded in
//! messages and bytes. Delivers at most once; whoever reads checks that nothing is missing.

use std::time::Duration;

use async_nats::jetstream::consumer::{AckPolicy, DeliverPolicy, pull};
use async_nats::{Message, StatusCode};
use bytes::Bytes;
use tokio::time::timeout;

use super::{Heard, Log, LogError, Stream, stream_name};
use crate::link::{Link, Messages};

const PULL_MESSAGES: usize = 1_024;
const PULL_BYTES: usize = 4 * 1024 * 1024;
const PULL_EXPIRES: Duration = Duration::from_secs(30);
const HEARTBEAT: Duration = Duration::from_millis(500);
/// The header in which a heartbeat says it.
const LAST_SENT: &str = "Nats-Last-Stream";
/// With no frame and no heartbeat for so long, the consumer or the connection is gone.
const SILENCE_MAX: Duration = Duration::from_millis(1_500);
/// The server forgets the consumer this long after the last request.
const INACTIVE_MAX: Duration = Duration::from_secs(60);

const _: () = assert!(HEARTBEAT.as_millis() * 2 < SILENCE_MAX.as_millis());
const _: () = assert!(PULL_EXPIRES.as_millis() < INACTIVE_MAX.as_millis());

/// What the server sent.
pub(super) enum Sent {
    Frame(Pulled),
    /// It has sent all messages up to this sequence.
    All(u64),
}

/// One message of the stream.
pub(super) struct Pulled {
    pub(super) sequence: u64,
    /// How many messages there were behind it when the server sent it.
    pub(super) pending: u64,
    pub(super) payload: Bytes,
}

pub(super) struct Pulls {
    link: Link,
    subject: String,
    inbox: String,
    request: Bytes,
    messages: Messages,
    heard: Heard,
    /// Messages asked for that neither came nor were given back.
    outstanding: usize,
}

impl Pulls {
    pub(super) async fn open(log: &Log, from: u64, heard: Heard) -> Result<Self, LogError> {
        let failed = LogError::unavailable("following the log");
        let config = pull::Config {
            description: Some("atender: follows the log".to_owned()),
            deliver_policy: DeliverPolicy::ByStartSequence { start_sequence: from },
            ack_policy: AckPolicy::None,
            inactive_threshold: INACTIVE_MAX,
            memory_storage: true,
            num_replicas: 1,
            ..Default::default()
        };
        let consumer = match &log.stream {
            Stream::Nats(stream) => match stream.create_consumer(config).await {
                Ok(consumer) => consumer.cached_info().name.clone(),
                Err(error) => return Err(failed(error.into())),
            },
            #[cfg(feature = "simulation")]
            Stream::Simulated(link) => match link.create_consumer(from).await {
                Ok(name) => name,
                Err(error) => return Err(failed(error.into())),
            },
        };
        let subject = format!("$JS.API.CONSUMER.MSG.NEXT.{}.{consumer}", stream_name(log.shard()));
        let link = log.link.clone();
        let inbox = link.new_inbox();
        let messages = link.subscribe(inbox.clone()).await?;
        let request = serde_json::json!({
            "batch": PULL_MESSAGES,
            "max_bytes": PULL_BYTES,
            "expires": PULL_EXPIRES.as_nanos() as u64,
            "idle_heartbeat": HEARTBEAT.as_nanos() as u64,
        });
        let request = Bytes::from(request.to_string());
        heard.mark();
        Ok(Self { link, subject, inbox, request, messages, heard, outstanding: 0 })
    }

    /// What comes next; an error says why the consumer is of no more use. May be cancelled.
    pub(super) async fn next(&mut self) -> Result<Sent, String> {
        loop {
            self.ask().await?;
            let message = timeout(SILENCE_MAX, self.messages.next())
                .await
                .map_err(|_| format!("nothing heard for {SILENCE_MAX:?}"))?
                .ok_or("the subscription has ended")?;
            self.heard.mark();
            match message.status {
                None | Some(StatusCode::OK) => {
                    self.outstanding = self.outstanding.saturating_sub(1);
                    return pulled(message).map(Sent::Frame);
                }
                Some(StatusCode::IDLE_HEARTBEAT) => {
                    if let Some(sequence) = number(&message, LAST_SENT) {
                        return Ok(Sent::All(sequence));
                    }
                }
                Some(status) => self.account(status, &message)?,
            }
        }
    }

    async fn ask(&mut self) -> Result<(), String> {
        while self.outstanding <= PULL_MESSAGES {
            let inbox = Some(self.inbox.clone());
            self.link
                .publish(self.subject.clone(), inbox, self.request.clone())
                .await
                .map_err(|error| error.to_string())?;
            self.outstanding += PULL_MESSAGES;
        }
        Ok(())
    }

    fn account(&mut self, status: StatusCode, message: &Message) -> Result<(), String> {
        let description = message.description.as_deref().unwrap_or_default();
        let is_end_of_request = match status {
            StatusCode::TIMEOUT => true,
            StatusCode::REQUEST_TERMINATED => {
                description.contains("MaxBytes") || description == "Batch Completed"
            }
            _ => false,
        };
        if !is_end_of_request {
            return Err(format!("{status} {description}"));
        }
        let left = number(message, "Nats-Pending-Messages").and_then(|left| usize::try_from(left).ok());
        self.outstanding = self.outstanding.saturating_sub(left.unwrap_or(PULL_MESSAGES));
        Ok(())
    }
}

fn number(message: &Message, header: &str) -> Option<u64> {
    message.headers.as_ref()?.get(header)?.as_str().parse().ok()
}

/// Reads the reply subject, `$JS.ACK.<stream>.<consumer>.<delivered>.<sequence>.<consumer sequence>.<time>.<pending>`.
fn pulled(message: Message) -> Result<Pulled, String> {
    let reply = message.reply.as_deref().unwrap_or_default();
    let tokens: Vec<&str> = reply.split('.').collect();
    let not_understood = || format!("a reply subject not understood: {reply:?}");
    // The longer forms have domain and account behind the second token, and may have a random one at the end.
    let sequence_at = match tokens.len() {
        9 => 5,
        11 | 12 => 7,
        _ => return Err(not_understood()),
    };
    let sequence = tokens[sequence_at].parse().map_err(|_| not_understood())?;
    let pending = tokens[sequence_at + 3].parse().map_err(|_| not_understood())?;
    Ok(Pulled { sequence, pending, payload: message.payload })
}
