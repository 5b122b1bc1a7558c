//! Snapshots of the hot state, for a quick start. They are made from the log and never beside it, so each can be
//! lost: one that is broken or of another log is ignored, and said so.

mod error;
mod files;
mod format;
mod keep;
mod tail;

use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use schemas::ShardId;
use schemas::frame::hash;
use tokio_util::sync::CancellationToken;

use crate::log::{Log, LogError};
use crate::replica::Replica;
pub use error::SnapshotError;
use files::{Files, Stoppable};
use format::Header;
pub use format::{VERSION, read, write};
pub use keep::{Kept, MakeError};

/// The snapshots of one shard. One process a directory.
#[derive(Debug, Clone)]
pub struct Snapshots {
    /// Where they are; made when the first is written.
    pub dir: PathBuf,
    /// The shard.
    pub shard: ShardId,
    /// A new one is made when the log has grown by so much since the last, or by half of the last one's size if
    /// that is more: so starting reads little of the log, and writing them costs at most twice what the log does.
    pub log_growth_bytes: u64,
}

/// A file as it is on disk.
#[derive(Debug)]
pub struct Found {
    /// The file.
    pub path: PathBuf,
    /// The last frame it reflects, by its name.
    pub sequence: u64,
    /// Its size.
    pub bytes: u64,
    /// When it was written, if the file system tells.
    pub written: Option<SystemTime>,
    /// What it says of itself, if all of it can be read. Whether it fits the log is for [`Snapshots::fits`] to say.
    pub readable: Result<Kept, SnapshotError>,
}

/// The shards that have files in `dir`, whatever is in those; none when it does not exist.
///
/// # Errors
/// When the directory cannot be read.
pub fn shards(dir: &Path) -> io::Result<Vec<ShardId>> {
    files::shards(dir)
}

/// A snapshot that fits the log, and what was read of it.
struct Fit<T> {
    kept: Kept,
    content: T,
}

impl Snapshots {
    /// The snapshots in `dir`, made anew when the log has grown by 128 MiB.
    pub fn new(dir: PathBuf, shard: ShardId) -> Self {
        // Over half a million messages: read and applied in about a second.
        Self { dir, shard, log_growth_bytes: 128 * 1024 * 1024 }
    }

    /// The state after the last frame the log has now: the newest snapshot that can be used, and the log after it.
    /// What cannot be used is ignored and said. May be cancelled.
    ///
    /// # Errors
    /// [`LogError`] when the log cannot be read, or is damaged. Never for a snapshot.
    pub async fn recover(&self, log: &Log) -> Result<Replica, LogError> {
        let stopping = CancellationToken::new();
        let _stopped_when_dropped = stopping.clone().drop_guard();
        let newest = self.newest(log, &stopping, format::read).await?;
        let replica = newest.map_or_else(|| Replica::empty(self.shard), |fit| fit.content);
        let head = log.head().await?;
        tail::catch_up(replica, log, head).await
    }

    /// What is there, newest first. Reads all of it, and blocks while it does.
    ///
    /// # Errors
    /// When the directory cannot be read.
    pub fn list(&self) -> io::Result<Vec<Found>> {
        let mut all = Vec::new();
        for sequence in self.files().list()? {
            let path = self.files().path(sequence);
            let metadata = match path.metadata() {
                // An atender that runs here has just removed it for a newer one.
                Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
                metadata => metadata?,
            };
            let (bytes, written) = (metadata.len(), metadata.modified().ok());
            let readable = File::open(&path).map_err(SnapshotError::from).and_then(format::verify);
            let readable = readable.and_then(|header| self.kept(&header, bytes));
            all.push(Found { path, sequence, bytes, written, readable });
        }
        Ok(all)
    }

