//! `atender apply FILE.toml`: makes the masters of a running server be as a file says. Applying it again changes
//! nothing. Whatever is wrong is said with file, line and field. And the other way round: a file of what there is.

mod export;
mod file;

use std::path::Path;

use reqwest::Method;
use schemas::api::Accepted;
use serde_json::Value;

use crate::api_client::{ApiClient, ApiError};
pub use export::{ExportError, export};
pub use file::{MastersFile, Place, Problem};

const OVERFLOW: &str = ".overflow";

/// Why a file was not applied, or not to its end.
#[derive(Debug, thiserror::Error)]
pub enum ApplyError {
    /// The file cannot be read.
    #[error("{path} cannot be read")]
    Unreadable {
        /// The file.
        path: String,
        /// The cause.
        #[source]
        source: std::io::Error,
    },
    /// Something in the file is wrong. What comes before it in the order of application is applied.
    #[error(transparent)]
    Wrong(#[from] Problem),
    /// The server cannot be asked.
    #[error(transparent)]
    Server(ApiError),
}

/// How many masters there were, and how many of them were not so already.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Applied {
    /// All masters of the file.
    pub total: usize,
    /// Those that were made or changed.
    pub changed: usize,
}

/// Applies the file, in the order in which masters rest on each other; tells of each change through `changed`.
///
/// # Errors
/// [`ApplyError`]; it stops at the first.
pub async fn apply(
    api: &ApiClient,
    path: &Path,
    mut changed: impl FnMut(&Place),
) -> Result<Applied, ApplyError> {
    let name = path.display().to_string();
    let text = std::fs::read_to_string(path)
        .map_err(|source| ApplyError::Unreadable { path: name.clone(), source })?;
    let file = MastersFile::parse(&name, &text)?;
    let mut applied = Applied { total: 0, changed: 0 };
    let mut overflow_later = Vec::new();
    for (place, body) in file.masters() {
        applied.total += 1;
        let is_changed = match put(api, &file, &place, &body).await {
            // The campaign that it overflows into may come later; without that first.
            Err(ApplyError::Wrong(problem)) if problem.field.ends_with(OVERFLOW) => {
                let made = put(api, &file, &place, &without_overflow(&body)).await?;
                overflow_later.push((place.clone(), body));
                made
            }
            put => put?,
        };
        if is_changed {
            applied.changed += 1;
            changed(&place);
        }
    }
    for (place, body) in overflow_later {
        put(api, &file, &place, &body).await?;
    }
    Ok(applied)
}

fn without_overflow(body: &Value) -> Value {
    let mut body = body.clone();
    body["routing"]["overflow"] = Value::Null;
    body
}

async fn put(api: &ApiClient, file: &MastersFile, place: &Place, body: &Value) -> Result<bool, ApplyError> {
    match api.send::<Accepted>(Method::PUT, &place.path(), body).await {
        Ok(accepted) => Ok(accepted.changed),
        Err(ApiError::Refused(problem)) if problem.status == 422 || problem.status == 409 => {
            Err(file.refused(place, &problem).into())
        }
        Err(error) => Err(ApplyError::Server(error)),
    }
}
