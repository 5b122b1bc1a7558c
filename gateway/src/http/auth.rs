//! Who a request is from: the bearer token in its header, and nothing else. Tokens never get into logs or answers.

use std::sync::Arc;

use axum::extract::FromRequestParts;
use axum::http::HeaderMap;
use axum::http::header::AUTHORIZATION;
use axum::http::request::Parts;
use schemas::Rejection;

use super::problem::{Failure, Fault};
use crate::app::App;
use crate::tokens::{Principal, TokenId};

/// Who a request is from. As an extractor it answers 401 when there is no valid token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Caller {
    /// Who it is.
    pub principal: Principal,
    /// The token's id; absent for the administrator's, which cannot be revoked.
    pub token: Option<TokenId>,
}

impl Caller {
    /// Only the holder of the administrator's token goes on.
    ///
    /// # Errors
    /// 403 for everybody else, agents with the role of an administrator included.
    pub fn require_administrator(&self) -> Result<(), Failure> {
        match self.principal {
            Principal::Administrator => Ok(()),
            Principal::Agent(_) | Principal::Connector(_) => Err(Rejection::Forbidden.into()),
        }
    }
}

impl FromRequestParts<Arc<App>> for Caller {
    type Rejection = Failure;

    async fn from_request_parts(parts: &mut Parts, app: &Arc<App>) -> Result<Self, Failure> {
        let text = bearer(&parts.headers).ok_or(Fault::Unauthenticated)?;
        let principal = app.tokens.authenticate(text).ok_or(Fault::Unauthenticated)?;
        let token = match principal {
            Principal::Administrator => None,
            Principal::Agent(_) | Principal::Connector(_) => TokenId::of(text),
        };
        Ok(Self { principal, token })
    }
}

/// The token of the one `Authorization: Bearer` header.
fn bearer(headers: &HeaderMap) -> Option<&str> {
    let mut values = headers.get_all(AUTHORIZATION).iter();
    let (value, more) = (values.next()?, values.next());
    let (scheme, token) = value.to_str().ok()?.split_once(' ')?;
    (more.is_none() && scheme.eq_ignore_ascii_case("bearer")).then(|| token.trim_start_matches(' '))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(values: &[&'static str]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for value in values {
            headers.append(AUTHORIZATION, value.parse().unwrap());
        }
        headers
    }

    #[test]
    fn one_bearer_header_is_read_and_nothing_else() {
        assert_eq!(bearer(&headers(&["Bearer abc"])), Some("abc"));
        assert_eq!(bearer(&headers(&["bearer  abc"])), Some("abc"));
        for values in [&[][..], &["abc"], &["Basic abc"], &["Bearer"], &["Bearer a", "Bearer b"]] {
            assert_eq!(bearer(&headers(values)), None, "{values:?} was taken");
        }
    }

    #[test]
    fn an_agent_or_a_connector_is_no_administrator() {
        let caller = |principal| Caller { principal, token: None };
        let ana = schemas::AgentId::new("ana").unwrap();
        let channel = schemas::ChannelId::new("wa").unwrap();
        assert!(caller(Principal::Administrator).require_administrator().is_ok());
        for principal in [Principal::Agent(ana), Principal::Connector(channel)] {
            let failure = caller(principal).require_administrator().unwrap_err();
            assert_eq!((failure.status().as_u16(), failure.code()), (403, "forbidden"));
        }
    }
}
