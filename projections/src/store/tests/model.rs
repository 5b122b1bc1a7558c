//! The store against a `BTreeMap`, through flushes, reopens and crashes.

use proptest::collection::vec;
use proptest::prelude::*;

use super::{Rows, open_tight, rows_of};
use crate::store::{Opened, Row, Store};

#[derive(Debug, Clone)]
enum Action {
    Put(Vec<u8>, Vec<u8>),
    Delete(Vec<u8>),
    Commit { skip: u64 },
    Flush,
    Reopen,
    Crash,
    Get(Vec<u8>),
    Scan { prefix: Vec<u8>, after: Option<Vec<u8>>, reverse: bool, limit: usize },
}

/// Few keys, so that they meet; the bytes at which prefixes end and keys wrap.
fn key() -> impl Strategy<Value = Vec<u8>> {
    vec(prop::sample::select(vec![0u8, 1, 2, 254, 255]), 0..4)
}

fn action() -> impl Strategy<Value = Action> {
    let scan = (
        vec(prop::sample::select(vec![0u8, 1, 255]), 0..3),
        prop::option::of(key()),
        any::<bool>(),
        0..12usize,
    );
    prop_oneof![
        30 => (key(), vec(any::<u8>(), 0..60)).prop_map(|(key, value)| Action::Put(key, value)),
        12 => key().prop_map(Action::Delete),
        12 => (1..3u64).prop_map(|skip| Action::Commit { skip }),
        2 => Just(Action::Flush),
        1 => Just(Action::Reopen),
        2 => Just(Action::Crash),
        8 => key().prop_map(Action::Get),
        16 => scan.prop_map(|(prefix, after, reverse, limit)| Action::Scan { prefix, after, reverse, limit }),
    ]
}

/// What a scan must answer.
fn expected(
    rows: &Rows,
    prefix: &[u8],
    after: Option<&[u8]>,
    reverse: bool,
    limit: usize,
) -> Vec<(Vec<u8>, Vec<u8>)> {
    let covered = |key: &&Vec<u8>| {
        let follows =
            after.is_none_or(|after| if reverse { key.as_slice() < after } else { key.as_slice() > after });
        key.starts_with(prefix) && follows
    };
    let mut keys: Vec<_> = rows.keys().filter(covered).collect();
    if reverse {
        keys.reverse();
    }
    keys.into_iter().take(limit).map(|key| (key.clone(), rows[key].clone())).collect()
}

fn plain(rows: Vec<Row>) -> Vec<(Vec<u8>, Vec<u8>)> {
    rows.into_iter().map(|(key, value)| (key, value.to_vec())).collect()
}

#[derive(Default)]
struct Model {
    /// With the frame being applied.
    working: Rows,
    committed: Rows,
    /// The rows at every checkpoint.
    history: Vec<(u64, Rows)>,
}

impl Model {
    fn checkpoint(&self) -> u64 {
        self.history.last().map_or(0, |(n, _)| *n)
    }

    /// After a crash: the state at checkpoint `n`, which must be one that was committed.
    fn go_back(&mut self, n: u64) {
        self.history.retain(|(at, _)| *at <= n);
        assert_eq!(self.checkpoint(), n, "the checkpoint is of a frame that was committed");
        self.committed = self.history.last().map(|(_, rows)| rows.clone()).unwrap_or_default();
        self.working = self.committed.clone();
    }

    fn step(&mut self, mut store: Store, dir: &std::path::Path, action: Action) -> Store {
        match action {
            Action::Put(key, value) => {
                store.put(&key, value.clone()).unwrap();
                self.working.insert(key, value);
            }
            Action::Delete(key) => {
                store.delete(&key).unwrap();
                self.working.remove(&key);
            }
            Action::Commit { skip } => {
                let n = self.checkpoint() + skip;
                store.commit(n).unwrap();
                self.committed = self.working.clone();
                self.history.push((n, self.committed.clone()));
            }
            Action::Flush => {
                store.flush().unwrap();
                assert_eq!(store.durable_checkpoint(), self.checkpoint());
            }
            Action::Reopen => {
                store.flush_and_close().unwrap();
                store = open_tight(dir);
                assert_eq!(store.opened(), &Opened::Existing);
                assert_eq!(store.checkpoint(), self.checkpoint());
                self.working = self.committed.clone();
            }
            Action::Crash => {
                let durable = store.durable_checkpoint();
                store.abandon();
                store = open_tight(dir);
                assert_eq!(store.opened(), &Opened::Existing);
                assert!(store.checkpoint() >= durable, "what was durable is still there");
                self.go_back(store.checkpoint());
            }
            Action::Get(key) => {
                let get = store.get(&key).unwrap().map(|value| value.to_vec());
                assert_eq!(get.as_ref(), self.working.get(&key));
                let get = store.reader().get(&key).unwrap().map(|value| value.to_vec());
                assert_eq!(get.as_ref(), self.committed.get(&key));
            }
            Action::Scan { prefix, after, reverse, limit } => {
                let after = after.as_deref();
                let found = plain(store.scan(&prefix, after, reverse, limit).unwrap());
                assert_eq!(found, expected(&self.working, &prefix, after, reverse, limit));
                let found = plain(store.reader().scan(&prefix, after, reverse, limit).unwrap());
                assert_eq!(found, expected(&self.committed, &prefix, after, reverse, limit));
            }
        }
        store
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]

    #[test]
    fn the_store_is_a_map_that_goes_back_to_a_whole_frame_at_worst(actions in vec(action(), 1..250)) {
        let dir = tempfile::tempdir().unwrap();
        let mut store = open_tight(dir.path());
        let mut model = Model::default();
        for action in actions {
            store = model.step(store, dir.path(), action);
        }
        assert_eq!(rows_of(&store.reader()), model.committed);
        drop(store);
        let store = open_tight(dir.path());
        assert_eq!(rows_of(&store.reader()), model.committed, "a drop flushes");
    }
}
