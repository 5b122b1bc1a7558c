//! What must hold for any bytes in the formats that nobody else reads: cursors, rows and the journal. For the fuzz
//! targets, which are outside of this crate; each function panics when a property does not hold.

use schemas::event::{
    CampaignDefined, ChannelDefined, ClientDefined, DispositionDefined, ProjectDefined, WorkspaceCreated,
};
use schemas::{ShardId, decode, encode};
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::contacts::rows::{ChangeRow, ContactRow, ExclusiveRow, NoteRow};
use crate::cursor::{self, List};
use crate::history::chunk::stored;
use crate::history::split_row;
use crate::rows::{AgentRow, HeaderRow, OpenRow, StatusRow};
use crate::store;

/// A text is a cursor of one list at most, in one spelling.
pub fn cursor(text: &str) {
    let taken: Vec<_> = List::ALL.into_iter().filter(|list| cursor::decode(*list, text).is_ok()).collect();
    assert!(taken.len() <= 1, "a cursor of {taken:?}");
    for list in taken {
        let key = cursor::decode(list, text).expect("taken a moment ago");
        assert_eq!(cursor::encode(list, &key), text, "a cursor with two spellings");
    }
}

/// What is read of any row is written so that it reads as the same.
pub fn rows(bytes: &[u8]) {
    reads_as_written::<WorkspaceCreated>(bytes);
    reads_as_written::<ClientDefined>(bytes);
    reads_as_written::<ProjectDefined>(bytes);
    reads_as_written::<CampaignDefined>(bytes);
    reads_as_written::<ChannelDefined>(bytes);
    reads_as_written::<DispositionDefined>(bytes);
    reads_as_written::<AgentRow>(bytes);
    reads_as_written::<OpenRow>(bytes);
    reads_as_written::<StatusRow>(bytes);
    reads_as_written::<ContactRow>(bytes);
    reads_as_written::<ChangeRow>(bytes);
    reads_as_written::<NoteRow>(bytes);
    reads_as_written::<ExclusiveRow>(bytes);
    if let Ok((header, _)) = split_row(bytes) {
        let mut written = Vec::new();
        encode(&header, &mut written);
        assert_eq!(decode::<HeaderRow>("row", &written).as_ref(), Ok(&header));
    }
    for entry in stored(bytes).map_while(Result::ok) {
        let _entry_or_error = entry.entry(ShardId(0));
    }
}

/// The journal's records follow each other and hold no more than its bytes.
pub fn journal(bytes: &[u8]) {
    store::journal::properties(bytes);
}

fn reads_as_written<T: DeserializeOwned + Serialize + PartialEq + std::fmt::Debug>(bytes: &[u8]) {
    let Ok(row) = decode::<T>("row", bytes) else { return };
    let mut written = Vec::new();
    encode(&row, &mut written);
    assert!(written.len() <= bytes.len(), "a row that grows when it is written");
    assert_eq!(decode::<T>("row", &written).as_ref(), Ok(&row));
}
