//! A person has another phone number or user id: a system message of a `messages` change, or an item of a
//! `user_id_update` change. Source: Meta, "Webhooks: messages, system" and "Business-scoped user IDs".

use super::IdentityChange;
use super::json::Object;
use super::read::identity;
use crate::whatsapp::is_business_scoped_user_id;

/// What a system message says. Only changes of a number or a user id: others tell nothing about who somebody is.
pub(super) fn of_system_message(json: &str) -> Option<IdentityChange> {
    let message = Object::parse(json).ok()?;
    let system = message.object("system");
    if !system.string("type")?.starts_with("user_changed_") {
        return None;
    }
    let before = identity(message.short("from"), message.short("from_user_id"));
    let after = identity(system.short("wa_id"), system.short("user_id"));
    let user_before = before.user_id.filter(|id| Some(id) != after.user_id.as_ref());
    let user_before = user_before.or_else(|| named_before(&system.string("body")?, after.user_id.as_deref()));
    let numbers = (before.wa_id, after.wa_id);
    let provider_id = Some(message.string("id")?);
    between(numbers, (user_before, after.user_id), provider_id, message.seconds_as_ms("timestamp"))
}

/// What an item of `user_id_update` says.
pub(super) fn of_update(json: &str) -> Option<IdentityChange> {
    let update = Object::parse(json).ok()?;
    let ids = update.object("user_id");
    let users = (ids.short("previous"), ids.short("current"));
    between((update.short("wa_id"), None), users, None, update.seconds_as_ms("timestamp"))
}

type Pair = (Option<String>, Option<String>);

/// The address that became another one, and what else the person is known by.
fn between(
    numbers: Pair,
    users: Pair,
    provider_id: Option<String>,
    changed_at_ms: Option<u64>,
) -> Option<IdentityChange> {
    let changed = |pair: &Pair| match pair {
        (Some(from), Some(to)) if from != to => Some((from.clone(), to.clone())),
        _ => None,
    };
    let (from, to) = changed(&numbers).or_else(|| changed(&users))?;
    let all = [numbers.0, numbers.1, users.0, users.1];
    let mut also: Vec<String> = Vec::new();
    for other in all.into_iter().flatten() {
        if other != from && other != to && !also.contains(&other) {
            also.push(other);
        }
    }
    Some(IdentityChange { provider_id, from, to, also, changed_at_ms: changed_at_ms.unwrap_or(0) })
}

/// "User X changed from OLD to NEW" is the only place that has the user id of before.
fn named_before(body: &str, after: Option<&str>) -> Option<String> {
    let mut words = body.split_whitespace().map(|word| word.trim_matches(['.', ',', '"', '\'']));
    let found = words.find(|word| is_business_scoped_user_id(word) && Some(*word) != after)?;
    Some(found.to_owned())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn change(from: &str, to: &str, also: &[&str]) -> Option<IdentityChange> {
        let (from, to) = (from.to_owned(), to.to_owned());
        let also = also.iter().map(|id| (*id).to_owned()).collect();
        Some(IdentityChange { provider_id: Some("wamid.S".into()), from, to, also, changed_at_ms: 17_000 })
    }

    fn system(from: serde_json::Value, system: serde_json::Value) -> Option<IdentityChange> {
        let mut message = json!({"id": "wamid.S", "timestamp": "17", "type": "system", "system": system});
        message.as_object_mut().unwrap().extend(from.as_object().unwrap().clone());
        of_system_message(&message.to_string())
    }

    #[test]
    fn a_number_changes_and_user_ids_come_along() {
        let changed =
            json!({"type": "user_changed_number", "wa_id": "552", "body": "User A changed from 551 to 552"});
        assert_eq!(system(json!({"from": "551"}), changed), change("551", "552", &[]));
        let changed = json!({"type": "user_changed_number", "wa_id": "552", "user_id": "BR.2"});
        let from = json!({"from": "551", "from_user_id": "BR.1"});
        assert_eq!(system(from, changed), change("551", "552", &["BR.1", "BR.2"]));
    }

    #[test]
    fn a_user_id_changes_and_the_number_comes_along() {
        let body = "User Ana changed from BR.1 to BR.2";
        let changed = json!({"type": "user_changed_user_id", "user_id": "BR.2", "body": body});
        assert_eq!(system(json!({"from": "551"}), changed.clone()), change("BR.1", "BR.2", &["551"]));
        assert_eq!(system(json!({"from_user_id": "BR.2"}), changed), change("BR.1", "BR.2", &[]));
    }

    #[test]
    fn an_item_of_user_id_update_is_a_change_without_a_message() {
        let update = r#"{"wa_id":"551","user_id":{"previous":"BR.1","current":"BR.2"},"timestamp":17}"#;
        let expected =
            change("BR.1", "BR.2", &["551"]).map(|change| IdentityChange { provider_id: None, ..change });
        assert_eq!(of_update(update), expected);
    }

    #[test]
    fn what_names_no_change_is_none() {
        let same = json!({"type": "user_changed_number", "wa_id": "551"});
        assert_eq!(system(json!({"from": "551"}), same), None);
        let other = json!({"type": "customer_identity_changed", "wa_id": "552"});
        assert_eq!(system(json!({"from": "551"}), other), None);
        for update in ["{}", "[]", r#"{"user_id":{"current":"BR.2"}}"#, r#"{"user_id":"BR.2"}"#] {
            assert_eq!(of_update(update), None, "{update}");
        }
    }
}
