//! Snapshots of the hot state. Bytes whose checksum is wrong are refused without a look at what they say, so they are
//! read once as they are and once with the right checksum behind them.

use engine::Replica;
use engine::snapshot::{SnapshotError, read, write};

pub(crate) fn snapshot(bytes: &[u8]) {
    let as_it_is = read(bytes);
    let mut sealed = bytes.to_vec();
    sealed.extend(blake3::hash(bytes).as_bytes());
    if as_it_is.is_ok() {
        assert!(read(&sealed[..]).is_err(), "bytes behind the end are taken");
        assert!(read(&bytes[..bytes.len() - 1]).is_err(), "a snapshot that is cut short is taken");
        let mut changed = bytes.to_vec();
        let last = changed.len() - 1;
        changed[last] ^= 1;
        assert!(read(&changed[..]).is_err(), "a wrong checksum is taken");
    }
    for replica in [as_it_is, read(&sealed[..])] {
        match replica {
            Ok(replica) => reads_back(&replica),
            Err(SnapshotError::Damaged(_) | SnapshotError::OtherVersion(_)) => {}
            Err(error) => panic!("bytes in memory are found {error:?}"),
        }
    }
}

/// What it is written as is read as the same: written again, it has the same bytes.
fn reads_back(replica: &Replica) {
    let once = written(replica);
    let again = read(&once[..]).expect("what was written can be read");
    assert_eq!(again.sequence(), replica.sequence());
    assert!(written(&again) == once, "a snapshot changes when it is read and written");
}

fn written(replica: &Replica) -> Vec<u8> {
    let mut bytes = Vec::new();
    write(replica, 0, &mut bytes).expect("a vector takes everything");
    bytes
}
