//! Every answer that is not a success, in one place: its status, its stable code, and what to do about it, as
//! `application/problem+json`. Codes are public: once given out they keep their meaning.

mod fault;

use std::borrow::Cow;

use axum::Json;
use axum::http::header::{CONTENT_TYPE, RETRY_AFTER, WWW_AUTHENTICATE};
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use engine::SubmitError;
use engine::log::LogError;
use projections::{QueryError, ViewError};
use schemas::api::Problem;
use schemas::{Position, Rejection, RejectionKind};

use super::order::set_position;
pub use fault::Fault;

/// How long a client that is told to try again should wait, in seconds.
pub const RETRY_AFTER_SECONDS: u64 = 1;

/// An answer that is not a success.
#[derive(Debug)]
pub struct Failure {
    status: StatusCode,
    code: &'static str,
    title: Cow<'static, str>,
    remedy: &'static str,
    field: Option<Cow<'static, str>>,
    reached: Option<Position>,
}

impl Failure {
    /// This fault, with its own words for what happened.
    #[must_use]
    pub fn because(fault: Fault, title: impl Into<Cow<'static, str>>) -> Self {
        Self { title: title.into(), ..fault.into() }
    }

    /// Names the field, parameter or header of the request that is wrong.
    #[must_use]
    pub fn in_field(self, field: impl Into<Cow<'static, str>>) -> Self {
        Self { field: Some(field.into()), ..self }
    }

    /// Says how far the views are.
    #[must_use]
    pub fn at(self, reached: Position) -> Self {
        Self { reached: Some(reached), ..self }
    }

    /// The stable code.
    pub fn code(&self) -> &'static str {
        self.code
    }

    /// The field, parameter or header of the request that is wrong, if it is one.
    pub fn field(&self) -> Option<&str> {
        self.field.as_deref()
    }

    /// The body it is answered with.
    pub fn problem(&self) -> Problem {
        Problem {
            kind: format!("urn:atender:problem:{}", self.code),
            title: self.title.clone().into_owned(),
            status: self.status.as_u16(),
            code: self.code.to_owned(),
            remedy: Some(self.remedy.to_owned()),
            field: self.field.clone().map(Cow::into_owned),
        }
    }

    /// The HTTP status.
    pub fn status(&self) -> StatusCode {
        self.status
    }
}

impl From<Fault> for Failure {
    fn from(fault: Fault) -> Self {
        Self {
            status: fault.status(),
            code: fault.code(),
            title: fault.title().into(),
            remedy: fault.remedy(),
            field: None,
            reached: None,
        }
    }
}

impl From<Rejection> for Failure {
    fn from(rejection: Rejection) -> Self {
        Self {
            status: status_of(rejection.kind()),
            code: rejection.code(),
            title: rejection.to_string().into(),
            remedy: rejection.remedy(),
            field: field_of(&rejection),
            reached: None,
        }
    }
}

impl From<SubmitError> for Failure {
    fn from(error: SubmitError) -> Self {
        match error {
            SubmitError::Rejected(rejection) => rejection.into(),
            SubmitError::Overloaded => Fault::Overloaded.into(),
            SubmitError::Unavailable(reason) => {
                tracing::warn!(%reason, "a command could not be written");
                Fault::LogUnavailable.into()
            }
        }
    }
}

impl From<LogError> for Failure {
    fn from(error: LogError) -> Self {
        let damaged = !matches!(error, LogError::Unavailable { .. });
        tracing::error!(error = &error as &dyn std::error::Error, "the log could not be read");
        if damaged {
            return Self::because(Fault::LogDamaged, error.to_string());
        }
        Self::because(Fault::LogUnavailable, "the log cannot be reached, or did not answer in time")
    }
}

impl From<ViewError> for Failure {
    fn from(error: ViewError) -> Self {
        // Told once when it began; not again with every request.
        if matches!(error, ViewError::BeingBuilt { .. } | ViewError::Out { .. }) {
            return Self::because(Fault::ViewUnavailable, error.to_string());
        }
        tracing::error!(error = &error as &dyn std::error::Error, "a view could not be read");
        Fault::ViewUnavailable.into()
    }
}

