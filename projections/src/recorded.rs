//! An event as projectors get it: with its place, and who caused it when.

use engine::log::RecordedFrame;
use schemas::frame::CommitHeader;
use schemas::{Event, Position};

use crate::keys::WorkspaceKey;

/// One event of the log.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Recorded<'a> {
    pub(crate) header: &'a CommitHeader,
    pub(crate) workspace: WorkspaceKey,
    pub(crate) position: Position,
    pub(crate) event: &'a Event,
}

impl<'a> Recorded<'a> {
    /// The events of a frame, in order, with their positions.
    pub(crate) fn all(recorded: &'a RecordedFrame) -> impl Iterator<Item = Recorded<'a>> {
        let commits = recorded.frame.commits.iter();
        let events = commits.flat_map(|commit| {
            let workspace = WorkspaceKey::of(&commit.header.workspace);
            commit.events.iter().map(move |event| (&commit.header, workspace, event))
        });
        let shard = recorded.frame.shard;
        (0..).zip(events).map(move |(index, (header, workspace, event))| Recorded {
            header,
            workspace,
            position: Position { shard, sequence: recorded.sequence, index },
            event,
        })
    }
}

/// The position of a frame's last event; of the frame itself if it has none.
pub(crate) fn last_position(recorded: &RecordedFrame) -> Position {
    let events = u32::try_from(recorded.frame.events()).unwrap_or(u32::MAX);
    Position { shard: recorded.frame.shard, sequence: recorded.sequence, index: events.saturating_sub(1) }
}
