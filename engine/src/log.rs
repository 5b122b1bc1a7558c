//! The log of one shard: a JetStream stream whose messages are frames, chained by their hashes.
//! Appends at an expected place, reads one frame, follows all. Never changes, trims or repairs a stream.

mod append;
mod heard;
mod pulls;
mod reader;
mod settings;
mod short;

use std::error::Error;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use async_nats::Client;
use async_nats::jetstream::{self, stream};
use bytes::Bytes;
use schemas::frame::{Frame, FrameHash, NO_FRAME, hash};
use schemas::{DecodeError, ShardId};
use tokio::time::{Instant, sleep};

use crate::link::Link;
#[cfg(feature = "simulation")]
use crate::simulated;
pub use append::AppendError;
pub use heard::Heard;
pub use reader::FrameReader;
pub use settings::{PAYLOAD_BYTES_MIN, is_not_found, stream_name};
pub(crate) use short::Short;

/// How long NATS may take to answer a question about the log. After the death of a leader the next one answers, and a
/// long wait for the dead one would only be in the way.
const ANSWER_WITHIN: Duration = Duration::from_secs(1);

/// A server that did nothing of what it was asked for so long is left for another.
pub(crate) const ANOTHER_SERVER_AFTER: Duration = Duration::from_secs(3);
const LOOK_AGAIN_AFTER: Duration = Duration::from_millis(250);
/// Leaving one, this long is waited for the other.
const CONNECTED_WITHIN: Duration = Duration::from_secs(1);

/// Which log, and how it is kept when it has to be created.
#[derive(Debug, Clone)]
pub struct LogConfig {
    /// The shard whose log it is.
    pub shard: ShardId,
    /// Copies of each frame in a NATS cluster, 1 to 5; 1 without a cluster. A stream that exists keeps its own.
    pub replicas: usize,
}

/// How far a log goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Extent {
    /// The sequence of the last frame; 0 while there is none.
    pub head: u64,
    /// The size of all frames, with what the stream stores around them.
    pub bytes: u64,
}

/// A frame as the log holds it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RecordedFrame {
    /// Its stream sequence, from 1.
    pub sequence: u64,
    /// The hash of its bytes; the frame after it carries this.
    pub hash: FrameHash,
    /// The size of its bytes.
    pub bytes_len: usize,
    /// What they say.
    pub frame: Frame,
}

impl RecordedFrame {
    fn decode(sequence: u64, shard: ShardId, bytes: &[u8]) -> Result<Self, LogError> {
        let frame = Frame::decode(bytes).map_err(|source| LogError::Decode { sequence, source })?;
        if frame.shard != shard {
            return Err(LogError::WrongShard { sequence, expected: shard, found: frame.shard });
        }
        Ok(Self { sequence, hash: hash(bytes), bytes_len: bytes.len(), frame })
    }
}

