//! The views on the disk, opened by nobody here: which are there, which are being built, which are marked as broken.

use std::io;

use projections::store::{Found, FoundState};

use super::finding::{Finding, size, told};

/// `wanted` is each view with the version that this program writes.
pub(super) fn judge(views: &io::Result<Vec<Found>>, wanted: &[(&'static str, u32)]) -> Vec<Finding> {
    match views {
        Ok(views) => {
            let missing = wanted.iter().filter(|(view, version)| !has(views, view, *version));
            let missing = missing.map(|(view, version)| {
                let remedy = "nothing: `atender serve` builds it from the log";
                Finding::note(check(view), format!("version {version} is not on the disk"), remedy)
            });
            views.iter().filter_map(|found| judge_one(found, wanted)).chain(missing).collect()
        }
        Err(error) => {
            let remedy = "run this as the user that runs `atender serve`, and look at the disk";
            vec![Finding::error("views on disk", format!("cannot be looked at: {}", told(error)), remedy)]
        }
    }
}

fn check(view: &str) -> String {
    format!("view {view} on disk")
}

fn has(views: &[Found], view: &str, version: u32) -> bool {
    let is_there = |found: &Found| !matches!(found.state, FoundState::PutAside | FoundState::Removing);
    views.iter().any(|found| found.view == view && found.version == version && is_there(found))
}

fn judge_one(found: &Found, wanted: &[(&'static str, u32)]) -> Option<Finding> {
    let check = check(&found.view);
    let told = format!("version {}, {}", found.version, size(found.bytes));
    let is_wanted = wanted.iter().any(|(view, version)| *view == found.view && *version == found.version);
    match &found.state {
        FoundState::PutAside | FoundState::Removing => None,
        FoundState::InUse | FoundState::Building | FoundState::Broken { .. } if !is_wanted => {
            let writes = wanted.iter().find(|(view, _)| *view == found.view).map(|(_, version)| *version);
            let remedy = if writes.is_some_and(|writes| found.version < writes) {
                "nothing: it is removed when the version of this program is there, at the latest by a start after that"
            } else {
                "nothing, if a newer atender is to come back; else it may be removed while atender does not run"
            };
            Some(Finding::note(check, format!("{told}: not a version that this program writes"), remedy))
        }
        FoundState::InUse => Some(Finding::ok(check, told)),
        FoundState::Building => {
            let remedy =
                "wait: it is built from the log, again from the beginning if atender ended meanwhile";
            Some(Finding::note(check, format!("{told}, being built"), remedy))
        }
        FoundState::Broken { reason } => {
            let remedy = "start atender again: it puts the directory aside and builds the view from the log; then look at the disk";
            Some(Finding::error(check, format!("{told}, broken: {reason}"), remedy))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::doctor::finding::Level;

    fn found(version: u32, state: FoundState) -> Found {
        let (name, view) = ("any".to_owned(), "inbox".to_owned());
        Found { name, view, version, state, bytes: 1, changed: None }
    }

    #[test]
    fn each_state_has_its_level() {
        let broken = FoundState::Broken { reason: "torn".to_owned() };
        let rows = [
            (vec![found(2, FoundState::InUse)], vec![Level::Ok]),
            (vec![found(2, FoundState::Building)], vec![Level::Note]),
            (vec![found(2, broken)], vec![Level::Error]),
            (vec![], vec![Level::Note]),
            (vec![found(1, FoundState::InUse)], vec![Level::Note, Level::Note]),
            (vec![found(2, FoundState::PutAside)], vec![Level::Note]),
        ];
        for (views, levels) in rows {
            let findings = judge(&Ok(views.clone()), &[("inbox", 2)]);
            let found: Vec<_> = findings.iter().map(|finding| finding.level).collect();
            assert_eq!(found, levels, "{views:?}");
        }
    }
}
