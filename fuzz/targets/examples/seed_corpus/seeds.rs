//! Good inputs of each target, and some that are nearly good.

mod http;
mod log;
mod rows;
mod webhooks;

type Seeds = Vec<Vec<u8>>;

/// The seeds by target.
pub(crate) fn all() -> Vec<(&'static str, Seeds)> {
    vec![
        ("frame", log::frames()),
        ("commit_header", log::commit_headers()),
        ("event", log::events()),
        ("snapshot", log::snapshots()),
        ("text", texts()),
        ("webhook", webhooks::bodies()),
        ("signature", webhooks::signatures()),
        ("dead_letter", webhooks::bodies()),
        ("outbox_items", rows::outbox_items()),
        ("cursor", cursors()),
        ("view_rows", rows::rows()),
        ("journal", rows::journals()),
        ("request_body", http::bodies()),
        ("query", http::queries()),
        ("path", http::paths()),
    ]
}

fn texts() -> Seeds {
    bytes(&[
        "0-1234-5",
        "65535-18446744073709551615-4294967295",
        "ana.maria_2-b",
        "0",
        "00112233445566778899aabbccddeeff",
        "2026-01-31T09:30:00Z",
        "9999-12-30T22:00:00.000Z",
        "1970-01-01T00:00:00+02:00",
    ])
}

fn cursors() -> Seeds {
    let (time, id) = ("0000019b76da4000", "c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0");
    [
        format!("010100{time}{id}"),
        format!("010101{time}{id}"),
        format!("0102{time}{id}"),
        format!("0103{time}{id}"),
        format!("0104{time}00000005"),
        format!("0202{time}{id}"),
    ]
    .map(String::into_bytes)
    .into()
}

fn bytes(texts: &[&str]) -> Seeds {
    texts.iter().map(|text| text.as_bytes().to_vec()).collect()
}
