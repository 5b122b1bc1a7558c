//! One function a format: takes any bytes, and panics when something that must hold for them does not. What drives
//! them, libFuzzer or the seeded run in `tests/`, knows only the table here.

mod http;
mod log;
pub mod mutate;
mod snapshot;
mod text;
mod whatsapp;

/// A function that panics when a property of a format does not hold for these bytes.
pub type Target = fn(&[u8]);

/// All targets by name, which is also the name of their folder in `fuzz/corpus`.
pub const TARGETS: &[(&str, Target)] = &[
    ("frame", log::frame),
    ("commit_header", log::commit_header),
    ("event", log::event),
    ("snapshot", snapshot::snapshot),
    ("text", text::ids_and_positions),
    ("webhook", whatsapp::webhook),
    ("signature", whatsapp::signature),
    ("dead_letter", gateway::properties::dead_letters),
    ("outbox_items", gateway::properties::outbox_items),
    ("cursor", text::cursor),
    ("view_rows", projections::properties::rows),
    ("journal", projections::properties::journal),
    ("request_body", http::request_body),
    ("query", http::query),
    ("path", http::path),
];

/// The target of this name.
///
/// # Panics
/// When there is none.
pub fn target(name: &str) -> Target {
    let found = TARGETS.iter().find(|(known, _)| *known == name);
    found.unwrap_or_else(|| panic!("there is no target {name}")).1
}
