//! The `atender` program: HTTP API, live push, channels, and the commands of the command line.

pub mod api_client;
pub mod app;
pub mod apply;
pub mod cli;
pub mod dead_letters;
pub mod demo;
pub mod doctor;
pub mod http;
pub mod ingest;
pub mod limits;
pub mod outbox;
#[doc(hidden)]
pub mod properties;
pub mod reach;
pub mod replay;
pub mod secrets;
pub mod serve;
pub mod signals;
pub mod tokens;
pub mod whatsapp;
