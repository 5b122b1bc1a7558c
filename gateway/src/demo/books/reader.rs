//! Reads what the API shows as of the end of the log.

use reqwest::Method;
use schemas::api::Page;
use serde::de::DeserializeOwned;

use super::ledger::Ledger;
use crate::api_client::{ApiClient, ApiError};

/// Reads of a check that are under way at once.
pub(super) const READS_AT_ONCE: usize = 16;

pub(super) type Read<T> = Result<T, ApiError>;

pub(super) struct Reader<'a> {
    pub(super) api: &'a ApiClient,
    pub(super) ledger: &'a Ledger,
}

impl Reader<'_> {
    /// All pages of a list, of which the path asks for something already.
    pub(super) async fn all<T: DeserializeOwned>(&self, path: &str) -> Read<Vec<T>> {
        let mut page: Page<T> = self.get(path).await?;
        let mut items = page.items;
        while let Some(next) = page.next {
            page = self.get(&format!("{path}&cursor={next}")).await?;
            items.append(&mut page.items);
        }
        Ok(items)
    }

    pub(super) async fn get<T: DeserializeOwned>(&self, path: &str) -> Read<T> {
        let mut request = self.api.request(Method::GET, path);
        if let Some(last) = self.ledger.last {
            request = request.header("Atender-Min-Position", last.to_string());
        }
        self.api.answer(request).await
    }
}
