//! The core: the domain (pure), the writer that turns commands into frames, and the JetStream log they go to.

pub mod clock;
pub mod data_dir;
pub mod domain;
mod engine;
pub mod log;
pub mod nats_server;
pub mod random;
mod writer;

pub use engine::{Engine, EngineConfig, Outcome, SubmitError, WriterError};
