//! What was acknowledged before another command was asked, by whichever client, is before it in the log.

use std::collections::HashMap;

use schemas::CommandId;

use super::{Evidence, Findings};
use crate::record::{Asked, Told};

pub(super) fn check(evidence: &Evidence) -> Findings {
    // Commits may share a position when one of them has no events, so that their order is counted.
    let numbered = evidence.log.commits().enumerate();
    let order: HashMap<CommandId, usize> =
        numbered.map(|(number, placed)| (placed.commit.header.command, number)).collect();
    // A command that was asked twice, such as a message that a provider delivers again, counts from its first time.
    let mut first_asked: HashMap<CommandId, &Asked> = HashMap::new();
    for asked in &evidence.records.asked {
        let first = first_asked.entry(asked.command).or_insert(asked);
        *first = if asked.asked < first.asked { asked } else { first };
    }
    let number_of = |asked: &Asked| order.get(&asked.command).copied();
    let with_number = |asked| number_of(asked).map(|number| (asked, number));
    let mut by_question: Vec<(&Asked, usize)> = first_asked.into_values().filter_map(with_number).collect();
    by_question.sort_by_key(|(asked, _)| asked.asked);
    let is_acknowledged = |asked: &&Asked| matches!(asked.told, Told::Accepted(_) | Told::Received);
    let acknowledged = evidence.records.asked.iter().filter(is_acknowledged);
    let mut by_answer: Vec<(&Asked, usize)> = acknowledged.filter_map(with_number).collect();
    by_answer.sort_by_key(|(asked, _)| asked.answered);

    let (mut findings, mut answered) = (Findings::new(), by_answer.into_iter().peekable());
    let mut last: Option<(&Asked, usize)> = None;
    for (asked, number) in by_question {
        while let Some(before) = answered.next_if(|(before, _)| before.answered < asked.asked) {
            last = last.filter(|(_, furthest)| *furthest > before.1).or(Some(before));
        }
        if let Some((before, furthest)) = last
            && furthest > number
        {
            findings
                .push(format!("{before:?} was acknowledged before {asked:?} was asked, and is behind it"));
        }
    }
    findings
}
