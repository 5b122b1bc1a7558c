//! An answer that does not come in time is told once, when its time is over, and before anybody answers after it.

use std::collections::HashMap;
use std::time::Duration;

use schemas::{ConversationId, Event, Timestamp};

use super::{Evidence, Findings};
use crate::log_copy::Happened;

/// The clock is read once to see what is due, and again for the command that comes then.
const BETWEEN_TWO_LOOKS: Duration = Duration::from_secs(1);

/// By when a customer is to be answered.
struct Due {
    at: Timestamp,
    is_missed: bool,
}

pub(super) fn check(evidence: &Evidence) -> Findings {
    let mut awaited: HashMap<ConversationId, Due> = HashMap::new();
    evidence.log.events().filter_map(|happened| broken(&mut awaited, happened)).collect()
}

fn broken(awaited: &mut HashMap<ConversationId, Due>, happened: Happened<'_>) -> Option<String> {
    let (at, now) = (happened.position, happened.header.at);
    match happened.event {
        Event::ResponseAwaited(e) => {
            match e.due_at {
                Some(at) => awaited.insert(e.conversation, Due { at, is_missed: false }),
                None => awaited.remove(&e.conversation),
            };
            None
        }
        Event::ResponseMissed(e) => match awaited.get_mut(&e.conversation) {
            Some(due) if due.at == e.due_at && !due.is_missed && due.at <= now => {
                due.is_missed = true;
                None
            }
            other => {
                let stood = other.map(|due| (due.at, due.is_missed));
                Some(format!("{e:?} at {at}, {now}, and awaited and missed was {stood:?}"))
            }
        },
        Event::MessageSubmitted(e) if e.author.agent().is_some() => ends(awaited, e.conversation, happened),
        Event::ConversationFinished(e) => ends(awaited, e.conversation, happened),
        Event::ConversationMerged(e) => ends(awaited, e.conversation, happened),
        _ => None,
    }
}

/// Nothing is awaited any more; had it come too late, that would have been told.
fn ends(
    awaited: &mut HashMap<ConversationId, Due>,
    conversation: ConversationId,
    happened: Happened<'_>,
) -> Option<String> {
    let due = awaited.remove(&conversation)?;
    let is_late = happened.header.at > due.at.plus(BETWEEN_TWO_LOOKS);
    let (name, at) = (happened.event.name(), happened.position);
    (is_late && !due.is_missed)
        .then(|| format!("{name} at {at} in {conversation}, due by {}, and nobody was told", due.at))
}
