//! Agents who come and go, accept what they are offered, or not, or too late, answer in their own words or predefined
//! ones, wait for customers, take notes, get to know who writes, take from the queue, hand over, finish, are done some
//! time later, and want customers for themselves, for a time or for ever. They act on what their screens show, which may
//! be of a moment ago, so that rules say no now and then.

use std::sync::Arc;
use std::time::Duration;

use engine::clock::now;
use reqwest::Method;
use schemas::ConversationId;
use schemas::api::Page;
use schemas::api::views::InboxItem;
use serde_json::{Value, json};
use tokio_util::sync::CancellationToken;

use super::asking::Asking;
use super::centre::{AGENTS, SHORTCUTS};
use super::contacts;
use super::known::Known;
use crate::ask::of;

/// An agent is exclusive for no longer, when they say until when.
const EXCLUSIVE_MS_MAX: u64 = 3_000;
/// Out of a hundred times so many an agent leaves a customer alone who has an answer.
const WAITS_PERCENT: u32 = 90;

pub(super) async fn work(mut asking: Asking, agent: String, known: Arc<Known>, stop: CancellationToken) {
    let (mut is_online, mut finished) = (false, Vec::new());
    while !stop.is_cancelled() {
        if !is_online || asking.chance.percent(2) {
            is_online = change_presence(&mut asking, &agent, is_online).await;
        } else if asking.chance.percent(5) {
            // Whoever did not answer an offer, or was gone too long, is not online any more, and is told nothing.
            is_online = change_presence(&mut asking, &agent, false).await;
        }
        let mine = asking.read::<Page<InboxItem>>("/v1/inbox?limit=20").await;
        if let Some(item) = mine.and_then(|page| asking.chance.choose(&page.items).cloned()) {
            match &item.offered_to {
                Some(_) => answer(&mut asking, item.conversation).await,
                None => act(&mut asking, &item, &known, &mut finished).await,
            }
        }
        if let Some(done) = finished.pop().filter(|_| asking.chance.percent(50)) {
            order(&mut asking, &of(done, "end-after-work"), json!({})).await;
        }
        if asking.chance.percent(20) {
            take_from_queue(&mut asking).await;
        }
        asking.pause().await;
    }
}

/// Gives back whether the agent is online then.
async fn change_presence(asking: &mut Asking, agent: &str, is_online: bool) -> bool {
    let body = match (is_online, asking.chance.below(2)) {
        (false, _) => json!({"presence": "online"}),
        (true, 0) => json!({"presence": "away", "reason": "lunch"}),
        (true, _) => json!({"presence": "offline"}),
    };
    let path = format!("/v1/agents/{agent}/presence");
    asking.order(Method::PUT, &path, &body).await.is_some() && !is_online
}

/// Whoever does neither lets the offer end by itself.
async fn answer(asking: &mut Asking, id: ConversationId) {
    match asking.chance.below(10) {
        0..6 => drop(order(asking, &of(id, "accept"), json!({})).await),
        6..8 => drop(order(asking, &of(id, "decline"), json!({})).await),
        _ => {}
    }
}

async fn act(asking: &mut Asking, item: &InboxItem, known: &Known, finished: &mut Vec<ConversationId>) {
    let id = item.conversation;
    if item.waiting_since.is_none() && asking.chance.percent(WAITS_PERCENT) {
        return;
    }
    match asking.chance.below(29) {
        0..9 => {
            let message = words(asking);
            if let Some(message) = order(asking, &of(id, "messages"), message).await {
                known.learn(message, id, item.channel.clone());
            }
        }
        9..12 => drop(order(asking, &of(id, "notes"), json!({"text": "asked before"})).await),
        12..15 => {
            order(asking, &of(id, "finish"), json!({"disposition": "solved"})).await;
            finished.push(id);
        }
        15 => drop(order(asking, &of(id, "finish"), json!({"disposition": "unheard-of"})).await),
        16..18 => {
            let note = "knows more";
            let to = asking.chance.choose(&AGENTS).copied();
            let body = match asking.chance.below(2) {
                0 => json!({"agent": to, "note": note}),
                _ if item.campaign.as_str() == "care" => json!({"campaign": "sales", "note": note}),
                _ => json!({"campaign": "care", "note": note}),
            };
            order(asking, &of(id, "transfer"), body).await;
        }
        18..20 => {
            let needs = json!({"priority": asking.chance.below(4)});
            asking.order(Method::PUT, &of(id, "needs"), &needs).await;
        }
        20..27 => contacts::attend(asking, item, known).await,
        _ => {
            let path = format!("/v1/contacts/{}/exclusive-agents/{}", item.contact, item.campaign);
            if asking.chance.percent(60) {
                let lasts = Duration::from_millis(500) + asking.chance.time(EXCLUSIVE_MS_MAX);
                let until = asking.chance.percent(50).then(|| now().plus(lasts));
                asking.order(Method::PUT, &path, &json!({"until": until})).await;
            } else {
                asking.order(Method::DELETE, &path, &json!({})).await;
            }
        }
    }
}

fn words(asking: &mut Asking) -> Value {
    match asking.chance.below(10) {
        0..4 => json!({"text": "Let me look into it"}),
        4 => json!({"shortcut": "unheard-of"}),
        _ => json!({"shortcut": asking.chance.choose(&SHORTCUTS)}),
    }
}

async fn order(asking: &mut Asking, path: &str, body: Value) -> Option<schemas::MessageId> {
    asking.order(Method::POST, path, &body).await?.message
}

async fn take_from_queue(asking: &mut Asking) {
    let campaign = *asking.chance.choose(&["care", "sales"]).unwrap_or(&"care");
    let waiting = asking.read::<Page<InboxItem>>(&format!("/v1/inbox?limit=20&queue={campaign}")).await;
    if let Some(item) = waiting.and_then(|page| asking.chance.choose(&page.items).cloned()) {
        order(asking, &of(item.conversation, "assign"), json!({})).await;
    }
}
