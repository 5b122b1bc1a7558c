//! The core: the domain (pure), the writer that turns commands into frames, and the JetStream log they go to.

pub mod clock;
pub mod connection;
pub mod data_dir;
pub mod deployment;
pub mod domain;
mod engine;
pub mod fault;
mod health;
pub mod kv;
pub mod lease;
mod link;
pub mod log;
pub mod nats_server;
pub mod patience;
pub mod random;
mod replica;
mod shard;
#[cfg(feature = "simulation")]
pub mod simulated;
pub mod snapshot;
mod standby;
mod task;
mod writer;

pub use engine::{Engine, EngineConfig, Outcome, SubmitError, WriterError};
pub use health::{Health, Role};
pub use replica::Replica;
