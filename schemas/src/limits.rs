//! Every limit on what comes in or is written down, in one place. Units are in the names.

/// Longest name id (`AgentId`, `CampaignId`, ...).
pub const NAME_ID_BYTES_MAX: usize = 40;
/// Longest display name of a master.
pub const NAME_CHARS_MAX: usize = 200;
/// Longest provider message id; WhatsApp's are under 100.
pub const PROVIDER_ID_BYTES_MAX: usize = 256;
/// Longest identity of a contact on a network; Apple's opaque ids are the longest seen.
pub const IDENTITY_BYTES_MAX: usize = 256;
/// Longest outbound text: the WhatsApp Cloud API's limit.
pub const TEXT_CHARS_MAX: usize = 4_096;
/// Largest content of one inbound message, text or kept whole. Anything larger goes to the dead letters.
pub const CONTENT_BYTES_MAX: usize = 256 * 1024;
/// Longest note, on a conversation or with a transfer.
pub const NOTE_CHARS_MAX: usize = 4_000;
/// Longest explanation of a delivery error that is kept.
pub const ERROR_DETAIL_CHARS_MAX: usize = 500;
/// Most entries in a list of a master (channels of a campaign, campaigns of an agent, ...).
pub const LIST_ITEMS_MAX: usize = 200;
/// Most conversations one agent may hold.
pub const CAPACITY_MAX: u16 = 500;
/// Most skills that one agent has, or that one campaign or conversation needs.
pub const SKILLS_MAX: usize = 20;
/// The best that anybody can do something; the least is 1.
pub const SKILL_LEVEL_MAX: u8 = 10;
/// The highest priority of a conversation; the lowest is 0.
pub const PRIORITY_MAX: u8 = 9;
/// Longest time until a conversation that waits goes to another campaign: a week.
pub const OVERFLOW_SECONDS_MAX: u32 = 7 * 24 * 60 * 60;
/// Most reasons for being away.
pub const AWAY_REASONS_MAX: usize = 50;
/// Longest time that a lost live connection may take to come back before its agent counts as offline: an hour.
pub const GRACE_SECONDS_MAX: u32 = 60 * 60;
/// The same when nothing else is said.
pub const GRACE_SECONDS_DEFAULT: u32 = 60;
/// Longest time for what is to be done after a conversation: an hour.
pub const AFTER_WORK_SECONDS_MAX: u32 = 60 * 60;
/// Longest time that a customer may say nothing before a conversation is warned of or closed: a week.
pub const INACTIVITY_SECONDS_MAX: u32 = 7 * 24 * 60 * 60;
/// Longest time that an answer may take by a service level: a week.
pub const SERVICE_LEVEL_SECONDS_MAX: u32 = 7 * 24 * 60 * 60;
/// Longest name of a time zone.
pub const TIME_ZONE_BYTES_MAX: usize = 64;
/// Most entries in the business hours of a week.
pub const OPEN_HOURS_MAX: usize = 50;
/// Most days on which a campaign is closed whatever its week says.
pub const HOLIDAYS_MAX: usize = 400;
/// How far ahead it is looked for when a campaign opens or closes: more weeks than there can be holidays.
pub const CALENDAR_DAYS_MAX: u16 = 3_000;
/// Longest time that an agent has to accept a conversation.
pub const OFFER_SECONDS_MAX: u16 = 600;
/// The time to answer whether one takes a conversation over, in seconds, where the campaign offers without asking.
pub const TRANSFER_OFFER_SECONDS_DEFAULT: u16 = 60;
/// Conversations that are routed at a time when a campaign's routing changes, before others have their turn.
pub const ROUTED_AT_ONCE_MAX: usize = 500;
/// Most other addresses of a contact that come with one message.
pub const ALSO_MAX: usize = 4;
/// Most fields that a client has for its contacts.
pub const CONTACT_FIELDS_MAX: usize = 50;
/// Most choices of one of these fields.
pub const FIELD_CHOICES_MAX: usize = 100;
/// Longest value of one of these fields.
pub const FIELD_CHARS_MAX: usize = 500;
/// Longest e-mail address: what SMTP takes.
pub const EMAIL_CHARS_MAX: usize = 254;
/// Most digits of a phone number; international ones have 15.
pub const PHONE_DIGITS_MAX: usize = 20;
/// Longest number of an identity document.
pub const DOCUMENT_CHARS_MAX: usize = 64;
/// Most fields of a contact that one request changes.
pub const FIELDS_AT_ONCE_MAX: usize = 100;
/// Most masters of one kind in a workspace.
pub const MASTERS_PER_KIND_MAX: usize = 10_000;
/// Longest `Idempotency-Key`.
pub const IDEMPOTENCY_KEY_BYTES_MAX: usize = 128;
/// Events one command may cause; a conversation given to each free place of one agent is the largest case.
pub const EVENTS_PER_COMMIT_MAX: usize = 4 * CAPACITY_MAX as usize;
/// A frame is closed when it reaches this size; larger ones read back slowly.
pub const FRAME_BYTES_TARGET: usize = 64 * 1024;
/// No frame is larger; one commit with the largest content fits.
pub const FRAME_BYTES_MAX: usize = 512 * 1024;
/// Receipts that may wait for the send they belong to. More are refused until some are used or expire.
pub const PARKED_RECEIPTS_MAX: usize = 100_000;
/// Days that command ids, provider ids and outbound messages are remembered; WhatsApp retries for 7.
pub const WINDOW_DAYS: u64 = 8;

// A frame counts the events of a commit in two bytes.
const _: () = assert!(EVENTS_PER_COMMIT_MAX <= u16::MAX as usize);
const _: () = assert!(CONTENT_BYTES_MAX + FRAME_BYTES_TARGET < FRAME_BYTES_MAX);
const _: () = assert!(TEXT_CHARS_MAX * 4 < CONTENT_BYTES_MAX);
// Some day of the week is open, and it is a holiday at most so many times in a row.
const _: () = assert!((HOLIDAYS_MAX + 2) * 7 <= CALENDAR_DAYS_MAX as usize);
