//! Finding contacts: every word that is asked for begins a term of theirs. The rarest word is gone through in the order
//! of the index, and whoever lacks another is passed by. A request looks at so many terms at most: a page may be short,
//! or empty, and say where the next one begins.
//!
//! A contact who has several terms that begin like the rarest word is listed with the first of them only.

use schemas::ContactId;
use schemas::api::Page;
use schemas::api::contacts::Contact;

use super::contact_row;
use super::fold::{compact, fold, words};
use super::limits::{CONTACTS_READ_MAX, QUERY_CHARS_MAX, QUERY_WORDS_MAX, TERMS_LOOKED_AT_MAX};
use super::rows::ContactRow;
use super::terms::{self, TERM_BYTES, TermKey, TermKind, backwards};
use crate::cursor::{self, List};
use crate::error::QueryError;
use crate::keys::{self, WorkspaceKey};
use crate::paging::page_size;
use crate::store::Reader;

/// A word that has fewer terms than this is rare enough.
const COUNTED_MAX: usize = 300;
const ROWS_AT_A_TIME: usize = 1_000;
const LAST_DIGITS_MIN: usize = 3;

/// A text that cannot be searched for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("give 1 to {QUERY_WORDS_MAX} words or numbers, in at most {QUERY_CHARS_MAX} characters")]
pub struct BadQuery;

/// A word of the query: one of these begins a term of whoever is found.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Wanted {
    prefixes: Vec<(TermKind, String)>,
}

impl Wanted {
    fn word(word: &str) -> Self {
        Self { prefixes: vec![(TermKind::Word, word.to_owned())] }
    }

    fn email(address: &str) -> Self {
        Self { prefixes: vec![(TermKind::Email, address.to_owned())] }
    }

    /// A number from one of its beginnings, by its last digits, or as it is in a document.
    fn number(digits: &str) -> Self {
        let mut prefixes = vec![(TermKind::Word, digits.to_owned()), (TermKind::Digits, digits.to_owned())];
        if digits.len() >= LAST_DIGITS_MIN {
            prefixes.push((TermKind::Backwards, backwards(digits)));
        }
        Self { prefixes }
    }

    fn is_in(&self, all: &[(TermKind, String)]) -> bool {
        self.prefixes.iter().any(|wanted| all.iter().any(|term| begins(term, wanted)))
    }

    fn may_be_in(&self, signature: u128) -> bool {
        self.prefixes.iter().any(|(kind, prefix)| {
            let needed = terms::signature(*kind, prefix.as_bytes());
            signature & needed == needed
        })
    }

    /// The first term of a contact that begins so, in the order in which they are gone through.
    fn first_in(&self, all: &[(TermKind, String)]) -> Option<TermKey> {
        self.prefixes.iter().find_map(|wanted| {
            let theirs = all.iter().filter(|term| begins(term, wanted));
            theirs.map(|(kind, term)| terms::key(*kind, term.as_bytes())).min()
        })
    }
}

fn begins((kind, term): &(TermKind, String), (wanted, prefix): &(TermKind, String)) -> bool {
    kind == wanted && term.starts_with(prefix)
}

/// What is searched for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Query(Vec<Wanted>);

impl Query {
    /// Takes a text apart. Signs and digits beside each other are one number, however it is written.
    ///
    /// # Errors
    /// [`BadQuery`].
    pub fn parse(text: &str) -> Result<Self, BadQuery> {
        if text.chars().nth(QUERY_CHARS_MAX).is_some() {
            return Err(BadQuery);
        }
        let (mut wanted, mut digits) = (Vec::new(), String::new());
        for part in text.split_whitespace() {
            if part.chars().all(is_of_number) {
                digits.extend(part.chars().filter(char::is_ascii_digit));
                continue;
            }
            end_number(&mut digits, &mut wanted);
            let folded = fold(part);
            if folded.contains('@') {
                wanted.push(Wanted::email(&folded));
            } else if part.chars().any(|c| c.is_ascii_digit()) && !part.contains('.') {
                // As documents are written, with signs between or without.
                wanted.push(Wanted::word(&compact(&folded)));
            } else {
                wanted.extend(words(&folded).map(Wanted::word));
            }
        }
        end_number(&mut digits, &mut wanted);
        wanted.retain(|word| word.prefixes.iter().all(|(_, prefix)| !prefix.is_empty()));
        if (1..=QUERY_WORDS_MAX).contains(&wanted.len()) { Ok(Self(wanted)) } else { Err(BadQuery) }
    }
}

