//! Reading ahead: a task that takes frames from the log and hands them on in batches, as many as are there.

use std::sync::Arc;

use engine::log::{FrameReader, LogError, RecordedFrame};
use futures_util::FutureExt;
use tokio::sync::mpsc;

use crate::progress::Progress;

/// What is read ahead: so many batches of about so many bytes of frames.
pub(crate) const BATCHES_MAX: usize = 16;
const BATCH_BYTES: usize = 256 * 1024;

/// Frames in order, at least one; or why there are no more.
pub(crate) type Batch = Result<Vec<RecordedFrame>, LogError>;

/// Hands on all frames until nobody takes them any more, or the log cannot be read.
pub(crate) async fn read<T: From<Batch>>(
    mut reader: FrameReader,
    frames: mpsc::Sender<T>,
    progress: Arc<Progress>,
) {
    loop {
        let batch = next_batch(&mut reader).await;
        progress.saw_head(reader.head());
        let is_over = batch.is_err();
        if frames.send(batch.into()).await.is_err() || is_over {
            return;
        }
    }
}

/// The frames that are there, at least one; never waits for a second.
async fn next_batch(reader: &mut FrameReader) -> Batch {
    let mut batch = vec![reader.next().await?];
    let mut bytes = batch[0].bytes_len;
    while bytes < BATCH_BYTES {
        match reader.next().now_or_never() {
            Some(Ok(frame)) => {
                bytes += frame.bytes_len;
                batch.push(frame);
            }
            // It is found again when this batch is through, and everything before it shows.
            Some(Err(_)) | None => break,
        }
    }
    Ok(batch)
}
