//! What customers sent, against the log and against what the API shows: each once, as written, and nothing else.

use std::collections::HashMap;

use super::Check;
use super::ledger::Ledger;
use super::pages::Pages;
use crate::demo::letters::{Letter, Number};

pub(super) fn check(letters: &[Letter], ledger: &Ledger, pages: &Pages) -> Check {
    let rule = "every message a customer sent is in the history once, and nothing else is";
    let mut check = Check::new(rule, "messages");
    for strange in ledger.strange.iter().chain(&pages.strange) {
        check.problem(|| strange.clone());
    }
    for (number, letter) in (0..).zip(letters) {
        check.looked_at += u64::from(letter.taken);
        let in_log = ledger.received.get(&number);
        let times = in_log.map_or(0, |received| received.times);
        // One that was never answered 200 may have come in all the same.
        let once = times == 1 || (times == 0 && !letter.taken);
        check.require(once, || format!("message {number} is in the log {times} times"));
        let as_written = in_log.is_none_or(|received| received.content == letter.content);
        check.require(as_written, || {
            format!("message {number} is not in the log as it was written")
        });
        let shown = shown(&pages.inbound, number);
        let like_log = shown.len() as u32 == times
            && shown.iter().all(|(id, content)| {
                in_log.is_some_and(|log| log.conversation == *id) && *content == letter.content
            });
        check.require(like_log, || {
            let log = in_log.map(|received| received.conversation);
            format!(
                "message {number} of conversation {log:?} is shown {} times",
                shown.len()
            )
        });
    }
    let unknown = ledger
        .received
        .keys()
        .chain(pages.inbound.keys())
        .filter(|n| **n as usize >= letters.len());
    for number in unknown {
        check.problem(|| format!("message {number} was never written"));
    }
    check
}

type Shown = (schemas::ConversationId, [u8; 16]);

fn shown(inbound: &HashMap<Number, Vec<Shown>>, number: Number) -> &[Shown] {
    inbound.get(&number).map_or(&[], Vec::as_slice)
}
