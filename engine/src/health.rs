//! How a shard does in this process, for whoever has to know: who writes, and what is in the way.

use tokio::sync::watch;

/// What this process is for the shard.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// It follows the log, passes commands on to the writer, and is ready to take over.
    Standby,
    /// It decides and writes.
    Writer,
}

/// How a shard does in this process.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Health {
    /// What this process is.
    pub role: Role,
    /// Why commands are not getting through at the moment, if so. It passes by itself, or a person has to help; the
    /// text says which part does not answer, and how.
    pub trouble: Option<String>,
}

/// The one hand that writes a [`Health`]. Clones share it.
#[derive(Debug, Clone)]
pub(crate) struct Reporter(watch::Sender<Health>);

impl Reporter {
    pub(crate) fn new() -> (Self, watch::Receiver<Health>) {
        let (sender, receiver) = watch::channel(Health { role: Role::Standby, trouble: None });
        (Self(sender), receiver)
    }

    pub(crate) fn role(&self, role: Role) {
        metrics::gauge!("atender_shard_writer").set(if role == Role::Writer { 1.0 } else { 0.0 });
        self.change(|health| {
            if health.role != role {
                tracing::info!(?role, "this process has another part in the shard");
            }
            health.role = role;
        });
    }

    /// Commands do not get through, because of this.
    pub(crate) fn trouble(&self, reason: &str) {
        self.change(|health| health.trouble = Some(reason.to_owned()));
    }

    /// They do.
    pub(crate) fn fine(&self) {
        self.change(|health| health.trouble = None);
    }

    fn change(&self, change: impl FnOnce(&mut Health)) {
        self.0.send_if_modified(|health| {
            let before = health.clone();
            change(health);
            *health != before
        });
    }
}
