//! What clients can do to a whole atender: take nothing, use up its files, flood it. Everybody else is served on.
#![allow(clippy::unwrap_used, reason = "a test may")]

mod limits {
    mod flood;
    mod open_files;
    mod slow_listener;
}
