//! A simulated process: the tasks spawned in it, with the clock it believes and the chance it gets. It can be
//! stopped for a while, as by SIGSTOP, and killed.

use std::cell::RefCell;
use std::fmt;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};

use schemas::Timestamp;
use tokio::task::JoinHandle;

use crate::replica::Replica;

thread_local! {
    /// The process whose task is being polled.
    static CURRENT: RefCell<Option<Process>> = const { RefCell::new(None) };
}

/// A process; clones share it.
#[derive(Clone)]
pub struct Process(Arc<Shared>);

type Clock = Box<dyn Fn() -> Timestamp + Send + Sync>;
type Fill = Box<dyn Fn(&mut [u8]) + Send + Sync>;

struct Shared {
    clock: Clock,
    chance: Fill,
    inner: Mutex<Inner>,
}

#[derive(Default)]
struct Inner {
    is_stopped: bool,
    is_killed: bool,
    tasks: Vec<Waker>,
    replicas: Vec<Replica>,
}

impl fmt::Debug for Process {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Process")
    }
}

impl Process {
    /// A process that takes the time from `clock` and random bytes from `chance`.
    pub fn new(
        clock: impl Fn() -> Timestamp + Send + Sync + 'static,
        chance: impl Fn(&mut [u8]) + Send + Sync + 'static,
    ) -> Self {
        let (clock, chance) = (Box::new(clock), Box::new(chance));
        Self(Arc::new(Shared { clock, chance, inner: Mutex::default() }))
    }

    /// Runs a task in it, and all that this spawns. A task of a process that is killed never ends.
    pub fn spawn<F>(&self, future: F) -> JoinHandle<F::Output>
    where
        F: Future<Output: Send> + Send + 'static,
    {
        tokio::spawn(Task { process: self.clone(), future: Some(Box::pin(future)) })
    }

    /// Nothing runs in it until it is woken.
    pub fn stop(&self) {
        self.inner().is_stopped = true;
    }

    /// It goes on; what should have happened meanwhile happens late.
    pub fn wake(&self) {
        self.inner().is_stopped = false;
        self.wake_tasks();
    }

    /// Ends all its tasks where they are.
    pub fn kill(&self) {
        self.inner().is_killed = true;
        self.wake_tasks();
    }

    /// The replicas of its engines that have come to an end, each as it was then.
    pub fn replicas(&self) -> Vec<Replica> {
        std::mem::take(&mut self.inner().replicas)
    }

    pub(crate) fn keep(&self, replica: Replica) {
        self.inner().replicas.push(replica);
    }

    fn wake_tasks(&self) {
        let tasks = std::mem::take(&mut self.inner().tasks);
        tasks.into_iter().for_each(Waker::wake);
    }

    fn inner(&self) -> MutexGuard<'_, Inner> {
        self.0.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Does something as this process.
    fn enter<T>(&self, does: impl FnOnce() -> T) -> T {
        let outer = CURRENT.replace(Some(self.clone()));
        let done = does();
        CURRENT.set(outer);
        done
    }
}

struct Task<F> {
    process: Process,
    future: Option<Pin<Box<F>>>,
}

impl<F: Future> Future for Task<F> {
    type Output = F::Output;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<F::Output> {
        let this = self.get_mut();
        let process = this.process.clone();
        let is_killed = {
            let mut inner = process.inner();
            if !inner.tasks.iter().any(|task| task.will_wake(context.waker())) {
                inner.tasks.push(context.waker().clone());
            }
            if inner.is_stopped && !inner.is_killed {
                return Poll::Pending;
            }
            inner.is_killed
        };
        if is_killed {
            process.enter(|| drop(this.future.take()));
            return Poll::Pending;
        }
        match &mut this.future {
            Some(future) => process.enter(|| future.as_mut().poll(context)),
            None => Poll::Pending,
        }
    }
}

/// Spawns a task in the process whose task is running; outside of any, one like all others.
pub fn spawn<F>(future: F) -> JoinHandle<F::Output>
where
    F: Future<Output: Send> + Send + 'static,
{
    match current() {
        Some(process) => process.spawn(future),
        None => tokio::spawn(future),
    }
}

/// The process that is running, if any is.
pub(crate) fn current() -> Option<Process> {
    CURRENT.with_borrow(Clone::clone)
}

/// What the process believes to be now.
pub(crate) fn now() -> Option<Timestamp> {
    current().map(|process| (process.0.clock)())
}

/// Fills `bytes`, when a process is running.
pub(crate) fn fill(bytes: &mut [u8]) -> bool {
    current().map(|process| (process.0.chance)(bytes)).is_some()
}

/// Whether the process that is running was killed: what it leaves behind is dropped, and must do nothing any more.
pub fn is_killed() -> bool {
    current().is_some_and(|process| process.inner().is_killed)
}
