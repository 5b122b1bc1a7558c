//! Listening to live push: server-sent events as they come, one at a time.

use gateway::api_client::ApiClient;
use reqwest::{Method, Response, StatusCode};
use schemas::Position;
use schemas::api::live::{LiveChange, LiveEvent, LiveId};
use schemas::api::views::Entry;
use tokio::time::timeout;

use crate::ask::WITHIN;

/// One event as it came.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Heard {
    /// The event's name, such as `hello` or `entry`.
    pub kind: String,
    /// Where to resume.
    pub id: String,
    pub data: String,
}

impl Heard {
    pub fn position(&self) -> Position {
        self.id.parse::<LiveId>().unwrap().position
    }

    pub fn event(&self) -> LiveEvent {
        let event: LiveEvent =
            serde_json::from_str(&self.data).unwrap_or_else(|error| panic!("{error}: {self:?}"));
        assert_eq!(event.position, self.position(), "{self:?}");
        event
    }
}

/// A live stream that is open.
pub struct Listener {
    response: Response,
    unread: Vec<u8>,
}

impl Listener {
    /// Listens to what happens from now on; the server's `hello` is heard first.
    pub async fn open(api: &ApiClient) -> Self {
        let mut listener = Self::connect(api, None).await;
        assert_eq!(listener.next().await.kind, "hello");
        listener
    }

    /// Goes on after this id, or without one from now on; nothing is heard yet.
    pub async fn connect(api: &ApiClient, last_id: Option<&str>) -> Self {
        Self::try_connect(api, last_id).await.expect("the stream could not be opened")
    }

    /// As [`Listener::connect`]; nothing when there is nobody to listen to at the moment.
    pub async fn try_connect(api: &ApiClient, last_id: Option<&str>) -> Option<Self> {
        let mut request = api.request(Method::GET, "/v1/events");
        if let Some(id) = last_id {
            request = request.header("last-event-id", id);
        }
        let response = timeout(WITHIN, request.send()).await.expect("the stream was not opened").ok()?;
        if response.status() == StatusCode::SERVICE_UNAVAILABLE {
            return None;
        }
        assert_eq!(response.status().as_u16(), 200);
        assert_eq!(response.headers()["content-type"], "text/event-stream");
        Some(Self { response, unread: Vec::new() })
    }

    /// The next event, which must come.
    pub async fn next(&mut self) -> Heard {
        self.next_or_end().await.expect("the stream has ended")
    }

    /// The next event, or nothing when the server ends the stream.
    pub async fn next_or_end(&mut self) -> Option<Heard> {
        // Comments come again and again, and are nothing that was waited for.
        let heard = async {
            loop {
                if let Some(heard) = self.read() {
                    return Some(heard);
                }
                match self.response.chunk().await {
                    Ok(Some(chunk)) => self.unread.extend_from_slice(&chunk),
                    Ok(None) | Err(_) => return None,
                }
            }
        };
        timeout(WITHIN, heard).await.expect("nothing was pushed")
    }

    /// Hears on until `find` has found what it looks for.
    pub async fn until<T>(&mut self, mut find: impl FnMut(&LiveEvent) -> Option<T>) -> T {
        let found = async {
            loop {
                if let Some(found) = find(&self.next().await.event()) {
                    return found;
                }
            }
        };
        timeout(WITHIN, found).await.expect("what was looked for was not pushed")
    }

    /// The next line of any conversation.
    pub async fn entry(&mut self) -> Entry {
        self.until(|event| match &event.change {
            LiveChange::Entry { entry, .. } => Some(Entry::clone(entry)),
            LiveChange::Status { .. }
            | LiveChange::Presence { .. }
            | LiveChange::Connection { .. }
            | LiveChange::Contact { .. }
            | LiveChange::Configuration { .. } => None,
        })
        .await
    }

    /// The next event among the bytes that are here; comments are none.
    fn read(&mut self) -> Option<Heard> {
        loop {
            let end = self.unread.windows(2).position(|pair| pair == b"\n\n")?;
            let block: Vec<u8> = self.unread.drain(..end + 2).collect();
            let mut heard = Heard::default();
            for line in String::from_utf8(block).unwrap().lines() {
                let (field, value) = line.split_once(':').unwrap_or((line, ""));
                let value = value.strip_prefix(' ').unwrap_or(value);
                match field {
                    "event" => heard.kind = value.to_owned(),
                    "id" => heard.id = value.to_owned(),
                    "data" => heard.data.push_str(value),
                    _ => {}
                }
            }
            if heard != Heard::default() {
                return Some(heard);
            }
        }
    }
}
