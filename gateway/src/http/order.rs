//! A request that asks for something to be done: who asks, the id that makes it safe to repeat, and the answer,
//! which is given when the log has it.

use std::sync::Arc;

use axum::Json;
use axum::body::Bytes;
use axum::extract::{FromRequest, FromRequestParts, Request};
use axum::http::header::CONTENT_TYPE;
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method};
use axum::response::{IntoResponse, Response};
use engine::{Outcome, SubmitError, random};
use schemas::api::Accepted;
use schemas::command::Due;
use schemas::limits::IDEMPOTENCY_KEY_BYTES_MAX;
use schemas::{AgentId, Command, CommandId, ConversationId, Position, Rejection, Submission};
use serde::Deserialize;
use serde::de::DeserializeOwned;

use super::auth::Caller;
use super::extract::{json, unread_body};
use super::problem::{Failure, Fault};
use crate::app::App;
use crate::tokens::Principal;

/// The position that an answer rests on.
const POSITION_HEADER: HeaderName = HeaderName::from_static("atender-position");
const KEY_HEADER: &str = "idempotency-key";

/// A request without a body.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NoBody {}

/// A request that asks for something to be done, and its body.
pub struct Order<T>(pub Envelope, pub T);

/// Who asks, and the id that makes asking again safe.
pub struct Envelope {
    /// Who asks.
    pub caller: Caller,
    id: CommandId,
    fingerprint: u64,
}

impl<T: DeserializeOwned> FromRequest<Arc<App>> for Order<T> {
    type Rejection = Failure;

    async fn from_request(request: Request, app: &Arc<App>) -> Result<Self, Failure> {
        let (mut parts, body) = request.into_parts();
        let caller = Caller::from_request_parts(&mut parts, app).await?;
        let key = idempotency_key(&parts.headers)?;
        let (method, uri) = (parts.method.clone(), parts.uri.clone());
        let content_type = parts.headers.get(CONTENT_TYPE).cloned();
        let bytes = Bytes::from_request(Request::from_parts(parts, body), app).await;
        let bytes = bytes.map_err(|rejection| unread_body(&rejection))?;
        let (id, fingerprint) = match key {
            Some(key) => {
                let id = CommandId::of_key(&app.workspace, &caller.principal.to_string(), &key);
                (id, fingerprint(&method, uri.path(), &bytes))
            }
            None => (CommandId::from_bytes(random::bytes()), 0),
        };
        Ok(Self(Envelope { caller, id, fingerprint }, json(content_type.as_ref(), &bytes)?))
    }
}

impl Envelope {
    /// Has the command carried out in the caller's name.
    ///
    /// # Errors
    /// The rule it breaks, or 503.
    pub async fn submit(&self, app: &App, command: Command) -> Result<Done, Failure> {
        self.submit_as(app, self.id, self.fingerprint, command).await
    }

    /// As [`Envelope::submit`], with an id that comes from what is asked, and not from the request.
    ///
    /// # Errors
    /// The rule it breaks, or 503.
    pub async fn submit_with_id(&self, app: &App, id: CommandId, command: Command) -> Result<Done, Failure> {
        self.submit_as(app, id, 0, command).await
    }

    /// As [`Envelope::submit`], with a command that the views have to agree to. Whoever asks again with the same key gets
    /// the answer of before, also when they could not ask for it any more.
    ///
    /// # Errors
    /// The failure if it was not accepted before, the rule that the command breaks, or 503.
    pub async fn submit_checked(
        &self,
        app: &App,
        checked: Result<Command, Failure>,
    ) -> Result<Done, Failure> {
        match checked {
            Ok(command) => self.submit(app, command).await,
            Err(failure) if self.fingerprint == 0 => Err(failure),
            // The engine knows what it accepted, and looks before it decides; nobody but atender itself may do this.
            Err(failure) => match self.submit(app, forbidden()).await {
                Err(refused) if refused.code() == Rejection::Forbidden.code() => Err(failure),
                before => before,
            },
        }
    }

    /// The agent that was named, or who asks if that is an agent.
    ///
    /// # Errors
    /// 422 when nobody is named and it is not an agent who asks.
    pub fn agent_or_self(&self, named: Option<AgentId>) -> Result<AgentId, Failure> {
        match (named, &self.caller.principal) {
            (Some(agent), _) => Ok(agent),
            (None, Principal::Agent(agent)) => Ok(agent.clone()),
            (None, Principal::Administrator | Principal::Connector(_)) => {
                let title = "only an agent can leave out which agent is meant";
                Err(Failure::because(Fault::InvalidBody, title).in_field("agent"))
            }
        }
    }