/// Why the log could not be opened or read. All but `Unavailable` are for a person to look at.
#[derive(Debug, thiserror::Error)]
pub enum LogError {
    /// The stream exists and could lose frames. Nothing was changed.
    #[error("stream {stream} cannot hold a log: its {setting} is {found}, and must be {wanted}")]
    UnsafeStream {
        /// The stream.
        stream: String,
        /// The setting, as `nats stream info --json` names it.
        setting: &'static str,
        /// What it is.
        found: String,
        /// What it has to be.
        wanted: String,
        /// What a person can do about it.
        remedy: &'static str,
    },
    /// NATS did not answer, or refused.
    #[error("{what} failed")]
    Unavailable {
        /// What was asked of NATS.
        what: &'static str,
        /// The cause.
        #[source]
        source: Box<dyn Error + Send + Sync>,
    },
    /// A frame in the middle is not there.
    #[error("frame {expected} is missing: frame {found} follows the one before it")]
    Gap {
        /// The sequence that should come.
        expected: u64,
        /// The sequence that came.
        found: u64,
    },
    /// Frames were taken out of the log.
    #[error(
        "frames were deleted from the log: it begins at frame {first}, and {deleted} are missing after that"
    )]
    Purged {
        /// The first frame there is.
        first: u64,
        /// How many are missing behind it.
        deleted: u64,
    },
    /// The server takes no message of the size a frame may have.
    #[error("NATS takes messages of {has} bytes, and frames need {needed}; set max_payload to at least that")]
    SmallPayload {
        /// The server's `max_payload`.
        has: usize,
        /// What a frame with its headers may need.
        needed: usize,
    },
    /// The log ends before a frame that is known to have been in it.
    #[error("frame {sequence} is not in the log, and it has been")]
    Missing {
        /// The frame's sequence.
        sequence: u64,
    },
    /// A frame does not carry the hash of the one before: one of the two was changed.
    #[error("frame {sequence} does not continue the frame before it: one of them was changed")]
    BrokenChain {
        /// The sequence of the later frame.
        sequence: u64,
    },
    /// A frame of another shard.
    #[error("frame {sequence} is of shard {found}, in the log of shard {expected}")]
    WrongShard {
        /// The frame's sequence.
        sequence: u64,
        /// The shard of this log.
        expected: ShardId,
        /// The shard in the frame.
        found: ShardId,
    },
    /// Bytes that are no frame this program knows.
    #[error("frame {sequence} cannot be read")]
    Decode {
        /// The frame's sequence.
        sequence: u64,
        /// The cause.
        #[source]
        source: DecodeError,
    },
}

impl LogError {
    pub(crate) fn unavailable(what: &'static str) -> impl FnOnce(Box<dyn Error + Send + Sync>) -> Self {
        move |source| Self::Unavailable { what, source }
    }
}

/// A handle on a shard's log; clones share the connection.
#[derive(Debug, Clone)]
pub struct Log {
    link: Link,
    stream: Stream,
    subject: String,
    config: LogConfig,
    /// The last frame that is known to have been in it.
    known: Arc<AtomicU64>,
    /// When its connection was last made anew because a server did nothing.
    reconnected_at: Arc<Mutex<Option<Instant>>>,
}

#[derive(Debug, Clone)]
#[cfg_attr(
    feature = "simulation",
    expect(clippy::large_enum_variant, reason = "the program has the first alone")
)]
enum Stream {
    Nats(stream::Stream<()>),
    #[cfg(feature = "simulation")]
    Simulated(simulated::Link),
}

impl Log {
    /// Opens the stream `ATENDER_LOG_<shard>`, or creates it.
    ///
    /// # Errors
    /// [`LogError::UnsafeStream`] when it exists with settings under which frames could be lost, and
    /// [`LogError::Unavailable`].
    pub async fn open(client: &Client, config: LogConfig) -> Result<Self, LogError> {
        settings::check_payload(client.max_payload())?;
        let mut context = jetstream::new(client.clone());
        context.set_timeout(ANSWER_WITHIN);
        let wanted = settings::wanted(&config);
        let info = settings::find_or_create(&context, &wanted).await?;
        settings::check(&info.config, &wanted)?;
        let stream = context
            .get_stream_no_info(&wanted.name)
            .await
            .map_err(|error| LogError::unavailable("opening the log")(error.into()))?;
        Ok(Self::of(client, stream, config))
    }

    /// The log as it is found, if it is there; nothing is made, and nothing looked at.
    ///
    /// # Errors
    /// [`LogError::Unavailable`].
    pub async fn find(client: &Client, config: LogConfig) -> Result<Option<Self>, LogError> {
        let context = jetstream::new(client.clone());
        match context.get_stream(stream_name(config.shard)).await {
            Ok(_) => {}
            Err(error) if is_not_found(&error) => return Ok(None),
            Err(error) => return Err(LogError::unavailable("looking for the log")(error.into())),
        }
        let stream = context.get_stream_no_info(stream_name(config.shard)).await;
        let stream = stream.map_err(|error| LogError::unavailable("opening the log")(error.into()))?;
        Ok(Some(Self::of(client, stream, config)))
    }

