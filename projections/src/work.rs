//! Work that blocks: it has a thread of its own, and is waited for like anything else. In the simulation, where nothing
//! blocks, it is a task of its process.

use std::io;
use std::thread;

use tokio::runtime::Handle;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

use crate::error::ViewsError;
#[cfg(feature = "simulation")]
use crate::simulated;

/// What the work gives when it has ended; an error when it panicked.
pub(crate) type Ended<T> = oneshot::Receiver<T>;

/// Starts work that goes on for long.
pub(crate) fn start<T: Send + 'static>(
    name: &str,
    runtime: &Handle,
    work: impl Future<Output = T> + Send + 'static,
) -> io::Result<Ended<T>> {
    let (done, ended) = oneshot::channel();
    #[cfg(feature = "simulation")]
    if simulated::is_on() {
        engine::simulated::spawn(async move { drop(done.send(work.await)) });
        return Ok(ended);
    }
    let runtime = runtime.clone();
    thread::Builder::new().name(name.to_owned()).spawn(move || drop(done.send(runtime.block_on(work))))?;
    Ok(ended)
}

/// Does something that blocks and is soon done.
pub(crate) async fn blocking<T: Send + 'static>(
    work: impl Future<Output = T> + Send + 'static,
) -> Result<T, ViewsError> {
    #[cfg(feature = "simulation")]
    if simulated::is_on() {
        return Ok(work.await);
    }
    let runtime = Handle::current();
    let done = tokio::task::spawn_blocking(move || runtime.block_on(work)).await;
    done.map_err(|error| ViewsError::Stopped(error.to_string()))
}

/// Spawns what never blocks.
pub(crate) fn task<T: Send + 'static>(
    runtime: &Handle,
    work: impl Future<Output = T> + Send + 'static,
) -> JoinHandle<T> {
    #[cfg(feature = "simulation")]
    if simulated::is_on() {
        return engine::simulated::spawn(work);
    }
    runtime.spawn(work)
}