    /// Whether the log has the frame that a file was made from.
    ///
    /// # Errors
    /// [`LogError`] when the log cannot be read.
    pub async fn fits(&self, found: &Found, log: &Log) -> Result<Result<(), SnapshotError>, LogError> {
        let path = found.path.clone();
        match blocking(move || look_at(&path)).await {
            Ok((header, bytes)) => Ok(self.of_log(&header, bytes, log).await?.map(drop)),
            Err(error) => Ok(Err(error)),
        }
    }

    /// What it says of itself, if it is of this shard.
    fn kept(&self, header: &Header, bytes: u64) -> Result<Kept, SnapshotError> {
        if header.shard != self.shard {
            return Err(SnapshotError::OtherShard(header.shard));
        }
        Ok(Kept { sequence: header.sequence, bytes, log_bytes: header.log_bytes })
    }

    /// The same, if it is of this log too.
    async fn of_log(
        &self,
        header: &Header,
        bytes: u64,
        log: &Log,
    ) -> Result<Result<Kept, SnapshotError>, LogError> {
        let kept = match self.kept(header, bytes) {
            Ok(kept) => kept,
            Err(error) => return Ok(Err(error)),
        };
        Ok(match log.read(header.sequence).await? {
            None => Err(SnapshotError::AheadOfLog(header.sequence)),
            Some(frame) if hash(&frame) != header.frame => Err(SnapshotError::OtherLog(header.sequence)),
            Some(_) => Ok(kept),
        })
    }

    fn files(&self) -> Files {
        Files { dir: self.dir.clone(), shard: self.shard }
    }

    /// The newest that fits the log and that `read` can read.
    async fn newest<T: Send + 'static>(
        &self,
        log: &Log,
        stopping: &CancellationToken,
        read: fn(Stoppable<File>) -> Result<T, SnapshotError>,
    ) -> Result<Option<Fit<T>>, LogError> {
        let files = self.files();
        let sequences = blocking(move || files.list()).await.unwrap_or_else(|error| {
            tracing::warn!(dir = %self.dir.display(), %error, "snapshots cannot be looked for; nothing is lost");
            Vec::new()
        });
        for sequence in sequences {
            match self.fit(sequence, log, stopping, read).await? {
                Ok(fit) => return Ok(Some(fit)),
                Err(error) => {
                    let file = self.files().path(sequence);
                    let cause = std::error::Error::source(&error).map(ToString::to_string);
                    tracing::warn!(
                        file = %file.display(), reason = %error, cause,
                        "a snapshot is ignored; nothing is lost, for the log has everything"
                    );
                }
            }
        }
        Ok(None)
    }

    async fn fit<T: Send + 'static>(
        &self,
        sequence: u64,
        log: &Log,
        stopping: &CancellationToken,
        read: fn(Stoppable<File>) -> Result<T, SnapshotError>,
    ) -> Result<Result<Fit<T>, SnapshotError>, LogError> {
        let path = self.files().path(sequence);
        let opened = path.clone();
        let (header, bytes) = match blocking(move || look_at(&opened)).await {
            Ok(looked_at) => looked_at,
            Err(error) => return Ok(Err(error)),
        };
        let kept = match self.of_log(&header, bytes, log).await? {
            Ok(kept) => kept,
            Err(error) => return Ok(Err(error)),
        };
        let stopping = stopping.clone();
        let content = blocking(move || read(Stoppable { inner: File::open(path)?, stopping })).await;
        Ok(content.map(|content| Fit { kept, content }))
    }
}

fn look_at(path: &PathBuf) -> Result<(Header, u64), SnapshotError> {
    let mut file = File::open(path)?;
    let header = format::read_header(file.by_ref())?;
    Ok((header, file.metadata()?.len()))
}

/// Does the work on a thread where it may block; a panic in there is one here.
async fn blocking<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> T {
    match tokio::task::spawn_blocking(work).await {
        Ok(done) => done,
        Err(error) => match error.try_into_panic() {
            Ok(panic) => std::panic::resume_unwind(panic),
            // The runtime is going away, and with it whoever waits for this.
            Err(_) => std::future::pending().await,
        },
    }
}
