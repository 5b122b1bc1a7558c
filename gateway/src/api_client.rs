//! A client of atender's own HTTP API, for the commands that talk to a running server and for the demo.

use reqwest::{Method, RequestBuilder, StatusCode};
use schemas::api::Problem;
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::whatsapp::api::install_crypto_provider;

/// Why a request did not succeed.
#[derive(Debug, thiserror::Error)]
pub enum ApiError {
    /// No answer came.
    #[error("{url} does not answer; is `atender serve` running there?")]
    Unreachable {
        /// Where it was asked.
        url: String,
        /// The cause.
        #[source]
        source: reqwest::Error,
    },
    /// The server said no.
    #[error("{} ({})", .0.title, .0.code)]
    Refused(Box<Problem>),
    /// The server answered something else than it should.
    #[error("an answer that was not understood, with status {status}")]
    Strange {
        /// The HTTP status.
        status: StatusCode,
    },
}

/// A client with one token.
#[derive(Debug, Clone)]
pub struct ApiClient {
    http: reqwest::Client,
    base: String,
    token: String,
}

impl ApiClient {
    /// A client of the server at `base`, such as `http://127.0.0.1:8080`.
    ///
    /// # Panics
    /// When the machine has no root certificates, which even plain HTTP is set up with.
    pub fn new(base: &str, token: &str) -> Self {
        install_crypto_provider();
        let base = base.trim_end_matches('/').to_owned();
        // A proxy of the environment cannot reach this machine's loopback.
        let http = reqwest::Client::builder().no_proxy().build().expect("an HTTP client can be made");
        Self { http, base, token: token.to_owned() }
    }

    /// The same server with another token, over the same connections.
    #[must_use]
    pub fn with_token(&self, token: &str) -> Self {
        Self { token: token.to_owned(), ..self.clone() }
    }

    /// A request to be filled in further.
    pub fn request(&self, method: Method, path: &str) -> RequestBuilder {
        self.http.request(method, format!("{}{path}", self.base)).bearer_auth(&self.token)
    }

    /// Reads a resource.
    ///
    /// # Errors
    /// [`ApiError`].
    pub async fn get<T: DeserializeOwned>(&self, path: &str) -> Result<T, ApiError> {
        self.answer(self.request(Method::GET, path)).await
    }

    /// Sends a body.
    ///
    /// # Errors
    /// [`ApiError`].
    pub async fn send<T: DeserializeOwned>(
        &self,
        method: Method,
        path: &str,
        body: &impl Serialize,
    ) -> Result<T, ApiError> {
        self.answer(self.request(method, path).json(body)).await
    }

    /// Sends a request and reads its answer.
    ///
    /// # Errors
    /// [`ApiError`].
    pub async fn answer<T: DeserializeOwned>(&self, request: RequestBuilder) -> Result<T, ApiError> {
        let unreachable = |source| ApiError::Unreachable { url: self.base.clone(), source };
        let response = request.send().await.map_err(unreachable)?;
        let status = response.status();
        let bytes = response.bytes().await.map_err(unreachable)?;
        let strange = || ApiError::Strange { status };
        if status.is_success() {
            return serde_json::from_slice(&bytes).map_err(|_| strange());
        }
        match serde_json::from_slice(&bytes) {
            Ok(problem) => Err(ApiError::Refused(Box::new(problem))),
            Err(_) => Err(strange()),
        }
    }
}