    fn of(client: &Client, stream: stream::Stream<()>, config: LogConfig) -> Self {
        let (link, stream) = (Link::Nats(client.clone()), Stream::Nats(stream));
        Self {
            link,
            stream,
            subject: settings::subject(config.shard),
            config,
            known: Arc::default(),
            reconnected_at: Arc::default(),
        }
    }

    /// The log that somebody who plays NATS keeps.
    #[cfg(feature = "simulation")]
    pub fn simulated(link: simulated::Link, config: LogConfig) -> Self {
        let stream = Stream::Simulated(link.clone());
        Self {
            link: Link::Simulated(link),
            stream,
            subject: settings::subject(config.shard),
            config,
            known: Arc::default(),
            reconnected_at: Arc::default(),
        }
    }

    /// The shard whose log it is.
    pub fn shard(&self) -> ShardId {
        self.config.shard
    }

    /// Copies of each frame that were asked for; whatever else is kept beside the log has as many.
    pub fn replicas(&self) -> usize {
        self.config.replicas
    }

    /// The connection it uses.
    pub(crate) fn link(&self) -> &Link {
        &self.link
    }

    /// Leaves the server it is connected to for another one, if there are several. A node that is cut off from its
    /// cluster keeps its clients, and can do nothing for them.
    pub(crate) async fn try_another_server(&self) {
        // One that is not connected looks for a server already; and somebody else may just have left the one before.
        if !self.link.is_connected() || !self.is_time_to_reconnect() {
            return;
        }
        tracing::warn!("NATS does not do what it is asked; connecting anew");
        if let Err(error) = self.link.reconnect(CONNECTED_WITHIN).await {
            tracing::warn!(%error, "the connection to NATS cannot be made anew");
        }
    }

    /// Once in so long for all who read and write it.
    fn is_time_to_reconnect(&self) -> bool {
        let mut last = self.reconnected_at.lock().unwrap_or_else(PoisonError::into_inner);
        let is_time = last.is_none_or(|at| at.elapsed() >= ANOTHER_SERVER_AFTER);
        if is_time {
            *last = Some(Instant::now());
        }
        is_time
    }

    /// Looks whether the log is still whole, and kept as it must be.
    ///
    /// # Errors
    /// [`LogError::UnsafeStream`], [`LogError::Purged`], [`LogError::SmallPayload`] when it is not;
    /// [`LogError::Missing`] when it is shorter than it was, or a leader was just elected that has not taken in all
    /// of it yet; and [`LogError::Unavailable`].
    pub async fn inspect(&self) -> Result<(), LogError> {
        settings::check_payload(self.link.max_payload())?;
        self.inspect_stream().await
    }

    /// As [`Log::inspect`], without a look at what the server takes.
    ///
    /// # Errors
    /// As [`Log::inspect`], but for [`LogError::SmallPayload`].
    pub async fn inspect_stream(&self) -> Result<(), LogError> {
        let known = self.known.load(Ordering::Relaxed);
        let (config, state) = self.info("looking at the log").await?;
        settings::check(&config, &settings::wanted(&self.config))?;
        if state.last_sequence < known {
            return Err(LogError::Missing { sequence: known });
        }
        let is_whole = state.first_sequence <= 1 && state.deleted_count.unwrap_or(0) == 0;
        if is_whole || state.last_sequence == 0 {
            return Ok(());
        }
        Err(LogError::Purged { first: state.first_sequence, deleted: state.deleted_count.unwrap_or(0) })
    }

    /// The sequence of the last frame; 0 while there is none.
    ///
    /// # Errors
    /// [`LogError::Unavailable`].
    pub async fn head(&self) -> Result<u64, LogError> {
        Ok(self.extent().await?.head)
    }

