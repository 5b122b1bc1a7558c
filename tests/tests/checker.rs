//! The checker finds each kind of error, and names it. Each test takes the evidence of a day in order, plants one
//! error into it, and expects the rule that it breaks.
#![allow(clippy::unwrap_used, reason = "a test may")]

mod checker {
    mod clock;
    mod contacts;
    mod conversations;
    mod day;
    mod listeners;
    mod records;
    mod texts;
    mod views;
}