impl From<QueryError> for Failure {
    fn from(error: QueryError) -> Self {
        match error {
            QueryError::Cursor(error) => {
                Self::because(Fault::InvalidCursor, error.to_string()).in_field("cursor")
            }
            QueryError::View(error) => error.into(),
        }
    }
}

/// The HTTP status of each kind of no.
pub const fn status_of(kind: RejectionKind) -> StatusCode {
    match kind {
        RejectionKind::NotFound => StatusCode::NOT_FOUND,
        RejectionKind::Forbidden => StatusCode::FORBIDDEN,
        RejectionKind::Conflict => StatusCode::CONFLICT,
        RejectionKind::Invalid => StatusCode::UNPROCESSABLE_ENTITY,
        RejectionKind::Overloaded => StatusCode::SERVICE_UNAVAILABLE,
    }
}

/// The field of the body that a rejection is about, where its name does not depend on the request.
fn field_of(rejection: &Rejection) -> Option<Cow<'static, str>> {
    let field = match rejection {
        // The engine calls it what it is; requests call it where it comes from.
        Rejection::InvalidText(what) if what == "identity" => "from",
        Rejection::InvalidText(what) | Rejection::TooMany(what) => {
            return Some(what.replace(' ', "_").into());
        }
        Rejection::UnknownClient(_) => "client",
        Rejection::UnknownProject(_) => "project",
        Rejection::UnknownChannel(_) => "channels",
        Rejection::AddressTaken(_) => "address",
        Rejection::NotTopDisposition(_) => "dispositions",
        Rejection::DispositionTooDeep(_) | Rejection::DispositionHasChildren(_) => "parent",
        Rejection::EmptyMessage
        | Rejection::MessageTooLong(_)
        | Rejection::TextBrace
        | Rejection::UnknownTextField(_) => "text",
        Rejection::ShortcutTaken(..) => "shortcut",
        Rejection::NoteRequired => "note",
        Rejection::AgentOffline(_)
        | Rejection::AgentNotInCampaign(..)
        | Rejection::AgentNotOnChannel(..)
        | Rejection::AgentFull(..)
        | Rejection::AgentFullOnKind(..)
        | Rejection::NotAttending(_)
        | Rejection::TransferToSelf(_)
        | Rejection::UnknownAgent(_) => "agent",
        Rejection::TransferToSameCampaign(_)
        | Rejection::CampaignNotOnChannel(..)
        | Rejection::OnlyOneCampaign(_) => "campaign",
        Rejection::DispositionNotAllowed(..) => "disposition",
        Rejection::SubDispositionRequired(_)
        | Rejection::SubDispositionUnexpected(_)
        | Rejection::NotASubDisposition(..) => "sub_disposition",
        Rejection::ChannelKindFixed(_) => "kind",
        Rejection::SkillLevel(_) => "skills",
        Rejection::PriorityTooHigh(_) => "priority",
        Rejection::UnknownAwayReason(_) => "reason",
        Rejection::ReservedAwayReason(_) => "away_reasons",
        Rejection::GraceOutOfRange(_) => "grace_seconds",
        Rejection::OfferOutOfRange(_) => "offer_seconds",
        Rejection::OverflowOutOfRange(_) | Rejection::OverflowToItself(_) => "overflow",
        Rejection::AfterWorkOutOfRange(_) => "after_work_seconds",
        Rejection::InactivityOutOfRange(_) => "inactivity",
        Rejection::InactivityWarning => "warn_text",
        Rejection::ServiceLevelOutOfRange(_) => "service_level",
        Rejection::UnknownTimeZone(_) => "time_zone",
        Rejection::NotATimeOfDay(_)
        | Rejection::HoursEndFirst(..)
        | Rejection::HoursOverlap(_)
        | Rejection::NeverOpen => "weekly",
        Rejection::NotADay(_) => "holidays",
        Rejection::ExpiryNotAhead => "until",
        Rejection::NotAReceiptStatus => "status",
        Rejection::ReceiptWithoutMessage => "message",
        Rejection::InvalidEmail => "email",
        Rejection::InvalidPhone => "phone",
        Rejection::UnknownContactField(..) | Rejection::InvalidContactField(_) => "fields",
        Rejection::DuplicateContactField(_) | Rejection::ContactFieldChoices(_) => "contact_fields",
        Rejection::SameIdentity => "to",
        Rejection::KeyReused => "Idempotency-Key",
        _ => return None,
    };
    Some(field.into())
}