    /// As [`Log::head`] of a log that had frame `known`: less is believed only after 5 s.
    ///
    /// # Errors
    /// [`LogError::Unavailable`].
    pub async fn head_with(&self, known: u64) -> Result<u64, LogError> {
        let mut short = Short::begins();
        loop {
            let head = self.head().await?;
            if head >= known || short.is_sure() {
                return Ok(head);
            }
            sleep(LOOK_AGAIN_AFTER).await;
        }
    }

    /// How far the log goes and how large it is.
    ///
    /// # Errors
    /// [`LogError::Unavailable`].
    pub async fn extent(&self) -> Result<Extent, LogError> {
        let (_, state) = self.info("asking for the head of the log").await?;
        Ok(Extent { head: state.last_sequence, bytes: state.bytes })
    }

    async fn info(&self, what: &'static str) -> Result<(stream::Config, stream::State), LogError> {
        match &self.stream {
            Stream::Nats(stream) => match stream.get_info().await {
                Ok(info) => Ok((info.config, info.state)),
                Err(error) => Err(LogError::unavailable(what)(error.into())),
            },
            #[cfg(feature = "simulation")]
            Stream::Simulated(link) => match link.state().await {
                Ok(state) => Ok((settings::wanted(&self.config), state)),
                Err(error) => Err(LogError::unavailable(what)(error.into())),
            },
        }
    }

    /// The bytes of one frame, or `None` when there is none; asked of the stream's leader, so that the answer
    /// includes everything it has acknowledged.
    ///
    /// # Errors
    /// [`LogError::Unavailable`].
    pub async fn read(&self, sequence: u64) -> Result<Option<Bytes>, LogError> {
        let failed = LogError::unavailable("reading a frame");
        match &self.stream {
            Stream::Nats(stream) => match stream.get_raw_message(sequence).await {
                Ok(message) => Ok(Some(message.payload)),
                Err(error) if error.kind() == stream::RawMessageErrorKind::NoMessageFound => Ok(None),
                Err(error) => Err(failed(error.into())),
            },
            #[cfg(feature = "simulation")]
            Stream::Simulated(link) => link.read(sequence).await.map_err(|error| failed(error.into())),
        }
    }

    /// As [`Log::read`], decoded. Its place in the chain is not checked.
    ///
    /// # Errors
    /// [`LogError::Unavailable`], and [`LogError::Decode`] or [`LogError::WrongShard`] for what is no frame of
    /// this log.
    pub async fn read_frame(&self, sequence: u64) -> Result<Option<RecordedFrame>, LogError> {
        let bytes = self.read(sequence).await?;
        bytes.map(|bytes| RecordedFrame::decode(sequence, self.shard(), &bytes)).transpose()
    }

    /// Reads all frames in order, those to come included, beginning with sequence `from` (at least 1).
    ///
    /// # Errors
    /// [`LogError::Missing`] when the frame before `from` is not there for 5 s, and [`LogError::Unavailable`].
    pub async fn follow(&self, from: u64) -> Result<FrameReader, LogError> {
        let from = from.max(1);
        let previous = match from - 1 {
            0 => NO_FRAME,
            before => hash(&self.read_known(before).await?),
        };
        FrameReader::open(self.clone(), from, previous).await
    }

    /// The bytes of a frame that was there.
    ///
    /// # Errors
    /// [`LogError::Missing`] when it is not there for 5 s, and [`LogError::Unavailable`].
    pub async fn read_known(&self, sequence: u64) -> Result<Bytes, LogError> {
        let mut short = Short::begins();
        loop {
            if let Some(bytes) = self.read(sequence).await? {
                return Ok(bytes);
            }
            if short.is_sure() {
                return Err(LogError::Missing { sequence });
            }
            sleep(LOOK_AGAIN_AFTER).await;
        }
    }
}
