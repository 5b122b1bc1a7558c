//! An administrator who listens to everything: whenever the stream ends, it goes on after the last event, wherever
//! somebody answers.

use std::time::Duration;

use schemas::Position;
use tokio::sync::watch;
use tokio::time::{sleep, timeout};

use super::asking::Asking;
use crate::listener::{Heard, Listener};
use crate::record::{Listened, Recorder, Word};

/// After everybody else has ended, the last events must come in so long.
const LAST_WORD_WITHIN: Duration = Duration::from_secs(30);
/// Before a listener looks for somebody else to listen to.
const PAUSE_MS: u64 = 20;
/// Now and then a listener goes elsewhere of its own will.
const EVENTS_UNTIL_ELSEWHERE: u64 = 1_500;

pub(super) async fn listen(
    mut asking: Asking,
    recorder: Recorder,
    mut until: watch::Receiver<Option<Position>>,
) {
    let mut listened = Listened { listener: asking.who.name.clone(), ..Listened::default() };
    let mut last = None;
    let is_set = {
        let mut until = until.clone();
        async move { until.wait_for(Option::is_some).await.is_ok() }
    };
    tokio::select! {
        () = hear(&mut asking, &mut listened, &mut last, None) => {}
        _ = is_set => {}
    }
    let until = *until.borrow_and_update();
    let rest = hear(&mut asking, &mut listened, &mut last, until);
    // What did not come is for the checker to find.
    let _late = timeout(LAST_WORD_WITHIN, rest).await;
    listened.until = until;
    recorder.listened(listened);
}

/// Hears on after `last` until the position, or for ever. May be cancelled: nothing heard is lost.
async fn hear(
    asking: &mut Asking,
    listened: &mut Listened,
    last: &mut Option<Position>,
    until: Option<Position>,
) {
    loop {
        let id = last.map(|position| position.to_string());
        if let Some(mut listener) = Listener::try_connect(asking.api(), id.as_deref()).await {
            let mut left = 1 + asking.chance.below(EVENTS_UNTIL_ELSEWHERE);
            while left > 0
                && let Some(heard) = listener.next_or_end().await
            {
                let position = heard.position();
                listened.words.extend(word(&heard, position));
                *last = Some((*last).map_or(position, |last| last.max(position)));
                if until.is_some_and(|until| position >= until) {
                    return;
                }
                left -= 1;
            }
        }
        let pause = asking.chance.time(PAUSE_MS);
        sleep(pause).await;
        asking.go_elsewhere();
    }
}

fn word(heard: &Heard, position: Position) -> Option<Word> {
    match heard.kind.as_str() {
        "hello" => Some(Word::Hello(position)),
        "reload" => Some(Word::Reload(position)),
        // An id alone: nothing that concerns this listener has happened since.
        "" => None,
        _ => Some(Word::Change(position)),
    }
}
