//! Planted into what a listener heard: events missed, doubled, out of order, of nowhere.

use schemas::Position;
use tests::checker::{Evidence, Rule, check};
use tests::record::Word;

use super::day::{breaks, in_order};

const WHICH: usize = 7;

fn words(evidence: &mut Evidence) -> &mut Vec<Word> {
    &mut evidence.records.listened[0].words
}

fn position_of(word: Word) -> Position {
    match word {
        Word::Hello(position) | Word::Reload(position) | Word::Change(position) => position,
    }
}

#[test]
fn a_missed_event() {
    let mut evidence = in_order();
    words(&mut evidence).remove(WHICH);
    breaks(&evidence, Rule::HeardOnce);
}

#[test]
fn a_missed_event_at_the_end() {
    let mut evidence = in_order();
    words(&mut evidence).pop();
    breaks(&evidence, Rule::HeardOnce);
}

#[test]
fn an_event_heard_twice() {
    let mut evidence = in_order();
    let word = words(&mut evidence)[WHICH];
    words(&mut evidence).insert(WHICH + 1, word);
    breaks(&evidence, Rule::HeardOnce);
}

#[test]
fn an_event_heard_again_after_going_on() {
    let mut evidence = in_order();
    let word = words(&mut evidence)[WHICH];
    words(&mut evidence).extend([Word::Hello(position_of(word)), word]);
    breaks(&evidence, Rule::HeardOnce);
}

#[test]
fn two_events_in_the_wrong_order() {
    let mut evidence = in_order();
    words(&mut evidence).swap(WHICH, WHICH + 1);
    breaks(&evidence, Rule::HeardOnce);
}

#[test]
fn an_event_that_never_was() {
    let mut evidence = in_order();
    let Word::Change(position) = &mut words(&mut evidence)[WHICH] else { panic!("not a change") };
    position.index += 1_000;
    breaks(&evidence, Rule::HeardOnce);
}

#[test]
fn who_goes_on_further_ahead_than_they_heard_misses_what_is_between() {
    let mut evidence = in_order();
    let ahead = position_of(words(&mut evidence)[WHICH]);
    words(&mut evidence)[WHICH] = Word::Hello(ahead);
    breaks(&evidence, Rule::HeardOnce);
}

#[test]
fn who_was_told_to_read_the_views_again_missed_nothing() {
    let mut evidence = in_order();
    let ahead = position_of(words(&mut evidence)[WHICH + 1]);
    words(&mut evidence).splice(WHICH..=WHICH + 1, [Word::Reload(ahead)]);
    assert_eq!(check(&evidence), []);
}
