//! What a contact is found by: the words of their names, of their e-mail address and document, and their numbers from
//! several beginnings and from the end.

use std::collections::BTreeSet;

use super::fold::{compact, fold, words};
use super::rows::ContactRow;

/// How much of a term is in the index; the rest is compared with the contact.
pub(crate) const TERM_BYTES: usize = 16;
/// A number is also found without its first digits, which may be the country's.
const COUNTRY_DIGITS_MAX: usize = 3;
/// So many digits are left at least.
const NATIONAL_DIGITS_MIN: usize = 4;
const SIGNED_BYTES: usize = 5;
/// The golden ratio of 64 bits, which spreads what it multiplies over the upper bits.
const SPREAD: u64 = 0x9e37_79b9_7f4a_7c15;

/// What a term is; the numbers are on disk.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub(crate) enum TermKind {
    /// A word.
    Word = 1,
    /// A number, from one of its beginnings.
    Digits = 2,
    /// A number, from its last digit backwards.
    Backwards = 3,
    /// A whole e-mail address. Its words are there too, so that a name is not gone through twice.
    Email = 4,
}

/// A term as it is in the index: its kind and its first bytes.
pub(crate) type TermKey = [u8; 1 + TERM_BYTES];

/// The terms of a contact, with a signature that tells most contacts that lack a term without looking at them.
#[derive(Debug, Default)]
pub(crate) struct Terms {
    keys: BTreeSet<TermKey>,
    signature: u128,
}

impl Terms {
    /// Those of a contact; none of one who never wrote.
    pub(crate) fn of(row: &ContactRow) -> Self {
        let mut terms = Self::default();
        for (kind, term) in all(row) {
            terms.signature |= signature(kind, term.as_bytes());
            terms.keys.insert(key(kind, term.as_bytes()));
        }
        terms
    }

    pub(crate) fn keys(&self) -> impl Iterator<Item = &TermKey> {
        self.keys.iter()
    }

    pub(crate) fn has(&self, term: &TermKey) -> bool {
        self.keys.contains(term)
    }

    pub(crate) fn signature(&self) -> u128 {
        self.signature
    }
}

/// Every term of a contact, whole.
pub(crate) fn all(row: &ContactRow) -> Vec<(TermKind, String)> {
    let mut terms = Vec::new();
    if row.conversations == 0 {
        return terms;
    }
    let mut add_words = |folded: &str| {
        terms.extend(words(folded).map(|word| (TermKind::Word, word.to_owned())));
    };
    for name in [&row.name, &row.profile_name].into_iter().flatten() {
        add_words(&fold(name));
    }
    if let Some(email) = &row.email {
        add_words(&fold(email));
    }
    if let Some(document) = &row.document {
        add_words(&fold(document));
    }
    terms.extend(row.email.iter().map(|email| (TermKind::Email, fold(email))));
    terms.extend(row.document.iter().map(|document| (TermKind::Word, compact(&fold(document)))));
    let addresses = row.identities.iter().map(|identity| &identity.address);
    let numbers = addresses.chain(&row.phone).filter(|text| text.bytes().all(|byte| byte.is_ascii_digit()));
    for number in numbers {
        for begin in 0..=COUNTRY_DIGITS_MAX {
            if begin == 0 || number.len() >= begin + NATIONAL_DIGITS_MIN {
                terms.push((TermKind::Digits, number[begin..].to_owned()));
            }
        }
        terms.push((TermKind::Backwards, backwards(number)));
    }
    terms.retain(|(_, term)| !term.is_empty());
    terms
}

pub(crate) fn backwards(digits: &str) -> String {
    digits.chars().rev().collect()
}

/// The first bytes of a term, with zeros behind a shorter one.
pub(crate) fn key(kind: TermKind, term: &[u8]) -> TermKey {
    let mut key = [0; 1 + TERM_BYTES];
    key[0] = kind as u8;
    let length = term.len().min(TERM_BYTES);
    key[1..=length].copy_from_slice(&term[..length]);
    key
}

/// A bit for each beginning of a term, up to a few bytes: a contact who has a term that begins so has all of them.
pub(crate) fn signature(kind: TermKind, term: &[u8]) -> u128 {
    let mut hash = kind as u64;
    let mut bits = 0;
    for byte in term.iter().take(SIGNED_BYTES) {
        hash = (hash ^ u64::from(*byte)).wrapping_mul(SPREAD);
        hash ^= hash >> 32;
        bits |= 1 << (hash.wrapping_mul(SPREAD) >> (u64::BITS - u128::BITS.ilog2()));
    }
    bits
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Words of syllables, as names are, so that many begin alike.
    fn word(number: usize) -> String {
        let syllable = |n: usize| ["ma", "ro", "li", "ca", "ne", "do", "su", "ta", "gi", "be"][n % 10];
        [number, number / 10, number / 100].map(syllable).concat()
    }

    #[test]
    fn a_signature_tells_most_who_lack_a_word_and_nobody_who_has_it() {
        let (mut lack, mut not_told) = (0, 0);
        for contact in 0..500 {
            let words: Vec<String> = (0..8).map(|nth| word((contact * 8 + nth) * 7 + nth)).collect();
            let all = words.iter().fold(0, |bits, word| bits | signature(TermKind::Word, word.as_bytes()));
            for number in 0..100 {
                let wanted = &word(number * 9 + contact)[..5];
                let needed = signature(TermKind::Word, wanted.as_bytes());
                let may_have = all & needed == needed;
                if words.iter().any(|word| word.starts_with(wanted)) {
                    assert!(may_have, "{wanted} is in {words:?}");
                } else {
                    lack += 1;
                    not_told += usize::from(may_have);
                }
            }
        }
        assert!(not_told * 20 < lack, "{not_told} of {lack} are not told");
    }
}
