//! Webhooks of every type that Meta documents, made here.

use gateway::demo::whatsapp_stand_in::{StatusWebhook, status_webhook, text_webhook};
use gateway::whatsapp::signature::sign;

use super::Seeds;

/// The object that a message of the type carries beside its id, sender and time.
const MESSAGES: &[(&str, &str)] = &[
    ("image", r#""image":{"mime_type":"image/jpeg","sha256":"AAAA","id":"1","caption":"a \/ b"}"#),
    (
        "video",
        r#""video":{"mime_type":"video/mp4","sha256":"AAAA","id":"2","url":"https:\/\/example.com\/v"}"#,
    ),
    ("audio", r#""audio":{"mime_type":"audio/ogg; codecs=opus","sha256":"AAAA","id":"3","voice":true}"#),
    (
        "document",
        r#""document":{"filename":"bill.pdf","mime_type":"application/pdf","sha256":"AAAA","id":"4"}"#,
    ),
    ("sticker", r#""sticker":{"mime_type":"image/webp","sha256":"AAAA","id":"5","animated":false}"#),
    ("location", r#""location":{"latitude":41.38,"longitude":2.17,"name":"Shop","address":"High Street 1"}"#),
    (
        "contacts",
        r#""contacts":[{"name":{"formatted_name":"Ben"},"phones":[{"phone":"+1 555","type":"HOME"}]}]"#,
    ),
    ("interactive", r#""interactive":{"type":"button_reply","button_reply":{"id":"yes","title":"Yes"}}"#),
    (
        "interactive",
        r#""interactive":{"type":"list_reply","list_reply":{"id":"a","title":"A","description":"first"}}"#,
    ),
    (
        "interactive",
        r#""interactive":{"type":"nfm_reply","nfm_reply":{"name":"flow","body":"Sent","response_json":"{\"a\":1}"}}"#,
    ),
    (
        "interactive",
        r#""interactive":{"type":"call_permission_reply","call_permission_reply":{"response":"accept"}}"#,
    ),
    ("button", r#""context":{"id":"wamid.0"},"button":{"payload":"stop","text":"Stop"}"#),
    ("reaction", r#""reaction":{"message_id":"wamid.0","emoji":"\ud83d\ude00"}"#),
    ("reaction", r#""reaction":{"message_id":"wamid.0"}"#),
    (
        "order",
        r#""order":{"catalog_id":"9","text":"soon","product_items":[{"product_retailer_id":"s","quantity":2,"item_price":1.5,"currency":"EUR"}]}"#,
    ),
    ("edit", r#""edit":{"original_message_id":"wamid.0","message":{"type":"text","text":{"body":"b"}}}"#),
    ("revoke", r#""revoke":{"original_message_id":"wamid.0"}"#),
    ("unsupported", r#""errors":[{"code":131051,"title":"Unsupported"}],"unsupported":{"type":"poll"}"#),
    ("unknown", r#""errors":[{"code":131060}]"#),
    ("text", r#""text":{"body":"cut \ud83d"},"referral":{"source_url":"https:\/\/example.com"}"#),
];

pub(super) fn bodies() -> Seeds {
    let mut seeds = vec![text_webhook("12", "34600", "Carla <3", "wamid.1", 1_767_225_600, "¡Hola! 😀")];
    seeds.push(text_webhook("12", "ES.8810027346", "Carla", "wamid.2", 1_767_225_600, "hi"));
    seeds.extend(MESSAGES.iter().map(|(kind, content)| message(kind, content)));
    seeds.extend(["sent", "delivered", "read", "played", "failed", "vanished"].map(status));
    seeds.extend(OTHERS.iter().map(|value| of_messages(value)));
    let changes = [
        r#"{"id":7,"changes":[{"field":"account_alerts","value":{"a":[1]}}]}"#,
        r#"{"id":"100","time":1,"changes":[{"field":"messages","value":{}},{"value":null}]},{"id":"101"}"#,
        "",
    ];
    seeds.extend(changes.map(envelope));
    seeds
}

/// Parts of a `messages` change that are no message of a contact.
const OTHERS: &[&str] = &[
    r#""messages":[{"from":"34600","id":"wamid.3","timestamp":"17","type":"system","system":{"body":"moved","wa_id":"34601","type":"user_changed_number"}}]"#,
    r#""errors":[{"code":131000,"title":"Something went wrong"}],"odd\"member":[1,"two"]"#,
    r#""contacts":[{"wa_id":"346","user_id":"ES.9"}],"messages":[{"from":"347","id":"w1","timestamp":17,"type":"text","text":{"body":"a"}},{"from_user_id":"ES.9","id":"w2","timestamp":"18"}]"#,
    r#""messages":[{"id":"w1","timestamp":"17"},null,[]],"statuses":{"id":"w"}"#,
];

pub(super) fn signatures() -> Seeds {
    let signed = |body: &[u8]| [sign(b"app-secret", body).as_bytes(), b"\n", body].concat();
    vec![
        signed(b"{}"),
        signed(b""),
        [sign(b"other", b"{}").as_bytes(), b"\n{}"].concat(),
        b"sha256=".to_vec(),
        b"sha1=00\n{}".to_vec(),
    ]
}

fn message(kind: &str, content: &str) -> Vec<u8> {
    of_messages(&format!(
        r#""contacts":[{{"profile":{{"name":"Carla"}},"wa_id":"34600"}}],"messages":[{{"from":"34600","id":"wamid.1","timestamp":"1767225600","type":"{kind}",{content}}}]"#
    ))
}

fn status(status: &str) -> Vec<u8> {
    status_webhook(&StatusWebhook {
        phone_number_id: "12",
        wamid: "wamid.1",
        recipient: "34600",
        status,
        unix_seconds: 1_767_225_600,
        callback_data: Some("0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b"),
        error: (status == "failed").then_some((131_047, "Re-engagement message")),
    })
}

fn of_messages(value: &str) -> Vec<u8> {
    envelope(&format!(
        r#"{{"id":"100","changes":[{{"field":"messages","value":{{"messaging_product":"whatsapp","metadata":{{"display_phone_number":"+1 555","phone_number_id":"12"}},{value}}}}}]}}"#
    ))
}

fn envelope(entries: &str) -> Vec<u8> {
    format!(r#"{{"object":"whatsapp_business_account","entry":[{entries}]}}"#).into_bytes()
}
