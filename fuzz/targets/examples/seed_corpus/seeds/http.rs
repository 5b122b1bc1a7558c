//! What requests carry.

use super::{Seeds, bytes};

pub(super) fn bodies() -> Seeds {
    bytes(&[
        "",
        "{}",
        r#"{"name":"Acme","history_conversations":10}"#,
        r#"{"client":"acme","name":"Help"}"#,
        r#"{"project":"help","name":"Sales","channels":["wa"],"dispositions":["sold"],"hours_shown":72,"external_resources":false,"exclusive_wait_seconds":60}"#,
        r#"{"kind":"whatsapp","address":"100200300","name":"Main","entry_campaign":"sales","show_status":true}"#,
        r#"{"name":"Sold","parent":"closed"}"#,
        r#"{"name":"Ana","role":"supervisor","campaigns":["sales"],"channels":["wa"],"capacity":5}"#,
        r#"{"presence":"online"}"#,
        r#"{"presence":"away","reason":"lunch"}"#,
        r#"{"provider_id":"p1","from":"34600","profile_name":"Carla","written_at":"2026-01-31T09:30:00Z","text":"hello"}"#,
        r#"{"provider_id":"p1","from":"34600","unsupported":{"kind":"image","raw":"{}"}}"#,
        r#"{"message":"0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b","provider_id":"w","status":"failed","at":"2026-01-31T09:30:00Z","error":{"code":131047,"detail":"late"}}"#,
        r#"{"agent":"ana"}"#,
        r#"{"text":"caf\u00e9 \ud83d\ude00"}"#,
        r#"{"campaign":"sales","note":"wants a quote"}"#,
        r#"{"disposition":"closed","sub_disposition":"sold"}"#,
        r#"{"status":"sent"}"#,
        r#"{"channel":"wa"}"#,
    ])
}

pub(super) fn queries() -> Seeds {
    bytes(&[
        "",
        "limit=50",
        "limit=0",
        "limit=201",
        "cursor=0102ab&limit=200",
        "cursor=%30&cursor=1",
        "limit=+1",
    ])
}

pub(super) fn paths() -> Seeds {
    bytes(&[
        "conversations/c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0",
        "conversations/C0%00",
        "agents/ana",
        "agents/%61na",
        "agents/ana/conversations/c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0?limit=5",
        "agents/..%2f",
        "agents/%ff",
    ])
}
