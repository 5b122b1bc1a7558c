//! `atender doctor` finds a healthy atender healthy, names each fault that is made with what to do, and changes
//! nothing.
#![allow(clippy::unwrap_used, reason = "a test may")]

mod doctor {
    mod away;
    mod data_dir;
    mod healthy;
    mod looking;
    mod nats;
}
