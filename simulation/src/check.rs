//! Holds what clients were told against the log.

use std::collections::{BTreeMap, HashMap};

use bytes::Bytes;
use engine::Outcome;
use schemas::{CommandId, Position};

use crate::record::{Asked, Book, Told};
use crate::replay::replay;

/// How often what came of each kind of command: accepted, found done, or the code of the refusal.
pub type Driven = BTreeMap<&'static str, BTreeMap<&'static str, usize>>;

/// All that is wrong, and what was driven.
pub(crate) fn check(frames: &[Bytes], book: &Book) -> (Vec<String>, Driven) {
    let mut found = replay(frames, book);
    let mut wrong = Vec::new();
    for (command, places) in &found.commits {
        if places.len() > 1 {
            wrong.push(format!("{command} is in the log {} times", places.len()));
        }
    }
    // Of each command, how often somebody asked for it, and where the log was when it was asked first.
    let mut first: HashMap<CommandId, (usize, u64)> = HashMap::new();
    for asked in &book.asked {
        let (times, head) = first.entry(asked.submission.id).or_insert((0, asked.head_before));
        (*times, *head) = (*times + asked.times, asked.head_before.min(*head));
        let outcome = match &asked.told {
            Told::Refused(rejection) => rejection.code(),
            Told::Accepted(_) if asked.is_nothing() => "nothing",
            Told::Accepted(_) | Told::Unknown => continue,
        };
        let kind = found.driven.entry(model::kind(&asked.submission.command)).or_default();
        *kind.entry(outcome).or_default() += 1;
    }
    for asked in &book.asked {
        let places = found.commits.get(&asked.submission.id).map_or(&[][..], Vec::as_slice);
        let Asked { client, submission, .. } = asked;
        let who = format!("c{client}'s {}", submission.id);
        let (times, head_before) = first[&submission.id];
        // Another try, of which the client was told that it may still take effect, or that came after this one.
        let may_be_of_another = |position: &Position| times > 1 && asked.head_asked < position.sequence;
        match (&asked.told, places) {
            (Told::Unknown, _) | (Told::Refused(_), []) => {}
            (Told::Refused(_), [(position, _)]) if may_be_of_another(position) => {}
            (Told::Refused(rejection), [(position, _), ..]) => {
                wrong.push(format!("{who} was refused ({rejection}), and is in the log at {position}"));
            }
            (Told::Accepted(_), []) if asked.is_nothing() => {}
            (Told::Accepted(outcome), []) => {
                wrong.push(format!("{who} was accepted at {} and is not in the log", outcome.position));
            }
            // The same: nothing was to be done when it was asked again, and nothing of that is remembered.
            (Told::Accepted(_), [(position, _)]) if may_be_of_another(position) && asked.is_nothing() => {}
            (Told::Accepted(outcome), [(position, events), ..]) => {
                let Outcome { position: told, repeated, events: told_events, .. } = outcome;
                if told != position || (!repeated && told_events != events) {
                    wrong.push(format!("{who} was told {told} with {told_events:?}, and is at {position}"));
                }
                let sequence = position.sequence;
                if sequence <= head_before || sequence > asked.head_after {
                    let after = asked.head_after;
                    wrong.push(format!("{who} is at {position}: not between {head_before} and {after}"));
                }
            }
        }
    }
    wrong.sort_unstable();
    ([found.wrong, wrong].concat(), found.driven)
}
