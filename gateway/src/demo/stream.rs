//! Listening to live push as an agent's screen does: server-sent events, taken up again from the last one seen.

use std::time::{Duration, Instant};

use reqwest::{Method, Response, StatusCode};
use schemas::api::live::LiveEvent;
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use super::chance::Chance;
use super::tally::{Count, Tally};
use crate::api_client::ApiClient;

const RETRY_AFTER: Duration = Duration::from_millis(200);
/// How long a listener who leaves on purpose stays away at most.
const AWAY_MAX: Duration = Duration::from_millis(400);

/// One listener.
pub(super) struct Stream<'a> {
    pub(super) api: &'a ApiClient,
    pub(super) tally: &'a Tally,
    /// Mean time after which it hangs up and comes back.
    pub(super) leaves_after: Duration,
    pub(super) chance: Chance,
    pub(super) until: CancellationToken,
    /// Let go when it is open for the first time.
    pub(super) opening: Option<Opening>,
}

/// Held by each stream that is not open yet.
pub(super) type Opening = mpsc::Sender<()>;

/// One event as it came.
pub(super) struct Pushed {
    pub(super) event: LiveEvent,
    /// Since when the connection that brought it is open.
    pub(super) listening: Instant,
}

impl Stream<'_> {
    /// Hands on every event, over as many connections as it takes, until it is told to end.
    pub(super) async fn listen(mut self, mut take: impl FnMut(Pushed)) {
        let mut last_id = None;
        let until = self.until.clone();
        until
            .run_until_cancelled(async {
                loop {
                    match self.connect(last_id.as_deref()).await {
                        Ok(response) => {
                            let leave_at = Instant::now() + self.chance.pause(self.leaves_after);
                            self.read(response, leave_at, &mut last_id, &mut take).await;
                            self.tally.one(Count::Reconnects);
                            tokio::time::sleep(self.chance.up_to(AWAY_MAX)).await;
                        }
                        Err(trouble) => {
                            self.tally.trouble(trouble);
                            tokio::time::sleep(RETRY_AFTER).await;
                        }
                    }
                }
            })
            .await;
    }

    async fn connect(&self, last_id: Option<&str>) -> Result<Response, String> {
        let mut request = self.api.request(Method::GET, "/v1/events");
        if let Some(id) = last_id {
            request = request.header("Last-Event-ID", id);
        }
        let response = request.send().await.map_err(|error| format!("live push: {error}"))?;
        match response.status() {
            StatusCode::OK => Ok(response),
            status => Err(format!("live push: status {status}")),
        }
    }

    /// Reads until it is time to leave, or the connection ends.
    async fn read(
        &mut self,
        mut response: Response,
        leave_at: Instant,
        last_id: &mut Option<String>,
        take: &mut impl FnMut(Pushed),
    ) {
        let listening = Instant::now();
        let mut lines = Lines::default();
        loop {
            let chunk = match tokio::time::timeout_at(leave_at.into(), response.chunk()).await {
                Ok(Ok(Some(chunk))) => chunk,
                Ok(Ok(None)) | Err(_) => return,
                Ok(Err(error)) => return self.tally.trouble(format!("live push: {error}")),
            };
            lines.0.extend_from_slice(&chunk);
            while let Some(message) = lines.next_message() {
                if let Some(id) = &message.id {
                    *last_id = Some(id.clone());
                    self.opening = None;
                }
                match message.read() {
                    Ok(Some(event)) => take(Pushed { event, listening }),
                    Ok(None) => {}
                    Err(trouble) => self.tally.trouble(trouble),
                }
            }
        }
    }
}

/// A message of a stream of server-sent events.
#[derive(Debug, Default, PartialEq, Eq)]
struct Message {
    id: Option<String>,
    kind: String,
    data: String,
}

impl Message {
    /// The event it carries, if it is not only about the stream itself.
    fn read(&self) -> Result<Option<LiveEvent>, String> {
        match self.kind.as_str() {
            "hello" => Ok(None),
            "reload" => {
                Err("live push: a reload was asked for, although nobody was away for long".to_owned())
            }
            _ if self.data.is_empty() => Ok(None),
            _ => {
                serde_json::from_str(&self.data).map_err(|error| format!("live push: {error}: {}", self.data))
            }
        }
    }
}

/// What came and is not read yet.
#[derive(Default)]
struct Lines(Vec<u8>);

impl Lines {
    fn next_message(&mut self) -> Option<Message> {
        let end = self.0.windows(2).position(|pair| pair == b"\n\n")?;
        let block: Vec<u8> = self.0.drain(..end + 2).collect();
        let mut message = Message::default();
        for line in String::from_utf8_lossy(&block).lines() {
            let (field, value) = line.split_once(':').unwrap_or((line, ""));
            let value = value.strip_prefix(' ').unwrap_or(value);
            match field {
                "id" => message.id = Some(value.to_owned()),
                "event" => value.clone_into(&mut message.kind),
                "data" => message.data.push_str(value),
                _ => {}
            }
        }
        Some(message)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_are_read_however_the_bytes_are_cut() {
        let bytes = ": hello\n\nid: 0-1-2\nevent: entry\ndata: {\"a\":1}\n\ndata: x\n\n".as_bytes();
        for cut in 0..bytes.len() {
            let mut lines = Lines::default();
            let mut messages = Vec::new();
            for part in [&bytes[..cut], &bytes[cut..]] {
                lines.0.extend_from_slice(part);
                messages.extend(std::iter::from_fn(|| lines.next_message()));
            }
            let message = |id: Option<&str>, kind: &str, data: &str| {
                let id = id.map(str::to_owned);
                Message { id, kind: kind.to_owned(), data: data.to_owned() }
            };
            let entry = message(Some("0-1-2"), "entry", "{\"a\":1}");
            assert_eq!(messages, [message(None, "", ""), entry, message(None, "", "x")]);
        }
    }
}