    async fn submit_as(
        &self,
        app: &App,
        id: CommandId,
        fingerprint: u64,
        command: Command,
    ) -> Result<Done, Failure> {
        let actor = self.caller.principal.actor();
        let submission = Submission { workspace: app.workspace.clone(), id, fingerprint, actor, command };
        app.engine.submit(submission).await.map(Done).map_err(|error| refusal(app, error))
    }
}

/// A command that is refused to everybody who asks from outside.
fn forbidden() -> Command {
    Command::PassDeadline(Due::Conversation(ConversationId::from_bytes([0; 16])))
}

/// The engine forgets finished conversations, so only the views can tell one from an id that never was one.
fn refusal(app: &App, error: SubmitError) -> Failure {
    match error {
        SubmitError::Rejected(Rejection::ConversationNotOpen(id))
            if matches!(app.views.conversation(&app.workspace, id), Ok(None)) =>
        {
            Failure::because(Fault::ConversationNotFound, format!("there is no conversation {id}"))
        }
        error => error.into(),
    }
}

/// A command that was carried out, durably.
#[derive(Debug)]
pub struct Done(Outcome);

impl IntoResponse for Done {
    fn into_response(self) -> Response {
        let Outcome { position, conversation, message, repeated, events } = self.0;
        let accepted = Accepted { position, message, conversation, changed: !events.is_empty(), repeated };
        let mut response = Json(accepted).into_response();
        set_position(&mut response, position);
        response
    }
}

/// Says in a header which position an answer rests on.
pub fn set_position(response: &mut Response, position: Position) {
    if let Ok(value) = HeaderValue::try_from(position.to_string()) {
        response.headers_mut().insert(POSITION_HEADER, value);
    }
}

fn idempotency_key(headers: &HeaderMap) -> Result<Option<String>, Failure> {
    let mut values = headers.get_all(KEY_HEADER).iter();
    let (first, second) = (values.next(), values.next());
    let Some(value) = first else { return Ok(None) };
    let good = second.is_none()
        && (1..=IDEMPOTENCY_KEY_BYTES_MAX).contains(&value.len())
        && value.as_bytes().iter().all(u8::is_ascii_graphic);
    match value.to_str() {
        Ok(key) if good => Ok(Some(key.to_owned())),
        _ => Err(Failure::from(Fault::InvalidKey).in_field("Idempotency-Key")),
    }
}

/// What was asked, so that one key for two requests is noticed. Never 0, which stands for no key.
fn fingerprint(method: &Method, path: &str, body: &[u8]) -> u64 {
    let mut hasher = blake3::Hasher::new();
    for part in [method.as_str().as_bytes(), path.as_bytes(), body] {
        hasher.update(&(part.len() as u64).to_le_bytes());
        hasher.update(part);
    }
    let mut first = [0; 8];
    first.copy_from_slice(&hasher.finalize().as_bytes()[..8]);
    u64::from_le_bytes(first).max(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(values: &[&str]) -> Result<Option<String>, Failure> {
        let mut headers = HeaderMap::new();
        for value in values {
            headers.append(KEY_HEADER, HeaderValue::from_bytes(value.as_bytes()).unwrap());
        }
        idempotency_key(&headers)
    }

    #[test]
    fn a_key_is_visible_ascii_of_at_most_128_characters_given_once() {
        assert_eq!(key(&[]).unwrap(), None);
        assert_eq!(key(&["a!~9"]).unwrap().as_deref(), Some("a!~9"));
        assert!(key(&[&"k".repeat(IDEMPOTENCY_KEY_BYTES_MAX)]).is_ok());
        let long = "k".repeat(IDEMPOTENCY_KEY_BYTES_MAX + 1);
        for values in [&[""][..], &["a b"], &["ñ"], &[long.as_str()], &["a", "a"]] {
            let failure = key(values).unwrap_err();
            assert_eq!((failure.status().as_u16(), failure.code()), (422, "invalid_idempotency_key"));
        }
    }

    #[test]
    fn another_method_path_or_body_is_another_request() {
        let first = fingerprint(&Method::POST, "/v1/a", b"{}");
        assert_eq!(first, fingerprint(&Method::POST, "/v1/a", b"{}"));
        for other in [
            fingerprint(&Method::PUT, "/v1/a", b"{}"),
            fingerprint(&Method::POST, "/v1/b", b"{}"),
            fingerprint(&Method::POST, "/v1/a", b"{ }"),
            fingerprint(&Method::POST, "/v1/a{", b"}"),
        ] {
            assert_ne!(first, other);
        }
    }

    #[test]
    fn a_request_without_a_body_takes_none() {
        let is_json = HeaderValue::from_static("application/json");
        assert!(json::<NoBody>(None, b"").is_ok());
        assert!(json::<NoBody>(Some(&is_json), b"{}").is_ok());
        assert!(json::<NoBody>(Some(&is_json), br#"{"agent":"ana"}"#).is_err());
    }
}
