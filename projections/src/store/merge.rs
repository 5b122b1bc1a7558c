//! Reading several layers of rows as one, in either direction: which keys a scan covers, and which layer wins.

use std::cmp::Ordering;
use std::iter::Peekable;
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
    newest_first: Vec<Peekable<Layer<'a>>>,
    reverse: bool,
}

impl<'a> Merge<'a> {
    pub(super) fn new(newest_first: Vec<Layer<'a>>, reverse: bool) -> Self {
        Self { newest_first: newest_first.into_iter().map(Iterator::peekable).collect(), reverse }
    }

    /// The next key in the direction of the scan; an error of any layer comes before everything.
    fn next_key(&mut self) -> Option<Result<Bytes, Fault>> {
        let mut first: Option<Bytes> = None;
        for layer in &mut self.newest_first {
            if let Some(Err(fault)) = layer.next_if(Result::is_err) {
                return Some(Err(fault));
            }
            let Some(Ok((key, _))) = layer.peek() else {
                continue;
            };
            let wanted = if self.reverse { Ordering::Greater } else { Ordering::Less };
            if first.as_ref().is_none_or(|first| key.cmp(first) == wanted) {
                first = Some(key.clone());
            }
        }
        first.map(Ok)
    }
}

impl Iterator for Merge<'_> {
    type Item = Result<(Bytes, Option<Bytes>), Fault>;

    fn next(&mut self) -> Option<Self::Item> {
        let key = match self.next_key()? {
            Ok(key) => key,
            Err(fault) => return Some(Err(fault)),
        };
        let mut newest = None;
        for layer in &mut self.newest_first {
            let same = layer.next_if(|row| matches!(row, Ok((other, _)) if *other == key));
            if newest.is_none() {
                newest = same;
            }
        }
        newest
    }
}
