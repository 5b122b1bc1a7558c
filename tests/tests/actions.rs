//! The six actions over HTTP, from a customer's webhook to the auditor, with a stand-in for WhatsApp.
#![allow(clippy::unwrap_used, reason = "a test may")]

mod actions {
    mod assign;
    mod audit;
    mod exclusive;
    mod finish;
    mod send;
    mod status;
    mod transfer;
}
