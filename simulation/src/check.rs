//! Holds what clients were told against the log.

use bytes::Bytes;
use engine::Outcome;

use crate::record::{Asked, Book, Told};
use crate::replay::{is_nothing, replay};

/// All that is wrong.
pub(crate) fn check(frames: &[Bytes], book: &Book) -> Vec<String> {
    let found = replay(frames, book);
    let mut wrong = Vec::new();
    for (command, places) in &found.commits {
        if places.len() > 1 {
            wrong.push(format!("{command} is in the log {} times", places.len()));
        }
    }
    for asked in &book.asked {
        let places = found.commits.get(&asked.submission.id).map_or(&[][..], Vec::as_slice);
        let Asked { client, submission, .. } = asked;
        let who = format!("c{client}'s {}", submission.id);
        match (&asked.told, places) {
            (Told::Unknown, _) | (Told::Refused(_), []) => {}
            // An earlier try, of which the client was told that it may still take effect.
            (Told::Refused(_), [_]) if asked.times > 1 => {}
            (Told::Refused(rejection), [(position, _), ..]) => {
                wrong.push(format!("{who} was refused ({rejection}), and is in the log at {position}"));
            }
            (Told::Accepted(outcome), []) if is_nothing(asked, outcome) => {}
            (Told::Accepted(outcome), []) => {
                wrong.push(format!("{who} was accepted at {} and is not in the log", outcome.position));
            }
            // The same: nothing was to be done when it was asked again, and nothing of that is remembered.
            (Told::Accepted(outcome), [_]) if asked.times > 1 && is_nothing(asked, outcome) => {}
            (Told::Accepted(outcome), [(position, events), ..]) => {
                let Outcome { position: told, repeated, events: told_events, .. } = outcome;
                if told != position || (!repeated && told_events != events) {
                    wrong.push(format!("{who} was told {told} with {told_events:?}, and is at {position}"));
                }
                let sequence = position.sequence;
                if sequence <= asked.head_before || sequence > asked.head_after {
                    let (before, after) = (asked.head_before, asked.head_after);
                    wrong.push(format!("{who} is at {position}: not between {before} and {after}"));
                }
            }
        }
    }
    wrong.sort_unstable();
    [found.wrong, wrong].concat()
}
