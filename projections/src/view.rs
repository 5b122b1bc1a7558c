//! The views by name, and the versions of their rows.

use crate::{VIEWS, contacts, history, inbox, status};

/// A view, as an index into whatever there is one of for each.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum View {
    Inbox,
    History,
    Status,
    Contacts,
}

impl View {
    pub(crate) const ALL: [Self; VIEWS] = [Self::Inbox, Self::History, Self::Status, Self::Contacts];

    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Inbox => inbox::NAME,
            Self::History => history::NAME,
            Self::Status => status::NAME,
            Self::Contacts => contacts::NAME,
        }
    }
}

/// The version that a view's rows are written in, and the older ones that can be served and fed as if they were
/// of this one.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Version {
    pub(crate) current: u32,
    pub(crate) readable: &'static [u32],
}

/// The versions of this program, in the order of [`View::ALL`].
pub(crate) const VERSIONS: [Version; VIEWS] = [
    Version { current: inbox::VERSION, readable: inbox::READABLE },
    Version { current: history::VERSION, readable: history::READABLE },
    Version { current: status::VERSION, readable: status::READABLE },
    Version { current: contacts::VERSION, readable: contacts::READABLE },
];
