//! The log of one shard: a JetStream stream whose messages are frames, chained by their hashes.
//! Appends at an expected place, reads one frame, follows all. Never changes, trims or repairs a stream.

mod append;
mod pulls;
mod reader;
mod settings;

use std::error::Error;

use async_nats::Client;
use async_nats::jetstream::{self, stream};
use bytes::Bytes;
use schemas::frame::{Frame, FrameHash, NO_FRAME, hash};
use schemas::{DecodeError, ShardId};

pub use append::AppendError;
pub use reader::FrameReader;

/// Which log, and how it is kept when it has to be created.
#[derive(Debug, Clone)]
pub struct LogConfig {
    /// The shard whose log it is.
    pub shard: ShardId,
    /// Copies of each frame in a NATS cluster, 1 to 5; 1 without a cluster. A stream that exists keeps its own.
    pub replicas: usize,
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
    fn unavailable(what: &'static str) -> impl FnOnce(Box<dyn Error + Send + Sync>) -> Self {
        move |source| Self::Unavailable { what, source }
    }
}

/// A handle on a shard's log; clones share the connection.
#[derive(Debug, Clone)]
pub struct Log {
    client: Client,
    stream: stream::Stream<()>,
    subject: String,
    shard: ShardId,
}

impl Log {
    /// Opens the stream `ATENDER_LOG_<shard>`, or creates it.
    ///
    /// # Errors
    /// [`LogError::UnsafeStream`] when it exists with settings under which frames could be lost, and
    /// [`LogError::Unavailable`].
    pub async fn open(client: &Client, config: LogConfig) -> Result<Self, LogError> {
        let context = jetstream::new(client.clone());
        let wanted = settings::wanted(&config);
        let info = settings::find_or_create(&context, &wanted).await?;
        settings::check(&info.config, &wanted)?;
        let stream = context
            .get_stream_no_info(&wanted.name)
            .await
            .map_err(|error| LogError::unavailable("opening the log")(error.into()))?;
        Ok(Self {
            client: client.clone(),
            stream,
            subject: settings::subject(config.shard),
            shard: config.shard,
        })
    }

    /// The shard whose log it is.
    pub fn shard(&self) -> ShardId {
        self.shard
    }

    /// The sequence of the last frame; 0 while there is none.
    ///
    /// # Errors
    /// [`LogError::Unavailable`].
    pub async fn head(&self) -> Result<u64, LogError> {
        let info = self.stream.get_info().await;
        info.map(|info| info.state.last_sequence)
            .map_err(|error| LogError::unavailable("asking for the head of the log")(error.into()))
    }

    /// The bytes of one frame, or `None` when there is none; asked of the stream's leader, so that the answer
    /// includes everything it has acknowledged.
    ///
    /// # Errors
    /// [`LogError::Unavailable`].
    pub async fn read(&self, sequence: u64) -> Result<Option<Bytes>, LogError> {
        match self.stream.get_raw_message(sequence).await {
            Ok(message) => Ok(Some(message.payload)),
            Err(error) if error.kind() == stream::RawMessageErrorKind::NoMessageFound => Ok(None),
            Err(error) => Err(LogError::unavailable("reading a frame")(error.into())),
        }
    }

    /// As [`Log::read`], decoded. Its place in the chain is not checked.
    ///
    /// # Errors
    /// [`LogError::Unavailable`], and [`LogError::Decode`] or [`LogError::WrongShard`] for what is no frame of
    /// this log.
    pub async fn read_frame(&self, sequence: u64) -> Result<Option<RecordedFrame>, LogError> {
        let bytes = self.read(sequence).await?;
        bytes.map(|bytes| RecordedFrame::decode(sequence, self.shard, &bytes)).transpose()
    }

    /// Reads all frames in order, those to come included, beginning with sequence `from` (at least 1).
    ///
    /// # Errors
    /// [`LogError::Missing`] when the frame before `from` is not there, and [`LogError::Unavailable`].
    pub async fn follow(&self, from: u64) -> Result<FrameReader, LogError> {
        let from = from.max(1);
        let previous = match from - 1 {
            0 => NO_FRAME,
            before => {
                let bytes = self.read(before).await?.ok_or(LogError::Missing { sequence: before })?;
                hash(&bytes)
            }
        };
        FrameReader::open(self.clone(), from, previous).await
    }
}
