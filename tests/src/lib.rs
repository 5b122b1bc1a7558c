//! What whole-system tests and benches start from: a real nats-server, a small contact centre, and a network
//! that can be made to fail. Everything started here ends when it is dropped.
#![allow(clippy::unwrap_used, reason = "what cannot be set up fails the test")]
#![allow(missing_docs, reason = "names say it; only tests and benches read it")]

pub mod ask;
pub mod books;
pub mod centre;
pub mod chance;
pub mod checker;
pub mod cluster;
pub mod listener;
pub mod load;
pub mod log_copy;
pub mod nats;
pub mod nats_node;
pub mod ports;
pub mod process;
pub mod program;
pub mod proxy;
pub mod record;
pub mod server;
pub mod signal;
pub mod torture;
pub mod whatsapp;
