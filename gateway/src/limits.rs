//! Every limit of the gateway, in one place: what comes in, what waits, what is kept, and for how long. Limits on
//! what is written down are in `schemas::limits`, those of a view's store in the store.

use std::time::Duration;

/// Connections that may be open at once; one more is answered 503 and closed.
pub const CONNECTIONS_MAX: usize = 16_384;
/// Files that the process needs beside its connections: views, NATS, calls to WhatsApp, and the listener.
pub const OTHER_FILES_MAX: usize = 1_024;
/// What the open-file limit must allow for [`CONNECTIONS_MAX`]; with less, fewer connections are taken.
pub const OPEN_FILES_NEEDED: usize = CONNECTIONS_MAX + OTHER_FILES_MAX;
/// Request line and headers of a request, in bytes; more is answered 431.
pub const HEAD_BYTES_MAX: usize = 16 * 1024;
/// Headers of a request; more are answered 431. It is the HTTP library's figure, for which it needs no heap.
pub const HEADERS_MAX: usize = 100;
/// Bytes of an answer that wait for one connection to take them, beside those that the kernel holds.
pub const ANSWER_BUFFER_BYTES_MAX: usize = 64 * 1024;
/// How long the head of a request may take to arrive, and how long a connection may ask nothing.
pub const HEAD_WITHIN: Duration = Duration::from_secs(30);
/// How long the body of a request may take to arrive, from when it is first waited for.
pub const BODY_WITHIN: Duration = Duration::from_secs(20);
/// How long a client may take nothing of what it is answered; then it is cut off. A live stream goes on after the
/// last id that was heard.
pub const WRITE_WITHIN: Duration = Duration::from_secs(30);
/// How long nothing is accepted after an accept has failed, so that a lack of files is not made worse.
pub const ACCEPT_AGAIN_AFTER: Duration = Duration::from_secs(1);

/// Requests that may be in work at once; one more is answered *overloaded*.
pub const REQUESTS_MAX: usize = 4_096;
/// How long a request may take until its answer begins. A live stream's answer begins at once and may go on.
pub const REQUEST_WITHIN: Duration = Duration::from_secs(30);
/// How long a read waits for the views to come as far as it asks.
pub const STALE_AFTER: Duration = Duration::from_secs(2);
/// Largest body of a request, in bytes; inbound messages and webhooks have limits of their own.
pub const BODY_BYTES_MAX: usize = 64 * 1024;
/// Largest inbound message of a connector, in bytes of JSON; its content may have half of that.
pub const INBOUND_BYTES_MAX: usize = 512 * 1024;
/// Largest webhook, in bytes. Meta batches many updates into one body, up to 3 MB.
pub const WEBHOOK_BYTES_MAX: usize = 3 * 1024 * 1024;
/// Updates Meta puts into one body at most, by its documentation. Not enforced: the size of the body is the limit.
pub const UPDATES_EXPECTED_MAX: usize = 1_000;
/// Updates that are on their way into the log at a time; a webhook with more goes in parts.
pub const UPDATES_AT_ONCE: usize = 256;

/// Rows of a page when nothing is asked for.
pub const PAGE_ROWS_DEFAULT: usize = 50;
/// Most rows of a page.
pub const PAGE_ROWS_MAX: usize = 200;
/// Most events of a page of an audit, but for the rest of its last frame.
pub const AUDIT_EVENTS_MAX: usize = 10_000;
/// Longest time that an agent's worked time is told for.
pub const WORKED_TIME_MAX: Duration = Duration::from_secs(31 * 24 * 60 * 60);
/// Most changes of presence that it is told from.
pub const PRESENCES_MAX: usize = 5_000;
/// Events of a page of an audit when nothing is asked for.
pub const AUDIT_EVENTS_DEFAULT: usize = 1_000;

/// How often a process tells the others which agents it has live streams of.
pub const REACH_TOLD_EVERY: Duration = Duration::from_secs(5);
/// After this, what a process told before does not count: it is not there any more.
pub const REACH_FORGOTTEN_AFTER: Duration = Duration::from_secs(15);
/// Most live streams at once.
pub const STREAMS_MAX: usize = 10_000;
/// Most live streams of one token at once.
pub const STREAMS_OF_TOKEN_MAX: usize = 20;
/// A comment is sent when nothing else was for this long, so that nobody on the way takes the stream for dead.
pub const KEEP_ALIVE_EVERY: Duration = Duration::from_secs(15);
/// Changes that do not concern a client until its position is moved on past them.
pub const UNHEARD_MAX: usize = 1_000;

/// Most tokens there may be; each is in the memory of every process.
pub const TOKENS_MAX: usize = 50_000;
/// The administrator's token comes from outside, so it is asked to be at least this long.
pub const ADMIN_TOKEN_BYTES_MIN: usize = 16;

/// Dead letters kept for all workspaces together; one more is refused.
pub const LETTERS_MAX: i64 = 100_000;
/// Bytes kept of them, for all workspaces together.
pub const LETTERS_BYTES_MAX: i64 = 256 * 1024 * 1024;
/// Bytes of letters read for one page, so that large ones make small pages.
pub const LETTERS_PAGE_BYTES_MAX: usize = 4 * 1024 * 1024;

/// Calls to WhatsApp at once.
pub const CALLS_AT_ONCE: usize = 64;
/// Calls for one message before it is given up.
pub const TRIES_MAX: u32 = 12;
/// A message is given up rather than tried again later than this after its first call.
pub const TRY_WITHIN: Duration = Duration::from_secs(30 * 60);
/// How long one call may take.
pub const CALL_WITHIN: Duration = Duration::from_secs(10);
/// Largest answer of WhatsApp that is read, in bytes.
pub const CALL_ANSWER_BYTES_MAX: usize = 64 * 1024;
/// Bytes of the queue of what is to be sent. When it is full, the relay waits: the messages are in the log.
pub const OUTBOUND_BYTES_MAX: i64 = 1024 * 1024 * 1024;
/// Items of that queue handed out and not settled; no more come until some are.
pub const OUTBOUND_ITEMS_HELD_MAX: i64 = 256;

const _: () = assert!(STREAMS_MAX + REQUESTS_MAX < CONNECTIONS_MAX);
const _: () = assert!(STREAMS_OF_TOKEN_MAX < STREAMS_MAX);
const _: () = assert!(KEEP_ALIVE_EVERY.as_secs() < WRITE_WITHIN.as_secs());
// Else a slow body would be answered as a slow handler.
const _: () = assert!(BODY_WITHIN.as_secs() < REQUEST_WITHIN.as_secs());
const _: () = assert!(STALE_AFTER.as_secs() < REQUEST_WITHIN.as_secs());
const _: () = assert!(schemas::limits::CONTENT_BYTES_MAX < INBOUND_BYTES_MAX);
const _: () = assert!(schemas::limits::TEXT_CHARS_MAX * 6 + 1024 < BODY_BYTES_MAX);
const _: () = assert!(schemas::limits::NOTE_CHARS_MAX * 6 + 1024 < BODY_BYTES_MAX);
const _: () = assert!(PAGE_ROWS_DEFAULT <= PAGE_ROWS_MAX && AUDIT_EVENTS_DEFAULT <= AUDIT_EVENTS_MAX);
