//! Reading several layers of rows as one, in either direction: which keys a scan covers, and which layer wins.

use std::ops::Bound;

use super::bytes::Bytes;
use super::error::Fault;

/// The keys a scan covers, in the order of the keys; never empty.
pub(super) struct Window {
    low: Bound<Vec<u8>>,
    high: Bound<Vec<u8>>,
}

impl Window {
    /// Keys that start with `prefix` and come strictly after `after` in the direction of the scan; `None` when there
    /// can be no such key.
    pub(super) fn new(prefix: &[u8], after: Option<&[u8]>, reverse: bool) -> Option<Window> {
        let end = end_of(prefix).map_or(Bound::Unbounded, Bound::Excluded);
        let beyond = |key: &[u8]| matches!(&end, Bound::Excluded(end) if key >= end.as_slice());
        let start = Bound::Included(prefix.to_vec());
        let (low, high) = match after {
            Some(after) if !reverse && beyond(after) => return None,
            Some(after) if reverse && after <= prefix => return None,
            Some(after) if !reverse && after >= prefix => (Bound::Excluded(after.to_vec()), end),
            Some(after) if reverse && !beyond(after) => (start, Bound::Excluded(after.to_vec())),
            _ => (start, end),
        };
        Some(Window { low, high })
    }

    pub(super) fn bounds(&self) -> (Bound<&[u8]>, Bound<&[u8]>) {
        (self.low.as_ref().map(Vec::as_slice), self.high.as_ref().map(Vec::as_slice))
    }
}

/// The first key above all that start with `prefix`; `None` when there is no such key.
fn end_of(prefix: &[u8]) -> Option<Vec<u8>> {
    let last = prefix.iter().rposition(|byte| *byte != u8::MAX)?;
    let mut end = prefix[..=last].to_vec();
    end[last] += 1;
    Some(end)
}

/// One layer's changes in the direction of the scan; `None` is a deletion.
pub(super) type Layer<'a> = Box<dyn Iterator<Item = Result<(Bytes, Option<Bytes>), Fault>> + 'a>;

/// The newest change of each key, in the direction of the scan.
pub(super) struct Merge<'a> {
    newest_first: Vec<Ahead<'a>>,
    reverse: bool,
}

/// A layer, and what comes next of it.
struct Ahead<'a> {
    next: Option<Result<(Bytes, Option<Bytes>), Fault>>,
    rest: Layer<'a>,
}

impl<'a> Ahead<'a> {
    fn new(mut layer: Layer<'a>) -> Self {
        Self { next: layer.next(), rest: layer }
    }

    fn key(&self) -> Option<&Bytes> {
        self.next.as_ref()?.as_ref().ok().map(|(key, _)| key)
    }

    fn take(&mut self) -> Option<Result<(Bytes, Option<Bytes>), Fault>> {
        std::mem::replace(&mut self.next, self.rest.next())
    }
}

impl<'a> Merge<'a> {
    pub(super) fn new(newest_first: Vec<Layer<'a>>, reverse: bool) -> Self {
        Self { newest_first: newest_first.into_iter().map(Ahead::new).collect(), reverse }
    }

    /// The layer that has the next key in the direction of the scan, the newest of those that have it.
    fn first(&self) -> Option<usize> {
        let ahead = self.newest_first.iter().enumerate();
        let keys = ahead.filter_map(|(index, layer)| Some((index, layer.key()?)));
        let first = keys.min_by(|(_, one), (_, other)| {
            let order = one.cmp(other);
            if self.reverse { order.reverse() } else { order }
        });
        first.map(|(index, _)| index)
    }
}

impl Iterator for Merge<'_> {
    type Item = Result<(Bytes, Option<Bytes>), Fault>;

    fn next(&mut self) -> Option<Self::Item> {
        // An error of any layer comes before everything.
        if let Some(failed) = self.newest_first.iter_mut().find(|layer| matches!(layer.next, Some(Err(_)))) {
            return failed.take();
        }
        let first = self.first()?;
        let (newest, older) = self.newest_first[first..].split_first_mut()?;
        let newest = newest.take();
        if let Some(Ok((key, _))) = &newest {
            for layer in older {
                if layer.key() == Some(key) {
                    layer.take();
                }
            }
        }
        newest
    }
}
