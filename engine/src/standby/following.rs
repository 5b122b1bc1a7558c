//! The log as the standby reads it. Reading goes on where it was, whatever else the standby does in between: a wait
//! that began anew each time would never find out that nothing comes any more.

use std::pin::Pin;
use std::time::Duration;

use tokio::time::timeout;

use crate::log::{FrameReader, LogError, RecordedFrame};

type Reading = Pin<Box<dyn Future<Output = (FrameReader, Result<RecordedFrame, LogError>)> + Send>>;

pub(super) struct Following(Reading);

impl Following {
    pub(super) fn new(reader: FrameReader) -> Self {
        Self(read(reader))
    }

    /// As [`FrameReader::next`]. May be cancelled, and is then not begun anew.
    pub(super) async fn next(&mut self) -> Result<RecordedFrame, LogError> {
        let (reader, frame) = (&mut self.0).await;
        self.0 = read(reader);
        frame
    }

    /// The next frame if there is one before `wait` is over.
    pub(super) async fn next_within(&mut self, wait: Duration) -> Result<Option<RecordedFrame>, LogError> {
        timeout(wait, self.next()).await.ok().transpose()
    }
}

fn read(mut reader: FrameReader) -> Reading {
    Box::pin(async move {
        let frame = reader.next().await;
        (reader, frame)
    })
}
