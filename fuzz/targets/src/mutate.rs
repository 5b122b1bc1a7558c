//! Changes to inputs, the same for the same seed: what libFuzzer does to a corpus, where it cannot be run.

/// Words that mean something in one of the formats.
const WORDS: &[&[u8]] = &[
    b"atf\x01",
    b"{}",
    b"[]",
    b"null",
    b"\"\"",
    b"\\ud83d",
    b"\\u0000",
    b"messages",
    b"statuses",
    b"contacts",
    b"metadata",
    b"errors",
    b"\"id\":",
    b"\"type\":\"text\"",
    b"1e999",
    b"-0",
    b"18446744073709551616",
    b"9223372036854775807",
    b"sha256=",
    b"cursor=",
    b"limit=",
    b"%00",
    b"%ff",
    b"&",
    b"0-0-0",
    b"0101",
    b"\xff\xff\xff\xff\x0f",
    b"\x80\x80\x80\x80\x80\x80\x80\x80\x80\x01",
    b"\xf0\x9f\x98\x80",
];
/// Whole numbers at the edges of what a field can hold.
const EDGES: &[u64] =
    &[0, 1, 0x7f, 0x80, 0xff, 0x7fff, 0xffff, 0x7fff_ffff, 0xffff_ffff, i64::MAX as u64, u64::MAX];
/// Inputs do not grow beyond this.
const BYTES_MAX: usize = 16 * 1024;

/// xorshift: the same numbers everywhere.
#[derive(Debug, Clone)]
pub struct Random(u64);

impl Random {
    /// Numbers that follow from `seed`.
    pub fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1)
    }

    /// A number from 0 to `limit` - 1; 0 if `limit` is 0.
    pub fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        ((self.0 >> 11) % limit.max(1) as u64) as usize
    }
}

/// An input of `corpus` after one to six changes.
pub fn mutated(corpus: &[Vec<u8>], random: &mut Random) -> Vec<u8> {
    let mut input = pick(corpus, random).cloned().unwrap_or_default();
    for _ in 0..=random.below(6) {
        change(&mut input, corpus, random);
    }
    input.truncate(BYTES_MAX);
    input
}

fn change(input: &mut Vec<u8>, corpus: &[Vec<u8>], random: &mut Random) {
    let at = random.below(input.len() + 1);
    match random.below(9) {
        0 | 1 => {
            if let Some(byte) = input.get_mut(at) {
                *byte ^= 1 << random.below(8);
            }
        }
        2 => input.truncate(at),
        3 => {
            let end = (at + random.below(16)).min(input.len());
            input.drain(at..end);
        }
        4 => {
            let other = pick(corpus, random).map(Vec::as_slice).unwrap_or_default();
            let from = random.below(other.len() + 1);
            input.splice(at.., other[from..].iter().copied());
        }
        5 => {
            let end = (at + random.below(64)).min(input.len());
            let again = input[at..end].to_vec();
            input.splice(at..at, again);
        }
        6 => {
            let word = pick(WORDS, random).copied().unwrap_or_default();
            let end = (at + random.below(2) * word.len()).min(input.len());
            input.splice(at..end, word.iter().copied());
        }
        7 => {
            let edge = pick(EDGES, random).copied().unwrap_or_default().to_le_bytes();
            let width = 1 << random.below(4);
            let end = (at + width).min(input.len());
            input.splice(at..end, edge[..width].iter().copied());
        }
        _ => {
            // The length of what follows, as the formats write lengths.
            let rest = (input.len() - at) as u32;
            input.splice(at..at, rest.to_le_bytes());
        }
    }
}

fn pick<'a, T>(from: &'a [T], random: &mut Random) -> Option<&'a T> {
    from.get(random.below(from.len()))
}
