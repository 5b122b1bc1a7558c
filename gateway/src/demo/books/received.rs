//! What customers sent, against the log and against what the API shows: each once, as written, and nothing else.

use std::collections::HashMap;

use super::Check;
use super::ledger::Ledger;
use super::pages::Pages;
use crate::demo::letters::{Letter, Number};
use crate::demo::workspace::Workspace;

pub(super) fn check(letters: &[Letter], workspace: &Workspace, ledger: &Ledger, pages: &Pages) -> Check {
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
        check.require(as_written, || format!("message {number} is not in the log as it was written"));
        let channel_of = |id| ledger.attendance.cases.get(id).map(|case| &case.channel);
        let line = workspace.lines.get(usize::from(letter.channel)).map(|line| &line.id);
        let right_channel = in_log.is_none_or(|received| channel_of(&received.conversation) == line);
        check.require(right_channel, || {
            format!("message {number} is not on channel {line:?}, where it was written")
        });
        let shown = shown(&pages.inbound, number);
        let like_log = shown.len() as u32 == times
            && shown.iter().all(|(id, content)| {
                in_log.is_some_and(|log| log.conversation == *id) && *content == letter.content
            });
        check.require(like_log, || {
            let log = in_log.map(|received| received.conversation);
            format!("message {number} of conversation {log:?} is shown {} times", shown.len())
        });
    }
    let unknown =
        ledger.received.keys().chain(pages.inbound.keys()).filter(|n| **n as usize >= letters.len());
    for number in unknown {
        check.problem(|| format!("message {number} was never written"));
    }
    check
}

type Shown = (schemas::ConversationId, [u8; 16]);

fn shown(inbound: &HashMap<Number, Vec<Shown>>, number: Number) -> &[Shown] {
    inbound.get(&number).map_or(&[], Vec::as_slice)
}

#[cfg(test)]
mod tests {
    use schemas::event::ConversationOpened;
    use schemas::{ChannelId, Content, ConversationId, Event, Position, ShardId};

    use super::*;
    use crate::demo::books::ledger::Received;
    use crate::demo::letters::{Letters, fingerprint};

    const HERE: ConversationId = ConversationId::from_bytes([1; 16]);
    const ELSEWHERE: ConversationId = ConversationId::from_bytes([2; 16]);

    struct Day {
        letters: Letters,
        ledger: Ledger,
        pages: Pages,
        workspace: Workspace,
    }

    /// One message, taken, in the log once and shown once.
    fn day() -> Day {
        let (letters, workspace) = (Letters::default(), Workspace::read().unwrap());
        let number = letters.add(0).unwrap();
        let content = fingerprint(&Content::Text("hello".into()));
        letters.says(number, content);
        letters.taken(number);
        let (mut ledger, mut pages) = (Ledger::default(), Pages::empty());
        let channel = workspace.lines[0].id.clone();
        ledger.attendance.take(Position::start(ShardId(0)), &opened(channel));
        ledger.received.insert(number, Received { times: 1, conversation: HERE, content, holder: None });
        pages.inbound.insert(number, vec![(HERE, content)]);
        Day { letters, ledger, pages, workspace }
    }

    fn opened(channel: ChannelId) -> Event {
        ConversationOpened {
            conversation: HERE,
            contact: schemas::ContactId::from_bytes([3; 16]),
            identity: "34600000000".into(),
            network: schemas::ChannelKind::Whatsapp,
            profile_name: None,
            channel,
            campaign: schemas::CampaignId::new("help").unwrap(),
        }
        .into()
    }

    #[track_caller]
    fn assert_found(problem: impl FnOnce(&mut Day)) {
        let mut day = day();
        problem(&mut day);
        let check = check(&day.letters.all(), &day.workspace, &day.ledger, &day.pages);
        assert!(check.problems > 0, "{check}");
    }

    #[test]
    fn a_message_that_is_everywhere_once_is_in_order() {
        let day = day();
        let check = check(&day.letters.all(), &day.workspace, &day.ledger, &day.pages);
        assert_eq!((check.problems, check.looked_at), (0, 1), "{check}");
    }

    #[test]
    fn a_message_that_was_lost_is_found() {
        assert_found(|day| {
            day.ledger.received.clear();
            day.pages.inbound.clear();
        });
        assert_found(|day| day.pages.inbound.clear());
    }

    #[test]
    fn a_message_that_is_there_twice_is_found() {
        assert_found(|day| day.ledger.received.values_mut().for_each(|received| received.times = 2));
        assert_found(|day| {
            day.pages.inbound.values_mut().for_each(|shown| shown.push(shown[0]));
        });
    }

    #[test]
    fn a_message_that_says_something_else_or_is_in_another_place_is_found() {
        assert_found(|day| day.letters.says(0, [9; 16]));
        assert_found(|day| day.pages.inbound.values_mut().for_each(|shown| shown[0].0 = ELSEWHERE));
        assert_found(|day| day.workspace.lines.reverse());
    }

    #[test]
    fn a_message_nobody_wrote_is_found() {
        assert_found(|day| day.ledger.strange.push("nobody wrote this".into()));
        assert_found(|day| {
            let shown = day.pages.inbound[&0].clone();
            day.pages.inbound.insert(7, shown);
        });
    }
}
