//! The writer in the simulation: it writes at the interval, or when it is wanted sooner, and nothing happens meanwhile.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::time::sleep;

use super::{Stop, Writer};

#[derive(Clone)]
pub(in crate::store) struct Hand(Arc<Mutex<Option<Writer>>>);

impl std::fmt::Debug for Hand {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Hand")
    }
}

impl Hand {
    pub(super) fn new(writer: Writer) -> Self {
        let every = writer.shared.limits.flush_every;
        let hand = Self(Arc::new(Mutex::new(Some(writer))));
        let written = hand.clone();
        engine::simulated::spawn(async move {
            while written.writer().is_some() {
                sleep(every).await;
                written.write();
            }
        });
        hand
    }

    pub(super) fn write(&self) {
        if let Some(writer) = &mut *self.writer() {
            writer.work_once(false);
        }
    }

    pub(super) fn end(&self, stop: Stop) {
        if let Some(mut writer) = self.writer().take()
            && stop == Stop::AfterFlush
        {
            writer.work_once(true);
        }
    }

    fn writer(&self) -> MutexGuard<'_, Option<Writer>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Writer {
    fn work_once(&mut self, closing: bool) {
        if self.shared.check_poison().is_ok()
            && let Err(fault) = self.work(closing)
        {
            self.shared.poison(Arc::new(fault));
        }
    }
}
