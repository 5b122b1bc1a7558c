//! One client who asks: the same again, with the same key, until there is an answer that says what came of it.

use std::time::Duration;

use gateway::api_client::{ApiClient, ApiError};
use gateway::demo::whatsapp_stand_in::{post_signed, webhook_client};
use gateway::serve::default_workspace;
use reqwest::header::RETRY_AFTER;
use reqwest::{Method, RequestBuilder, StatusCode};
use schemas::api::contacts::Contact;
use schemas::api::{Accepted, Problem};
use schemas::{ChannelId, CommandId, ContactId, Position};
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use tokio::time::{sleep, timeout};
use tokio_util::sync::CancellationToken;

use super::Addresses;
use crate::ask::{KEY, MIN_POSITION};
use crate::chance::Chance;
use crate::record::{Recorder, Shown, Told};
use crate::server::APP_SECRET;

/// A client that waits no longer than this asks again.
const ANSWER_WITHIN: Duration = Duration::from_secs(10);
/// Between two tries, so that a server that is down is not asked without pause.
const PAUSE_MAX_MS: u64 = 60;
const PATIENCE_MS: u64 = 15;

#[derive(Debug, Clone)]
pub(super) struct Who {
    pub(super) name: String,
    /// As whom the server knows them.
    pub(super) principal: String,
}

pub(super) struct Asking {
    pub(super) who: Who,
    pub(super) chance: Chance,
    clients: Vec<ApiClient>,
    urls: Vec<String>,
    /// The address that answered last.
    at: usize,
    number: u64,
    recorder: Recorder,
    give_up: CancellationToken,
}

/// What one try came to.
enum Tried {
    Done(Told, Option<Accepted>),
    Again,
}

impl Asking {
    pub(super) fn new(
        addresses: &Addresses,
        token: &str,
        who: Who,
        seed: u64,
        recorder: Recorder,
        give_up: CancellationToken,
    ) -> Self {
        let clients = addresses.urls.iter().map(|url| ApiClient::new(url, token)).collect();
        let (chance, urls) = (Chance::of(seed, &who.name, 0), addresses.urls.clone());
        let mut asking = Self { who, chance, clients, urls, at: 0, number: 0, recorder, give_up };
        asking.go_elsewhere();
        asking
    }

    /// The API where this client is at the moment.
    pub(super) fn api(&self) -> &ApiClient {
        &self.clients[self.at]
    }

    pub(super) fn go_elsewhere(&mut self) {
        self.at = self.chance.below(self.clients.len() as u64) as usize;
    }

    /// A time between two things that this client does.
    pub(super) async fn pause(&mut self) {
        let pause = self.chance.time(PAUSE_MAX_MS);
        sleep(pause).await;
    }

    /// Reads something; nothing when it cannot be had now.
    pub(super) async fn read<T: DeserializeOwned>(&mut self, path: &str) -> Option<T> {
        self.read_at(path, None).await
    }

    /// As [`Asking::read`], with what the answer has to reflect.
    pub(super) async fn read_at<T: DeserializeOwned>(
        &mut self,
        path: &str,
        at: Option<Position>,
    ) -> Option<T> {
        let mut request = self.api().request(Method::GET, path);
        if let Some(at) = at {
            request = request.header(MIN_POSITION, at.to_string());
        }
        match timeout(ANSWER_WITHIN, self.api().answer(request)).await {
            Ok(Ok(answer)) => return Some(answer),
            Ok(Err(ApiError::Refused(problem))) if !may_be_refused(problem.status) => {
                self.recorder.strange(format!("GET {path} was answered {problem:?}"));
            }
            Ok(Err(ApiError::Strange { status })) => {
                self.recorder.strange(format!("GET {path} was answered {status}, and not understood"));
            }
            Ok(Err(ApiError::Refused(_) | ApiError::Unreachable { .. })) | Err(_) => {}
        }
        self.go_elsewhere();
        self.be_patient().await;
        None
    }

    /// Looks a contact up, and writes down who was shown.
    pub(super) async fn look_up(&mut self, asked: ContactId, at: Option<Position>) -> Option<Contact> {
        let contact = self.read_at::<Contact>(&format!("/v1/contacts/{asked}"), at).await?;
        self.recorder.shown(Shown { asked, shown: contact.id, at });
        Some(contact)
    }

    /// Has something done, under a key that no other request has.
    pub(super) async fn order(&mut self, method: Method, path: &str, body: &Value) -> Option<Accepted> {
        self.number += 1;
        let key = format!("{}-{}", self.who.name, self.number);
        let id = CommandId::of_key(&default_workspace(), &self.who.principal, &key);
        let what = format!("{method} {path} {body}");
        let asked = self.recorder.ask(&self.who.name, id, what.clone());
        if let Some(shortcut) = body["shortcut"].as_str() {
            self.recorder.is_by_shortcut(asked, shortcut);
        }
        self.ask(asked, what, |api| api.request(method.clone(), path).header(KEY, &key).json(body)).await
    }

