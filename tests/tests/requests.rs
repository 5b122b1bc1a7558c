//! What every request to the API can rely on: keys, refusals, positions, pages, tokens that open only what is their
//! holder's, and a file that is applied.
#![allow(clippy::unwrap_used, reason = "a test may")]

mod requests {
    mod apply;
    mod keys;
    mod pages;
    mod positions;
    mod refusals;
    mod shapes;
    mod sight;
    mod tokens;
}