fn is_of_number(c: char) -> bool {
    c.is_ascii_digit() || matches!(c, '+' | '-' | '.' | '(' | ')' | '/')
}

fn end_number(digits: &mut String, wanted: &mut Vec<Wanted>) {
    if !digits.is_empty() {
        wanted.push(Wanted::number(digits));
        digits.clear();
    }
}

/// One search under way.
pub(super) struct Search<'a> {
    pub(super) rows: &'a Reader,
    pub(super) workspace: WorkspaceKey,
    pub(super) query: &'a Query,
}

/// Where a search goes on: which word is gone through, and the last term that was looked at.
struct Place {
    word: usize,
    prefix: usize,
    after: Option<Vec<u8>>,
}

impl Search<'_> {
    pub(super) fn page<E: From<QueryError>>(
        &self,
        cursor: Option<&str>,
        limit: usize,
        mut is_seen: impl FnMut(ContactId) -> Result<bool, E>,
    ) -> Result<Page<Contact>, E> {
        let limit = page_size(limit);
        let Place { word, prefix, mut after } = self.begin(cursor)?;
        let wanted = &self.query.0[word];
        let (mut items, mut looked_at, mut read) = (Vec::new(), 0, 0);
        // The term behind which the next page begins.
        let mut last: Option<Vec<u8>> = after.clone();
        // Of a single word, what fills the page is most often all that has to be read.
        let mut batch = if self.query.0.len() == 1 { limit + 1 } else { ROWS_AT_A_TIME };
        for (kind, text) in &wanted.prefixes[prefix..] {
            let list = self.list(*kind, text);
            loop {
                let found = self.rows.scan(&list, after.as_deref(), false, batch);
                let found = found.map_err(QueryError::from)?;
                let is_end = found.len() < batch;
                batch = ROWS_AT_A_TIME;
                for (key, value) in found {
                    let is_over = looked_at == TERMS_LOOKED_AT_MAX || read == CONTACTS_READ_MAX;
                    if is_over {
                        return Ok(Page { items, next: next(word, last.as_deref()) });
                    }
                    looked_at += 1;
                    if self.may_have_all(&value) {
                        read += 1;
                        if let Some((id, row)) = self.candidate(wanted, &key)?
                            && is_seen(id)?
                        {
                            if items.len() == limit {
                                return Ok(Page { items, next: next(word, last.as_deref()) });
                            }
                            items.push(row.into_contact(id));
                        }
                    }
                    last = Some(key);
                }
                if is_end {
                    break;
                }
                after.clone_from(&last);
            }
            after = None;
        }
        Ok(Page { items, next: None })
    }

    fn list(&self, kind: TermKind, prefix: &str) -> Vec<u8> {
        let prefix = prefix.as_bytes();
        let cut = &prefix[..prefix.len().min(TERM_BYTES)];
        [&keys::terms(self.workspace, kind as u8)[..], cut].concat()
    }

    /// Whether the contact of a term can have all words, as far as its signature tells.
    fn may_have_all(&self, value: &[u8]) -> bool {
        let signature = value.first_chunk().map_or(u128::MAX, |bytes| u128::from_be_bytes(*bytes));
        self.query.0.iter().all(|word| word.may_be_in(signature))
    }

    /// The contact that a term leads to, if they have all words and this is the first of theirs.
    fn candidate(&self, wanted: &Wanted, key: &[u8]) -> Result<Option<(ContactId, ContactRow)>, QueryError> {
        let Some((term, id)) = keys::term_and_contact(key) else { return Ok(None) };
        let row = self.rows.get(&keys::person(self.workspace, id)).map_err(QueryError::from)?;
        let Some(row) = contact_row(row)? else { return Ok(None) };
        let all = terms::all(&row);
        let is_found =
            wanted.first_in(&all).as_ref() == Some(&term) && self.query.0.iter().all(|word| word.is_in(&all));
        Ok(is_found.then_some((id, row)))
    }

    fn begin(&self, cursor: Option<&str>) -> Result<Place, QueryError> {
        let Some(cursor) = cursor else {
            return Ok(Place { word: self.rarest()?, prefix: 0, after: None });
        };
        let bad = || cursor::BadCursor::of(cursor);
        let end = cursor::decode(List::Search, cursor)?;
        let word = usize::from(end[0]);
        let wanted = self.query.0.get(word).ok_or_else(bad)?;
        let after = [&keys::terms_of_all(self.workspace)[..], &end[1..]].concat();
        let is_of = |(kind, text): &(TermKind, String)| after.starts_with(&self.list(*kind, text));
        let prefix = wanted.prefixes.iter().position(is_of).ok_or_else(bad)?;
        Ok(Place { word, prefix, after: Some(after) })
    }

    /// The word that the fewest terms begin with.
    fn rarest(&self) -> Result<usize, QueryError> {
        let words = &self.query.0;
        if words.len() == 1 {
            return Ok(0);
        }
        let mut fewest = (usize::MAX, 0);
        for (index, wanted) in words.iter().enumerate() {
            let mut count = 0;
            // Of one that has more than another it does not matter how many more.
            let enough = COUNTED_MAX.min(fewest.0);
            for (kind, text) in &wanted.prefixes {
                count += self.rows.scan(&self.list(*kind, text), None, false, enough)?.len();
            }
            fewest = fewest.min((count, index));
        }
        // Of words that many have, the longest: it tells most.
        let is_common = fewest.0 >= COUNTED_MAX;
        let longest = words.iter().enumerate().max_by_key(|(_, wanted)| wanted.prefixes[0].1.len());
        Ok(longest.filter(|_| is_common).map_or(fewest.1, |(index, _)| index))
    }
}

