//! How many live streams there are, in all and of one token.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use metrics::gauge;

use crate::http::problem::{Failure, Fault};
use crate::limits::{STREAMS_MAX, STREAMS_OF_TOKEN_MAX};
use crate::tokens::TokenId;

/// The streams that are open, by token; those of the administrator's under none.
#[derive(Debug, Default)]
pub(super) struct Places {
    open: Mutex<HashMap<Option<TokenId>, usize>>,
}

impl Places {
    fn open(&self) -> MutexGuard<'_, HashMap<Option<TokenId>, usize>> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// An open stream; its place is given back when it is dropped.
#[derive(Debug)]
pub(super) struct Place {
    places: Arc<Places>,
    token: Option<TokenId>,
}

impl Place {
    /// # Errors
    /// 503 when there are too many streams, 429 when there are too many of this token.
    pub(super) fn take(places: Arc<Places>, token: Option<TokenId>) -> Result<Self, Failure> {
        {
            let mut open = places.open();
            if open.values().sum::<usize>() >= STREAMS_MAX {
                return Err(Fault::TooManyStreams.into());
            }
            let of_token = open.entry(token.clone()).or_default();
            if *of_token >= STREAMS_OF_TOKEN_MAX {
                return Err(Fault::TooManyStreamsOfToken.into());
            }
            *of_token += 1;
        }
        gauge!("atender_live_streams").increment(1.0);
        Ok(Self { places, token })
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut open = self.places.open();
        if let Some(of_token) = open.get_mut(&self.token) {
            *of_token -= 1;
            if *of_token == 0 {
                open.remove(&self.token);
            }
        }
        gauge!("atender_live_streams").decrement(1.0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_token_has_20_streams_and_gets_their_places_back() {
        let places = Arc::new(Places::default());
        let token = Some(TokenId::random());
        let take = |token: &Option<TokenId>| Place::take(Arc::clone(&places), token.clone());
        let mut held: Vec<_> = (0..STREAMS_OF_TOKEN_MAX).map(|_| take(&token).unwrap()).collect();
        assert_eq!(take(&token).unwrap_err().status().as_u16(), 429);
        assert!(take(&Some(TokenId::random())).is_ok());
        held.pop();
        assert!(take(&token).is_ok());
        drop(held);
        assert!(places.open().is_empty());
    }

    #[test]
    fn all_tokens_together_have_10_000() {
        let places = Arc::new(Places::default());
        places.open().insert(None, STREAMS_MAX);
        let failure = Place::take(Arc::clone(&places), Some(TokenId::random())).unwrap_err();
        assert_eq!(failure.status().as_u16(), 503);
    }
}
