//! Customers who write, and think now and then before they go on. Their messages come once, twice, late and out of order,
//! as providers deliver them. They come back from other addresses, and only sometimes does somebody say who they are.

use reqwest::Method;
use schemas::Position;
use serde_json::json;
use tokio_util::sync::CancellationToken;

use super::administrators::rest;
use super::asking::Asking;
use crate::centre::identity;
use crate::whatsapp::{message_of, number_changed};

/// Out of a hundred messages so many come once more, some time later.
const AGAIN_PERCENT: u32 = 15;
/// After so many the customer says nothing for a while, which is too long now and then.
const SILENT_PERCENT: u32 = 2;
const SILENT_MS_MAX: u64 = 4_000;
/// Before so many the customer gets another address.
const MOVES_PERCENT: u32 = 2;

/// The address that a customer has on a network after they moved so often; one search finds all of them.
fn address(customer: u64, moved: u64) -> String {
    format!("{}{moved:03}", identity(customer))
}

pub(super) async fn on_web(mut asking: Asking, customer: u64, stop: CancellationToken) {
    let (mut moved, mut written) = (0, Vec::new());
    while !stop.is_cancelled() {
        let again = asking.chance.percent(AGAIN_PERCENT).then(|| asking.chance.choose(&written).cloned());
        let (id, addresses) = match again.flatten() {
            Some(again) => again,
            None => {
                let mut addresses = vec![address(customer, moved)];
                if asking.chance.percent(MOVES_PERCENT) {
                    moved += 1;
                    addresses.insert(0, address(customer, moved));
                    say_who_moved(&mut asking, &mut addresses).await;
                }
                written.push((format!("web-{customer}-{}", written.len()), addresses));
                written[written.len() - 1].clone()
            }
        };
        asking.inbound(&id, &addresses).await;
        think(&mut asking, &stop).await;
    }
}

/// The message itself says that both addresses are the customer's, or the connector did, or nobody.
async fn say_who_moved(asking: &mut Asking, addresses: &mut Vec<String>) {
    let says = asking.chance.below(3);
    if says == 0 {
        let change = json!({"from": addresses[1], "to": addresses[0]});
        asking.order(Method::POST, "/v1/channels/web/identity-changes", &change).await;
    }
    if says != 1 {
        addresses.truncate(1);
    }
}

/// Writes two or three messages at a time, from a number, a user id, or both; they are delivered in any order, and some
/// again later.
pub(super) async fn on_whatsapp(mut asking: Asking, customer: u64, stop: CancellationToken) {
    let (mut number, mut late) = (0, Vec::new());
    let (mut phone, mut user) = (0, 0);
    while !stop.is_cancelled() {
        if asking.chance.percent(MOVES_PERCENT) {
            phone += 1;
            let (wamid, from) = (format!("wamid.moved.{customer}.{phone}"), address(customer, phone - 1));
            let moved = number_changed(&from, &address(customer, phone), &wamid);
            asking.identity_webhook(&wamid, &moved).await;
        }
        if asking.chance.percent(MOVES_PERCENT) {
            user += 1;
        }
        let mut together = Vec::new();
        for _ in 0..2 + asking.chance.below(2) {
            let (phone, user) = (address(customer, phone), format!("ES.{}", address(customer, user)));
            let (phone, user) = match asking.chance.below(10) {
                0 => (None, Some(user)),
                1 => (Some(phone), Some(user)),
                _ => (Some(phone), None),
            };
            let wamid = format!("wamid.{customer}.{number}");
            let text = format!("this is {wamid}");
            let body = message_of(phone.as_deref(), user.as_deref(), &wamid, &text);
            together.push((wamid, body));
            number += 1;
        }
        if asking.chance.percent(AGAIN_PERCENT) {
            late.push(together[0].clone());
        }
        if asking.chance.percent(AGAIN_PERCENT) {
            together.append(&mut late);
        }
        asking.chance.shuffle(&mut together);
        for (wamid, body) in together {
            asking.webhook(&wamid, &body).await;
        }
        think(&mut asking, &stop).await;
    }
}

async fn think(asking: &mut Asking, stop: &CancellationToken) {
    if asking.chance.percent(SILENT_PERCENT) {
        let silent = asking.chance.time(SILENT_MS_MAX);
        rest(silent, stop).await;
    }
    asking.pause().await;
}

/// One more message, behind everything else that was asked for.
pub(super) async fn say_the_last_word(asking: &mut Asking) -> Position {
    let accepted = asking.inbound("the-last-word", &["visitor-last".to_owned()]).await;
    accepted.expect("the last word was refused").position
}
