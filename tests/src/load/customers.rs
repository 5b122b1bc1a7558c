//! Customers who write. Their messages come once, twice, late and out of order, as providers deliver them.

use schemas::Position;
use tokio_util::sync::CancellationToken;

use super::asking::Asking;
use crate::whatsapp::message;

/// Out of a hundred messages so many come once more, some time later.
const AGAIN_PERCENT: u32 = 15;

pub(super) async fn on_web(mut asking: Asking, customer: u64, stop: CancellationToken) {
    let mut written = Vec::new();
    while !stop.is_cancelled() {
        let again = asking.chance.percent(AGAIN_PERCENT).then(|| asking.chance.choose(&written).cloned());
        let id = again.flatten().unwrap_or_else(|| {
            written.push(format!("web-{customer}-{}", written.len()));
            written[written.len() - 1].clone()
        });
        asking.inbound(&id, &format!("visitor-{customer}")).await;
        asking.pause().await;
    }
}

/// Writes two or three messages at a time; they are delivered in any order, and some again later.
pub(super) async fn on_whatsapp(mut asking: Asking, customer: u64, stop: CancellationToken) {
    let (mut number, mut late) = (0, Vec::new());
    while !stop.is_cancelled() {
        let mut together: Vec<u64> = (number..number + 2 + asking.chance.below(2)).collect();
        number += together.len() as u64;
        if asking.chance.percent(AGAIN_PERCENT) {
            late.push(together[0]);
        }
        if asking.chance.percent(AGAIN_PERCENT) {
            together.append(&mut late);
        }
        asking.chance.shuffle(&mut together);
        for number in together {
            let wamid = format!("wamid.{customer}.{number}");
            asking.webhook(&wamid, &message(customer, &wamid, &format!("this is {wamid}"))).await;
        }
        asking.pause().await;
    }
}

/// One more message, behind everything else that was asked for.
pub(super) async fn say_the_last_word(asking: &mut Asking) -> Position {
    let accepted = asking.inbound("the-last-word", "visitor-last").await;
    accepted.expect("the last word was refused").position
}
