//! Views on a real log that come in a new version, or fail while they run.

use std::time::Duration;

use super::*;
use crate::digest::of_versions;
use crate::error::{QueryError, ViewError};
use crate::rebuild;
use common::Centre;
use common::follower::follow;
use common::traffic::{Traffic, contact_id, conversation_id, workspace};

#[path = "../../tests/common/mod.rs"]
#[allow(clippy::duplicate_mod, reason = "shared with the tests outside")]
mod common;
mod failing;
mod versions;

/// Why a view does not answer, if it does not.
fn silence(views: &Views, view: View) -> Option<ViewError> {
    let of_view = |error| match error {
        QueryError::View(error) => error,
        QueryError::Cursor(error) => panic!("{error}"),
    };
    let workspace = workspace();
    let asked = match view {
        View::Inbox => views.inbox().agents(&workspace).map(drop),
        View::History => {
            let conversations = views.history().contact_conversations(&workspace, contact_id(0), None, 1);
            conversations.map(drop).map_err(of_view)
        }
        View::Status => {
            let key = crate::keys::WorkspaceKey::of(&workspace);
            views.status().sequences(key, conversation_id(0)).map(drop).map_err(of_view)
        }
        View::Contacts => views.contacts().contact(&workspace, contact_id(0)).map(drop),
    };
    asked.err()
}

fn health(views: &Views, view: View) -> ViewHealth {
    views.health().remove(view as usize)
}

/// The views are what a fresh rebuild makes.
async fn assert_as_rebuilt(centre: &Centre, versions: &[Version; VIEWS]) {
    rebuild(&centre.log, &centre.path("built"), |_| {}).await.unwrap();
    let built = of_versions(&centre.path("built"), &VERSIONS).unwrap();
    assert!(built.values().all(|view| view.rows > 1));
    assert_eq!(of_versions(&centre.path("views"), versions).unwrap(), built);
}
