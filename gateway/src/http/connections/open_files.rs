//! How many connections the open-file limit of the process leaves room for.

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

use crate::limits::{CONNECTIONS_MAX, OPEN_FILES_NEEDED, OTHER_FILES_MAX};

/// Raises the limit as far as is needed and allowed, and says how many connections there may be.
pub(super) fn connections_max() -> usize {
    let needed = OPEN_FILES_NEEDED as u64;
    let limit = getrlimit(Resource::Nofile);
    if limit.current.is_some_and(|current| current < needed) {
        let raised = limit.maximum.map_or(needed, |maximum| maximum.min(needed));
        if let Err(error) = setrlimit(Resource::Nofile, Rlimit { current: Some(raised), ..limit }) {
            tracing::debug!(%error, "the open-file limit stays as it is");
        }
    }
    let Some(files) = getrlimit(Resource::Nofile).current else {
        return CONNECTIONS_MAX;
    };
    let connections = room_for(files);
    if connections < CONNECTIONS_MAX {
        tracing::warn!(
            "the open-file limit is {files}, so no more than {connections} connections are taken; set it to \
             {OPEN_FILES_NEEDED}, with `ulimit -n` or LimitNOFILE="
        );
    }
    connections
}

/// At least one, or nobody could ask what is wrong.
fn room_for(files: u64) -> usize {
    let files = usize::try_from(files).unwrap_or(usize::MAX);
    // Where there are few, half of them.
    let others = OTHER_FILES_MAX.min(files / 2);
    (files - others).clamp(1, CONNECTIONS_MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_are_left_for_everything_else() {
        for (files, connections) in [
            (u64::MAX, CONNECTIONS_MAX),
            (OPEN_FILES_NEEDED as u64, CONNECTIONS_MAX),
            (OPEN_FILES_NEEDED as u64 - 1, CONNECTIONS_MAX - 1),
            (4_096, 4_096 - OTHER_FILES_MAX),
            (1_024, 512),
            (0, 1),
        ] {
            assert_eq!(room_for(files), connections, "{files} files");
        }
    }
}
