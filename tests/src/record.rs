//! What clients remember of a run: what each asked and was told, and what each listener heard. Nothing in here comes
//! from a server's log or views.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use engine::clock::now;
use schemas::{CommandId, ContactId, Position, Timestamp};

/// What a client was told in the end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Told {
    /// It is in the log, and there.
    Accepted(Position),
    /// It is in the log; where was not said.
    Received,
    /// It is so from now on; if it was so already, nothing had to be written.
    SoAlready,
    /// No, with this code.
    Refused(String),
    /// Nothing that says whether it took effect.
    Unknown,
}

/// One command, however often it was asked.
#[derive(Debug, Clone)]
pub struct Asked {
    pub client: String,
    pub command: CommandId,
    /// What it was, for a person to read.
    pub what: String,
    /// The shortcut of the predefined text that it is to send, if it is.
    pub shortcut: Option<String>,
    /// When it was asked first, by the clock of the records.
    pub asked: u64,
    /// When the answer was there; `asked` again while there is none.
    pub answered: u64,
    pub told: Told,
    /// When it was last given to another process, because the one before did not say what came of it and may yet do it.
    pub elsewhere_at: Option<Timestamp>,
}

/// One event of a live stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Word {
    /// The stream began, or went on, after this position.
    Hello(Position),
    /// The listener was told to read the views, and to go on after this position.
    Reload(Position),
    /// Something changed.
    Change(Position),
}

/// All that one listener, an administrator, heard.
#[derive(Debug, Clone, Default)]
pub struct Listened {
    pub listener: String,
    pub words: Vec<Word>,
    /// The listener listened until everything up to here had to be heard.
    pub until: Option<Position>,
}

/// Which contact was shown to somebody who asked for one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Shown {
    pub asked: ContactId,
    pub shown: ContactId,
    /// The answer had to reflect this position, if any was named.
    pub at: Option<Position>,
}

/// The records of all clients of a run.
#[derive(Debug, Clone, Default)]
pub struct Records {
    pub asked: Vec<Asked>,
    pub listened: Vec<Listened>,
    pub shown: Vec<Shown>,
    /// Answers that are neither yes, nor no with a reason, nor "later".
    pub strange: Vec<String>,
}

/// How many commands came to what.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counts {
    pub accepted: u64,
    pub refused: u64,
    pub unknown: u64,
    pub heard: u64,
    pub reloads: u64,
}

impl Records {
    pub fn counts(&self) -> Counts {
        let mut counts = Counts::default();
        for asked in &self.asked {
            match asked.told {
                Told::Accepted(_) | Told::Received | Told::SoAlready => counts.accepted += 1,
                Told::Refused(_) => counts.refused += 1,
                Told::Unknown => counts.unknown += 1,
            }
        }
        for word in self.listened.iter().flat_map(|listened| &listened.words) {
            match word {
                Word::Change(_) => counts.heard += 1,
                Word::Reload(_) => counts.reloads += 1,
                Word::Hello(_) => {}
            }
        }
        counts
    }
}

/// Where clients write their records; clones write to the same.
#[derive(Debug, Clone, Default)]
pub struct Recorder {
    /// Orders questions and answers of all clients: an answer with a smaller number was there before a question
    /// with a larger one was asked.
    ticks: Arc<AtomicU64>,
    records: Arc<Mutex<Records>>,
}

impl Recorder {
    fn records(&self) -> MutexGuard<'_, Records> {
        self.records.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn tick(&self) -> u64 {
        self.ticks.fetch_add(1, Ordering::SeqCst)
    }

    /// A command is about to be asked for the first time; gives back where its answer is to be written.
    pub fn ask(&self, client: &str, command: CommandId, what: String) -> usize {
        let asked = self.tick();
        let (client, told) = (client.to_owned(), Told::Unknown);
        let mut records = self.records();
        let answered = asked;
        let (shortcut, elsewhere_at) = (None, None);
        let asked = Asked { client, command, what, shortcut, asked, answered, told, elsewhere_at };
        records.asked.push(asked);
        records.asked.len() - 1
    }

    /// It is to send the predefined text with this shortcut.
    pub fn is_by_shortcut(&self, which: usize, shortcut: &str) {
        self.records().asked[which].shortcut = Some(shortcut.to_owned());
    }

    /// The answer is there.
    pub fn answer(&self, which: usize, told: Told) {
        let answered = self.tick();
        let mut records = self.records();
        let asked = &mut records.asked[which];
        (asked.answered, asked.told) = (answered, told);
    }

    /// There was no answer, and another process is asked.
    pub fn went_elsewhere(&self, which: usize) {
        self.records().asked[which].elsewhere_at = Some(now());
    }

    /// A server answered what it never should.
    pub fn strange(&self, answer: String) {
        self.records().strange.push(answer);
    }

    /// Somebody was shown a contact.
    pub fn shown(&self, shown: Shown) {
        self.records().shown.push(shown);
    }

    /// A listener has ended.
    pub fn listened(&self, listened: Listened) {
        self.records().listened.push(listened);
    }

    /// How many commands have been accepted so far.
    pub fn accepted(&self) -> u64 {
        self.records().counts().accepted
    }

    /// All records, which are empty from then on.
    pub fn take(&self) -> Records {
        std::mem::take(&mut self.records())
    }
}
