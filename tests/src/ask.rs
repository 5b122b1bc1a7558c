//! Asking the HTTP API as a client does, and insisting on the kind of answer.

use std::time::Duration;

use gateway::api_client::{ApiClient, ApiError};
use reqwest::header::{CONTENT_TYPE, HeaderMap, HeaderName};
use reqwest::{Method, RequestBuilder};
use schemas::api::views::{Conversation, Entry, EntryBody, InboxItem, MessageStatus};
use schemas::api::{Accepted, Page, Problem};
use schemas::{Content, ConversationId, MessageId, Position};
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use tokio::time::{Instant, sleep, timeout};

pub const MIN_POSITION: HeaderName = HeaderName::from_static("atender-min-position");
pub const POSITION: HeaderName = HeaderName::from_static("atender-position");
pub const KEY: HeaderName = HeaderName::from_static("idempotency-key");

/// An id that nothing has.
pub const NOBODY: &str = "00000000000000000000000000000000";

/// After this, what a test waits for will not come.
pub const WITHIN: Duration = Duration::from_secs(60);
/// No request may take longer, whatever is down.
const ANSWERED_WITHIN: Duration = Duration::from_secs(30);
const LOOK_EVERY: Duration = Duration::from_millis(10);

/// The path of something that is done to a conversation, or read of it.
pub fn of(conversation: ConversationId, action: &str) -> String {
    format!("/v1/conversations/{conversation}/{action}")
}

/// Waits until there is something to give back; `what` is for the message when it never comes.
pub async fn eventually<T>(what: &str, mut look: impl AsyncFnMut() -> Option<T>) -> T {
    let deadline = Instant::now() + WITHIN;
    loop {
        if let Some(found) = look().await {
            return found;
        }
        assert!(Instant::now() < deadline, "it never came to this: {what}");
        sleep(LOOK_EVERY).await;
    }
}

/// A command that must be accepted.
pub async fn order(api: &ApiClient, method: Method, path: &str, body: &Value) -> Accepted {
    let answer = api.send(method.clone(), path, body).await;
    answer.unwrap_or_else(|error| panic!("{method} {path} {body}: {error}"))
}

pub async fn post(api: &ApiClient, path: &str, body: &Value) -> Accepted {
    order(api, Method::POST, path, body).await
}

pub async fn put(api: &ApiClient, path: &str, body: &Value) -> Accepted {
    order(api, Method::PUT, path, body).await
}

/// A request that must be refused.
pub async fn refused(api: &ApiClient, method: Method, path: &str, body: &Value) -> Problem {
    let answer: Result<Value, ApiError> = api.send(method.clone(), path, body).await;
    match answer {
        Err(ApiError::Refused(problem)) => *problem,
        other => panic!("{method} {path} {body} was not refused: {other:?}"),
    }
}

/// A read that must be refused.
pub async fn unreadable(api: &ApiClient, path: &str) -> Problem {
    match api.get::<Value>(path).await {
        Err(ApiError::Refused(problem)) => *problem,
        other => panic!("{path} was not refused: {other:?}"),
    }
}

pub async fn read<T: DeserializeOwned>(api: &ApiClient, path: &str) -> T {
    api.get(path).await.unwrap_or_else(|error| panic!("GET {path}: {error}"))
}

/// Reads what reflects `position`, when the views have come to it.
pub async fn read_at<T: DeserializeOwned>(api: &ApiClient, path: &str, position: Position) -> T {
    let until = Instant::now() + WITHIN;
    loop {
        let request = api.request(Method::GET, path).header(MIN_POSITION, position.to_string());
        match api.answer(request).await {
            Ok(answer) => return answer,
            Err(ApiError::Refused(problem)) if problem.code == "stale_view" && Instant::now() < until => {}
            Err(error) => panic!("GET {path} at {position}: {error}"),
        }
    }
}

/// Whether the process says that it writes its shard; nothing when it does not answer.
pub async fn writes(api: &ApiClient) -> Option<bool> {
    let response = api.request(Method::GET, "/metrics").send().await.ok()?;
    let metrics = response.text().await.ok()?;
    Some(metrics.lines().any(|line| line == "atender_shard_writer 1"))
}

/// An answer as it came.
#[derive(Debug)]
pub struct Answer {
    pub status: u16,
    pub headers: HeaderMap,
    pub body: String,
}

impl Answer {
    pub fn json<T: DeserializeOwned>(&self) -> T {
        serde_json::from_str(&self.body).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }

    /// What it says is wrong; every refusal says so in one form.
    pub fn problem(&self) -> Problem {
        assert_eq!(self.headers.get(CONTENT_TYPE).unwrap(), "application/problem+json", "{self:?}");
        let problem: Problem = self.json();
        assert_eq!(problem.status, self.status, "{self:?}");
        assert_eq!(problem.kind, format!("urn:atender:problem:{}", problem.code));
        problem
    }
}

/// Asks, and takes whatever is answered; an answer has to come and to end, whatever is down.
pub async fn answer(request: RequestBuilder) -> Answer {
    let asked = async {
        let response = request.send().await.unwrap();
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        Answer { status, headers, body: response.text().await.unwrap() }
    };
    timeout(ANSWERED_WITHIN, asked).await.expect("a request was not answered")
}

pub async fn header(api: &ApiClient, conversation: ConversationId, at: Position) -> Conversation {
    read_at(api, &format!("/v1/conversations/{conversation}"), at).await
}

/// The newest lines of a conversation, newest first.
pub async fn lines(api: &ApiClient, conversation: ConversationId) -> Vec<Entry> {
    let page: Page<Entry> = read(api, &of(conversation, "messages?limit=200")).await;
    page.items
}

pub async fn inbox(api: &ApiClient) -> Vec<InboxItem> {
    read::<Page<InboxItem>>(api, "/v1/inbox?limit=200").await.items
}

/// The texts that the contact wrote, oldest first.
pub fn inbound_texts(lines: &[Entry]) -> Vec<&str> {
    let texts = lines.iter().rev().filter_map(|entry| match &entry.body {
        EntryBody::Inbound { content: Content::Text(text), .. } => Some(text.as_str()),
        _ => None,
    });
    texts.collect()
}

/// The status of an outbound message, if it is shown.
pub fn status_of(lines: &[Entry], id: MessageId) -> Option<MessageStatus> {
    lines.iter().find_map(|entry| match &entry.body {
        EntryBody::Outbound { message, status, .. } if *message == id => status.clone(),
        _ => None,
    })
}

pub async fn add_note(api: &ApiClient, conversation: ConversationId, text: &str) -> Accepted {
    post(api, &of(conversation, "notes"), &json!({ "text": text })).await
}

pub async fn send(api: &ApiClient, conversation: ConversationId, text: &str) -> Accepted {
    post(api, &of(conversation, "messages"), &json!({ "text": text })).await
}
