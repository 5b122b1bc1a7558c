//! Random bytes for secrets, from the operating system.
//! The one place that may ask for them: ids come with the command, never from here.

/// `N` bytes from the operating system's secure generator.
///
/// # Panics
/// When the system has no randomness to give; no secret may be made then.
#[expect(clippy::disallowed_methods, reason = "this is the module the rule points to")]
pub fn bytes<const N: usize>() -> [u8; N] {
    let mut bytes = [0; N];
    #[cfg(feature = "simulation")]
    if crate::simulated::fill(&mut bytes) {
        return bytes;
    }
    getrandom::fill(&mut bytes).expect("the operating system gives random bytes");
    bytes
}

/// A secret of 256 bits, as 64 lower-case hex characters.
///
/// # Panics
/// As [`bytes()`].
pub fn token() -> String {
    hex::encode(bytes::<32>())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_64_hex_characters_and_never_the_same_twice() {
        let token = token();
        assert_eq!(token.len(), 64);
        assert!(token.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f')));
        assert_ne!(token, super::token());
    }
}
