//! The limit of open files, against the connections that atender would take.

use std::fs;

use rustix::process::{Resource, getrlimit};

use super::finding::Finding;
use crate::limits::{CONNECTIONS_MAX, OPEN_FILES_NEEDED};

const CHECK: &str = "open files";
const NEEDED: u64 = OPEN_FILES_NEEDED as u64;

/// The limits of a process; `None` is no limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct OpenFiles {
    /// The process; `None` is this one, whose limits `atender serve` has when it is started the same way.
    pub(super) of: Option<u32>,
    pub(super) soft: Option<u64>,
    pub(super) hard: Option<u64>,
}

/// Of the atender that runs, else of this process.
pub(super) fn look(pid: Option<u32>) -> OpenFiles {
    let running = pid.and_then(|pid| limits_in(&fs::read_to_string(format!("/proc/{pid}/limits")).ok()?));
    match running {
        Some((soft, hard)) => OpenFiles { of: pid, soft, hard },
        None => {
            let own = getrlimit(Resource::Nofile);
            OpenFiles { of: None, soft: own.current, hard: own.maximum }
        }
    }
}

/// Soft and hard limit in the text of `/proc/PID/limits`.
fn limits_in(text: &str) -> Option<(Option<u64>, Option<u64>)> {
    let line = text.lines().find_map(|line| line.strip_prefix("Max open files"))?;
    let mut numbers = line.split_whitespace().map(|number| number.parse().ok());
    Some((numbers.next()?, numbers.next()?))
}

pub(super) fn judge(limits: &OpenFiles) -> Finding {
    let whose = match limits.of {
        Some(pid) => format!("process {pid} may open"),
        None => "a process started from here may open".to_owned(),
    };
    let Some(soft) = limits.soft else { return Finding::ok(CHECK, format!("{whose} as many as it wants")) };
    let found = format!("{whose} {soft}");
    if soft >= NEEDED {
        return Finding::ok(CHECK, found);
    }
    let how = match limits.hard {
        Some(hard) if hard < NEEDED => {
            format!("raise it (LimitNOFILE={NEEDED} in a systemd unit, or /etc/security/limits.conf)")
        }
        _ => format!(
            "raise it (`ulimit -n {NEEDED}` before `atender serve`, or LimitNOFILE={NEEDED} in a systemd unit)"
        ),
    };
    let remedy = format!(
        "{how}: {CONNECTIONS_MAX} connections at once need {NEEDED}; with fewer, connections \
         are refused under load"
    );
    Finding::warning(CHECK, found, remedy)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::doctor::finding::Level;

    #[test]
    fn a_small_limit_is_told_with_how_to_raise_it() {
        let limits = |soft, hard| OpenFiles { of: None, soft, hard };
        assert_eq!(judge(&limits(Some(NEEDED), None)).level, Level::Ok);
        assert_eq!(judge(&limits(None, None)).level, Level::Ok);
        let soft = judge(&limits(Some(1_024), Some(1_048_576)));
        assert_eq!(soft.level, Level::Warning);
        assert!(soft.remedy.unwrap().contains(&format!("ulimit -n {NEEDED}")));
        let hard = judge(&limits(Some(1_024), Some(4_096)));
        assert!(hard.remedy.unwrap().contains("limits.conf"));
    }

    #[test]
    fn the_limits_of_another_process_are_read() {
        let text = "Limit                     Soft Limit           Hard Limit           Units\n\
                    Max open files            1024                 unlimited            files\n";
        assert_eq!(limits_in(text), Some((Some(1_024), None)));
        assert_eq!(limits_in("nothing"), None);
    }
}
