//! Where queries find a view: the rows that are served now, or why there are none. A view that is exchanged for
//! another one is exchanged at once, and the one before stays until the last query on it has ended.

use std::any::Any;
use std::sync::{Arc, PoisonError, RwLock};

use schemas::ShardId;

use crate::contacts::Contacts;
use crate::error::ViewError;
use crate::fed::{Fed, Projector};
use crate::history::History;
use crate::inbox::{Inbox, Rows};
use crate::status::Statuses;
use crate::store::Reader;
use crate::view::View;

#[derive(Debug)]
enum Served<T> {
    Rows(Arc<T>),
    BeingBuilt,
    Failed,
}

/// The place of one view.
#[derive(Debug)]
pub(crate) struct Slot<T> {
    view: View,
    served: RwLock<Served<T>>,
}

/// What was served before; as long as somebody else holds it, it is being read.
pub(crate) type Before = Option<Arc<dyn Any + Send + Sync>>;

impl<T: Send + Sync + 'static> Slot<T> {
    fn new(view: View) -> Arc<Self> {
        Arc::new(Self { view, served: RwLock::new(Served::BeingBuilt) })
    }

    /// The rows, to be asked for one answer and let go.
    pub(crate) fn get(&self) -> Result<Arc<T>, ViewError> {
        let view = self.view.name();
        match &*self.served.read().unwrap_or_else(PoisonError::into_inner) {
            Served::Rows(rows) => Ok(Arc::clone(rows)),
            Served::BeingBuilt => Err(ViewError::BeingBuilt { view }),
            Served::Failed => Err(ViewError::Out { view }),
        }
    }

    fn set(&self, served: Served<T>) -> Before {
        let mut place = self.served.write().unwrap_or_else(PoisonError::into_inner);
        match std::mem::replace(&mut *place, served) {
            Served::Rows(before) => Some(before),
            Served::BeingBuilt | Served::Failed => None,
        }
    }
}

/// The places of all views.
#[derive(Debug, Clone)]
pub(crate) struct Slots {
    inbox: Arc<Slot<Rows>>,
    history: Arc<Slot<Reader>>,
    status: Arc<Slot<Reader>>,
    contacts: Arc<Slot<Reader>>,
}

impl Slots {
    /// All of them are being built.
    pub(crate) fn new() -> Self {
        Self {
            inbox: Slot::new(View::Inbox),
            history: Slot::new(View::History),
            status: Slot::new(View::Status),
            contacts: Slot::new(View::Contacts),
        }
    }

    pub(crate) fn views(&self, shard: ShardId) -> (Inbox, History, Statuses, Contacts) {
        (
            Inbox::new(Arc::clone(&self.inbox)),
            History::new(Arc::clone(&self.history), shard),
            Statuses::new(Arc::clone(&self.status)),
            Contacts::new(Arc::clone(&self.contacts), shard),
        )
    }

    /// Queries are answered from this one from here on.
    pub(crate) fn serve(&self, fed: &Fed) -> Before {
        match &fed.projector {
            Projector::Inbox(projector) => self.inbox.set(Served::Rows(Arc::new(projector.rows()))),
            Projector::History(projector) => {
                self.history.set(Served::Rows(Arc::new(projector.store.reader())))
            }
            Projector::Status(projector) => self.status.set(Served::Rows(Arc::new(projector.store.reader()))),
            Projector::Contacts(projector) => {
                self.contacts.set(Served::Rows(Arc::new(projector.store.reader())))
            }
        }
    }

    /// Queries are told that it is being built.
    pub(crate) fn build(&self, view: View) {
        match view {
            View::Inbox => drop(self.inbox.set(Served::BeingBuilt)),
            View::History => drop(self.history.set(Served::BeingBuilt)),
            View::Status => drop(self.status.set(Served::BeingBuilt)),
            View::Contacts => drop(self.contacts.set(Served::BeingBuilt)),
        }
    }

    /// Queries are told that it has failed.
    pub(crate) fn fail(&self, view: View) {
        match view {
            View::Inbox => drop(self.inbox.set(Served::Failed)),
            View::History => drop(self.history.set(Served::Failed)),
            View::Status => drop(self.status.set(Served::Failed)),
            View::Contacts => drop(self.contacts.set(Served::Failed)),
        }
    }

    #[cfg(test)]
    pub(crate) fn history(&self) -> Arc<Reader> {
        self.history.get().unwrap()
    }

    /// The store takes no more writes, as after a write that failed.
    #[cfg(test)]
    pub(crate) fn poison(&self, view: View, fault: crate::store::Fault) {
        match view {
            View::Inbox => self.inbox.get().unwrap().reader().poison(fault),
            View::History => self.history.get().unwrap().poison(fault),
            View::Status => self.status.get().unwrap().poison(fault),
            View::Contacts => self.contacts.get().unwrap().poison(fault),
        }
    }

    pub(crate) fn is_served(&self, view: View) -> bool {
        match view {
            View::Inbox => self.inbox.get().is_ok(),
            View::History => self.history.get().is_ok(),
            View::Status => self.status.get().is_ok(),
            View::Contacts => self.contacts.get().is_ok(),
        }
    }
}
