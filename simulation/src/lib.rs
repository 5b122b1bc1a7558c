//! A day of a contact centre whose log, network, disks, clocks and processes fail in every way that one seed makes up.
//! The engine and the views are the real ones, but for sled, whose place files in memory have; time is virtual; the
//! same seed is the same day. Whatever happened, the clients' own records are then held against the log, and the views
//! of all processes against views built anew.
#![allow(missing_docs, clippy::unwrap_used, reason = "a test may")]

mod ambush;
mod centre;
mod chance;
mod check;
mod client;
mod consumer;
mod day;
mod doubt;
mod network;
mod plan;
mod process;
mod record;
mod replay;
mod rest;
mod screen;
mod shadow;
mod store;
mod trouble;
mod views;
mod world;

pub use check::Driven;
pub use day::{Day, run};
pub use plan::Plan;
