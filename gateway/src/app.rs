//! What every request handler shares.

use std::sync::Arc;

use engine::Engine;
use engine::log::Log;
use metrics_exporter_prometheus::PrometheusHandle;
use projections::Views;
use schemas::WorkspaceId;
use tokio_util::sync::CancellationToken;

use crate::dead_letters::DeadLetters;
use crate::reach::Reach;
use crate::tokens::Tokens;
use crate::whatsapp::Secrets;

/// The running parts of one `atender serve`.
pub struct App {
    /// The way in: commands.
    pub engine: Engine,
    /// The log itself, for audits.
    pub log: Log,
    /// The way out: views and live push.
    pub views: Views,
    /// Whom there are live streams to.
    pub reach: Arc<Reach>,
    /// Who may come in.
    pub tokens: Tokens,
    /// Webhook bodies that could not be delivered.
    pub dead_letters: DeadLetters,
    /// The workspace this process serves.
    pub workspace: WorkspaceId,
    /// The key that contact ids are derived with; a secret.
    pub contact_key: [u8; 32],
    /// What WhatsApp webhooks are checked with.
    pub whatsapp: Secrets,
    /// The connection to NATS, for its state.
    pub client: async_nats::Client,
    /// What `/metrics` shows.
    pub metrics: PrometheusHandle,
    /// Cancelled when the process is to end: live streams close, the rest finishes what it is doing.
    pub stopping: CancellationToken,
    /// Cancelled when the writer has ended with an error: nothing can be written until a restart.
    pub writer_failed: CancellationToken,
}
