//! What crashes and faults leave behind: unfinished files, directories put aside, a nats-server without its atender.

use std::fs;
use std::io;
use std::path::Path;

use engine::nats_server::Traces;
use projections::store::{Found, FoundState};
use schemas::Timestamp;

use super::finding::{Finding, age, size, told};

const CHECK: &str = "leftovers";
const UNFINISHED: &str = ".unfinished";

/// The unfinished files in the data directory and the directories in it.
pub(super) fn look(dir: &Path) -> io::Result<Vec<String>> {
    let mut unfinished = Vec::new();
    for entry in fs::read_dir(dir)? {
        let path = entry?.path();
        if is_unfinished(&path) {
            unfinished.push(path.display().to_string());
        } else if path.is_dir() {
            for inner in fs::read_dir(&path)? {
                let inner = inner?.path();
                if is_unfinished(&inner) {
                    unfinished.push(inner.display().to_string());
                }
            }
        }
    }
    unfinished.sort_unstable();
    Ok(unfinished)
}

fn is_unfinished(path: &Path) -> bool {
    path.to_str().is_some_and(|path| path.ends_with(UNFINISHED))
}

/// `is_held` says whether an atender runs in the directory.
pub(super) fn judge_files(unfinished: &io::Result<Vec<String>>, is_held: bool) -> Vec<Finding> {
    let unfinished = match unfinished {
        Ok(unfinished) => unfinished,
        Err(error) => {
            let remedy = "run this as the user that runs `atender serve`";
            return vec![Finding::warning(CHECK, format!("cannot be looked for: {}", told(error)), remedy)];
        }
    };
    let remedy = if is_held {
        "if it is still there in a minute, a crash left it; remove it when atender has ended, or leave it"
    } else {
        "a crash left it; the whole file is beside it, so remove this one, or leave it"
    };
    unfinished.iter().map(|path| Finding::note(CHECK, path.clone(), remedy)).collect()
}

/// `dir` is where the views are.
pub(super) fn judge_views(dir: &Path, views: &[Found], now: Timestamp) -> Vec<Finding> {
    let finding = |view: &Found| {
        let path = dir.join(&view.name).display().to_string();
        match view.state {
            FoundState::PutAside => {
                let found = format!("{path} was put aside {}: {}", since(view, now), size(view.bytes));
                let remedy = format!(
                    "the view did not open and was built again; look at the disk if you do not know why (the log \
                     of atender says what was wrong), then rm -r {path}; atender keeps the last two of each view"
                );
                Some(Finding::warning(CHECK, found, remedy))
            }
            FoundState::Removing => {
                let found = format!("{path} was to be removed: {}", size(view.bytes));
                Some(Finding::note(CHECK, found, "nothing: it goes away when atender starts next"))
            }
            FoundState::InUse | FoundState::Building | FoundState::Broken { .. } => None,
        }
    };
    views.iter().filter_map(finding).collect()
}

fn since(view: &Found, now: Timestamp) -> String {
    let since = view.changed.and_then(|changed| changed.duration_since(std::time::UNIX_EPOCH).ok());
    match since {
        Some(since) => format!("{} ago", age((now.millis() / 1_000).saturating_sub(since.as_secs()))),
        None => "some time ago".to_owned(),
    }
}

/// Of a nats-server that atender runs itself.
pub(super) fn judge_nats(traces: &Traces, is_held: bool) -> Option<Finding> {
    const CHECK: &str = "nats-server process";
    let pid = traces.pid.unwrap_or(0);
    match (traces.is_running, is_held) {
        (true, true) => Some(Finding::ok(CHECK, format!("process {pid}, run by atender"))),
        (true, false) => {
            let found = format!("process {pid} still runs, and the atender that ran it does not");
            let remedy = format!("start `atender serve`, which ends it first; or `kill {pid}`");
            Some(Finding::warning(CHECK, found, remedy))
        }
        (false, true) => {
            let remedy = "atender starts it again by itself; if it keeps ending, read nats/nats-server.log in the data directory";
            Some(Finding::error(CHECK, "atender runs, and its nats-server does not", remedy))
        }
        (false, false) if traces.pid.is_some() || traces.has_endpoint => {
            let remedy = "nothing: the next `atender serve` replaces them";
            Some(Finding::note(CHECK, "none runs; a crash left its pid or endpoint file", remedy))
        }
        (false, false) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::doctor::finding::Level;

    #[test]
    fn a_nats_server_and_its_atender_belong_together() {
        let traces = |is_running| Traces { pid: Some(9), is_running, ..Traces::default() };
        let level = |traces: &Traces, is_held| judge_nats(traces, is_held).map(|finding| finding.level);
        assert_eq!(level(&traces(true), true), Some(Level::Ok));
        assert_eq!(level(&traces(true), false), Some(Level::Warning));
        assert_eq!(level(&traces(false), true), Some(Level::Error));
        assert_eq!(level(&traces(false), false), Some(Level::Note));
        assert_eq!(level(&Traces::default(), false), None);
        assert!(judge_nats(&traces(true), false).unwrap().remedy.unwrap().contains("kill 9"));
    }

    #[test]
    fn what_was_put_aside_is_named_with_its_size_and_age() {
        let view = |name: &str, state| Found {
            name: name.to_owned(),
            view: "inbox".to_owned(),
            version: 1,
            state,
            bytes: 2_048,
            changed: Some(std::time::UNIX_EPOCH + std::time::Duration::from_secs(1_000)),
        };
        let views = [
            view("inbox-v1", FoundState::InUse),
            view("inbox-v1.broken-1", FoundState::PutAside),
            view("inbox-v1.removing", FoundState::Removing),
        ];
        let findings = judge_views(Path::new("/d/views"), &views, Timestamp::from_millis(1_600_000));
        assert_eq!(findings.len(), 2);
        assert_eq!(findings[0].level, Level::Warning);
        assert_eq!(findings[0].found, "/d/views/inbox-v1.broken-1 was put aside 10 min ago: 2.0 KiB");
        assert!(findings[0].remedy.as_ref().unwrap().contains("rm -r /d/views/inbox-v1.broken-1"));
        assert_eq!(findings[1].level, Level::Note);
    }

    #[test]
    fn unfinished_files_are_found_one_level_down() {
        let dir = tempfile::tempdir().unwrap();
        fs::create_dir(dir.path().join("nats")).unwrap();
        for name in ["name", "name.unfinished", "nats/nats-server.conf.unfinished"] {
            fs::write(dir.path().join(name), "").unwrap();
        }
        let findings = judge_files(&look(dir.path()), false);
        assert_eq!(findings.len(), 2, "{findings:?}");
        assert!(findings[0].found.ends_with("name.unfinished"), "{findings:?}");
    }
}
