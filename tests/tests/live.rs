//! Live push over HTTP: nothing missed, nothing twice, nothing that is not one's own, and never ahead of the views.
#![allow(clippy::unwrap_used, reason = "a test may")]

mod live {
    mod resume;
    mod streams;
    mod views;
    mod whom;
}
