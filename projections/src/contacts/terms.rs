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
const SIGNED_BYTES: usize = 4;

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
    terms.extend(row.email.iter().map(|email| (TermKind::Word, fold(email))));
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
    let mut hash = 0xcbf2_9ce4_8422_2325_u64 ^ kind as u64;
    let mut bits = 0;
    for byte in term.iter().take(SIGNED_BYTES) {
        hash = (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3);
        bits |= 1 << ((hash >> 32) & 127);
    }
    bits
}
