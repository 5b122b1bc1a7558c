//! Tasks of this process. In the simulation they live and stop with the simulated process that spawned them.

#[cfg(not(feature = "simulation"))]
pub(crate) use tokio::spawn;

#[cfg(feature = "simulation")]
pub(crate) use crate::simulated::spawn;
