//! How the simulated people use the API: reads that see their own commands, and refusals told from faults.

use std::sync::Arc;
use std::time::Duration;

use reqwest::{Method, RequestBuilder};
use schemas::Position;
use schemas::api::Accepted;
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::tally::{Count, Tally};
use crate::api_client::{ApiClient, ApiError};

const ANSWER_WITHIN: Duration = Duration::from_secs(15);

/// What people run into when two of them do something at the same time; no fault of anybody.
const EXPECTED_REFUSALS: [&str; 12] = [
    "conversation_not_open",
    "not_assigned_agent",
    "already_assigned",
    "reserved_for_exclusive_agent",
    "agent_not_online",
    "agent_full",
    "not_offered",
    "offered_to_another",
    "attended_by_nobody",
    "transfer_offered_already",
    "transfer_to_self",
    "no_exclusive_agent",
];

/// A contact is written down by who attends them, which may have been so until a moment ago.
fn is_expected(path: &str, code: &str) -> bool {
    EXPECTED_REFUSALS.contains(&code) || (code == "forbidden" && path.starts_with("/v1/contacts/"))
}

/// One person at the API.
pub(super) struct Desk {
    pub(super) api: ApiClient,
    pub(super) tally: Arc<Tally>,
    who: String,
    last: Option<Position>,
    commands: u64,
}

impl Desk {
    pub(super) fn new(who: &str, api: ApiClient, tally: Arc<Tally>) -> Self {
        Self { api, tally, who: who.to_owned(), last: None, commands: 0 }
    }

    /// A key for one command, however often it is sent.
    pub(super) fn key(&mut self) -> String {
        self.commands += 1;
        format!("demo-{}-{}", self.who, self.commands)
    }

    /// Reads, with what this person did before.
    pub(super) async fn read<T: DeserializeOwned>(&self, path: &str) -> Option<T> {
        let mut request = self.api.request(Method::GET, path);
        if let Some(position) = self.last {
            request = request.header("Atender-Min-Position", position.to_string());
        }
        match self.api.answer(request.timeout(ANSWER_WITHIN)).await {
            // It went to somebody else a moment ago.
            Err(ApiError::Refused(problem)) if problem.code == "forbidden" => {
                self.tally.one(Count::Refusals);
                None
            }
            answer => self.settle(path, answer),
        }
    }

    /// Has something done.
    pub(super) async fn command(
        &mut self,
        method: Method,
        path: &str,
        body: &impl Serialize,
    ) -> Option<Accepted> {
        let request = self.api.request(method, path).json(body);
        self.order(path, request).await
    }

    /// The same without a body.
    pub(super) async fn bare_command(&mut self, method: Method, path: &str) -> Option<Accepted> {
        let request = self.api.request(method, path);
        self.order(path, request).await
    }

    async fn order(&mut self, path: &str, request: RequestBuilder) -> Option<Accepted> {
        let request = request.header("Idempotency-Key", self.key());
        let accepted = self.send(path, request).await?;
        self.done(&accepted);
        Some(accepted)
    }

    /// Sends a command that is complete, and does not remember it.
    pub(super) async fn send(&self, path: &str, request: RequestBuilder) -> Option<Accepted> {
        self.settle(path, self.api.answer(request.timeout(ANSWER_WITHIN)).await)
    }

    /// What is read from now on must show this.
    pub(super) fn done(&mut self, accepted: &Accepted) {
        self.last = self.last.max(Some(accepted.position));
    }

    fn settle<T>(&self, path: &str, answer: Result<T, ApiError>) -> Option<T> {
        match answer {
            Ok(answer) => return Some(answer),
            Err(ApiError::Refused(problem)) if is_expected(path, &problem.code) => {
                self.tally.one(Count::Refusals);
            }
            Err(error) => self.tally.trouble(format!("{} at {path}: {error}", self.who)),
        }
        None
    }
}
