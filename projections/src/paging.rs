//! Going through the rows of a list, all of them or a page at a time.

use schemas::ConversationId;
use schemas::api::Page;

use crate::cursor::{self, List};
use crate::error::QueryError;
use crate::keys;
use crate::store::{Reader, Row, StoreError, Value};

/// Most rows of a page; a larger limit counts as this.
const PAGE_ITEMS_MAX: usize = 200;
/// A page is ended before it gets larger than this.
pub(crate) const PAGE_BYTES_MAX: usize = 1024 * 1024;

pub(crate) fn page_size(limit: usize) -> usize {
    limit.clamp(1, PAGE_ITEMS_MAX)
}

/// The values of all rows whose key begins with `prefix` and comes after `after`, read `at_a_time`.
pub(crate) fn values<'a>(
    rows: &'a Reader,
    prefix: &[u8],
    after: Option<&[u8]>,
    at_a_time: usize,
) -> impl Iterator<Item = Result<Value, StoreError>> + use<'a> {
    let (prefix, mut after) = (prefix.to_vec(), after.map(<[u8]>::to_vec));
    let mut found = Vec::<Row>::new().into_iter();
    let mut is_end = false;
    std::iter::from_fn(move || {
        if found.len() == 0 && !is_end {
            match rows.scan(&prefix, after.as_deref(), false, at_a_time) {
                Ok(read) => {
                    is_end = read.len() < at_a_time;
                    after = read.last().map(|(key, _)| key.clone()).or(after.take());
                    found = read.into_iter();
                }
                Err(error) => {
                    is_end = true;
                    return Some(Err(error));
                }
            }
        }
        found.next().map(|(_, value)| Ok(value))
    })
}

/// The rows of `list` that follow the cursor. `row` gives none for what is not, or no more, of the list.
pub(crate) fn page<T>(
    rows: &Reader,
    list: List,
    prefix: &[u8],
    cursor: Option<&str>,
    limit: usize,
    mut row: impl FnMut(&[u8], ConversationId) -> Result<Option<T>, QueryError>,
) -> Result<Page<T>, QueryError> {
    let limit = page_size(limit);
    let mut after = match cursor {
        Some(cursor) => Some([prefix, &cursor::decode(list, cursor)?].concat()),
        None => None,
    };
    let mut items = Vec::new();
    loop {
        // One more than asked for tells whether there is a next page.
        let wanted = limit + 1 - items.len();
        let found = rows.scan(prefix, after.as_deref(), false, wanted)?;
        let is_end = found.len() < wanted;
        for (key, _) in found {
            if items.len() == limit {
                let next = after.map(|key| cursor::encode(list, &key));
                return Ok(Page { items, next });
            }
            if let Some(id) = keys::conversation_of(&key) {
                items.extend(row(&key, id)?);
            }
            after = Some(key);
        }
        if is_end {
            return Ok(Page { items, next: None });
        }
    }
}
