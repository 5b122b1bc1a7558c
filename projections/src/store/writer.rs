//! The writer thread: takes an overlay, appends it to the journal, writes its rows to the disk in key order, and
//! lets go of it. It holds no lock while it writes.

use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::thread::{self, JoinHandle};
use std::time::Instant;

use engine::fault;

use super::disk::Disk;
use super::error::Fault;
use super::journal::Journal;
use super::shared::{Handed, Shared};
use super::turn::Stop;

#[cfg(feature = "simulation")]
mod simulated;

pub(super) struct Writer {
    pub(super) shared: Arc<Shared>,
    pub(super) disk: Arc<Disk>,
    pub(super) journal: Journal,
}

/// The hand that the projector has on its writer.
#[derive(Debug)]
pub(super) enum Hand {
    Thread(JoinHandle<()>),
    #[cfg(feature = "simulation")]
    Simulated(simulated::Hand),
}

impl Hand {
    /// Waits until the writer has taken the active overlay.
    pub(super) fn hand_over(&self, shared: &Shared) {
        match self {
            Self::Thread(_) => shared.turn.hand_over(),
            #[cfg(feature = "simulation")]
            Self::Simulated(hand) => hand.write(),
        }
    }

    /// Waits until the writer has written all there is.
    pub(super) fn flush(&self, shared: &Shared) {
        match self {
            Self::Thread(_) => shared.turn.flush(),
            #[cfg(feature = "simulation")]
            Self::Simulated(hand) => hand.write(),
        }
    }

    /// Has the writer stop, and waits until it has; false when it panicked.
    pub(super) fn end(self, shared: &Shared, stop: Stop) -> bool {
        match self {
            Self::Thread(thread) => {
                shared.stop(stop);
                thread.join().is_ok()
            }
            #[cfg(feature = "simulation")]
            Self::Simulated(hand) => {
                hand.end(stop);
                true
            }
        }
    }
}

impl Writer {
    pub(super) fn spawn(mut self) -> io::Result<Hand> {
        #[cfg(feature = "simulation")]
        if crate::simulated::is_on() {
            return Ok(Hand::Simulated(simulated::Hand::new(self)));
        }
        let name = format!("view-{}", self.shared.view());
        let thread = thread::Builder::new().name(name).spawn(move || {
            // Whoever waits for this thread would wait for ever.
            if catch_unwind(AssertUnwindSafe(|| self.run())).is_err() {
                self.shared.poison(Arc::new(Fault::Panicked("in the writer thread".to_owned())));
            }
            self.shared.turn.end();
        });
        thread.map(Hand::Thread)
    }

    fn run(&mut self) {
        let mut last = Instant::now();
        loop {
            let stop = self.shared.turn.begin(last, self.shared.limits.flush_every);
            if stop == Some(Stop::Now) || self.shared.check_poison().is_err() {
                return;
            }
            if let Err(fault) = self.work(stop.is_some()) {
                self.shared.poison(Arc::new(fault));
                return;
            }
            last = Instant::now();
            self.shared.turn.done();
            if stop.is_some() {
                return;
            }
        }
    }

    fn work(&mut self, closing: bool) -> Result<(), Fault> {
        if let Some(handed) = self.shared.take() {
            let began = Instant::now();
            self.write(&handed)?;
            if self.shared.is_halted() {
                return Ok(());
            }
            self.shared.written();
            let view = self.shared.view().to_owned();
            metrics::counter!("atender_view_rows_written_total", "view" => view.clone())
                .increment(handed.rows.len() as u64);
            metrics::histogram!("atender_view_write_seconds", "view" => view).record(began.elapsed());
        }
        let folding = closing || self.journal.bytes() >= self.shared.limits.journal_bytes;
        if folding && self.journal.bytes() > 0 {
            fault::point("store.settle.before");
            self.disk.settle(self.shared.durable_checkpoint())?;
            fault::point("store.settle.after");
            // Not before the rows are synced: it is all that would bring them back.
            self.journal.clear()?;
            fault::point("store.journal.cleared");
        }
        Ok(())
    }

    fn write(&mut self, handed: &Handed) -> Result<(), Fault> {
        let bulk = self.shared.is_bulk();
        if !bulk {
            fault::point("store.journal.before");
            self.journal.append(handed.from, handed.to, &handed.rows)?;
            fault::point("store.journal.after");
            self.shared.set_durable(handed.to);
            self.disk.set_reached(handed.to)?;
        }
        for (key, change) in handed.rows.iter() {
            if self.shared.is_halted() {
                return Ok(());
            }
            self.disk.set(key, change.as_ref())?;
            fault::point("store.row.after");
        }
        if bulk { self.disk.drain() } else { Ok(()) }
    }
}