    /// Reports a message of a contact who has these addresses, the one they write from first; whoever reports it again
    /// says the same.
    pub(super) async fn inbound(&mut self, provider_id: &str, addresses: &[String]) -> Option<Accepted> {
        let channel = ChannelId::new("web").unwrap();
        let id = CommandId::of_inbound(&default_workspace(), &channel, provider_id);
        let (from, also) = addresses.split_first()?;
        let text = format!("this is {provider_id}");
        let body = json!({"provider_id": provider_id, "from": from, "also_known_as": also, "text": text});
        let (path, what) = ("/v1/channels/web/inbound", format!("message {provider_id}"));
        let asked = self.recorder.ask(&self.who.name, id, what.clone());
        self.ask(asked, what, |api| api.request(Method::POST, path).json(&body)).await
    }

    /// Posts a webhook with this message until it is taken.
    pub(super) async fn webhook(&mut self, wamid: &str, body: &[u8]) {
        self.post(wamid, body, Told::Received).await;
    }

    /// Posts a webhook that says that an address changed, until it is taken. Of one that nobody wrote from it changes
    /// nothing.
    pub(super) async fn identity_webhook(&mut self, wamid: &str, body: &[u8]) {
        self.post(wamid, body, Told::SoAlready).await;
    }

    async fn post(&mut self, wamid: &str, body: &[u8], told: Told) {
        let channel = ChannelId::new("wa").unwrap();
        let id = CommandId::of_inbound(&default_workspace(), &channel, wamid);
        let asked = self.recorder.ask(&self.who.name, id, format!("webhook {wamid}"));
        let client = webhook_client().unwrap();
        while !self.give_up.is_cancelled() {
            let url = format!("{}/webhooks/whatsapp", self.urls[self.at]);
            let posted = post_signed(&client, &url, APP_SECRET.as_bytes(), body.to_vec());
            match timeout(ANSWER_WITHIN, posted).await {
                Ok(Ok(StatusCode::OK)) => return self.recorder.answer(asked, told),
                Ok(Ok(StatusCode::SERVICE_UNAVAILABLE)) | Ok(Err(_)) | Err(_) => {}
                Ok(Ok(other)) => {
                    return self.recorder.strange(format!("webhook {wamid} was answered {other}"));
                }
            }
            self.ask_elsewhere(asked).await;
        }
    }

    async fn ask(
        &mut self,
        asked: usize,
        what: String,
        request: impl Fn(&ApiClient) -> RequestBuilder,
    ) -> Option<Accepted> {
        while !self.give_up.is_cancelled() {
            match timeout(ANSWER_WITHIN, self.try_once(request(self.api()), &what)).await {
                Ok(Tried::Done(told, accepted)) => {
                    self.recorder.answer(asked, told);
                    return accepted;
                }
                Ok(Tried::Again) | Err(_) => {}
            }
            self.ask_elsewhere(asked).await;
        }
        None
    }

    async fn ask_elsewhere(&mut self, asked: usize) {
        let before = self.at;
        self.go_elsewhere();
        if self.at != before {
            self.recorder.went_elsewhere(asked);
        }
        self.be_patient().await;
    }

    async fn try_once(&self, request: RequestBuilder, what: &str) -> Tried {
        let Ok(response) = request.send().await else {
            return Tried::Again;
        };
        let (status, says_when) = (response.status(), response.headers().contains_key(RETRY_AFTER));
        let Ok(bytes) = response.bytes().await else {
            return Tried::Again;
        };
        if status.is_success() {
            return match serde_json::from_slice::<Accepted>(&bytes) {
                Ok(accepted) => Tried::Done(Told::Accepted(accepted.position), Some(accepted)),
                Err(error) => self.strange(what, status, &error.to_string()),
            };
        }
        match serde_json::from_slice::<Problem>(&bytes) {
            Ok(_) if status == StatusCode::SERVICE_UNAVAILABLE && says_when => Tried::Again,
            Ok(problem) if status.is_client_error() => Tried::Done(Told::Refused(problem.code), None),
            other => self.strange(what, status, &format!("{other:?}")),
        }
    }

    fn strange(&self, what: &str, status: StatusCode, more: &str) -> Tried {
        self.recorder.strange(format!("{what} was answered {status}: {more}"));
        Tried::Done(Told::Unknown, None)
    }

    async fn be_patient(&mut self) {
        let pause = self.chance.time(PATIENCE_MS);
        sleep(pause).await;
    }
}

/// Whoever reads is told yes, no or "later".
fn may_be_refused(status: u16) -> bool {
    status < 500 || status == StatusCode::SERVICE_UNAVAILABLE.as_u16()
}
