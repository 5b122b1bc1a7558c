//! `atender export-config`: the masters of a running server as a file that applies to the same state.

use std::collections::BTreeMap;

use schemas::api::requests::DefineSettings;
use serde::Deserialize;
use serde::de::DeserializeOwned;

use super::file::Tables;
use crate::api_client::{ApiClient, ApiError};

/// Why there is no such file.
#[derive(Debug, thiserror::Error)]
pub enum ExportError {
    /// The server cannot be asked, or does not tell.
    #[error(transparent)]
    Server(#[from] ApiError),
    /// What it tells cannot be written as TOML.
    #[error("the configuration cannot be written as TOML")]
    Toml(#[from] toml::ser::Error),
}

#[derive(Deserialize)]
struct Masters<I, T> {
    items: Vec<Master<I, T>>,
}

#[derive(Deserialize)]
struct Master<I, T> {
    id: I,
    definition: T,
}

/// Everything that `atender apply` takes, as it is now.
///
/// # Errors
/// [`ExportError`].
pub async fn export(api: &ApiClient) -> Result<String, ExportError> {
    let settings: DefineSettings = api.get("/v1/settings").await?;
    let tables = Tables {
        settings: Some(settings),
        clients: all(api, "clients").await?,
        projects: all(api, "projects").await?,
        channels: all(api, "channels").await?,
        dispositions: all(api, "dispositions").await?,
        campaigns: all(api, "campaigns").await?,
        texts: all(api, "texts").await?,
        agents: all(api, "agents").await?,
    };
    Ok(toml::to_string_pretty(&tables)?)
}

async fn all<I, T>(api: &ApiClient, kind: &str) -> Result<BTreeMap<I, T>, ApiError>
where
    I: DeserializeOwned + Ord,
    T: DeserializeOwned,
{
    let masters: Masters<I, T> = api.get(&format!("/v1/{kind}")).await?;
    Ok(masters.items.into_iter().map(|master| (master.id, master.definition)).collect())
}
