//! The limits of a search, in one place.

/// Terms that one request looks at. Two words that more contacts have than this meet in a page nearly always.
pub const TERMS_LOOKED_AT_MAX: usize = 3_000;
/// Longest text that is searched for, in characters.
pub const QUERY_CHARS_MAX: usize = 100;
/// Most words of it.
pub const QUERY_WORDS_MAX: usize = 8;
/// Contacts that one request reads, and of whom it asks whether they may be seen.
pub const CONTACTS_READ_MAX: usize = 250;
