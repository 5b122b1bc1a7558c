//! What people do with contacts: look them up, search, write down what they learn, and say that two of them are one.

use reqwest::Method;
use schemas::api::Page;
use schemas::api::contacts::Contact;
use schemas::api::views::InboxItem;
use schemas::{ContactId, Position};
use serde_json::{Value, json};

use super::asking::Asking;
use super::centre::PLANS;
use super::known::Known;
use crate::ask::eventually;
use crate::centre::identity;

/// Whoever attends a contact gets to know them.
pub(super) async fn attend(asking: &mut Asking, item: &InboxItem, known: &Known) {
    let id = item.contact;
    known.meet(id);
    match asking.chance.below(5) {
        0..2 => {
            let body = something_new(asking);
            asking.order(Method::PATCH, &format!("/v1/contacts/{id}"), &body).await;
        }
        2 => {
            let note = json!({"text": "calls on Mondays"});
            asking.order(Method::POST, &format!("/v1/contacts/{id}/notes"), &note).await;
        }
        3 => drop(asking.look_up(id, None).await),
        _ => {
            if let Some(contact) = search(asking, "lola").await.pop() {
                asking.look_up(contact, None).await;
            }
        }
    }
}

fn something_new(asking: &mut Asking) -> Value {
    let number = asking.chance.below(1_000);
    match asking.chance.below(4) {
        0 => json!({"name": format!("Lola {number}")}),
        1 => json!({"email": format!("lola.{number}@example.com"), "phone": null}),
        2 => json!({"fields": {"acme": {"plan": asking.chance.choose(&PLANS)}}}),
        // Nobody has this plan.
        _ => json!({"fields": {"acme": {"plan": "silver"}}}),
    }
}

/// A supervisor looks for all that a customer is known by, and says that two of it are one; then both ids show that one.
pub(super) async fn merge(asking: &mut Asking, customer: u64, known: &Known) {
    let mut found = search(asking, &identity(customer)).await;
    asking.chance.shuffle(&mut found);
    found.iter().for_each(|contact| known.meet(*contact));
    let [one, other, ..] = found[..] else { return };
    let path = format!("/v1/contacts/{one}/merge");
    if let Some(merged) = asking.order(Method::POST, &path, &json!({"contact": other})).await {
        asking.look_up(one, Some(merged.position)).await;
        asking.look_up(other, Some(merged.position)).await;
    }
}

async fn search(asking: &mut Asking, query: &str) -> Vec<ContactId> {
    let found = asking.read::<Page<Contact>>(&format!("/v1/contacts?q={query}&limit=20")).await;
    found.into_iter().flat_map(|page| page.items).map(|contact| contact.id).collect()
}

/// At the end, every id that anybody saw is looked up once more.
pub(super) async fn look_all_up(asking: &mut Asking, known: &Known, at: Position) {
    for id in known.contacts() {
        eventually("a contact is shown", async || asking.look_up(id, Some(at)).await).await;
    }
}
