//! A page of a list that is kept as an index: keys in order, each ending in the conversation it leads to.

use schemas::ConversationId;
use schemas::api::Page;

use crate::cursor::{self, List};
use crate::error::QueryError;
use crate::keys;
use crate::store::Store;

/// Most rows of a page; a larger limit counts as this.
pub(crate) const PAGE_ITEMS_MAX: usize = 200;
/// A page is ended before it gets larger than this.
pub(crate) const PAGE_BYTES_MAX: usize = 1024 * 1024;

pub(crate) fn page_size(limit: usize) -> usize {
    limit.clamp(1, PAGE_ITEMS_MAX)
}

/// The rows that follow the cursor in `list`. `row` gives none for what is not, or no more, of the list.
pub(crate) fn page<T>(
    store: &Store,
    list: List,
    prefix: &[u8],
    cursor: Option<&str>,
    limit: usize,
    mut row: impl FnMut(&[u8], ConversationId) -> Result<Option<T>, QueryError>,
) -> Result<Page<T>, QueryError> {
    let limit = page_size(limit);
    let mut from = prefix.to_vec();
    if let Some(cursor) = cursor {
        from.extend(cursor::decode(list, cursor)?);
        // The row of the cursor itself was on the page before.
        from.push(0);
    }
    let mut items = Vec::new();
    let mut last_key: Option<Vec<u8>> = None;
    loop {
        // One more than asked for tells whether there is a next page.
        let wanted = limit + 1 - items.len();
        let found = store.scan(prefix, &from, wanted)?;
        let is_end = found.len() < wanted;
        for (key, _) in found {
            if items.len() == limit {
                let next = last_key.map(|key| cursor::encode(list, &key));
                return Ok(Page { items, next });
            }
            if let Some(id) = keys::conversation_of(&key)
                && let Some(row) = row(&key, id)?
            {
                items.push(row);
            }
            last_key = Some(key.to_vec());
            from = key.to_vec();
            from.push(0);
        }
        if is_end {
            return Ok(Page { items, next: None });
        }
    }
}
