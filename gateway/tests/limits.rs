//! The page of limits says what the code does.
#![allow(clippy::unwrap_used, reason = "a test may")]

use std::collections::BTreeMap;

use engine::EngineConfig;
use gateway::limits as g;
use projections::search_limits as f;
use projections::store as p;
use schemas::limits as s;

const PAGE: &str = include_str!("../../docs/limits.md");

fn figures() -> BTreeMap<String, u64> {
    let engine = EngineConfig::default();
    let mut figures = vec![
        ("engine::queue_max", engine.queue_max as u64),
        ("engine::answer_within", engine.answer_within.as_secs()),
        ("projections::CACHE_BYTES", p::CACHE_BYTES),
        ("projections::KEY_BYTES_MAX", p::KEY_BYTES_MAX as u64),
        ("projections::VALUE_BYTES_MAX", p::VALUE_BYTES_MAX as u64),
        ("projections::SCAN_ROWS_MAX", p::SCAN_ROWS_MAX as u64),
        ("projections::QUERY_CHARS_MAX", f::QUERY_CHARS_MAX as u64),
        ("projections::QUERY_WORDS_MAX", f::QUERY_WORDS_MAX as u64),
        ("projections::TERMS_LOOKED_AT_MAX", f::TERMS_LOOKED_AT_MAX as u64),
        ("projections::CONTACTS_READ_MAX", f::CONTACTS_READ_MAX as u64),
    ];
    figures.extend([
        ("gateway::CONNECTIONS_MAX", g::CONNECTIONS_MAX as u64),
        ("gateway::OTHER_FILES_MAX", g::OTHER_FILES_MAX as u64),
        ("gateway::OPEN_FILES_NEEDED", g::OPEN_FILES_NEEDED as u64),
        ("gateway::HEAD_BYTES_MAX", g::HEAD_BYTES_MAX as u64),
        ("gateway::HEADERS_MAX", g::HEADERS_MAX as u64),
        ("gateway::ANSWER_BUFFER_BYTES_MAX", g::ANSWER_BUFFER_BYTES_MAX as u64),
        ("gateway::HEAD_WITHIN", g::HEAD_WITHIN.as_secs()),
        ("gateway::BODY_WITHIN", g::BODY_WITHIN.as_secs()),
        ("gateway::WRITE_WITHIN", g::WRITE_WITHIN.as_secs()),
        ("gateway::ACCEPT_AGAIN_AFTER", g::ACCEPT_AGAIN_AFTER.as_secs()),
        ("gateway::REQUESTS_MAX", g::REQUESTS_MAX as u64),
        ("gateway::REQUEST_WITHIN", g::REQUEST_WITHIN.as_secs()),
        ("gateway::STALE_AFTER", g::STALE_AFTER.as_secs()),
        ("gateway::BODY_BYTES_MAX", g::BODY_BYTES_MAX as u64),
        ("gateway::INBOUND_BYTES_MAX", g::INBOUND_BYTES_MAX as u64),
        ("gateway::WEBHOOK_BYTES_MAX", g::WEBHOOK_BYTES_MAX as u64),
        ("gateway::UPDATES_EXPECTED_MAX", g::UPDATES_EXPECTED_MAX as u64),
        ("gateway::UPDATES_AT_ONCE", g::UPDATES_AT_ONCE as u64),
        ("gateway::PAGE_ROWS_DEFAULT", g::PAGE_ROWS_DEFAULT as u64),
        ("gateway::PAGE_ROWS_MAX", g::PAGE_ROWS_MAX as u64),
        ("gateway::AUDIT_EVENTS_MAX", g::AUDIT_EVENTS_MAX as u64),
        ("gateway::WORKED_TIME_MAX", g::WORKED_TIME_MAX.as_secs()),
        ("gateway::PRESENCES_MAX", g::PRESENCES_MAX as u64),
        ("gateway::AUDIT_EVENTS_DEFAULT", g::AUDIT_EVENTS_DEFAULT as u64),
        ("gateway::STREAMS_MAX", g::STREAMS_MAX as u64),
        ("gateway::STREAMS_OF_TOKEN_MAX", g::STREAMS_OF_TOKEN_MAX as u64),
        ("gateway::KEEP_ALIVE_EVERY", g::KEEP_ALIVE_EVERY.as_secs()),
        ("gateway::REACH_TOLD_EVERY", g::REACH_TOLD_EVERY.as_secs()),
        ("gateway::REACH_FORGOTTEN_AFTER", g::REACH_FORGOTTEN_AFTER.as_secs()),
        ("gateway::UNHEARD_MAX", g::UNHEARD_MAX as u64),
        ("gateway::TOKENS_MAX", g::TOKENS_MAX as u64),
        ("gateway::ADMIN_TOKEN_BYTES_MIN", g::ADMIN_TOKEN_BYTES_MIN as u64),
        ("gateway::LETTERS_MAX", g::LETTERS_MAX as u64),
        ("gateway::LETTERS_BYTES_MAX", g::LETTERS_BYTES_MAX as u64),
        ("gateway::LETTERS_PAGE_BYTES_MAX", g::LETTERS_PAGE_BYTES_MAX as u64),
        ("gateway::CALLS_AT_ONCE", g::CALLS_AT_ONCE as u64),
        ("gateway::TRIES_MAX", g::TRIES_MAX as u64),
        ("gateway::TRY_WITHIN", g::TRY_WITHIN.as_secs()),
        ("gateway::CALL_WITHIN", g::CALL_WITHIN.as_secs()),
        ("gateway::CALL_ANSWER_BYTES_MAX", g::CALL_ANSWER_BYTES_MAX as u64),
        ("gateway::OUTBOUND_BYTES_MAX", g::OUTBOUND_BYTES_MAX as u64),
        ("gateway::OUTBOUND_ITEMS_HELD_MAX", g::OUTBOUND_ITEMS_HELD_MAX as u64),
    ]);
    figures.extend([
        ("schemas::NAME_ID_BYTES_MAX", s::NAME_ID_BYTES_MAX as u64),
        ("schemas::NAME_CHARS_MAX", s::NAME_CHARS_MAX as u64),
        ("schemas::PROVIDER_ID_BYTES_MAX", s::PROVIDER_ID_BYTES_MAX as u64),
        ("schemas::IDENTITY_BYTES_MAX", s::IDENTITY_BYTES_MAX as u64),
        ("schemas::TEXT_CHARS_MAX", s::TEXT_CHARS_MAX as u64),
        ("schemas::CONTENT_BYTES_MAX", s::CONTENT_BYTES_MAX as u64),
        ("schemas::NOTE_CHARS_MAX", s::NOTE_CHARS_MAX as u64),
        ("schemas::AWAY_REASONS_MAX", s::AWAY_REASONS_MAX as u64),
        ("schemas::GRACE_SECONDS_MAX", u64::from(s::GRACE_SECONDS_MAX)),
        ("schemas::GRACE_SECONDS_DEFAULT", u64::from(s::GRACE_SECONDS_DEFAULT)),
        ("schemas::ERROR_DETAIL_CHARS_MAX", s::ERROR_DETAIL_CHARS_MAX as u64),
        ("schemas::LIST_ITEMS_MAX", s::LIST_ITEMS_MAX as u64),
        ("schemas::CAPACITY_MAX", u64::from(s::CAPACITY_MAX)),
        ("schemas::SKILLS_MAX", s::SKILLS_MAX as u64),
        ("schemas::SKILL_LEVEL_MAX", u64::from(s::SKILL_LEVEL_MAX)),
        ("schemas::PRIORITY_MAX", u64::from(s::PRIORITY_MAX)),
        ("schemas::OVERFLOW_SECONDS_MAX", u64::from(s::OVERFLOW_SECONDS_MAX)),
        ("schemas::AFTER_WORK_SECONDS_MAX", u64::from(s::AFTER_WORK_SECONDS_MAX)),
        ("schemas::INACTIVITY_SECONDS_MAX", u64::from(s::INACTIVITY_SECONDS_MAX)),
        ("schemas::SERVICE_LEVEL_SECONDS_MAX", u64::from(s::SERVICE_LEVEL_SECONDS_MAX)),
        ("schemas::TIME_ZONE_BYTES_MAX", s::TIME_ZONE_BYTES_MAX as u64),
        ("schemas::OPEN_HOURS_MAX", s::OPEN_HOURS_MAX as u64),
        ("schemas::HOLIDAYS_MAX", s::HOLIDAYS_MAX as u64),
        ("schemas::CALENDAR_DAYS_MAX", u64::from(s::CALENDAR_DAYS_MAX)),
        ("schemas::OFFER_SECONDS_MAX", u64::from(s::OFFER_SECONDS_MAX)),
        ("schemas::TRANSFER_OFFER_SECONDS_DEFAULT", u64::from(s::TRANSFER_OFFER_SECONDS_DEFAULT)),
        ("schemas::ROUTED_AT_ONCE_MAX", s::ROUTED_AT_ONCE_MAX as u64),
        ("schemas::ALSO_MAX", s::ALSO_MAX as u64),
        ("schemas::CONTACT_FIELDS_MAX", s::CONTACT_FIELDS_MAX as u64),
        ("schemas::FIELD_CHOICES_MAX", s::FIELD_CHOICES_MAX as u64),
        ("schemas::FIELD_CHARS_MAX", s::FIELD_CHARS_MAX as u64),
        ("schemas::EMAIL_CHARS_MAX", s::EMAIL_CHARS_MAX as u64),
        ("schemas::PHONE_DIGITS_MAX", s::PHONE_DIGITS_MAX as u64),
        ("schemas::DOCUMENT_CHARS_MAX", s::DOCUMENT_CHARS_MAX as u64),
        ("schemas::FIELDS_AT_ONCE_MAX", s::FIELDS_AT_ONCE_MAX as u64),
        ("schemas::MASTERS_PER_KIND_MAX", s::MASTERS_PER_KIND_MAX as u64),
        ("schemas::IDEMPOTENCY_KEY_BYTES_MAX", s::IDEMPOTENCY_KEY_BYTES_MAX as u64),
        ("schemas::EVENTS_PER_COMMIT_MAX", s::EVENTS_PER_COMMIT_MAX as u64),
        ("schemas::FRAME_BYTES_TARGET", s::FRAME_BYTES_TARGET as u64),
        ("schemas::FRAME_BYTES_MAX", s::FRAME_BYTES_MAX as u64),
        ("schemas::PARKED_RECEIPTS_MAX", s::PARKED_RECEIPTS_MAX as u64),
        ("schemas::WINDOW_DAYS", s::WINDOW_DAYS),
    ]);
    figures.into_iter().map(|(name, figure)| (name.to_owned(), figure)).collect()
}

/// The figure of each row, by what sets it.
fn on_the_page() -> BTreeMap<String, u64> {
    let rows = PAGE.lines().filter_map(|line| {
        let cells: Vec<&str> = line.trim_matches('|').split('|').map(str::trim).collect();
        let name = cells.last()?.strip_prefix('`')?.strip_suffix('`')?;
        Some((name.to_owned(), cells[1].replace(',', "").parse().unwrap()))
    });
    rows.collect()
}

#[test]
fn every_limit_is_on_the_page_with_its_figure() {
    assert_eq!(on_the_page(), figures());
}
