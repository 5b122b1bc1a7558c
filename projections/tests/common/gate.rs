//! Holds what is being built where it is, so that a test can look at the views meanwhile.

use std::sync::{Arc, Condvar, Mutex};

use projections::RebuildProgress;

#[derive(Clone, Default)]
pub struct Gate {
    shared: Arc<(Mutex<bool>, Condvar)>,
}

impl Gate {
    /// A report that keeps who tells it waiting until the gate is open.
    pub fn report(&self) -> impl Fn(RebuildProgress) + Send + 'static + use<> {
        let shared = Arc::clone(&self.shared);
        move |_| {
            let (is_open, changed) = &*shared;
            let is_open = is_open.lock().unwrap();
            drop(changed.wait_while(is_open, |is_open| !*is_open).unwrap());
        }
    }

    pub fn open(&self) {
        let (is_open, changed) = &*self.shared;
        *is_open.lock().unwrap() = true;
        changed.notify_all();
    }
}
