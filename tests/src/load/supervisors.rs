//! A supervisor who takes conversations over from agents, says something, and gives them back, or does not; and who finds
//! customers that are known twice.

use std::sync::Arc;

use reqwest::Method;
use schemas::api::Page;
use schemas::api::views::InboxItem;
use serde_json::json;
use tokio_util::sync::CancellationToken;

use super::asking::Asking;
use super::centre::AGENTS;
use super::known::Known;
use super::{CUSTOMERS, contacts};
use crate::ask::of;

pub(super) async fn supervise(mut asking: Asking, known: Arc<Known>, stop: CancellationToken) {
    while !stop.is_cancelled() {
        let agent = asking.chance.choose(&AGENTS).copied().unwrap_or(AGENTS[0]);
        let theirs = asking.read::<Page<InboxItem>>(&format!("/v1/inbox?limit=20&agent={agent}")).await;
        if let Some(item) = theirs.and_then(|page| asking.chance.choose(&page.items).cloned()) {
            let id = item.conversation;
            asking.order(Method::POST, &of(id, "take-over"), &json!({})).await;
            if asking.chance.percent(50) {
                let coaching = json!({"text": "ask for the number first", "kind": "coaching"});
                asking.order(Method::POST, &of(id, "notes"), &coaching).await;
            }
            asking.pause().await;
            if asking.chance.percent(70) {
                asking.order(Method::POST, &of(id, "give-back"), &json!({})).await;
            }
        }
        if asking.chance.percent(30) {
            let customer = asking.chance.below(CUSTOMERS);
            contacts::merge(&mut asking, customer, &known).await;
        }
        asking.pause().await;
    }
}