fn next(word: usize, last: Option<&[u8]>) -> Option<String> {
    last.map(|key| cursor::encode(List::Search, &keys::searched(word as u8, key)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn prefixes(text: &str) -> Vec<Vec<(TermKind, String)>> {
        Query::parse(text).unwrap().0.into_iter().map(|wanted| wanted.prefixes).collect()
    }

    fn word(text: &str) -> Vec<(TermKind, String)> {
        vec![(TermKind::Word, text.to_owned())]
    }

    #[test]
    fn a_number_is_one_however_it_is_written() {
        for text in ["+34 600-12 34", "(34) 6001234", "346001234", "34.600.1234"] {
            let found = prefixes(text);
            assert_eq!(found, [Wanted::number("346001234").prefixes], "{text}");
        }
        assert_eq!(prefixes("ana 600 123 gil").len(), 3);
    }

    #[test]
    fn words_lose_case_accents_and_signs_and_addresses_stay_whole() {
        assert_eq!(prefixes("MARÍA-José"), [word("maria"), word("jose")]);
        assert_eq!(prefixes("Ana.Gil@ACME.com"), [vec![(TermKind::Email, "ana.gil@acme.com".to_owned())]]);
        assert_eq!(prefixes("X-1234567-L"), [word("x1234567l")]);
    }

    #[test]
    fn what_says_nothing_or_too_much_is_refused() {
        let long = "x".repeat(QUERY_CHARS_MAX + 1);
        for text in ["", "  ", "-", "+", "...", "a b c d e f g h i", &long] {
            assert_eq!(Query::parse(text), Err(BadQuery), "{text:?}");
        }
    }
}
