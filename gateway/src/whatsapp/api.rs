//! Sends messages through Meta's Graph API. One call is one request, never repeated here: the API knows no
//! idempotency key, so whoever calls must tell "not sent" from "maybe sent", which [`SendOutcome`] keeps apart.

mod errors;
mod outcome;
#[cfg(test)]
mod tests;

use std::fmt;
use std::net::IpAddr;
use std::time::Duration;

use reqwest::header::{AUTHORIZATION, HeaderValue, RETRY_AFTER};
use reqwest::{Client, Response, Url, redirect, retry};
use serde::Serialize;

pub use errors::{ErrorClass, classify};
pub use outcome::{ApiError, SendOutcome};

use crate::limits::{CALL_ANSWER_BYTES_MAX, CALL_WITHIN};
use crate::whatsapp::is_business_scoped_user_id;

/// Where Meta serves the Graph API.
pub const BASE_URL: &str = "https://graph.facebook.com";
/// Version of the Graph API this client was written against.
pub const VERSION: &str = "v23.0";
/// Longest text of a message, in Unicode scalar values. Source: Meta, "Text messages". Not checked here; Meta
/// refuses a longer one.
pub const TEXT_CHARS_MAX: usize = 4096;

/// Shorter than the request's own limit, so that a server out of reach is told from one that does not answer.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(3);
/// A request written to a connection the server is just closing has an unknown outcome, so connections are given
/// up before a server is likely to.
const IDLE_TIMEOUT: Duration = Duration::from_secs(15);

/// How to reach the API on behalf of one business.
#[derive(Debug, Clone)]
pub struct WhatsAppApiConfig {
    /// Scheme, host and port, without a version; [`BASE_URL`] unless a stand-in is meant.
    pub base_url: String,
    /// Version of the Graph API, such as [`VERSION`].
    pub version: String,
    /// System user token with the `whatsapp_business_messaging` permission.
    pub access_token: AccessToken,
    /// Limit of one call from connecting to the last byte of the answer; 10 seconds by default.
    pub timeout: Duration,
}

impl WhatsAppApiConfig {
    /// Meta's own address, version and limits with this token.
    pub fn new(access_token: AccessToken) -> Self {
        Self { base_url: BASE_URL.into(), version: VERSION.into(), access_token, timeout: CALL_WITHIN }
    }
}

/// A secret that never appears in logs or error texts.
#[derive(Clone)]
pub struct AccessToken(String);

impl AccessToken {
    /// Takes the token as Meta hands it out, without `Bearer`.
    pub fn new(token: impl Into<String>) -> Self {
        Self(token.into())
    }
}

impl fmt::Debug for AccessToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("AccessToken(hidden)")
    }
}

/// Why a client could not be made.
#[derive(Debug, thiserror::Error)]
pub enum ApiSetupError {
    /// The base URL cannot be read, or has no host to send to.
    #[error("{url:?} is not the base URL of an API")]
    BaseUrl {
        /// What was configured.
        url: String,
    },
    /// The token holds a character that no HTTP header can carry, such as a line break.
    #[error("the access token holds a character that cannot be sent")]
    Token,
    /// The HTTP client refused its configuration or found no root certificates.
    #[error("the HTTP client could not be made")]
    Client(#[source] reqwest::Error),
}

/// A client of the Cloud API for one access token. Cheap to clone; clones share their connections.
#[derive(Debug, Clone)]
pub struct WhatsAppApi {
    client: Client,
    versioned_url: Url,
    authorization: HeaderValue,
}

#[derive(Serialize)]
struct TextMessage<'a> {
    messaging_product: &'static str,
    recipient_type: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    to: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    recipient: Option<&'a str>,
    r#type: &'static str,
    text: TextContent<'a>,
    biz_opaque_callback_data: &'a str,
}

#[derive(Serialize)]
struct TextContent<'a> {
    body: &'a str,
    preview_url: bool,
}

impl WhatsAppApi {
    /// Makes a client; sends nothing yet.
    ///
    /// # Errors
    /// When the configuration cannot be used; see [`ApiSetupError`].
    pub fn new(config: &WhatsAppApiConfig) -> Result<Self, ApiSetupError> {
        install_crypto_provider();
        let bad_url = || ApiSetupError::BaseUrl { url: config.base_url.clone() };
        let mut versioned_url = Url::parse(&config.base_url).map_err(|_| bad_url())?;
        if !versioned_url.has_host() || !matches!(versioned_url.scheme(), "http" | "https") {
            return Err(bad_url());
        }
        versioned_url.path_segments_mut().map_err(|()| bad_url())?.pop_if_empty().push(&config.version);
        let mut authorization = HeaderValue::try_from(format!("Bearer {}", config.access_token.0))
            .map_err(|_| ApiSetupError::Token)?;
        authorization.set_sensitive(true);
        let mut client = Client::builder()
            .timeout(config.timeout)
            .connect_timeout(CONNECT_TIMEOUT)
            .pool_idle_timeout(IDLE_TIMEOUT)
            // Following a redirect or repeating a request could send a message twice.
            .redirect(redirect::Policy::none())
            .retry(retry::never());
        if is_loopback(&versioned_url) {
            // A proxy of the environment cannot reach a stand-in on this machine.
            client = client.no_proxy();
        }
        let client = client.build().map_err(ApiSetupError::Client)?;
        Ok(Self { client, versioned_url, authorization })
    }

    /// Sends a text from the business number `phone_number_id` to a person: `to` is a WhatsApp id, a phone number,
    /// or a business-scoped user id. Meta repeats `callback_data` in every status of the message, so that a status
    /// finds its message even if it comes before this answer. Source: Meta, "Messages API".
    pub async fn send_text(
        &self,
        phone_number_id: &str,
        to: &str,
        body: &str,
        callback_data: &str,
    ) -> SendOutcome {
        let by_user_id = is_business_scoped_user_id(to);
        let message = TextMessage {
            messaging_product: "whatsapp",
            recipient_type: "individual",
            to: (!by_user_id).then_some(to),
            recipient: by_user_id.then_some(to),
            r#type: "text",
            text: TextContent { body, preview_url: false },
            biz_opaque_callback_data: callback_data,
        };
        let mut url = self.versioned_url.clone();
        if let Ok(mut path) = url.path_segments_mut() {
            path.extend([phone_number_id, "messages"]);
        }
        let request = self.client.post(url).header(AUTHORIZATION, self.authorization.clone()).json(&message);
        match request.send().await {
            Ok(response) => {
                let status = response.status().as_u16();
                let retry_after = response.headers().get(RETRY_AFTER).cloned();
                let answer = read_answer(response).await;
                outcome::of_answer(status, retry_after.as_ref(), answer.as_deref())
            }
            Err(error) => outcome::of_error(error),
        }
    }
}

/// Chooses the TLS implementation of the process, once; without one no HTTP client can be made.
pub(crate) fn install_crypto_provider() {
    // An error means that one is installed already, which is as good.
    let _ = rustls::crypto::ring::default_provider().install_default();
}

fn is_loopback(url: &Url) -> bool {
    let host = url.host_str().unwrap_or_default().trim_matches(['[', ']']);
    host == "localhost" || host.parse::<IpAddr>().is_ok_and(|ip| ip.is_loopback())
}

async fn read_answer(mut response: Response) -> Option<Vec<u8>> {
    let mut answer = Vec::new();
    while let Some(chunk) = response.chunk().await.ok()? {
        if answer.len() + chunk.len() > CALL_ANSWER_BYTES_MAX {
            return None;
        }
        answer.extend_from_slice(&chunk);
    }
    Some(answer)
}
