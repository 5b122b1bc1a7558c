//! Any bytes, any JSON.

use proptest::prelude::*;

use super::*;

fn any_json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        ".{0,8}".prop_map(Value::from),
    ];
    let names = prop_oneof![
        3 => prop::sample::select(vec![
            "id", "from", "timestamp", "type", "text", "body", "status", "errors", "code", "profile", "name",
            "wa_id", "user_id", "error_data", "details", "metadata", "messages", "statuses", "contacts",
        ]).prop_map(str::to_owned),
        1 => ".{0,4}",
    ];
    leaf.prop_recursive(5, 48, 6, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..6).prop_map(Value::from),
            prop::collection::vec((names.clone(), inner), 0..6)
                .prop_map(|members| Value::Object(members.into_iter().collect())),
        ]
    })
}

proptest! {
    #[test]
    fn no_bytes_make_the_parser_panic(body in prop::collection::vec(any::<u8>(), 0..512)) {
        let _ = parse(&body);
    }

    #[test]
    fn a_damaged_webhook_does_not_make_the_parser_panic(at in 0..400_usize, byte: u8) {
        let mut body = messages(json!({"messages": [text("wamid.A", "551190", "oi")]}));
        let at = at % body.len();
        body[at] = byte;
        let _ = parse(&body);
    }

    #[test]
    fn whatever_stands_in_a_list_of_messages_comes_out_once_and_unchanged(
        list in prop::collection::vec(any_json(), 1..6),
        contacts in any_json(),
    ) {
        let updates = parse(&messages(json!({"contacts": contacts, "messages": list}))).unwrap();
        let raw: Vec<String> = updates.into_iter().map(|update| update.raw).collect();
        let sent: Vec<String> = list.iter().map(Value::to_string).collect();
        prop_assert_eq!(raw, sent);
    }

    #[test]
    fn whatever_a_change_holds_something_comes_out(field in "messages|calls", value in any_json()) {
        prop_assert!(!parse(&change(&field, value)).unwrap().is_empty());
    }
}