impl IntoResponse for Failure {
    fn into_response(self) -> Response {
        let mut response = (self.status, Json(self.problem())).into_response();
        let headers = response.headers_mut();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
        if matches!(self.status, StatusCode::SERVICE_UNAVAILABLE | StatusCode::TOO_MANY_REQUESTS) {
            headers.insert(RETRY_AFTER, HeaderValue::from(RETRY_AFTER_SECONDS));
        }
        if self.status == StatusCode::UNAUTHORIZED {
            headers.insert(WWW_AUTHENTICATE, HeaderValue::from_static("Bearer realm=\"atender\""));
        }
        if let Some(reached) = self.reached {
            set_position(&mut response, reached);
        }
        response
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use schemas::{AgentId, ClientId, ConversationId};

    use super::*;

    async fn answer(failure: impl Into<Failure>) -> (Response, Problem) {
        let mut response = failure.into().into_response();
        let body = std::mem::take(response.body_mut());
        let bytes = axum::body::to_bytes(body, 10_000).await.unwrap();
        (response, serde_json::from_slice(&bytes).unwrap())
    }

    #[test]
    fn no_two_meanings_share_a_code() {
        let mut seen = HashSet::new();
        let codes = Fault::ALL.iter().map(|fault| fault.code()).chain(Rejection::CODES.iter().copied());
        for code in codes {
            assert!(seen.insert(code), "{code} is used twice");
        }
    }

    #[tokio::test]
    async fn every_kind_of_no_has_its_status() {
        let id = ConversationId::from_bytes([1; 16]);
        let agent = AgentId::new("ana").unwrap();
        for (rejection, status) in [
            (Rejection::UnknownMessage(schemas::MessageId::from_bytes([1; 16])), 404),
            (Rejection::Forbidden, 403),
            (Rejection::AlreadyAssigned(id, agent), 409),
            (Rejection::EmptyMessage, 422),
            (Rejection::TooManyParkedReceipts, 503),
        ] {
            let code = rejection.code();
            let (response, problem) = answer(SubmitError::Rejected(rejection)).await;
            assert_eq!((response.status().as_u16(), problem.status), (status, status));
            assert_eq!(problem.code, code);
            assert_eq!(problem.kind, format!("urn:atender:problem:{code}"));
            assert_eq!(response.headers()[CONTENT_TYPE], "application/problem+json");
            assert_eq!(response.headers().contains_key(RETRY_AFTER), status == 503);
            assert!(problem.remedy.is_some() && !problem.title.is_empty());
        }
    }

    #[tokio::test]
    async fn what_may_pass_says_when_to_try_again() {
        let unavailable = SubmitError::Unavailable("no answer".into());
        for (error, code) in [(SubmitError::Overloaded, "overloaded"), (unavailable, "log_unavailable")] {
            let (response, problem) = answer(error).await;
            assert_eq!(response.status(), StatusCode::SERVICE_UNAVAILABLE);
            assert_eq!(response.headers()[RETRY_AFTER], "1");
            assert_eq!(problem.code, code);
        }
    }

    #[tokio::test]
    async fn a_missing_token_is_told_how_to_authenticate() {
        let (response, _) = answer(Fault::Unauthenticated).await;
        assert_eq!(response.status(), StatusCode::UNAUTHORIZED);
        assert!(response.headers().contains_key(WWW_AUTHENTICATE));
    }

    #[tokio::test]
    async fn the_field_that_is_wrong_is_named() {
        let (_, problem) = answer(Rejection::UnknownClient(ClientId::new("acme").unwrap())).await;
        assert_eq!(problem.field.as_deref(), Some("client"));
        let (_, problem) = answer(Rejection::InvalidText("provider id".into())).await;
        assert_eq!(problem.field.as_deref(), Some("provider_id"));
        let failure = Failure::because(Fault::InvalidParameter, "too large").in_field("limit");
        let (_, problem) = answer(failure).await;
        assert_eq!((problem.title.as_str(), problem.field.as_deref()), ("too large", Some("limit")));
    }
}
