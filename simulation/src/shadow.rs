//! The shadow of the log as it grows: what everybody asked, and the model of all that was accepted. It is there to ask
//! for what makes sense; whether the log is right is found out afterwards, from the log.

use std::collections::HashMap;

use model::Reference;
use schemas::frame::{Commit, Frame};
use schemas::{Actor, Command, CommandId, Submission, Timestamp};

#[derive(Default)]
pub(crate) struct Shadow {
    pub(crate) reference: Reference,
    /// All that was ever asked, before anything can have come of it.
    pub(crate) asked: HashMap<CommandId, Submission>,
    pub(crate) last_at: Timestamp,
}

impl Shadow {
    /// The log has this frame.
    pub(crate) fn follow(&mut self, frame: &[u8]) {
        let Ok(frame) = Frame::decode(frame) else { return };
        for commit in &frame.commits {
            self.last_at = commit.header.at;
            let Some((actor, command)) = meant(&self.reference, &self.asked, commit) else { return };
            let Commit { header, .. } = commit;
            self.reference.take(&actor, &command, header.command, header.at);
        }
    }
}

/// The command that a commit is of: somebody asked for it, or something was due.
pub(crate) fn meant(
    reference: &Reference,
    asked: &HashMap<CommandId, Submission>,
    commit: &Commit,
) -> Option<(Actor, Command)> {
    let header = &commit.header;
    match asked.get(&header.command) {
        Some(submission) => Some((submission.actor.clone(), submission.command.clone())),
        None => Some((Actor::System, Command::PassDeadline(reference.due(header.at)?))),
    }
}
