//! WhatsApp's webhooks: who may call, what is stored and how often, and that nothing is answered 200 before it is
//! durable.
#![allow(clippy::unwrap_used, reason = "a test may")]

mod webhooks {
    mod posting;

    mod callback;
    mod dead_letters;
    mod kept_whole;
    mod log_away;
    mod once;
    mod receipts;
}
