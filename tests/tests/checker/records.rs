//! Planted into what clients were told: commands lost, doubled, refused and written, misplaced, out of order; frames
//! that were changed or left out; a message that the network took twice.

use schemas::{CommandId, Event, MessageId, Timestamp};
use tests::checker::{Evidence, Rule, check};
use tests::record::Told;

use super::day::{breaks, find, in_order};

#[test]
fn a_lost_command() {
    let mut evidence = in_order();
    let (frame, commit) = find(&evidence, |event| matches!(event, Event::NoteAdded(_)));
    // The last of its frame, so that no other position changes.
    let commits = &mut evidence.log.frames[frame].frame.commits;
    commits.truncate(commit);
    let lost = evidence.records.listened[0].words.pop();
    assert!(lost.is_some());
    evidence.records.listened[0].until = None;
    breaks(&evidence, Rule::AcknowledgedOnce);
}

#[test]
fn a_lost_command_whose_place_was_not_told() {
    let mut evidence = in_order();
    let asked = evidence.records.asked.last_mut().unwrap();
    (asked.command, asked.told) = (CommandId::from_bytes([1; 16]), Told::Received);
    breaks(&evidence, Rule::AcknowledgedOnce);
}

#[test]
fn a_doubled_command() {
    let mut evidence = in_order();
    let (frame, commit) = find(&evidence, |event| matches!(event, Event::ClientDefined(_)));
    let commits = &mut evidence.log.frames[frame].frame.commits;
    let mut again = commits[commit].clone();
    again.events.clear();
    commits.insert(commit + 1, again);
    breaks(&evidence, Rule::AcknowledgedOnce);
}

#[test]
fn a_refused_command_that_is_in_the_log() {
    let mut evidence = in_order();
    evidence.records.asked[4].told = Told::Refused("forbidden".to_owned());
    breaks(&evidence, Rule::RefusedAbsent);
}

#[test]
fn a_command_refused_here_may_be_done_by_the_process_that_was_asked_before() {
    let mut evidence = in_order();
    let decided_at = decided_at(&evidence, evidence.records.asked[4].command);
    evidence.records.asked[4].told = Told::Refused("forbidden".to_owned());
    evidence.records.asked[4].elsewhere_at = Some(decided_at);
    assert_eq!(check(&evidence), []);
}

#[test]
fn a_command_refused_by_a_process_that_should_have_known_it() {
    let mut evidence = in_order();
    let decided_at = decided_at(&evidence, evidence.records.asked[4].command);
    evidence.records.asked[4].told = Told::Refused("forbidden".to_owned());
    evidence.records.asked[4].elsewhere_at = Some(Timestamp::from_millis(decided_at.millis() + 1));
    breaks(&evidence, Rule::RefusedAbsent);
}

fn decided_at(evidence: &Evidence, command: CommandId) -> Timestamp {
    let placed = evidence.log.commits().find(|placed| placed.commit.header.command == command);
    placed.unwrap().commit.header.at
}

#[test]
fn a_wrong_position() {
    let mut evidence = in_order();
    let Told::Accepted(position) = &mut evidence.records.asked[4].told else { panic!("it was refused") };
    position.index += 1;
    breaks(&evidence, Rule::Positions);
}

#[test]
fn a_swapped_order() {
    let mut evidence = in_order();
    let asked = &mut evidence.records.asked;
    let (earlier, later) = (asked[4].command, asked[9].command);
    (asked[4].command, asked[9].command) = (later, earlier);
    let (earlier, later) = (asked[4].told.clone(), asked[9].told.clone());
    (asked[4].told, asked[9].told) = (later, earlier);
    breaks(&evidence, Rule::InOrder);
}

#[test]
fn a_command_that_was_asked_before_the_other_was_answered_may_be_before_or_behind_it() {
    let mut evidence = in_order();
    let asked = &mut evidence.records.asked;
    let (one, two) = (asked[4].clone(), asked[5].clone());
    (asked[4].asked, asked[4].answered) = (two.asked, two.answered);
    (asked[5].asked, asked[5].answered) = (one.asked, two.answered);
    assert_eq!(tests::checker::check(&evidence), []);
}

#[test]
fn a_message_that_was_received_twice() {
    let mut evidence = in_order();
    for event in super::day::events_mut(&mut evidence) {
        if let Event::MessageReceived(message) = event {
            message.provider_id = message.provider_id.trim_end_matches("-again").to_owned();
        }
    }
    breaks(&evidence, Rule::ReceivedOnce);
}

#[test]
fn a_changed_frame() {
    let mut evidence = in_order();
    evidence.log.frames[2].hash[0] ^= 1;
    breaks(&evidence, Rule::Chain);
}

#[test]
fn a_message_that_the_network_took_twice() {
    let mut evidence = in_order();
    let (frame, commit) = find(&evidence, |event| matches!(event, Event::MessageSubmitted(_)));
    let command = evidence.log.frames[frame].frame.commits[commit].header.command;
    evidence.taken_by_network.insert(MessageId::from(command), 1);
    assert_eq!(tests::checker::check(&evidence), []);
    evidence.taken_by_network.insert(MessageId::from(command), 2);
    breaks(&evidence, Rule::SentOnce);
}

#[test]
fn a_message_that_the_network_took_and_nobody_sent() {
    let mut evidence = in_order();
    evidence.taken_by_network.insert(MessageId::from(CommandId::from_bytes([1; 16])), 1);
    breaks(&evidence, Rule::SentOnce);
}

#[test]
fn an_answer_that_no_server_should_give() {
    let mut evidence = in_order();
    evidence.records.strange.push("POST /v1/x was answered 500".to_owned());
    breaks(&evidence, Rule::Answers);
}
